"""One run as it goes: the schedule, and the outcomes of nodes that no worker executes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.execution.execute import Result
from windlass.execution.hits import Hits
from windlass.execution.job import Job
from windlass.execution.joining import join_map
from windlass.execution.observer import Observer
from windlass.execution.schedule import Schedule, Settled, Task, instance_name
from windlass.pipeline.graph import Node
from windlass.places import Place
from windlass.records.model import Outcome, Output

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """The first node that failed, and why."""

    node: str
    error: dict[str, Any]

    def __str__(self) -> str:
        told = [f"'{self.node}' failed: {self.error['kind']}: {self.error['message']}"]
        if self.error.get("file"):
            told.append(f"at {Place(self.error['file'], self.error['line']).from_here()}")
        if hint := self.error.get("hint"):
            told.append(hint)
        return "\n  ".join(told)


class Progress:
    """Follows a run from its first task to its last.

    Args:
        job: The run.
        observer: Who watches.
        keep_going: Whether to finish what does not depend on a failure.
    """

    def __init__(self, job: Job, observer: Observer, *, keep_going: bool = False) -> None:
        self.job = job
        self.observer = observer
        self.failure: Failure | None = None
        self.cancelled: str | None = None
        self._keep_going = keep_going
        self._lengths: dict[str, int] = {}
        self._pending: list[Outcome] = []
        self._hits = Hits(job)
        done = frozenset(job.stores.records.succeeded_nodes(job.run))
        self._tried = job.stores.records.last_attempts(job.run)
        self._schedule = Schedule(job.plan.graph, self._length, self._decide, done)

    @property
    def finished(self) -> bool:
        """Whether every node is settled."""
        return self._schedule.finished

    @property
    def stopping(self) -> bool:
        """Whether no further node is to be started."""
        return self.cancelled is not None or (self.failure is not None and not self._keep_going)

    @property
    def status(self) -> str:
        """What the run's status is, once it is finished."""
        if self.cancelled is not None:
            return "cancelled"
        return "succeeded" if self.failure is None else "failed"

    @property
    def error(self) -> str | None:
        """Why the run did not succeed."""
        return self.cancelled or (str(self.failure) if self.failure else None)

    def check(self) -> None:
        """Refuses to go on with a run that another process has taken over.

        Raises:
            NotDrivenError: One has.
        """
        if self.job.owner is not None:
            self.job.owner.check()

    @property
    def asked_to_end(self) -> str | None:
        """Why the run is to end, where somebody has asked for it."""
        return None if self.job.owner is None else self.job.owner.asked_to_end

    def first_attempt(self, task: Task) -> int:
        """The number of the first try at a task: those of drivers that were lost are counted."""
        return self._tried.get(task.name, 0) + 1

    def tasks(self) -> Iterator[Task]:
        """What can be started now; nodes that settle on the way are recorded."""
        while True:
            due: list[Task] = []
            for step in self._schedule.advance():
                if isinstance(step, Settled):
                    self._record(step)
                elif self.stopping:
                    self.drop(step)
                else:
                    due.append(step)
            hits = self._hits.of(due)
            yield from (task for task in due if task.name not in hits)
            for task in due:
                if task.name in hits:
                    self._take(task, hits[task.name])
            if not hits:
                break
        self._flush()

    def _take(self, task: Task, outcome: Outcome) -> None:
        """Settles a task by an earlier result."""
        self._hits.know(outcome)
        self._pending.append(outcome)
        if len(self._pending) >= _BATCH:
            self._flush()
        self.finish(task, Result(task.name, "succeeded", cached=True, reason=outcome.reason))

    def finish(self, task: Task, result: Result) -> None:
        """Notes the final result of a task, which its worker has recorded."""
        if result.status == "failed" and self.failure is None:
            self.failure = Failure(result.node, result.error or {})
        self._schedule.finish(task, "succeeded" if result.status == "succeeded" else "failed")
        self.observer.node_ended(result)

    def drop(self, task: Task) -> None:
        """Settles a task that is not to be started any more, or was stopped, as cancelled."""
        reason = self.cancelled or f"the run stopped: {self.failure and self.failure.node} failed"
        self._pend(task.node, task.index, "cancelled", reason)
        self._schedule.finish(task, "cancelled")
        self.observer.node_ended(Result(task.name, "cancelled", reason=reason))

    def _length(self, node: Node) -> int:
        length = self._hits.inputs.length(node)
        self._lengths[node.name] = length
        self.observer.map_expanded(node.name, length)
        return length

    def _decide(self, choice: str) -> bool:
        return self._hits.inputs.decide(choice)

    def _record(self, settled: Settled) -> None:
        node, status, reason = settled.node, settled.status, settled.reason
        error = None
        if status == "failed" and reason is not None:  # a map that could not be expanded
            error = {"kind": "DefinitionError", "message": reason}
            self.failure = self.failure or Failure(node.name, error)
        self._pend(node, None, status, reason, error=error)
        if node.name not in self._lengths or error is not None:
            self.observer.node_ended(Result(node.name, status, error=error, reason=reason))

    def _pend(
        self,
        node: Node,
        index: int | None,
        status: str,
        reason: str | None,
        error: dict[str, Any] | None = None,
    ) -> None:
        now = time.time()
        outputs: tuple[Output, ...] = ()
        joined: tuple[Artifact, ...] = ()
        if status == "succeeded":
            self._flush()  # so that what is joined is there to be read
            outputs, joined = self._join(node)
        outcome = Outcome(
            run=self.job.run,
            node=instance_name(node.name, index),
            step=node.step,
            status=status,
            attempt=0,
            attempts=0,
            reason=reason,
            started=now,
            ended=now,
            error=error,
            outputs=outputs,
            artifacts=joined,
        )
        self._pending.append(outcome)
        if outputs or len(self._pending) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self.job.stores.records.commit_outcomes(self._pending, driver=self.job.driver)
            self._pending = []

    def _join(self, node: Node) -> tuple[tuple[Output, ...], tuple[Artifact, ...]]:
        length = self._lengths[node.name]
        names = [instance_name(node.name, index) for index in range(length)]
        produced = self.job.stores.records.node_outputs(self.job.run, names)
        return join_map(self.job, node, length, produced)


def settle_all(progress: Progress, tasks: Sequence[Task]) -> None:
    """Settles, in a run that stops, the given tasks and all that would follow."""
    for task in tasks:
        progress.drop(task)
    for task in progress.tasks():
        progress.drop(task)
