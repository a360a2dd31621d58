"""Lists: a manifest of the items, so that a map can run over them and a map's results join.

The manifest is the JSON document of the list, in which an item that is large, or not plain, is
the name of an artifact of its own. It is the same, to the byte, whether a step returned the list
or a map joined it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.artifacts.blobs import INLINE
from windlass.artifacts.contents import (
    content_of,
    content_of_list,
    loads_references,
    reference_to,
    referred,
    scalar_texts,
)
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.collections import parts_to
from windlass.artifacts.wording import words_for
from windlass.values import Json, to_text

if TYPE_CHECKING:
    from windlass.artifacts.artifact import Artifact

_SHOWN = 20
_KINDS_TOLD = 5


class ListFormat(Format[list[Any]]):
    """Lists of anything that has a format."""

    name = "list"
    types = ("builtins.list",)

    def accepts(self, value: object) -> bool:
        """Whether it is a list itself, and not of a subclass."""
        return type(value) is list

    def write(self, value: list[Any], sink: Sink) -> str:
        """Writes the manifest, and the items that are not plain."""
        texts = scalar_texts(value)
        if texts is not None:
            contents = list(map(values.digest_text, texts))
        else:
            texts, contents = _entries(value, sink)
        sink.write(manifest_of(texts))
        return content_of_list(contents)

    def read(self, source: Source) -> list[Any]:
        """The list, every item loaded."""
        found: list[Any] = values.loads(source.bytes(), other=loads_references(source.load))
        return found

    def summary(self, value: list[Any]) -> dict[str, Json]:
        """How many items, and of which types."""
        kinds: list[Json] = [*sorted({cls.__name__ for cls in set(map(type, value))})]
        return {"length": len(value), "of": kinds[:_KINDS_TOLD]}

    def preview(self, value: list[Any]) -> Preview:
        """The first items."""
        told = [f"[{place}] {words_for(item, 200)}" for place, item in enumerate(value[:_SHOWN])]
        more = [f"… {len(value):,} items"] if len(value) > _SHOWN else []
        return Preview("text/plain", "\n".join(told + more))


def manifest_of(texts: Sequence[str]) -> bytes:
    """The manifest of items that have these texts."""
    return f"[{','.join(texts)}]".encode()


def _entries(items: list[Any], sink: Sink) -> tuple[list[str], list[str]]:
    """The texts of items in the manifest, and their contents."""
    texts, contents = [], []
    for item in items:
        text, content = entry(item, sink)
        texts.append(text)
        contents.append(content)
    return texts, contents


def entry(item: Any, sink: Sink, *, again: bool = True) -> tuple[str, str]:
    """The text of an item in a manifest, and its content.

    Args:
        item: The item.
        sink: Where it goes if it is large, or not plain.
        again: Whether the same object may come again.

    Raises:
        FormatError: It cannot be stored.
    """
    document = values.encode(item, parts_to(sink, again=again))
    text = to_text(document)
    if len(text) > INLINE and _size(item, text) > INLINE and referred(document) is None:
        document = reference_to(sink.save(item, again=again))
        text = to_text(document)
    return text, content_of(document, text)


_BYTES_OF: dict[type, Callable[[Any], int]] = {
    str: lambda item: len(item.encode("utf-8", "surrogatepass")),
    bytes: len,
}


def _size(item: Any, text: str) -> int:
    """How many bytes an item has as an artifact: what decides whether it is one of its own."""
    count = _BYTES_OF.get(type(item))
    return count(item) if count else len(text)


def text_in_manifest(artifact: Artifact) -> str:
    """The text of an item that is an artifact, as `ListFormat.write` would have it."""
    if artifact.inline is not None:
        if artifact.format in ("json", "list", "collection"):
            return artifact.inline.decode()
        if artifact.format == "text":
            return values.dumps(artifact.inline.decode("utf-8", "surrogatepass"))
        if artifact.format == "bytes":
            return values.dumps(artifact.inline)
    return named_in_manifest(artifact)


def named_in_manifest(artifact: Artifact) -> str:
    """The text of an item that only names its artifact."""
    return to_text(reference_to(artifact.content))
