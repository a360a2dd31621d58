"""Ray: each attempt a task of Ray core, on a cluster or on one that is started here.

Ray places tasks and moves none of our values: steps read and write the stack's stores. Order,
retries, timeouts and the cache are the driver's, as everywhere.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.errors import ConfigError
from windlass.pipeline.settings import RunOptions
from windlass.stacks.check import Check, attempt
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

    @staticmethod
    def locked(stack: Stack) -> bool:
        """Whether nodes build the locked environment: see `RayOptions.environment`."""
        options = ray_options(stack.name, stack.resolved_options())
        if options.environment is not None:
            return options.environment == "locked"
        is_named = options.address is not None and options.shares_disk is not True
        return is_named and not stack.local_parts()

    @staticmethod
    def look(stack: Stack) -> Iterable[Check]:
        """Whether Ray is here, and somebody listens at the cluster's address; starts nothing."""
        from windlass.targets.ray.cluster import import_ray, look_for

        options = ray_options(stack.name, stack.resolved_options())
        yield attempt("ray", lambda: Check("ray", "ok", f"Ray {import_ray().__version__}"))
        address = options.address
        if address is None:
            yield Check("cluster", "ok", "each run starts one on this machine, and ends it")
        else:
            yield attempt("cluster", lambda: Check("cluster", "ok", look_for(address)))

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
        if self.locked(self._stack):
            from windlass.execution.stores import open_stores
            from windlass.targets.locked import lock_of_pipeline, refuse_without_clients

            lock = lock_of_pipeline(plan, self._stack.project, open_stores(self._stack))
            refuse_without_clients(lock, self._stack)

    @property
    def elsewhere(self) -> bool:
        """Whether nodes do not see this machine's files."""
        return self._cluster is not None and not self._cluster.shares_disk

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node; returns the run's status, and why it failed."""
        from windlass.execution.driver import Driver
        from windlass.execution.progress import Progress
        from windlass.targets.ray.crew import RayCrew

        assert self._cluster is not None
        progress = Progress(job, observer, keep_going=self._options.keep_going)
        environment = self._environment(job, observer) if self.locked(self._stack) else None
        request, most = self._request(job), self._options.workers
        crew = RayCrew(job, self._cluster, request, environment, most)
        with contextlib.redirect_stdout(sys.stderr):  # where Ray tells of its nodes in between
            Driver(progress, crew).drive()
        job.stores.records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def _request(self, job: Job) -> Request:
        from windlass.execution.stores import libraries_of, stack_to_json
        from windlass.targets.ray.on_node import Request
        from windlass.targets.worker_pools import project_folders

        assert self._cluster is not None
        stack, locked = stack_to_json(self._stack), self.locked(self._stack)
        request = Request(
            *(job.run, stack),
            fresh=self._options.fresh,
            locked=locked,
            libraries=libraries_of(self._stack),
        )
        if not self._cluster.shares_disk:
            return request
        path = project_folders(job) if locked else modules.search_path()
        return request._replace(folder=os.getcwd(), path=tuple(path))  # noqa: PTH109

    def _environment(self, job: Job, observer: Observer) -> dict[str, Any]:
        """What a node needs to build the locked environment."""
        from windlass.hashing import digest
        from windlass.targets.locked import lock_of_pipeline
        from windlass.targets.locks import running_wheel

        project = self._stack.project
        lock = lock_of_pipeline(job.plan, project, job.stores)
        wheel = running_wheel(job.stores, project)
        hashed = [line for line in lock.requirements if "--hash" in line]
        others = [line for line in lock.requirements if "--hash" not in line]  # by their commits
        told = f"Python {lock.python}, {len(lock.requirements)} packages"
        observer.told(f"nodes that have not got the environment make it first: {told}")
        return {
            "environment": digest("ray", lock.digest, wheel.parent.name)[:32],
            "python": lock.python,
            "requirements": [[hashed, "--require-hashes"], [others]],
            "wheel": wheel.read_bytes(),
            "wheel_name": wheel.name,
        }

    def close(self) -> None:
        """Gives the connection up."""
        if self._cluster is not None:
            self._cluster.close()
            self._cluster = None
