"""Following a log file as it grows."""

from __future__ import annotations

import codecs
from pathlib import Path

_AT_ONCE = 1 << 20


class Tail:
    """Reads what was added to a file since the last look.

    Args:
        path: The file; it need not be there yet.
        at_once: Bytes that one look gives at most.
    """

    def __init__(self, path: Path, at_once: int = _AT_ONCE) -> None:
        self._path = path
        self._at_once = at_once
        self._position = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> str:
        """The new text; of much only the last lines, after a word on the rest."""
        try:
            with self._path.open("rb") as file:
                left_out = file.seek(0, 2) - self._at_once - self._position
                file.seek(self._position + max(left_out, 0))
                data = file.read(self._at_once)
        except FileNotFoundError:
            return ""
        if left_out <= 0:
            self._position += len(data)
            return self._decoder.decode(data)
        self._position += left_out + len(data)
        self._decoder.reset()
        whole = data[data.find(b"\n") + 1 :]  # from a line's beginning, if one begins here
        left_out += len(data) - len(whole)
        return f"[{left_out:,} bytes are left out here]\n{self._decoder.decode(whole)}"
