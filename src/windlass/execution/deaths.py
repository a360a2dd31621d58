"""What is recorded of an attempt whose process did not live to do so itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from windlass.execution.execute import Result
from windlass.execution.logged import record_logged, what_is_tracked
from windlass.records.model import Outcome

if TYPE_CHECKING:
    from windlass.execution.crew import Death
    from windlass.execution.job import Job
    from windlass.execution.schedule import Task


def record_death(
    job: Job,
    task: Task,
    attempt: int,
    death: Death,
    *,
    first: int,
    seconds: float,
) -> Result:
    """Records how an attempt ended, unless it had succeeded before it died.

    Args:
        job: The run.
        task: The node, or the item.
        attempt: Counted from 1.
        death: What happened to its process.
        first: The attempt from which retries are counted.
        seconds: How long it took.
    """
    records, name = job.stores.records, task.name
    stands = records.outcome(job.run, name)
    if stands is not None and stands.status == "succeeded":  # it died after its last write
        return Result(name, "succeeded", seconds=stands.seconds or 0.0)
    told = {"kind": death.kind, "message": death.message, "hint": death.hint}
    error = {**told, "file": None, "line": None}
    retries = job.plan.settings(task.node).retries
    final = not death.is_lost and attempt - first >= retries
    if final:
        found = what_is_tracked(job, name, attempt)
        outcome = Outcome(
            run=job.run,
            node=name,
            step=task.node.step,
            status="failed",
            attempt=attempt,
            attempts=attempt,
            seconds=seconds,
            ended=time.time(),
            error=error,
            series=found.series,
            params=found.params,
            logged=found.logged,
            artifacts=found.artifacts,
        )
        records.commit_outcome(outcome)
    else:
        status = "lost" if death.is_lost else "failed"
        records.fail_attempt(job.run, name, attempt, status, error)
        record_logged(job, name, attempt)
    return Result(name, "failed", final, seconds=seconds, error=error)
