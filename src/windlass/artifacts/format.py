"""How a type of value becomes bytes and back.

A format is one small class:

    @windlass.artifacts.register
    class Geometry(Format["shapely.Geometry"]):
        name = "geometry"
        types = ("shapely.geometry.base.BaseGeometry",)

        def write(self, value, sink):
            sink.write(value.wkb)

        def read(self, source):
            import shapely
            return shapely.from_wkb(source.bytes())
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Generic, Protocol, TypeVar

from windlass.values import Json

T = TypeVar("T")


class Sink(Protocol):
    """Where a format writes: a binary stream that is hashed on its way, and a place for parts."""

    def write(self, data: Any) -> int:
        """Appends bytes, or anything with a contiguous buffer, without copying it."""
        ...

    def save(self, value: object, *, again: bool = True) -> str:
        """Stores a part as an artifact of its own; returns its content digest.

        Where the same object may come `again`, it is held until all is stored.
        """
        ...

    def add_file(self, path: Path) -> str:
        """Stores a file as a blob of its own; returns the blob's digest."""
        ...

    def uses(self, code: Any) -> None:
        """Notes a class of which the value holds instances, or a function that it holds.

        What reads the value depends on that code, too, and is not cached once it changed. The
        value's own class need not be told.
        """
        ...


class Source(Protocol):
    """What a format reads from."""

    def bytes(self) -> bytes:
        """All bytes, in memory."""
        ...

    def open(self) -> BinaryIO:
        """A stream over the bytes."""
        ...

    def path(self) -> Path | None:
        """A local file that holds exactly the bytes and may be memory-mapped; None if inline."""
        ...

    def load(self, content: str) -> Any:
        """A part that was stored with `Sink.save`."""
        ...

    def file(self, blob: str) -> Path:
        """A local, read-only copy of a file that was stored with `Sink.add_file`."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """What a person is shown of a value: `data` is text, or the bytes of an image or a sound."""

    media_type: str
    data: str | bytes


class Format(ABC, Generic[T]):
    """Writes and reads one kind of value.

    Attributes:
        name: Recorded with every artifact; reading finds the format by it.
        version: Recorded too; raise it when old bytes can no longer be read by `read`.
        types: Qualified names of the classes it takes, subclasses included. Names, not classes,
            so that no library is imported before a value of it is met.
        pickles: Whether reading runs code that the bytes name.
        lazy: Whether writing runs the code that makes the value, so that errors are its own.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    types: ClassVar[tuple[str, ...]]
    pickles: ClassVar[bool] = False
    lazy: ClassVar[bool] = False

    def accepts(self, value: object) -> bool:  # noqa: ARG002 (for those who override it)
        """Whether this value of one of `types` can be written; a later format is asked if not."""
        return True

    @abstractmethod
    def write(self, value: T, sink: Sink) -> str | None:
        """Writes the value.

        Returns:
            The content digest, where it is best found while writing; else None, and `content`
            is asked.
        """

    @abstractmethod
    def read(self, source: Source) -> T:
        """Reads what `write` wrote; must run only constructors that this format itself names."""

    def content(self, value: T, blob: str) -> str:  # noqa: ARG002
        """Digest of the logical value.

        The default is for formats whose bytes are canonical (equal values, equal bytes): it
        follows from the digest of the bytes, so that nothing is hashed twice.
        """
        from windlass.hashing import digest

        return digest("content", self.name, blob)

    def summary(self, value: T) -> dict[str, Json]:  # noqa: ARG002
        """Facts for people: shape, dtypes, ranges, class, size. Plain JSON, small."""
        return {}

    def preview(self, value: T) -> Preview | None:  # noqa: ARG002
        """What a person is shown; None for the value's `repr`."""
        return None
