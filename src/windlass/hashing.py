"""Digests: one algorithm (BLAKE3), everything type-tagged and length-prefixed.

Two different inputs never feed the hasher the same bytes: each part carries one byte that names
its type and eight that give its length, so ``("ab", "c")``, ``("a", "bc")``, ``("abc",)``,
``1`` and ``"1"`` all differ. Digests are 64 lower-case hexadecimal characters.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from blake3 import blake3

Buffer: TypeAlias = bytes | bytearray | memoryview
Part: TypeAlias = "bool | int | float | str | Buffer | Sequence[Part] | Mapping[str, Part] | None"
"""What can be hashed: plain scalars, bytes, and nested sequences and mappings of these."""

DIGEST_LENGTH = 64
PARALLEL = 1 << 20  # bytes from which hashing on several cores is worth it

_LARGE = 1 << 16  # buffers from here on are fed as they are; smaller ones are joined first
_PIECE = 1 << 22  # of a file: small enough to stay in the processor's cache
_length = struct.Struct("<Q").pack
_double = struct.Struct("<d").pack
_NAN = _double(float("nan"))
_DIGEST_FRAME = b"s" + _length(DIGEST_LENGTH)


class Hasher:
    """Hashes tagged parts one after the other.

    Args:
        tag: Names what is hashed; digests of different kinds never meet.
    """

    def __init__(self, tag: str) -> None:
        self._blake = blake3()
        self._pending: list[bytes] = []
        self._add(tag)

    def add(self, *parts: Part) -> Hasher:
        """Feeds parts in order; returns itself."""
        for part in parts:
            self._add(part)
        return self

    def hexdigest(self) -> str:
        """The digest of all parts so far."""
        self._flush()
        return self._blake.hexdigest()

    def _flush(self) -> None:
        self._blake.update(b"".join(self._pending))
        self._pending.clear()

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._pending.append(kind + _length(len(payload)) + payload)

    def _add(self, part: Part) -> None:
        match part:
            case str():
                self._frame(b"s", part.encode("utf-8", "surrogatepass"))
            case None:
                self._frame(b"n", b"")
            case bool():
                self._frame(b"b", b"\1" if part else b"\0")
            case int():
                self._frame(b"i", b"%x" % part)
            case float():
                self._frame(b"f", _float_bytes(part))
            case bytes() | bytearray() | memoryview():
                self._add_buffer(byte_view(part))
            case Mapping():
                self._frame(b"d", b"%d" % len(part))
                for key in sorted(part):
                    self._add(key)
                    self._add(part[key])
            case _:
                self._frame(b"l", b"%d" % len(part))
                for item in part:
                    self._add(item)

    def _add_buffer(self, view: memoryview) -> None:
        if view.nbytes < _LARGE:
            self._frame(b"y", bytes(view))
            return
        self._pending.append(b"y" + _length(view.nbytes))
        self._flush()
        self._blake.update(view)


def _float_bytes(value: float) -> bytes:
    """IEEE 754 bytes with every NaN made one; 0.0 and -0.0 stay two values."""
    return _double(value) if value == value else _NAN  # noqa: PLR0124


def byte_view(data: object) -> memoryview:
    """The bytes of any contiguous buffer, without copying them.

    Raises:
        TypeError: `data` has no buffer, or one that is not contiguous.
    """
    view = memoryview(data)  # type: ignore[arg-type]
    if view.format == "B" and view.ndim == 1:
        if not view.contiguous:
            raise TypeError("a buffer must be contiguous")
        return view
    # A view without elements cannot be cast, whatever its shape.
    return view.cast("B") if view.nbytes else memoryview(b"")


def digest(tag: str, *parts: Part) -> str:
    """The digest of `parts` under `tag`."""
    return Hasher(tag).add(*parts).hexdigest()


def digest_digests(tag: str, digests: Sequence[str]) -> str:
    """The same as ``digest(tag, digests)``, some ten times as fast where there are many."""
    frames = (_DIGEST_FRAME + item.encode() for item in digests)
    count = b"%d" % len(digests)
    head = text_frame(tag) + b"l" + _length(len(count)) + count
    return blake3(head + b"".join(frames)).hexdigest()


def text_frame(text: str) -> bytes:
    """What a text feeds the hasher: for prefixes that are worth computing once."""
    data = text.encode("utf-8", "surrogatepass")
    return b"s" + _length(len(data)) + data


class AsciiDigester:
    """Equals ``digest(tag, text)`` for ASCII texts, several times as fast.

    Args:
        tag: Names what is hashed.
    """

    def __init__(self, tag: str) -> None:
        self._prefix = text_frame(tag) + b"s"

    def __call__(self, text: str) -> str:
        """The digest of a text.

        Raises:
            UnicodeEncodeError: The text is not ASCII.
        """
        data = text.encode("ascii")
        return blake3(self._prefix + _length(len(data)) + data).hexdigest()


class _Pool:
    """Whether BLAKE3's threads may be used: a child that was forked has none, and would wait."""

    started = False
    lost = False

    @classmethod
    def threads(cls, nbytes: int) -> int:
        if nbytes < PARALLEL or cls.lost:
            return 1
        cls.started = True
        return int(blake3.AUTO)

    @classmethod
    def after_fork(cls) -> None:
        cls.lost = cls.lost or cls.started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Pool.after_fork)


class BlobHasher:
    """Hashes plain bytes, large buffers on all cores.

    Args:
        expected: About how many bytes will come; decides whether threads are worth it.
    """

    def __init__(self, expected: int = 0) -> None:
        self._blake = blake3(max_threads=_Pool.threads(expected))

    def update(self, data: Buffer) -> None:
        """Feeds bytes."""
        self._blake.update(data)

    def hexdigest(self) -> str:
        """The digest of all bytes so far."""
        return self._blake.hexdigest()


def digest_bytes(data: Buffer) -> str:
    """The plain BLAKE3 of some bytes: the name of a blob."""
    view = byte_view(data)
    if view.nbytes < PARALLEL:
        return blake3(view).hexdigest()
    hasher = BlobHasher(view.nbytes)
    hasher.update(view)
    return hasher.hexdigest()


def digest_file(path: str | os.PathLike[str]) -> str:
    """The plain BLAKE3 of a file's bytes.

    Raises:
        OSError: It cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 (a plain string will do)
        size = os.fstat(file.fileno()).st_size
        if size < PARALLEL:
            return blake3(file.read()).hexdigest()
        hasher = BlobHasher(size)
        piece = memoryview(bytearray(_PIECE))
        while count := file.readinto(piece):
            hasher.update(piece[:count])
    return hasher.hexdigest()
