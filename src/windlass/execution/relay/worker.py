"""Executing nodes of a run where its record cannot be reached: read, run, post."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError
from windlass.execution.deaths import record_death
from windlass.execution.execute import Capture, Result, execute
from windlass.execution.logged import what_is_tracked
from windlass.execution.missing import NEVER
from windlass.execution.relay.private import Mail, PrivateRecord, told_hit
from windlass.execution.relay.standing import Look, Standing
from windlass.execution.relay.whole import whole
from windlass.execution.schedule import Task, instance_name
from windlass.execution.work import Work, attempt_row
from windlass.records.model import Attempt, Outcome, Posted

if TYPE_CHECKING:
    from windlass.execution.crew import Death
    from windlass.execution.job import Job
    from windlass.execution.relay.objects import RunObjects
    from windlass.pipeline.graph import Node

_NOT_POSTED = "no result that may stand for it was posted"
_OF_THE_PLACE = ("StoreError", "UnreachableError")


@dataclass(frozen=True, slots=True)
class Told:
    """What an engine is told of a node that it had executed, or that it asked about.

    Args:
        result: How it ended; its status may also be ``skipped``, ``ready`` or ``waiting``.
        lengths: How many items maps have, of which that is known now.
        choices: What was decided, of the choices that it decides.
        blamed: What failed, so that the node could not run.
    """

    result: Result
    lengths: dict[str, int] = field(default_factory=dict)
    choices: dict[str, bool] = field(default_factory=dict)
    blamed: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether the engine may go on: what a choice skips has not failed."""
        return self.result.status != "failed" and self.blamed is None

    @property
    def is_of_the_place(self) -> bool:
        """Whether it may succeed elsewhere, or later: the store could not be reached."""
        error = self.result.error or {}
        return self.result.status == "failed" and error.get("kind") in _OF_THE_PLACE


class Relayed:
    """A run, in a process that can reach its artifact store alone.

    Args:
        job: The run, with a private record.
        records: That record.
        objects: The run's objects.
        document: The run's document.
    """

    def __init__(
        self, job: Job, records: PrivateRecord, objects: RunObjects, document: Any
    ) -> None:
        self.job = job
        self._objects = objects
        self.document = document
        self._standing = Standing(job, objects)
        records.mail = Mail(self._settle, self._fail, self._offered)

    def execute(
        self, node: Node, index: int | None, attempt: int, capture: Capture, *, first: int = 1
    ) -> Told:
        """Runs one attempt at a node, as `windlass.execution.execute.execute` does.

        Raises:
            ConfigError: What it needs has not run yet, or it has no such item.
            StoreError: The outcome cannot be posted: nothing has happened.
        """
        name = instance_name(node.name, index)
        if not self._standing.take([name]):
            look = self._standing.look(node.name, own=False)
            _check(look, index)
            if look.status in ("skipped", "failed"):
                return _as_told(look, name)
        result = execute(self.job, node.name, index, attempt, capture, first=first)
        if result.status != "succeeded" or index is not None:
            return Told(result)
        self._standing.take([name])
        return self._with_what_follows(result, node)

    def died(
        self, task: Task, attempt: int, death: Death, *, first: int = 1, seconds: float = 0.0
    ) -> Told:
        """Posts how an attempt ended whose process did not live to do so itself."""
        self._standing.take([task.name])
        work = Work(self.job, task.node, task.index, attempt, time.time() - seconds)
        self.job.stores.records.begin_attempt(attempt_row(work))
        return Told(record_death(self.job, task, attempt, death, first=first, seconds=seconds))

    def next_attempt(self, node: Node, index: int | None) -> int:
        """The number after those of the tries that failed: for engines that don't tell theirs."""
        name = instance_name(node.name, index)
        return 1 + max((each.outcome.attempt for each in self._objects.failures(name)), default=0)

    def ask(self, node: Node) -> Told:
        """Tells how a node stands, and runs nothing; the results of a map are joined.

        Its choices are those that it decides, and those that decide whether it runs.
        """
        look = self._standing.look(node.name)
        told = _as_told(look, node.name)
        if not told.is_well:
            return told
        told = self._with_what_follows(told.result, node, look)
        return replace(told, choices={**told.choices, **dict(self._standing.stands_on(node))})

    def _with_what_follows(self, result: Result, node: Node, look: Look | None = None) -> Told:
        length = None if look is None else self._length(node, look)
        own = {} if length is None else {node.name: length}
        if result.status != "succeeded":
            return Told(result, own)
        standing = self._standing
        lengths = dict(standing.lengths(node.name))
        return Told(result, {**own, **lengths}, dict(standing.choices(node.name)))

    def _length(self, node: Node, look: Look) -> int | None:
        joined = node.mapped and look.length is None and look.status == "succeeded"
        return self._standing.length(node) if joined else look.length

    def _settle(self, outcome: Outcome, attempt: Attempt) -> bool:
        """Posts an outcome: first all that is told by the way, so that it is there when it is."""
        self._keep_log(outcome.node, outcome.attempt)
        mapped_over = self.job.plan.mapped_over
        lists = {name for node, name in mapped_over if node == outcome.node}
        if outcome.reason == NEVER:
            outcome = replace(outcome, reason=_NOT_POSTED)
        posted = Posted(whole(self.job.stores, outcome, lists), attempt)
        if outcome.status != "succeeded":
            return self._objects.fail(posted)
        if not self._objects.settle(posted):
            return False
        if outcome.key is not None and not outcome.cached:
            # What it logged is the run's own: another finds it there, by who computed the result.
            told = replace(posted.outcome, run_name=self.job.name, series=(), logged=())
            self._objects.offer(outcome.key, told)
        return True

    def _fail(self, attempt: Attempt) -> None:
        self._keep_log(attempt.node, attempt.attempt)
        found = what_is_tracked(self.job, attempt.node, attempt.attempt)
        outcome = Outcome(
            run=attempt.run,
            node=attempt.node,
            step=self.job.plan.graph.nodes[attempt.node.partition("[")[0]].step,
            status="failed",
            attempt=attempt.attempt,
            attempts=attempt.attempt,
            error=attempt.error,
            series=found.series,
            params=found.params,
            logged=found.logged,
            artifacts=found.artifacts,
        )
        self._objects.fail(Posted(outcome, attempt, final=False))

    def _offered(self, key: str) -> Outcome | None:
        return self._objects.offered(key) or told_hit(self.document, key)

    def _keep_log(self, node: str, attempt: int) -> None:
        path = self.job.log_path(node, attempt)
        if path.exists() and path.stat().st_size:
            self._objects.keep_log(node, attempt, path.read_bytes())


def _check(look: Look, index: int | None) -> None:
    if look.status == "waiting":
        raise ConfigError(
            f"'{look.node}' cannot run: {look.reason}",
            hint="Execute what it needs first; it is posted to the same artifact store.",
        )
    if index is not None and look.length is not None and index >= look.length:
        raise ConfigError(
            f"'{look.node}' has {look.length} items; there is none at --index {index}"
        )


def _as_told(look: Look, name: str) -> Told:
    error = None
    if look.status == "failed":
        error = {"kind": "RunError", "message": look.reason or f"'{look.node}' failed"}
    result = Result(name, look.status, error=error, reason=look.reason)
    return Told(result, blamed=look.blamed)
