"""An engine as others have it, in small: it orders nodes, and knows nothing but digests.

Its workers reach the artifact store alone. As those of Airflow or Kubeflow do, it asks for a map's
length before it expands it, tries again what failed, and hands on what it was told.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from windlass.execution import capture
from windlass.execution.job import Job
from windlass.execution.observer import Observer
from windlass.execution.relay.begin import post_run
from windlass.execution.relay.worker import Relayed
from windlass.pipeline.graph import Node
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import RunOptions
from windlass.stacks.stack import Stack
from windlass.targets.relayed import open_relayed


class Engine:
    """A target that leaves a run to the engine, and the engine, at once.

    Args:
        stack: Where its artifacts go.
        options: How to run it.
    """

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack

    def check(self, plan: Plan) -> None:
        """There is nothing that it cannot run."""

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        assert job.driver is not None
        post_run(job, hits=True)
        job.stores.records.release_run(job.run, job.driver)
        for node in job.plan.graph.nodes.values():
            self._run_node(job.run, job.plan, node)
        return "running", None

    def close(self) -> None:
        """It started nothing."""

    def _run_node(self, run: str, plan: Plan, node: Node) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            worker = open_relayed(self._stack.open_store(), run, plan.digest, Path(scratch))
            if not node.mapped:
                self._try(worker, node, None)
                return
            expanded = worker.ask(node)
            for index in range(expanded.lengths.get(node.name, 0)):
                self._try(worker, node, index)

    def _try(self, worker: Relayed, node: Node, index: int | None) -> None:
        retries = worker.job.plan.settings(node).retries
        for attempt in range(1, retries + 2):
            told = worker.execute(node, index, attempt, capture.captured)
            if told.result.status != "failed" or told.blamed:
                return
