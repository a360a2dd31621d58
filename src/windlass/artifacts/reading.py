"""From a row of the record and its bytes back to a value."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from windlass.artifacts.artifact import Artifact, Catalog
from windlass.artifacts.contents import contents_of_items
from windlass.artifacts.format import Preview
from windlass.artifacts.formats.plain import shown_as_json
from windlass.artifacts.formats.streamed import contents_of_stream
from windlass.artifacts.registry import format_named
from windlass.artifacts.store import ArtifactStore
from windlass.artifacts.wording import words_for
from windlass.errors import (
    CorruptError,
    FormatError,
    NotFoundError,
    UntrustedError,
    WindlassError,
)
from windlass.hashing import digest_bytes
from windlass.words import with_article

_DOCUMENTS = ("json", "list", "collection")
_LONGEST_SHOWN = 10_000


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
        FormatError: Its format, or a class that it holds, is not to be had here.
    """
    return _Loader(store, catalog, trust_pickle).load(content)


def check(content: str, store: ArtifactStore, catalog: Catalog) -> None:
    """Checks the bytes of an artifact; of what it is made of, each is checked when it is read.

    Raises:
        NotFoundError: The catalog has no such artifact.
        CorruptError: Its bytes are gone or altered.
    """
    artifact = _find(catalog, content)
    if artifact.inline is None:
        store.path(artifact.blob)
    else:
        raw_bytes(artifact, store)


def preview(
    content: str, store: ArtifactStore, catalog: Catalog, *, trust_pickle: bool = False
) -> Preview:
    """What a person is shown of an artifact.

    What is JSON is shown as such where the classes that it holds are not loaded.

    Raises:
        NotFoundError: The catalog has no such artifact.
        CorruptError: Its bytes are gone or altered.
        UntrustedError: It is pickled and not trusted.
        FormatError: Its format is not to be had here.
    """
    artifact = _find(catalog, content)
    try:
        value = load(content, store, catalog, trust_pickle=trust_pickle)
    except FormatError:
        if artifact.format not in _DOCUMENTS:
            raise
        return shown_as_json(json.loads(raw_bytes(artifact, store)))
    shown = None
    with contextlib.suppress(Exception):  # a class of the project's own may raise at any word
        shown = format_named(artifact.format, artifact.version).preview(value)
    return shown or Preview("text/plain", words_for(value, _LONGEST_SHOWN))


def items(artifact: Artifact, store: ArtifactStore) -> tuple[str, ...]:
    """The contents of the items of a list or a tuple, in order.

    Raises:
        FormatError: The artifact is neither.
        CorruptError: Its bytes are gone or altered.
    """
    found = None
    if artifact.format == "stream":
        return contents_of_stream(raw_bytes(artifact, store))
    if artifact.format in _DOCUMENTS:
        found = contents_of_items(json.loads(raw_bytes(artifact, store)))
    if found is None:
        raise FormatError(f"{with_article(artifact.type)} has no items", hint="Return a list.")
    return found


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
            hint="Run what made it again: --refresh",
        )
    return artifact.inline


@dataclass(slots=True)
class _Loader:
    """Loads an artifact and those in it."""

    store: ArtifactStore
    catalog: Catalog
    trust_pickle: bool

    def load(self, content: str) -> Any:
        artifact = _find(self.catalog, content)
        found = format_named(artifact.format, artifact.version)
        # What the record says of an artifact is not enough: the format is what unpickles.
        if (artifact.pickled or found.pickles) and not self.trust_pickle:
            raise UntrustedError(
                f"the artifact {content[:12]}… is pickled, and its store is not trusted",
                hint="Reading it runs code that it names. If you trust whoever wrote it, say so "
                "in windlass.toml: trust_pickle = true",
            )
        try:
            return found.read(_Source(self, artifact))
        except (WindlassError, MemoryError):
            raise
        except Exception as error:
            raise FormatError(
                f"the artifact {content[:12]}…, {with_article(artifact.type)}, cannot be read by "
                f"its format '{artifact.format}': {type(error).__name__}: {error}",
                hint="Install the packages and versions that it was made with.",
            ) from error


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

    def layouts(self) -> Path:
        return self._loader.store.layouts


def _find(catalog: Catalog, content: str) -> Artifact:
    artifact = catalog.artifact(content)
    if artifact is None:
        raise NotFoundError(f"the record has no artifact {content}")
    return artifact
