"""What the record keeps of a stored value."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import Protocol

from windlass.values import Json


@dataclass(frozen=True, slots=True)
class Artifact:
    """An immutable stored value, named by the digest of its content.

    Args:
        content: Digest of the logical value: equal values of a type have equal contents.
        blob: Digest of the stored bytes.
        format: Name of the format that wrote the bytes.
        version: Version of that format.
        type: Qualified name of the value's class, such as ``pandas.DataFrame``.
        bytes: Size of the blob and of all it holds.
        inline: The bytes themselves where they are few; None where they lie in the store.
        summary: Shape, dtypes, ranges and the like, for people and pages.
        children: Contents of the artifacts that this one is made of.
        pickled: Whether reading it, or a child of it, unpickles.
        classes: The classes whose code decides what it and its children do, by their
            ``module:qualname``, but for Python's own.
        files: Digests of the blobs that its format added beside its own, such as a folder's files.
    """

    content: str
    blob: str
    format: str
    version: int
    type: str
    bytes: int
    inline: builtins.bytes | None = None
    summary: dict[str, Json] = field(default_factory=dict)
    children: tuple[str, ...] = ()
    pickled: bool = False
    classes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """An artifact just written, with every artifact that it holds, to be recorded together."""

    artifact: Artifact
    children: tuple[Artifact, ...] = ()


class Catalog(Protocol):
    """Where artifacts are looked up by content: the record store, or a dict in a test."""

    def artifact(self, content: str) -> Artifact | None:
        """The artifact of that content, or None."""
        ...
