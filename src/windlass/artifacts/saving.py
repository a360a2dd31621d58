"""From a value to bytes, digests and a row for the record, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from windlass.artifacts.artifact import Artifact, Catalog, Saved
from windlass.artifacts.blobs import BlobWriter
from windlass.artifacts.format import Format, Preview
from windlass.artifacts.formats import lists
from windlass.artifacts.formats.pickled import PickleFormat
from windlass.artifacts.registry import format_for, format_named
from windlass.artifacts.store import ArtifactStore
from windlass.errors import CorruptError, FormatError, NotFoundError, UntrustedError
from windlass.hashing import digest_bytes

_DEEPEST = 100


def save(
    value: object, store: ArtifactStore, *, allow_pickle: bool = False, split: bool = False
) -> Saved:
    """Stores a value; its bytes are published when this returns.

    Args:
        value: What to store.
        store: Where its bytes go, unless they are few.
        allow_pickle: Whether what no format takes may be pickled.
        split: Whether every item of a list becomes an artifact of its own, for a map.

    Raises:
        FormatError: No format takes it, or something in it; or it cannot be split.
        StoreError: The store cannot be written.
    """
    saver = _Saver(store, allow_pickle)
    if split and not isinstance(value, list | tuple):
        raise FormatError(
            f"a map runs over this output, but it is a {type(value).__name__}",
            hint="Return a list.",
        )
    artifact = saver.save(list(value) if split else value)  # type: ignore[call-overload]
    if split:
        for item in value:  # type: ignore[attr-defined]
            saver.made.setdefault((kept := saver.save(item)).content, kept)
    children = tuple(made for made in saver.made.values() if made is not artifact)
    return Saved(artifact, children)


def load(content: str, store: ArtifactStore, catalog: Catalog, *, trust_pickle: bool = True) -> Any:
    """Reads a value.

    Args:
        content: The artifact.
        store: Where its bytes are.
        catalog: Where artifacts are looked up.
        trust_pickle: Whether pickled ones may be read, which runs code that they name.

    Raises:
        NotFoundError: The catalog has no such artifact.
        CorruptError: Its bytes are gone or altered.
        UntrustedError: It is pickled and not trusted.
    """
    return _Loader(store, catalog, trust_pickle).load(content)


def preview(
    content: str, store: ArtifactStore, catalog: Catalog, *, trust_pickle: bool = False
) -> Preview:
    """What a person is shown of an artifact."""
    artifact = _find(catalog, content)
    value = load(content, store, catalog, trust_pickle=trust_pickle)
    shown = format_named(artifact.format, artifact.version).preview(value)
    return shown or Preview("text/plain", repr(value)[:10_000])


def items(artifact: Artifact, store: ArtifactStore) -> tuple[str, ...]:
    """The contents of a list's items, in order.

    Raises:
        FormatError: The artifact is no list.
    """
    if artifact.format != lists.ListFormat.name:
        raise FormatError(f"a {artifact.type} has no items", hint="Return a list.")
    return lists.contents_of(raw_bytes(artifact, store))


def join(artifacts: Sequence[Artifact], store: ArtifactStore) -> Artifact:
    """The list of some artifacts, made without reading their values: what a map returns."""
    with store.writer() as writer:
        content, children = lists.write_joined(artifacts, writer)
        blob, size, inline = writer.finish()
    return Artifact(
        content=content,
        blob=blob,
        format=lists.ListFormat.name,
        version=lists.ListFormat.version,
        type="list",
        bytes=size + sum(artifact.bytes for artifact in artifacts),
        inline=inline,
        summary={"length": len(artifacts)},
        children=children,
        pickled=any(artifact.pickled for artifact in artifacts),
    )


def raw_bytes(artifact: Artifact, store: ArtifactStore) -> bytes:
    """The bytes of an artifact, checked.

    Raises:
        CorruptError: They are gone or altered.
    """
    if artifact.inline is None:
        return store.path(artifact.blob).read_bytes()
    if digest_bytes(artifact.inline) != artifact.blob:
        raise CorruptError(
            f"the bytes of the artifact {artifact.content[:12]}… were altered in the record",
            hint="Run what made it again: --no-cache",
        )
    return artifact.inline


@dataclass
class _Saver:
    """Saves a value and the artifacts in it."""

    store: ArtifactStore
    allow_pickle: bool
    made: dict[str, Artifact] = field(default_factory=dict)
    depth: int = 0

    def save(self, value: object) -> Artifact:
        found = self._format(value)
        try:
            return self._save_as(found, value)
        except FormatError:
            # Its format knows the class, but not what this value holds: such as a table whose
            # cells are objects of the project's own.
            if not self.allow_pickle or found.pickles or self.depth:
                raise
            return self._save_as(PickleFormat(), value)

    def _save_as(self, found: Format[Any], value: object) -> Artifact:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise FormatError(
                f"a {type(value).__name__} is nested more than {_DEEPEST} deep, or holds itself"
            )
        try:
            with self.store.writer() as writer:
                sink = _Sink(self, writer)
                content = found.write(value, sink)
                blob, size, inline = writer.finish()
        finally:
            self.depth -= 1
        cls = type(value)
        return Artifact(
            content=content or found.content(value, blob),
            blob=blob,
            format=found.name,
            version=found.version,
            type=cls.__qualname__ if cls.__module__ == "builtins" else _type_name(cls),
            bytes=size + sink.bytes_below,
            inline=inline,
            summary=found.summary(value),
            children=tuple(dict.fromkeys(sink.children)),
            pickled=found.pickles or sink.pickled,
        )

    def _format(self, value: object) -> Format[Any]:
        found = format_for(value)
        if found is not None:
            return found
        if self.allow_pickle:
            return PickleFormat()
        name = _type_name(type(value))
        raise FormatError(
            f"no format takes a value of type {name}",
            hint="Return a supported type (docs/values.md), register a format for it, or let the "
            "step pickle it: @step(allow_pickle=True)",
        )


class _Sink:
    """Where a format writes; see `windlass.artifacts.format.Sink`."""

    def __init__(self, saver: _Saver, writer: BlobWriter) -> None:
        self._saver = saver
        self.write = writer.write
        self.children: list[str] = []
        self.bytes_below = 0
        self.pickled = False

    def save(self, value: object) -> str:
        artifact = self._saver.save(value)
        self._saver.made.setdefault(artifact.content, artifact)
        self.children.append(artifact.content)
        self.bytes_below += artifact.bytes
        self.pickled |= artifact.pickled
        return artifact.content

    def add_file(self, path: Path) -> str:
        blob, size = self._saver.store.put_file(path)
        self.bytes_below += size
        return blob


@dataclass
class _Loader:
    """Loads an artifact and those in it."""

    store: ArtifactStore
    catalog: Catalog
    trust_pickle: bool

    def load(self, content: str) -> Any:
        artifact = _find(self.catalog, content)
        if artifact.pickled and not self.trust_pickle:
            raise UntrustedError(
                f"the artifact {content[:12]}… is pickled, and its store is not trusted",
                hint="Reading it runs code that it names. If you trust whoever wrote it, say so "
                "in windlass.toml: trust_pickle = true",
            )
        found = format_named(artifact.format, artifact.version)
        return found.read(_Source(self, artifact))


class _Source:
    """What a format reads from; see `windlass.artifacts.format.Source`."""

    def __init__(self, loader: _Loader, artifact: Artifact) -> None:
        self._loader = loader
        self._artifact = artifact
        self.load = loader.load
        self.file = loader.store.path

    def bytes(self) -> bytes:
        return raw_bytes(self._artifact, self._loader.store)

    def open(self) -> BinaryIO:
        path = self.path()
        return BytesIO(self.bytes()) if path is None else path.open("rb")

    def path(self) -> Path | None:
        if self._artifact.inline is not None:
            return None
        return self._loader.store.path(self._artifact.blob)


def _find(catalog: Catalog, content: str) -> Artifact:
    artifact = catalog.artifact(content)
    if artifact is None:
        raise NotFoundError(f"the record has no artifact {content}")
    return artifact


def _type_name(cls: type) -> str:
    from windlass import modules

    return modules.reference(cls).replace(":", ".")
