"""What a step logged, from its journal into the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windlass.records.model import Metric, Param
from windlass.tracking.journal import read_journal

if TYPE_CHECKING:
    from windlass.execution.job import Job


def logged(job: Job, node: str, attempt: int) -> tuple[tuple[Metric, ...], tuple[Param, ...]]:
    """What an attempt logged, as rows of the record."""
    entries = read_journal(job.journal_path(node, attempt))
    metrics = tuple(
        Metric(job.run, node, attempt, e.seq, e.name, e.step, float(e.value), e.time)  # type: ignore[arg-type]
        for e in entries
        if e.kind == "metric"
    )
    params = tuple(Param(job.run, node, e.name, e.value) for e in entries if e.kind == "param")
    return metrics, params


def record_logged(job: Job, node: str, attempt: int) -> None:
    """Records what an attempt logged that came to no outcome: it was logged all the same."""
    metrics, params = logged(job, node, attempt)
    job.stores.records.add_metrics(metrics)
    job.stores.records.add_params(params)
