"""What workers post, as bytes: JSON under a digest, so that a damaged one is known as such."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.errors import CorruptError
from windlass.hashing import digest_bytes
from windlass.records.model import Attempt, Event, Input, Metric, Outcome, Output, Param, Posted

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
        "metrics": [_fields(each) for each in outcome.metrics],
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
            "metrics": tuple(Metric(**each) for each in document["metrics"]),
            "params": tuple(Param(**each) for each in document["params"]),
            "events": tuple(Event(**each) for each in document.get("events", ())),
        }
        found = Outcome(**{**document, **parts})
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(name) from error
    if found.status not in _STATUSES:
        raise _damaged(name)
    return found


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """An artifact with its bytes, if it has them in it, as JSON."""
    inline = artifact.inline
    told = None if inline is None else base64.b64encode(inline).decode()
    return {**_fields(artifact), "inline": told}


def read_artifact(document: Any) -> Artifact:
    """The artifact that `artifact_document` told of."""
    inline = document["inline"]
    return Artifact(
        **{
            **document,
            "inline": None if inline is None else base64.b64decode(inline),
            **{name: tuple(document[name]) for name in ("children", "classes", "files")},
        }
    )


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass, as they are: `dataclasses.asdict` copies all that is in them."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _damaged(name: str) -> CorruptError:
    return CorruptError(
        f"the object {name} in the artifact store is damaged, or not ours",
        hint="Remove it there, and execute the node again.",
    )
