"""Between the nouns of `model` and the rows of `schema`."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.natural import natural
from windlass.records.model import (
    Attempt,
    Event,
    NewRun,
    Outcome,
    Output,
    Param,
    Run,
)
from windlass.values import TYPE, Json

Row = dict[str, Any]

SOUGHT = 200
"""Characters of a parameter by which runs are chosen."""
_GREATEST = sys.float_info.max


def dump(value: object) -> str:
    """JSON text of a column."""
    return json.dumps(value, separators=(",", ":"))


def clean(text: str) -> str:
    """Text that every database takes: without NUL, which PostgreSQL refuses, and half characters.

    A step may name a metric, or an error quote a file's name, as it likes.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def clean_or_none(text: str | None) -> str | None:
    """The same, of what may be absent."""
    return None if text is None else clean(text)


def _dump_or_none(value: object) -> str | None:
    return None if value is None else dump(value)


def _load_or_none(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def run_row(run: NewRun, run_id: str, number: int, created: float) -> Row:
    """The row of a new run."""
    return {
        "id": run_id,
        "number": number,
        "name": f"{run.pipeline}-{number}",
        "pipeline": run.pipeline,
        "plan": run.plan,
        "bundle": run.bundle,
        "environment": run.environment,
        "target": run.target,
        "stack": run.stack,
        "status": "running",
        "seed": run.seed,
        "created": created,
        "host": _dump_or_none(run.host),
        "git": _dump_or_none(run.git),
        "details": dump(run.details),
        "driver": run.driver,
        "beat": None if run.driver is None else created,
    }


def run_of(row: Mapping[str, Any], parameters: Any = None, tags: Any = None) -> Run:
    """The run of a row."""
    fields = dict(row)
    for name in ("host", "git", "details"):
        fields[name] = _load_or_none(fields[name])
    return Run(**fields, parameters=parameters or {}, tags=tags or {})


def attempt_row(attempt: Attempt) -> Row:
    """The row of an attempt."""
    return {
        "run": attempt.run,
        "node": attempt.node,
        "attempt": attempt.attempt,
        "status": attempt.status,
        "worker": dump(attempt.worker),
        "started": attempt.started,
        "ended": attempt.ended,
        "error": _dump_or_none(attempt.error),
    }


def attempt_of(row: Mapping[str, Any]) -> Attempt:
    """The attempt of a row."""
    fields = {**row, "worker": json.loads(row["worker"]), "error": _load_or_none(row["error"])}
    return Attempt(**fields)


def outcome_row(outcome: Outcome) -> Row:
    """The row of an outcome, without what stands in other tables."""
    return {
        "run": outcome.run,
        "node": outcome.node,
        "step": outcome.step,
        "status": outcome.status,
        "attempt": outcome.attempt,
        "attempts": outcome.attempts,
        "cached": outcome.cached,
        "reason": clean_or_none(outcome.reason),
        "seconds": outcome.seconds,
        "started": outcome.started,
        "ended": outcome.ended,
        "error": _dump_or_none(outcome.error),
        "key": outcome.key,
        "seed": outcome.seed,
        "ingredients": _dump_or_none(outcome.ingredients),
        "origin_run": outcome.origin_run,
        "origin_node": outcome.origin_node,
    }


def outcome_of(
    row: Mapping[str, Any], outputs: Sequence[Output] = (), run_name: str = ""
) -> Outcome:
    """The outcome of a row and its outputs."""
    fields = {**row, "cached": bool(row["cached"])}
    for name in ("error", "ingredients"):
        fields[name] = _load_or_none(fields[name])
    return Outcome(**fields, outputs=tuple(outputs), run_name=run_name)


def output_rows(outcome: Outcome) -> list[Row]:
    """The rows of an outcome's outputs."""
    return [
        {
            "run": outcome.run,
            "node": outcome.node,
            "name": output.name,
            "position": output.position,
            "content": output.content,
        }
        for output in outcome.outputs
    ]


def input_rows(outcome: Outcome) -> list[Row]:
    """The rows of the edges into a node."""
    return [
        {
            "run": outcome.run,
            "node": outcome.node,
            "parameter": edge.parameter,
            "position": edge.position,
            "content": edge.content,
            "source": edge.source,
            "output": edge.output,
            "item": edge.item,
        }
        for edge in outcome.inputs
    ]


def artifact_row(artifact: Artifact, created: float) -> Row:
    """The row of an artifact."""
    return {
        "content": artifact.content,
        "blob": artifact.blob,
        "format": artifact.format,
        "version": artifact.version,
        "type": artifact.type,
        "bytes": artifact.bytes,
        "inline": artifact.inline,
        "summary": dump(artifact.summary),
        "children": dump(artifact.children),
        "pickled": artifact.pickled,
        "classes": dump(artifact.classes) if artifact.classes else None,
        "files": dump(artifact.files) if artifact.files else None,
        "created": created,
    }


def part_rows(artifact: Artifact) -> list[Row]:
    """The rows that say what an artifact is made of."""
    return [
        {"whole": artifact.content, "position": position, "part": part}
        for position, part in enumerate(artifact.children)
    ]


def artifact_of(row: Mapping[str, Any]) -> Artifact:
    """The artifact of a row."""
    inline = row["inline"]
    return Artifact(
        content=row["content"],
        blob=row["blob"],
        format=row["format"],
        version=row["version"],
        type=row["type"],
        bytes=row["bytes"],
        inline=None if inline is None else bytes(inline),
        summary=json.loads(row["summary"]),
        children=tuple(json.loads(row["children"])),
        pickled=bool(row["pickled"]),
        classes=tuple(json.loads(row["classes"] or "[]")),
        files=tuple(json.loads(row["files"] or "[]")),
    )


def param_row(param: Param) -> Row:
    """The row of a parameter; what runs are chosen by stands in it by itself."""
    number, text = sought(param.value)
    return {
        "run": param.run,
        "node": param.node,
        "name": clean(param.name),
        "value": dump(param.value),
        "number": number,
        "text": text,
    }


def sought(value: Json) -> tuple[float | None, str | None]:
    """A parameter as a number or as the beginning of a text, by which runs are chosen.

    True and false are texts, as is what a person writes as one word: a date, a path, the name of
    an enum's member. What has parts is neither.
    """
    if isinstance(value, Mapping) and value.get(TYPE) == "float":  # JSON has no infinity
        return _number_or_none(float(str(value["value"]))), None
    plain = None if _has_parts(value) else natural(value)
    if isinstance(plain, bool):
        return None, str(plain).lower()
    if isinstance(plain, int | float):
        return (float(plain) if abs(plain) <= _GREATEST else None), None
    return None, clean(plain)[:SOUGHT] if isinstance(plain, str) else None


def _number_or_none(number: float) -> float | None:
    return None if math.isnan(number) else number


def _has_parts(value: Json) -> bool:
    return isinstance(value, list) or (isinstance(value, Mapping) and TYPE not in value)


def event_row(event: Event) -> Row:
    """The row of an event."""
    return {
        "run": event.run,
        "node": event.node,
        "time": event.time,
        "kind": event.kind,
        "data": dump(event.data),
    }


def load(text: str) -> Any:
    """The value of a column's JSON text."""
    return json.loads(text)


def ended_row(outcome: Outcome, now: float) -> Row:
    """The row of an outcome, with an end: the newest of a key is what the cache gives."""
    row = outcome_row(outcome)
    return row if outcome.ended is not None else {**row, "ended": now}


def attempt_end_row(
    run: str, node: str, attempt: int, status: str, error: Mapping[str, Any] | None, now: float
) -> Row:
    """What changes of an attempt at its end, and its key."""
    key = {"run": run, "node": node, "attempt": attempt}
    return {**key, "status": status, "ended": now, "error": _dump_or_none(error)}
