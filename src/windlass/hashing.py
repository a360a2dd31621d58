"""Digests: one algorithm (BLAKE3), everything type-tagged and length-prefixed.

Two different inputs never feed the hasher the same bytes: each part carries one byte that names
its type and eight that give its length, so ``("ab", "c")``, ``("a", "bc")``, ``("abc",)``,
``1`` and ``"1"`` all differ. Digests are 64 lower-case hexadecimal characters.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TypeAlias

from blake3 import blake3

Buffer: TypeAlias = bytes | bytearray | memoryview
Part: TypeAlias = (
    "None | bool | int | float | str | Buffer | list[Part] | tuple[Part, ...] | Mapping[str, Part]"
)
"""What can be hashed: plain scalars, bytes, and nested sequences and mappings of these."""


class Hasher:
    """Hashes tagged parts one after the other.

    Args:
        tag: Names what is hashed; digests of different kinds never meet.
    """

    def __init__(self, tag: str) -> None:
        self._blake = blake3()
        self.add(tag)

    def add(self, *parts: Part) -> Hasher:
        """Feeds parts in order; returns itself."""
        for part in parts:
            self._add(part)
        return self

    def hexdigest(self) -> str:
        """The digest of all parts so far."""
        return self._blake.hexdigest()

    def _frame(self, kind: bytes, payload: Buffer) -> None:
        view = memoryview(payload).cast("B")
        self._blake.update(kind + struct.pack("<Q", view.nbytes))
        self._blake.update(view)

    def _add(self, part: Part) -> None:
        match part:
            case None:
                self._frame(b"n", b"")
            case bool():
                self._frame(b"b", b"\1" if part else b"\0")
            case int():
                self._frame(b"i", str(part).encode())
            case float():
                self._frame(b"f", _float_bytes(part))
            case str():
                self._frame(b"s", part.encode("utf-8", "surrogatepass"))
            case Mapping():
                self._frame(b"d", str(len(part)).encode())
                for key in sorted(part):
                    self._add(key)
                    self._add(part[key])
            case list() | tuple():
                self._frame(b"l", str(len(part)).encode())
                for item in part:
                    self._add(item)
            case _:
                self._frame(b"y", part)


def _float_bytes(value: float) -> bytes:
    """IEEE 754 bytes with every NaN made one; 0.0 and -0.0 stay two values."""
    return struct.pack("<d", value if value == value else float("nan"))  # noqa: PLR0124


def digest(tag: str, *parts: Part) -> str:
    """The digest of `parts` under `tag`."""
    return Hasher(tag).add(*parts).hexdigest()


def digest_bytes(data: Buffer) -> str:
    """The plain BLAKE3 of some bytes: the name of a blob."""
    return blake3(memoryview(data).cast("B")).hexdigest()
