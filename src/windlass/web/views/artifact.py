"""An artifact: what it is, what is in it, who made it and who read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.artifacts.reading import raw_bytes
from windlass.errors import NotFoundError
from windlass.web.headers import FRAMED
from windlass.web.page import Ask, Body, Query
from windlass.web.views.finding import open_artifact
from windlass.web.views.preview import (
    LARGEST,
    PreviewDocument,
    known_facts,
    preview_document,
    preview_of,
    raw,
)
from windlass.web.views.production import VersionLine, versions_of

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.records import Records

_MOST = 50
_PIECE = 1 << 20

_USES = """
SELECT runs.name AS run, t.node, t.{name} AS name, outcomes.cached, runs.created
FROM {table} t JOIN runs ON runs.id = t.run
JOIN outcomes ON outcomes.run = t.run AND outcomes.node = t.node
WHERE t.content = :content ORDER BY outcomes.cached, runs.id DESC LIMIT :most
"""
_HELD_BY = "SELECT whole FROM parts WHERE part = :content ORDER BY whole LIMIT :most"


class ArtifactQuery(Query):
    """What of a table is shown larger."""

    column: str | None = Field(default=None, max_length=300, description="This column's histogram.")


class UseLine(TypedDict):
    """A node that made or read an artifact; ``name`` is the output, or the parameter."""

    run: str
    node: str
    name: str
    cached: bool
    created: float


class PartLine(TypedDict):
    """An artifact in another, or that holds it."""

    content: str
    type: str
    summary: dict[str, Any]


class ArtifactDocument(TypedDict):
    """An immutable value: its facts, what a person is shown of it, where it was made and read.

    ``content`` is the digest of the value, ``blob`` that of its bytes. ``made`` names first who
    computed it, then who had it from the cache; of long lists the newest.
    """

    content: str
    blob: str
    type: str
    format: str
    version: int
    bytes: int
    pickled: bool
    summary: dict[str, Any]
    classes: list[str]
    preview: PreviewDocument
    made: list[UseLine]
    read: list[UseLine]
    parts: list[PartLine]
    part_of: list[PartLine]
    versions: list[VersionLine]
    file: str
    asked: dict[str, Any]


def artifact(ask: Ask[ArtifactQuery]) -> ArtifactDocument:
    """An artifact: its facts, what is in it, who made it and who read it."""
    found, records = open_artifact(ask), ask.records
    wholes = records.execute(_HELD_BY, {"content": found.content, "most": _MOST})
    return ArtifactDocument(
        content=found.content,
        blob=found.blob,
        type=found.type,
        format=found.format,
        version=found.version,
        bytes=found.bytes,
        pickled=found.pickled,
        summary=known_facts(found.summary),
        classes=list(found.classes),
        preview=preview_document(found, ask.stores),
        made=_uses(records, "outputs", "name", found.content),
        read=_uses(records, "inputs", "parameter", found.content),
        parts=_parts(records, list(found.children[:_MOST])),
        part_of=_parts(records, [row["whole"] for row in wholes]),
        versions=versions_of(records, [found.content]),
        file=_name(found),
        asked=ask.query.model_dump(),
    )


def _uses(records: Records, table: str, name: str, content: str) -> list[UseLine]:
    query = _USES.format(table=table, name=name)
    found = records.execute(query, {"content": content, "most": _MOST})
    return [
        UseLine(
            run=row["run"],
            node=row["node"],
            name=row["name"],
            cached=bool(row["cached"]),
            created=row["created"],
        )
        for row in found
    ]


def _parts(records: Records, contents: list[str]) -> list[PartLine]:
    known = records.artifacts(contents)
    return [
        PartLine(content=each, type=known[each].type, summary=known_facts(known[each].summary))
        for each in dict.fromkeys(contents)
        if each in known
    ]


_ENDINGS = {
    "text": ".txt",
    "markdown": ".md",
    "html": ".html",
    "json": ".json",
    "stream": ".jsonl",
    "numpy.array": ".npy",
    "sklearn.estimator": ".skops",
    "onnx.model": ".onnx",
    "pickle": ".pkl",
    **dict.fromkeys(("pandas.frame", "pandas.series", "polars.frame", "arrow.table"), ".arrow"),
    **dict.fromkeys(("torch.tensor", "torch.state", "torch.module"), ".safetensors"),
}
"""What the bytes of a format are called as a file; of others, ``.bin``."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def _name(found: Artifact) -> str:
    kind = _NOT_IN_NAMES.sub("-", found.type.rpartition(".")[2]).strip("-")[:40] or "artifact"
    return f"{kind}-{found.content[:12]}{_ENDINGS.get(found.format, '.bin')}"


def artifact_bytes(ask: Ask[Query]) -> Body:
    """The bytes as they are stored, to be kept as a file: no browser shows them."""
    found = open_artifact(ask)
    headers = {
        "Content-Disposition": f'attachment; filename="{_name(found)}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    store = ask.stores.artifacts
    if found.inline is not None:
        return Body("application/octet-stream", raw_bytes(found, store), headers)
    return Body("application/octet-stream", _pieces(store.path(found.blob)), headers)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(_PIECE):
            yield data


def artifact_frame(ask: Ask[Query]) -> Body:
    """HTML of a step, for a frame in which no script runs and that reaches nothing around it."""
    shown = _previewed(ask, "text/html")
    return Body(
        "text/html; charset=utf-8", _FRAME + raw(shown), {"Content-Security-Policy": FRAMED}
    )


_FRAME = (
    b"<style>body{font:14px system-ui,sans-serif;margin:8px;background:#fff;color:#1b2430}</style>"
)


def artifact_picture(ask: Ask[Query]) -> Body:
    """A picture or a sound, as an ``img`` or ``audio`` asks for it: a script in it never runs."""
    shown = _previewed(ask, "image/", "audio/")
    headers = {
        "Content-Security-Policy": FRAMED,
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    return Body(shown.media_type, raw(shown), headers)


def _previewed(ask: Ask[Query], *kinds: str) -> Any:
    found = open_artifact(ask)
    if found.bytes <= LARGEST:
        shown = preview_of(found.content, ask.stores)
        if shown.media_type.startswith(kinds):
            return shown
    raise NotFoundError(f"there is no such picture of the artifact {found.content[:12]}")
