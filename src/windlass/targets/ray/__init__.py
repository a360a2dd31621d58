"""Ray: each attempt a task of Ray core, on a cluster or on one that is started here.

Ray places tasks and moves none of our values: steps read and write the stack's stores. Order,
retries, timeouts and the cache are the driver's, as everywhere.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from windlass import modules
from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.stack import Stack
from windlass.targets.ray.options import ray_options

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.pipeline.plan import Plan
    from windlass.targets.ray.cluster import Cluster
    from windlass.targets.ray.on_node import Request


class RayTarget:
    """Runs a plan on Ray.

    Args:
        stack: Where its records and artifacts go, and the options: see `ray_options`.
        options: How to run it.

    Raises:
        ConfigError: An option is wrong.
    """

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._options = options
        self._ray = ray_options(stack.name, stack.resolved_options())
        self._cluster: Cluster | None = None
        if options.in_process:
            raise ConfigError(
                "a single process is no Ray cluster", hint="Leave out --in-process, or --target."
            )

    def check(self, plan: Plan) -> None:
        """Connects, and refuses what no node of the cluster can run."""
        from windlass.targets.ray.cluster import Cluster

        for node in plan.graph.nodes.values():
            if not modules.is_reference_importable(node.step):
                raise ConfigError(
                    f"'{node.name}' is a step that no file holds: Ray's processes cannot import it",
                    hint="Define it in a file of the project.",
                )
        self._cluster = Cluster(self._ray)
        self._cluster.check(plan)
        local = self._stack.local_parts()
        if local and not self._cluster.shares_disk:
            raise ConfigError(
                f"the stack '{self._stack.name}' keeps {' and '.join(local)}, which nodes of the "
                "Ray cluster cannot reach",
                hint="Name a bucket and a PostgreSQL server in windlass.toml; or, where all nodes "
                "see this folder under the same path: shares_disk = true in the stack's options.",
            )

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node; returns the run's status, and why it failed."""
        from windlass.execution.driver import Driver
        from windlass.execution.progress import Progress
        from windlass.targets.ray.crew import RayCrew

        assert self._cluster is not None
        progress = Progress(job, observer, keep_going=self._options.keep_going)
        crew = RayCrew(job, self._cluster, self._request(job), self._options.workers)
        with contextlib.redirect_stdout(sys.stderr):  # where Ray tells of its nodes in between
            Driver(progress, crew).drive()
        job.stores.records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def _request(self, job: Job) -> Request:
        from windlass.execution.stores import stack_to_json
        from windlass.targets.ray.on_node import Request

        assert self._cluster is not None
        request = Request(job.run, stack_to_json(self._stack), fresh=self._options.fresh)
        if not self._cluster.shares_disk:
            return request
        return request._replace(folder=os.getcwd(), path=tuple(modules.search_path()))  # noqa: PTH109

    def close(self) -> None:
        """Gives the connection up."""
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None
