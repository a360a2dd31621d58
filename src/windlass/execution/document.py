"""A run as one JSON document: what every command's ``--json`` prints, and pages are made of."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass.execution.liveness import is_gone
from windlass.values import TYPE, Json

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Metric, Outcome, Output, Run


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
        "git": git_document(run.git),
        "left_out": run.details.get("left_out", []),
    }
    if nodes:
        from windlass.execution.data_checks.evidence import checks_at
        from windlass.execution.run import shown

        document["proof"] = _proof_document(records.proofs(run.id))

        outcomes = shown(records.run_outcomes(run.id))
        by_node: dict[str, list[Metric]] = {}
        for metric in metrics:
            by_node.setdefault(metric.node, []).append(metric)
        checks = checks_at(records, outcomes)
        document["nodes"] = [
            node_document(o, by_node.get(o.node, ()), checks.get(o.node, ())) for o in outcomes
        ]
    return document


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
    outcome: Outcome, metrics: Sequence[Metric], checks: Sequence[Mapping[str, Any]]
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
    """An encoded plain value as a person would write it: a date as its text, an enum its name."""
    if isinstance(value, list):
        return [natural(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get(TYPE)
    if kind is None:
        return {key: natural(item) for key, item in value.items()}
    return _NATURAL.get(str(kind), _as_it_is)(value)


def _as_it_is(document: Any) -> Any:
    return document


def _text(document: Any) -> Any:
    zone = f"[{document['zone']}]" if "zone" in document else ""
    return f"{document['value']}{zone}"


def _items(document: Any) -> Any:
    return [natural(item) for item in document["items"]]


def _fields(document: Any) -> Any:
    return natural({**document["fields"], **document.get("extra", {})})


def _ends(document: Any) -> str:
    return f"{document[TYPE]}({', '.join(map(str, natural(document['ends'])))})"


def _dict(document: Any) -> Any:
    """A dict by the texts of its keys, unless two would have the same."""
    pairs = [(natural(key), natural(item)) for key, item in document["items"]]
    keys = [key if isinstance(key, str) else json.dumps(key) for key, _ in pairs]
    if len(set(keys)) < len(keys):
        return [list(pair) for pair in pairs]
    return dict(zip(keys, [item for _, item in pairs], strict=True))


def _duration(document: Any) -> str:
    """In ISO 8601, as the command line takes it."""
    microseconds = (document["days"] * 86400 + document["seconds"]) * 10**6
    microseconds += document["microseconds"]
    whole, rest = divmod(abs(microseconds), 10**6)
    part = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if microseconds < 0 else ''}PT{whole}{part}S"


_NATURAL: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("int", "float", "bytes", "bytearray", "complex"), _text),
    **dict.fromkeys(("decimal", "uuid", "zone"), _text),
    **dict.fromkeys(("date", "time", "datetime", "path"), _text),
    **dict.fromkeys(("tuple", "set", "frozenset", "deque"), _items),
    **dict.fromkeys(("dataclass", "namedtuple", "model"), _fields),
    **dict.fromkeys(("dict", "counter", "ordereddict", "defaultdict"), _dict),
    **dict.fromkeys(("range", "slice"), _ends),
    "fraction": lambda document: "/".join(map(str, natural(document["over"]))),
    "namespace": lambda document: natural(document["fields"]),
    "enum": lambda document: document["name"],
    "timedelta": _duration,
    "timezone": lambda document: natural(document["name"]),
}


def step_document(reference: str) -> dict[str, str]:
    """A step by its name, and by the reference of its function."""
    return {"step": re.split(r"[:.]", reference)[-1], "function": reference}
