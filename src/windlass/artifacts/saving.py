"""From a value to bytes, digests and a row for the record."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windlass import modules, values
from windlass.artifacts.artifact import Artifact, Saved
from windlass.artifacts.blobs import BlobWriter
from windlass.artifacts.format import Format
from windlass.artifacts.formats.pickled import PickleFormat, can_be_pickled
from windlass.artifacts.places import deep_place, place_of
from windlass.artifacts.registry import format_for
from windlass.artifacts.store import ArtifactStore
from windlass.artifacts.streams import Stream
from windlass.errors import FormatError, WindlassError
from windlass.generics import origin_of
from windlass.words import with_article

_DEEPEST = 100


def save(
    value: object, store: ArtifactStore, *, allow_pickle: bool = False, split: bool = False
) -> Saved:
    """Stores a value; its bytes are published when this returns.

    Args:
        value: What to store.
        store: Where its bytes go, unless they are few.
        allow_pickle: Whether what no format takes may be pickled.
        split: Whether every item of a list or tuple becomes an artifact of its own, for a map.

    Raises:
        FormatError: No format takes it, or something in it; or it cannot be split.
        StoreError: The store cannot be written.
    """
    saver = _Saver(store, allow_pickle)
    try:
        if split:
            saver.save_items(value)
        artifact = saver.save(value)
    except FormatError as error:
        raise saver.with_place(error, value) from error.__cause__
    return Saved(artifact, tuple(made for made in saver.made.values() if made is not artifact))


class _EndlessError(FormatError):
    """A value is nested too deep, or holds itself."""


@dataclass
class _Saver:
    """Saves a value and the artifacts in it."""

    store: ArtifactStore
    allow_pickle: bool
    made: dict[str, Artifact] = field(default_factory=dict)
    depth: int = 0
    culprit: object = None
    _parts: dict[int, tuple[object, Artifact]] = field(default_factory=dict)
    _passing: int | None = None

    def save_items(self, value: object) -> None:
        if isinstance(value, Stream):  # when they come
            value.keep = functools.partial(self.save_part, again=False)
            return
        if not isinstance(value, list | tuple):
            raise FormatError(
                f"a map runs over this output, but it is {with_article(type(value).__name__)}",
                hint="Return a list.",
            )
        for item in value:
            self.save_part(item)

    def save_part(self, value: object, *, again: bool = True) -> Artifact:
        """Saves what is in another value; once, however often it is there."""
        known = self._parts.get(id(value))
        if known is not None:
            return known[1]
        artifact = self.save(value)
        if self._passing is not None:
            del self._parts[self._passing]
        self._passing = None if again else id(value)
        self._parts[id(value)] = (value, artifact)  # held, or another could get its id
        return self.made.setdefault(artifact.content, artifact)

    def save(self, value: object) -> Artifact:
        if self.depth >= _DEEPEST:
            raise _EndlessError(
                f"{with_article(type(value).__name__)} is nested more than {_DEEPEST} deep, or "
                "holds itself"
            )
        self.depth += 1
        try:
            return self._save(value)
        except FormatError:
            if self.culprit is None:
                self.culprit = value
            raise
        finally:
            self.depth -= 1

    def _save(self, value: object) -> Artifact:
        found = format_for(value)
        if found is None:
            if not self.allow_pickle:
                raise _no_format(value)
            found = PickleFormat()
        try:
            return self._save_as(found, value)
        except FormatError as error:
            # Its format knows the class, but not what this value holds: such as a table whose
            # cells are objects of the project's own.
            endless = isinstance(error, _EndlessError) and self.depth > 1
            if not self.allow_pickle or found.pickles or found.lazy or endless:
                raise
            self.culprit = None
            return self._save_as(PickleFormat(), value)

    def _save_as(self, found: Format[Any], value: Any) -> Artifact:
        with self.store.writer() as writer:
            sink = _Sink(self, writer)
            sink.uses(type(value))
            sink.uses(type(found))  # a format of the project's own: its code reads the value
            content = _write(found, value, sink)
            blob, size, inline = writer.finish()
        return Artifact(
            content=content or found.content(value, blob),
            blob=blob,
            format=found.name,
            version=found.version,
            type=_type_name(type(value)),
            bytes=size + sink.bytes_below,
            inline=inline,
            summary=_summary(found, value),
            children=tuple(dict.fromkeys(sink.children)),
            pickled=found.pickles or sink.pickled,
            classes=tuple(sorted(sink.classes)),
            files=tuple(dict.fromkeys(sink.files)),
        )

    def with_place(self, error: FormatError, value: object) -> FormatError:
        """The error, with where in the value its cause is."""
        is_deep = isinstance(error, values.TooDeepError | _EndlessError)
        place = deep_place(value) if is_deep else place_of(value, self.culprit)
        return FormatError(f"{place}: {error.message}", hint=error.hint) if place else error


class _Sink:
    """Where a format writes; see `windlass.artifacts.format.Sink`."""

    def __init__(self, saver: _Saver, writer: BlobWriter) -> None:
        self._saver = saver
        self.write = writer.write
        self.children: list[str] = []
        self.files: list[str] = []
        self.bytes_below = 0
        self.pickled = False
        self.classes: set[str] = set()

    def save(self, value: object, *, again: bool = True) -> str:
        artifact = self._saver.save_part(value, again=again)
        self.children.append(artifact.content)
        self.bytes_below += artifact.bytes
        self.pickled |= artifact.pickled
        self.classes.update(artifact.classes)
        return artifact.content

    def add_file(self, path: Path) -> str:
        blob, size = self._saver.store.put_file(path)
        self.bytes_below += size
        self.files.append(blob)
        return blob

    def uses(self, code: Any) -> None:
        ref = modules.reference(origin_of(code) if isinstance(code, type) else code)
        top = ref.partition(":")[0].partition(".")[0]
        if top != "windlass" and top not in sys.stdlib_module_names:
            self.classes.add(ref)


def _write(found: Format[Any], value: object, sink: _Sink) -> str | None:
    try:
        return found.write(value, sink)
    except (WindlassError, MemoryError):
        raise
    except Exception as error:
        if found.lazy:
            raise
        raise FormatError(
            f"{with_article(_type_name(type(value)))} cannot be written by its format "
            f"'{found.name}': {type(error).__name__}: {error}",
        ) from error


def _summary(found: Format[Any], value: object) -> dict[str, values.Json]:
    try:
        return found.summary(value)
    except Exception:  # noqa: BLE001 (a class of the project's own may raise when asked for words)
        return {}


def _no_format(value: Any) -> FormatError:
    """Why a value cannot be stored, with what would help for one of its kind."""
    if values.is_plain_class(type(value)) or type(value).__module__ == "datetime":
        try:
            values.dumps(value)
        except FormatError as error:  # its kind is known: what is wrong with this one?
            return error
    return FormatError(
        f"no format takes a value of type {_type_name(type(value))}", hint=_hint_for(value)
    )


def _hint_for(value: object) -> str:
    if isinstance(value, io.IOBase):
        return "Return what it holds, as by its read(); or write a file and return its Path."
    if isinstance(value, Iterator):
        return "Let the step yield its items, or make it a list: list(…)."
    if not can_be_pickled(value):
        return (
            "It cannot even be pickled. Return what it is made from, and make it again where it is "
            "used; or register a format for it (docs/values.md)."
        )
    return (
        "Return a supported type (docs/values.md), register a format for it, or let the step "
        "pickle it: @step(allow_pickle=True)"
    )


def _type_name(cls: type) -> str:
    if cls.__module__ == "builtins":
        return cls.__qualname__
    return modules.reference(cls).replace(":", ".")
