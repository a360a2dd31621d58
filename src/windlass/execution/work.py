"""What is known of an attempt at a node while it runs, and as it is recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.artifacts.artifact import Artifact
from windlass.execution.data_checks import evidence
from windlass.execution.inputs import Argument, lineage_of
from windlass.execution.job import Job
from windlass.execution.liveness import this_process
from windlass.execution.logged import Tracked
from windlass.execution.schedule import instance_name
from windlass.execution.threads import threads_told
from windlass.pipeline.graph import Node
from windlass.records.model import Attempt, Event, Outcome, Output

if TYPE_CHECKING:
    from windlass.execution.data_checks.inspection import Inspection


@dataclass
class Work:
    """What is known of an attempt while it runs.

    Args:
        job: The run.
        node: The node.
        index: Which item, if the node is a map.
        attempt: Counted from 1.
        started: When.
        first: The first attempt since the run was last resumed.
        arguments: What the step is given, by parameter.
        seed: What its generators are seeded from; None if they are not.
        key: Under which the result is kept for others; None if it is not.
        ingredients: What the key was made of.
        reason: What the cache said.
        earlier: The outcome that stands for it.
        outputs: What came out.
        stored: The artifacts that were made for that.
        seconds: How long the step itself took.
        inspection: The checks of data at its borders; None if it has none, or was not called.
        tracked: What it logged.
    """

    job: Job
    node: Node
    index: int | None
    attempt: int
    started: float
    first: int = 1
    arguments: dict[str, Argument] = field(default_factory=dict)
    seed: int | None = None
    key: str | None = None
    ingredients: dict[str, Any] | None = None
    reason: str | None = None
    earlier: Outcome | None = None
    outputs: tuple[Output, ...] = ()
    stored: tuple[Artifact, ...] = ()
    seconds: float = 0.0
    inspection: Inspection | None = None
    tracked: Tracked = field(default_factory=Tracked)

    @property
    def name(self) -> str:
        """The node's name, or the item's."""
        return instance_name(self.node.name, self.index)

    @property
    def contents(self) -> dict[str, tuple[str, ...]]:
        """The artifacts that it reads, by parameter."""
        return {name: argument.contents for name, argument in self.arguments.items()}


def attempt_row(work: Work) -> Attempt:
    """The attempt, as it is noted when it begins."""
    return Attempt(
        run=work.job.run,
        node=work.name,
        attempt=work.attempt,
        status="running",
        worker={**this_process(), "threads": threads_told()},
        started=work.started,
    )


def outcome_of(
    work: Work,
    *,
    cached: bool = False,
    error: dict[str, Any] | None = None,
) -> Outcome:
    """What came of an attempt."""
    origin_run, origin_node = work.earlier.computed_by if work.earlier else (None, None)
    return Outcome(
        run=work.job.run,
        node=work.name,
        step=work.node.step,
        status="failed" if error else "succeeded",
        attempt=work.attempt,
        attempts=work.attempt,
        cached=cached,
        error=error,
        reason=work.reason,
        seconds=work.seconds,
        started=work.started,
        ended=time.time(),
        key=work.key,
        seed=work.seed,
        ingredients=work.ingredients,
        origin_run=origin_run,
        origin_node=origin_node,
        outputs=work.outputs,
        inputs=lineage_of(work.arguments),
        artifacts=(*work.stored, *work.tracked.artifacts),
        series=work.tracked.series,
        params=work.tracked.params,
        logged=work.tracked.logged,
        events=_events(work, error or {}),
    )


def _events(work: Work, error: Mapping[str, Any]) -> tuple[Event, ...]:
    """The evidence of checks that passed; where one has failed, the error has it all."""
    if work.inspection is None or "checks" in error:
        return ()
    code = work.job.plan.code_of(work.node)
    data = {"attempt": work.attempt, "code": code, "checks": work.inspection.documents()}
    return (Event(work.job.run, work.name, time.time(), evidence.KIND, data),)
