"""What is made of files, kept as long as they stay as they are, and no longer than it is needed."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_all: list[ByFile[Any]] = []


class ByFile(Generic[T]):
    """Something of each file, made when it is first asked for."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], T | None]] = {}
        _all.append(self)

    def get(self, file: str, make: Callable[[str], T | None]) -> T | None:
        """What was made of a file as it stands; None if it cannot be read."""
        try:
            status = os.stat(file)  # noqa: PTH116
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._known.get(file)
        if known is None or known[0] != stamp:
            known = self._known[file] = (stamp, make(file))
        return known[1]

    def clear(self) -> None:
        """Gives back its memory."""
        self._known.clear()


def forget_files() -> None:
    """Gives back the memory of all that was made of files."""
    for each in _all:
        each.clear()
