"""What workers post, as bytes: JSON under a digest, so that a damaged one is known as such."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

from windlass.artifacts.telling import artifact_document, read_artifact
from windlass.errors import CorruptError
from windlass.hashing import digest_bytes
from windlass.records.model import Attempt, Event, Input, Outcome, Output, Param, Posted
from windlass.records.points import pack, unpack
from windlass.records.tracked import Logged, Series

_STATUSES = ("succeeded", "failed")


def packed(document: Any) -> bytes:
    """A document as the bytes of an object."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return digest_bytes(body).encode() + b"\n" + body


def unpacked(name: str, data: bytes) -> Any:
    """The document of an object.

    Raises:
        CorruptError: It is damaged, or another program's.
    """
    digest, _, body = data.partition(b"\n")
    if digest != digest_bytes(body).encode():
        raise _damaged(name)
    return json.loads(body)


def post_document(posted: Posted) -> dict[str, Any]:
    """What came of an attempt, as JSON."""
    attempt = posted.attempt
    return {
        "outcome": outcome_document(posted.outcome),
        "attempt": None if attempt is None else _fields(attempt),
        "final": posted.final,
    }


def read_post(name: str, document: Any) -> Posted:
    """What `post_document` told of.

    Raises:
        CorruptError: It is something else.
    """
    try:
        attempt = document["attempt"]
        return Posted(
            outcome=read_outcome(name, document["outcome"]),
            attempt=None if attempt is None else Attempt(**attempt),
            final=bool(document["final"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(name) from error


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """An outcome with all that belongs to it, as JSON."""
    return {
        **_fields(outcome),
        "outputs": [[each.name, each.position, each.content] for each in outcome.outputs],
        "inputs": [_fields(each) for each in outcome.inputs],
        "artifacts": [artifact_document(each) for each in outcome.artifacts],
        "series": [_series_document(each) for each in outcome.series],
        "logged": [_fields(each) for each in outcome.logged],
        "params": [_fields(each) for each in outcome.params],
        "events": [_fields(each) for each in outcome.events],
    }


def read_outcome(name: str, document: Any) -> Outcome:
    """The outcome that `outcome_document` told of.

    Raises:
        CorruptError: It is something else.
    """
    try:
        parts = {
            "outputs": tuple(Output(*each) for each in document["outputs"]),
            "inputs": tuple(Input(**each) for each in document["inputs"]),
            "artifacts": tuple(read_artifact(each) for each in document["artifacts"]),
            "series": tuple(_read_series(each) for each in document.get("series", ())),
            "logged": tuple(Logged(**each) for each in document.get("logged", ())),
            "params": tuple(Param(**each) for each in document["params"]),
            "events": tuple(Event(**each) for each in document.get("events", ())),
        }
        own = {name: told for name, told in document.items() if name != "metrics"}
        found = Outcome(**{**own, **parts})  # an older Windlass told points one by one
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(name) from error
    if found.status not in _STATUSES:
        raise _damaged(name)
    return found


def _series_document(series: Series) -> dict[str, Any]:
    packed = base64.b64encode(pack(series.points)).decode()
    return {**_fields(series), "points": packed}


def _read_series(document: Any) -> Series:
    return Series(**{**document, "points": unpack(base64.b64decode(document["points"]))})


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, as they are: `dataclasses.asdict` copies all that is in them."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _damaged(name: str) -> CorruptError:
    return CorruptError(
        f"the object {name} in the artifact store is damaged, or not ours",
        hint="Remove it there, and execute the node again.",
    )
