"""Following a log file as it grows."""

from __future__ import annotations

import codecs
from pathlib import Path

_AT_ONCE = 1 << 20


class Tail:
    """Reads what was added to a file since the last look.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> str:
        """The new text; of more than a megabyte, only the end."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                self._position = max(self._position, size - _AT_ONCE)
                file.seek(self._position)
                data = file.read(_AT_ONCE)
        except FileNotFoundError:
            return ""
        self._position += len(data)
        return self._decoder.decode(data)
