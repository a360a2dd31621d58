"""How a driver and workers that cannot reach its record hear of one another."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from windlass.execution.relay.begin import post_run
from windlass.execution.relay.fold import Fold, Folded
from windlass.execution.relay.whole import whole
from windlass.records.model import Posted

if TYPE_CHECKING:
    from windlass.execution.execute import Result
    from windlass.execution.job import Job
    from windlass.execution.schedule import Task


class Relay:
    """For the crew of a target whose workers only reach the artifact store.

    Made when the run begins or is resumed: it posts the run's document, and takes into the record
    what workers of a driver before have posted.

    Args:
        job: The run.
        hits: Whether to tell of earlier results, too: where workers ask the cache.

    Raises:
        StoreError: The artifact store cannot be written.
    """

    def __init__(self, job: Job, *, hits: bool = False) -> None:
        self._job = job
        self._objects = post_run(job, hits=hits)
        self._fold = Fold(job)
        self._fold.everything()
        self._posted: set[str] = set()

    def provide(self, task: Task) -> None:
        """Posts what a task reads and no worker has posted, such as what the cache gave."""
        self.post(self._job.plan.graph.upstream(task.node))

    def post(self, names: Set[str]) -> None:
        """Posts the successes of nodes and items that the record alone may know."""
        for name in sorted(names - self._posted):
            found = self._job.stores.records.outcome(self._job.run, name)
            if found is not None and found.status == "succeeded":
                self._objects.settle(Posted(whole(self._job.stores, found, self._lists(name))))
                self._posted.add(name)

    def words(self, task: Task, attempt: int, first: int) -> list[str]:
        """The options of ``windlass execute`` for a task, but for the store's address."""
        index = [] if task.index is None else ["--index", str(task.index)]
        return [
            *("--run", self._job.run, "--plan", self._job.plan.digest, "--node", task.node.name),
            *(*index, "--attempt", str(attempt), "--first", str(first)),
        ]

    def take(self, task: Task, attempt: int) -> Result | None:
        """What came of an attempt whose process has ended, now in the record; None if it died."""
        return self._fold.take(task.name, attempt)

    def take_new(self) -> Folded:
        """Takes into the record all that is new; what it was."""
        return self._fold.everything()

    def _lists(self, node: str) -> set[str]:
        """The outputs of a node whose items are read one by one."""
        node = node.partition("[")[0]
        if self._job.plan.graph.nodes[node].mapped:
            return set(self._job.plan.graph.nodes[node].outputs)
        return {name for maker, name in self._job.plan.mapped_over if maker == node}
