"""Tables of a FlatBuffer, as far as is needed to look at a file before a library believes it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Table:
    """A table: fields by their numbers in the schema; those left out are empty.

    Args:
        data: The whole buffer.
        at: Where the table begins.

    Raises:
        struct.error: An offset points outside the buffer.
        ValueError: Likewise.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - self._number("<i", at)
        self._size = self._number("<H", self._fields)

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that a buffer is of."""
        return cls(data, struct.unpack_from("<I", data)[0])

    def integer(self, field: int, default: int = 0) -> int:
        """A field of 32 bits."""
        place = self._place(field)
        return self._number("<i", place) if place else default

    def byte(self, field: int) -> int:
        """A field of 8 bits."""
        place = self._place(field)
        return self._number("<b", place) if place else 0

    def texts(self, field: int) -> list[bytes]:
        """A field that is a list of texts."""
        start, count = self._vector(field)
        places = [start + 4 * number for number in range(count)]
        return [self._text(place + self._number("<I", place)) for place in places]

    def table(self, field: int) -> Table | None:
        """A field that is a table itself."""
        place = self._place(field)
        return Table(self._data, place + self._number("<I", place)) if place else None

    def tables(self, field: int) -> list[Table]:
        """A field that is a list of tables."""
        start, count = self._vector(field)
        places = (start + 4 * number for number in range(count))
        return [Table(self._data, place + self._number("<I", place)) for place in places]

    def array(self, field: int, dtype: str) -> NDArray[Any]:
        """A field that is a list of numbers or of structs of numbers."""
        import numpy as np

        start, count = self._vector(field)
        if count == 0:
            return np.empty(0, dtype)
        return np.frombuffer(self._data, dtype, count, start)

    def length(self, field: int) -> int:
        """How many items a list has."""
        return self._vector(field)[1]

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if not place:
            return 0, 0
        start = place + self._number("<I", place)
        count = self._number("<I", start)
        if count > len(self._data) - start:  # an item has one byte at least
            raise ValueError("a list is longer than the file")
        return start + 4, count

    def _text(self, at: int) -> bytes:
        size = self._number("<I", at)
        return self._data[at + 4 : at + 4 + size]

    def _place(self, field: int) -> int:
        """Where a field stands; 0 if it was left out."""
        slot = 4 + 2 * field
        offset = self._number("<H", self._fields + slot) if slot < self._size else 0
        return self._at + offset if offset else 0

    def _number(self, form: str, at: int) -> int:
        if at < 0:
            raise ValueError("an offset points before the file")
        return int(struct.unpack_from(form, self._data, at)[0])
