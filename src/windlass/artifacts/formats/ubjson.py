"""Universal Binary JSON as XGBoost writes it.

XGBoost ends the process on some bytes that are no model, and follows a tree's indexes without a
look. So its files are read here first: what is not of this form never reaches it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from windlass.errors import CorruptError

_NUMBERS = {"i": "b", "U": "B", "I": ">h", "l": ">i", "L": ">q", "d": ">f", "D": ">d"}
_CONSTANTS = {"Z": None, "T": True, "F": False}
_DEEPEST = 100


def read_ubjson(data: bytes) -> Any:
    """The document: arrays of one type as NumPy's, all else as plain data.

    Raises:
        CorruptError: The bytes are not UBJSON, or more than one document.
    """
    reader = _Reader(data)
    try:
        found = reader.value(reader.marker())
    except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
        raise CorruptError(f"stored bytes are not UBJSON: {error}") from error
    if reader.at != len(data):
        raise CorruptError("stored bytes hold more than one document of UBJSON")
    return found


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._depth = 0
        self.at = 0

    def take(self, count: int) -> bytes:
        if not 0 <= count <= len(self._data) - self.at:
            raise ValueError("they were cut short")
        self.at += count
        return self._data[self.at - count : self.at]

    def marker(self) -> str:
        return chr(self.take(1)[0])

    def value(self, marker: str) -> Any:
        if marker in _NUMBERS:
            return self.number(marker)
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("they are nested too deep")
        found = _KINDS[marker](self)
        self._depth -= 1
        return found

    def number(self, marker: str) -> Any:
        form = _NUMBERS[marker]
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def count(self) -> int:
        found = self.number(self.marker())
        if not isinstance(found, int):
            raise ValueError("a length is no whole number")  # noqa: TRY004
        return found

    def text(self) -> str:
        return self.take(self.count()).decode()

    def object(self) -> dict[str, Any]:
        found = {}
        while self._data[self.at : self.at + 1] != b"}":
            name = self.text()
            found[name] = self.value(self.marker())
        self.at += 1
        return found

    def array(self) -> Any:
        marker = self.marker()
        if marker == "$":
            return self._typed()
        if marker == "#":
            return [self.value(self.marker()) for _ in range(self.count())]
        found = []
        while marker != "]":
            found.append(self.value(marker))
            marker = self.marker()
        return found

    def _typed(self) -> Any:
        import numpy as np

        kind = np.dtype(_NUMBERS[self.marker()])
        if self.marker() != "#":
            raise ValueError("an array has no length")
        return np.frombuffer(self.take(self.count() * kind.itemsize), kind)


_KINDS: dict[str, Callable[[_Reader], Any]] = {
    "{": _Reader.object,
    "[": _Reader.array,
    "S": _Reader.text,
}
