"""Lists: a manifest of the items, so that a map can run over them and a map's results join.

The manifest is a JSON array with an object for each item: ``{"v": document}`` for a plain value,
which stands there itself, ``{"c": content}`` for an artifact of its own. The list's content is
made of its items' contents alone, so a list that a step returned and one that a map joined are
equal if their items are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.plain import content_of
from windlass.errors import FormatError
from windlass.hashing import digest
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact
    from windlass.artifacts.blobs import BlobWriter

_SHOWN = 20
_AT_ONCE = 4096


class ListFormat(Format[list[Any]]):
    """Lists of anything that has a format."""

    name = "list"
    types = ("builtins.list",)

    def accepts(self, value: object) -> bool:
        """Whether it is a list itself, and not of a subclass."""
        return type(value) is list

    def write(self, value: list[Any], sink: Sink) -> str:
        """Writes the manifest, and the items that are not plain."""
        contents: list[str] = []
        _write_entries(_entries(value, sink, contents), sink)
        return digest("list", contents)

    def read(self, source: Source) -> list[Any]:
        """The list, every item loaded."""
        entries = json.loads(source.bytes())
        return [_read_entry(entry, source) for entry in entries]

    def summary(self, value: list[Any]) -> dict[str, Json]:
        """How many items, and of which types."""
        kinds = sorted({type(item).__name__ for item in value})
        return {"length": len(value), "of": kinds[:5]}  # type: ignore[dict-item]

    def preview(self, value: list[Any]) -> Preview:
        """The first items."""
        told = [f"[{place}] {repr(item)[:200]}" for place, item in enumerate(value[:_SHOWN])]
        more = [f"… {len(value):,} items"] if len(value) > _SHOWN else []
        return Preview("text/plain", "\n".join(told + more))


def contents_of(manifest: bytes) -> tuple[str, ...]:
    """The contents of the items of a manifest."""
    return tuple(
        entry["c"] if "c" in entry else content_of(values.to_text(entry["v"]))
        for entry in json.loads(manifest)
    )


def write_joined(artifacts: Sequence[Artifact], writer: BlobWriter) -> tuple[str, tuple[str, ...]]:
    """Writes the manifest of items that are artifacts; returns its content and its children."""
    children = []
    entries = []
    for artifact in artifacts:
        text = _plain_text(artifact)
        if text is None:
            children.append(artifact.content)
            entries.append(f'{{"c":"{artifact.content}"}}')
        else:
            entries.append(f'{{"v":{text}}}')
    _write_entries(entries, writer)
    together = digest("list", [artifact.content for artifact in artifacts])
    return together, tuple(dict.fromkeys(children))


def _plain_text(artifact: Artifact) -> str | None:
    """The canonical JSON text of a small plain artifact, as it stands in a manifest."""
    if artifact.inline is None or artifact.format not in ("json", "text"):
        return None
    text = artifact.inline.decode("utf-8", "surrogatepass")
    return text if artifact.format == "json" else values.dumps(text)


def _entries(items: list[Any], sink: Sink, contents: list[str]) -> Iterator[str]:
    for place, item in enumerate(items):
        text = _text_of(item)
        if text is not None:
            contents.append(content_of(text))
            yield f'{{"v":{text}}}'
            continue
        try:
            content = sink.save(item)
        except FormatError as error:
            raise FormatError(f"item {place} of a list: {error.message}", hint=error.hint) from None
        contents.append(content)
        yield f'{{"c":"{content}"}}'


def _text_of(item: Any) -> str | None:
    """The text of an item that is plain; lists and bytes have formats of their own."""
    if type(item) in (list, bytes) or hasattr(item, "__fspath__"):
        return None
    try:
        return values.dumps(item)
    except FormatError:
        return None


def _write_entries(entries: Iterable[str], sink: Any) -> None:
    """Writes many small texts in few pieces."""
    pieces = ["["]
    for place, entry in enumerate(entries):
        pieces.append(f",{entry}" if place else entry)
        if len(pieces) >= _AT_ONCE:
            sink.write("".join(pieces).encode())
            pieces = []
    sink.write("".join([*pieces, "]"]).encode())


def _read_entry(entry: Any, source: Source) -> Any:
    return source.load(entry["c"]) if "c" in entry else values.decode(entry["v"])
