"""Iterators: their items, one line of JSON for each, written as they come and read as they go."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from windlass import values
from windlass.artifacts.contents import content_of, loads_references
from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.lists import entry
from windlass.artifacts.streams import Stream
from windlass.artifacts.wording import words_for
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest_digests
from windlass.values import Json

_SHOWN = 20
_KINDS_TOLD = 5
_TOGETHER = 1000


class StreamFormat(Format[Iterator[Any]]):
    """What a step yields; whoever reads it gets an iterator of his own, from the first item."""

    name = "stream"
    types = ("windlass.artifacts.streams.Stream",)
    lazy = True

    def write(self, value: Iterator[Any], sink: Sink) -> str:
        """Writes each item as it comes; one that is large, or not plain, is a part.

        Raises:
            FormatError: An item cannot be stored.
        """
        assert isinstance(value, Stream)
        contents = _Contents()
        for item in value:
            try:
                text, content = entry(item, sink, again=False)
            except FormatError as error:
                place = f"item {value.length - 1:,}: {error.message}"
                raise FormatError(place, hint=error.hint) from error.__cause__
            sink.write(text.encode() + b"\n")
            contents.add(content)
        return contents.digest()

    def read(self, source: Source) -> Iterator[Any]:
        """The items, each loaded when it is asked for."""
        return _loaded(source)

    def summary(self, value: Iterator[Any]) -> dict[str, Json]:
        """How many items, and of which types."""
        if not isinstance(value, Stream):
            return {}
        kinds: list[Json] = [*sorted(value.kinds)]
        return {"length": value.length, "of": kinds[:_KINDS_TOLD]}

    def preview(self, value: Iterator[Any]) -> Preview:
        """The first items."""
        shown = list(itertools.islice(value, _SHOWN + 1))
        told = [f"[{place}] {words_for(item, 200)}" for place, item in enumerate(shown[:_SHOWN])]
        more = ["…"] if len(shown) > _SHOWN else []
        return Preview("text/plain", "\n".join(told + more))


def documents(lines: Iterable[bytes]) -> Iterator[Json]:
    """The documents of a stream's items.

    Raises:
        CorruptError: A line is not JSON, or is cut short.
    """
    for line in lines:
        try:
            document: Json = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise CorruptError(f"a stored item is not JSON: {error}") from error
        if not line.endswith(b"\n"):
            raise CorruptError("a stored stream was cut short")
        yield document


def contents_of_stream(data: bytes) -> tuple[str, ...]:
    """The contents of a stream's items, from its bytes."""
    return tuple(map(content_of, documents(data.splitlines(keepends=True))))


def _loaded(source: Source) -> Iterator[Any]:
    parts = loads_references(source.load)
    with source.open() as lines:
        for document in documents(lines):
            yield values.decode(document, other=parts)


class _Contents:
    """The content of a stream, from its items': a thousand at a time, so that few are held."""

    def __init__(self) -> None:
        self._groups: list[str] = []
        self._waiting: list[str] = []

    def add(self, content: str) -> None:
        self._waiting.append(content)
        if len(self._waiting) == _TOGETHER:
            self._close()

    def digest(self) -> str:
        self._close()
        return digest_digests("stream", self._groups)

    def _close(self) -> None:
        self._groups.append(digest_digests("items", self._waiting))
        self._waiting.clear()
