"""A run as one JSON document: what every command's ``--json`` prints, and pages are made of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass.execution.liveness import is_gone
from windlass.natural import natural

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact
    from windlass.records import Records
    from windlass.records.model import Outcome, Output, Run
    from windlass.records.tracked import Last, Logged, Summary


def run_document(records: Records, run: Run) -> dict[str, Any]:
    """A run, with its nodes.

    Args:
        records: Where it is recorded.
        run: Which one.
    """
    from windlass.execution.data_checks.evidence import checks_at
    from windlass.execution.run import shown
    from windlass.execution.sweeps import sweep_documents

    [document] = run_documents(records, [run])
    document["proof"] = _proof_document(records.proofs(run.id))
    document["trackers"] = records.deliveries_of(run.id)

    outcomes = shown(records.run_outcomes(run.id))
    by_node: dict[str, list[Last]] = {}
    for metric in records.last_values(run.id):
        by_node.setdefault(metric.node, []).append(metric)
    logged: dict[str, list[Logged]] = {}
    for each in records.logged(run.id):
        logged.setdefault(each.node, []).append(each)
    checks = checks_at(records, outcomes)
    document["nodes"] = [
        node_document(*(o, by_node.get(o.node, ()), checks.get(o.node, ()), logged.get(o.node, ())))
        for o in outcomes
    ]
    document["sweeps"] = sweep_documents(records, run)
    return document


def run_documents(records: Records, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Runs without their nodes, looked up together."""
    summaries = records.summaries([run.id for run in runs])
    return [_in_short(run, summaries[run.id]) for run in runs]


def _in_short(run: Run, summaries: Mapping[str, Summary]) -> dict[str, Any]:
    return {
        "id": run.id,
        "name": run.name,
        "pipeline": run.pipeline,
        "status": "lost" if is_gone(run) else run.status,
        "target": run.target,
        "stack": run.stack,
        "seed": run.seed,
        "parameters": {name: natural(value) for name, value in run.parameters.items()},
        "metrics": {name: finite(found.last) for name, found in summaries.items()},
        "ranges": _ranges(summaries),
        "plan": run.plan,
        "bundle": run.bundle,
        "environment": run.environment,
        "created": run.created,
        "ended": run.ended,
        "seconds": None if run.ended is None else run.ended - run.created,
        "error": run.error,
        "tags": dict(run.tags),
        "git": git_document(run.git),
        "left_out": run.details.get("left_out", []),
    }


def git_document(git: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What git knew, without the diff, which may be long: `provenance_document` has it."""
    return {name: fact for name, fact in git.items() if name != "diff"} if git else None


def _proof_document(proofs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the newest proof of a run came to; None where it was never reproduced."""
    if not proofs:
        return None
    told = ("verdict", "environment", "created", "first", "reason", "windlass")
    return {name: proofs[0].get(name) for name in told} | {"proofs": len(proofs)}


def node_document(
    outcome: Outcome,
    metrics: Sequence[Last],
    checks: Sequence[Mapping[str, Any]],
    logged: Sequence[Logged] = (),
) -> dict[str, Any]:
    """What came of a node, with what it logged and what came of the checks of its data."""
    return {
        "node": outcome.node,
        **step_document(outcome.step),
        "status": outcome.status,
        "cached": outcome.cached,
        "reason": outcome.reason,
        "attempts": outcome.attempts,
        "seconds": outcome.seconds,
        "error": outcome.error,
        "seed": outcome.seed,
        "metrics": last_values(metrics),
        "checks": [*checks],
        "outputs": [_output_document(output) for output in outcome.outputs],
        "logged": [logged_document(each) for each in logged],
    }


def logged_document(logged: Logged) -> dict[str, Any]:
    """A figure, table or text that a step logged."""
    assert logged.artifact is not None
    told = {name: getattr(logged, name) for name in ("name", "kind", "step", "time", "attempt")}
    return {**told, **_artifact_document(logged.artifact)}


def _output_document(output: Output) -> dict[str, Any]:
    assert output.artifact is not None
    return {"name": output.name, **_artifact_document(output.artifact)}


def _artifact_document(artifact: Artifact) -> dict[str, Any]:
    return {
        "type": artifact.type,
        "format": artifact.format,
        "content": artifact.content,
        "blob": artifact.blob,
        "bytes": artifact.bytes,
        "summary": artifact.summary,
        "pickled": artifact.pickled,
    }


def _ranges(summaries: Mapping[str, Summary]) -> dict[str, dict[str, float | None]]:
    """The least and greatest value of metrics that several nodes logged, as the items of a map."""
    return {
        name: {"min": finite(found.low), "max": finite(found.high), "series": found.series}
        for name, found in summaries.items()
        if found.series > 1
    }


def last_values(metrics: Sequence[Last]) -> dict[str, float | None]:
    """The last value of each metric of a node."""
    return {metric.name: finite(metric.value) for metric in metrics}


def finite(value: float | None) -> float | None:
    """A number as JSON has it, which knows neither infinity nor what is not a number."""
    return value if value is not None and math.isfinite(value) else None


def step_document(reference: str) -> dict[str, str]:
    """A step by its name, and by the reference of its function."""
    return {"step": re.split(r"[:.]", reference)[-1], "function": reference}
