"""A run as one JSON document: what every command's ``--json`` prints, and pages are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from windlass.execution.liveness import is_gone
from windlass.execution.run import shown
from windlass.records import Records
from windlass.records.model import Metric, Outcome, Output, Run
from windlass.values import TYPE, Json


def run_document(records: Records, run: Run, *, nodes: bool = True) -> dict[str, Any]:
    """A run.

    Args:
        records: Where it is recorded.
        run: Which one.
        nodes: Whether its nodes are told, too.
    """
    metrics = records.metrics(run.id)
    document: dict[str, Any] = {
        "id": run.id,
        "name": run.name,
        "pipeline": run.pipeline,
        "status": "lost" if is_gone(run) else run.status,
        "target": run.target,
        "stack": run.stack,
        "seed": run.seed,
        "parameters": {name: natural(value) for name, value in run.parameters.items()},
        "metrics": last_values(metrics),
        "plan": run.plan,
        "bundle": run.bundle,
        "environment": run.environment,
        "created": run.created,
        "ended": run.ended,
        "seconds": None if run.ended is None else run.ended - run.created,
        "error": run.error,
        "tags": dict(run.tags),
        "git": run.git,
        "left_out": run.details.get("left_out", []),
    }
    if nodes:
        outcomes = shown(records.run_outcomes(run.id))
        by_node: dict[str, list[Metric]] = {}
        for metric in metrics:
            by_node.setdefault(metric.node, []).append(metric)
        document["nodes"] = [node_document(o, by_node.get(o.node, ())) for o in outcomes]
    return document


def node_document(outcome: Outcome, metrics: Sequence[Metric] = ()) -> dict[str, Any]:
    """What came of a node."""
    return {
        "node": outcome.node,
        "step": outcome.step,
        "status": outcome.status,
        "cached": outcome.cached,
        "reason": outcome.reason,
        "attempts": outcome.attempts,
        "seconds": outcome.seconds,
        "error": outcome.error,
        "seed": outcome.seed,
        "metrics": last_values(metrics),
        "outputs": [_output_document(output) for output in outcome.outputs],
    }


def _output_document(output: Output) -> dict[str, Any]:
    artifact = output.artifact
    assert artifact is not None
    return {
        "name": output.name,
        "type": artifact.type,
        "format": artifact.format,
        "content": artifact.content,
        "blob": artifact.blob,
        "bytes": artifact.bytes,
        "summary": artifact.summary,
        "pickled": artifact.pickled,
    }


def last_values(metrics: Sequence[Metric]) -> dict[str, float | None]:
    """The last value of each metric; JSON knows no infinity, so one is null."""
    return {metric.name: metric.value if _is_finite(metric.value) else None for metric in metrics}


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def natural(value: Json) -> Any:
    """An encoded plain value as a person would write it in JSON: a date as its text."""
    if isinstance(value, list):
        return [natural(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if TYPE not in value:
        return {key: natural(item) for key, item in value.items()}
    for key in ("value", "name"):
        if key in value:
            return value[key]
    if isinstance(value.get("fields"), Mapping):
        return natural(value["fields"])
    return natural(value["items"]) if "items" in value else dict(value)
