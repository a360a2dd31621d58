"""The files of which a change begins a turn, as one digest of their paths and contents."""

from __future__ import annotations

import contextlib
import glob
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from windlass.hashing import digest, digest_file

SETTLING = 5.0
"""Seconds after its last change within which a file may still be being written."""


class Seen(NamedTuple):
    """Files as they were at a look.

    Args:
        digest: That of all their paths and contents.
        number: How many there are.
        newest: When the last of them was changed; 0 where there are none.
    """

    digest: str
    number: int
    newest: float


class Files:
    """Looks at files again and again; what has not been touched since is not read again.

    Contents are compared, and not times alone: a fresh checkout of the same data is no new data.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, int, int], str]] = {}

    def look(self, root: Path, patterns: Sequence[str]) -> Seen:
        """The files that patterns name now.

        Args:
            root: The project's folder, from which the patterns go.
            patterns: Such as ``data/*.parquet``; ``**`` is any number of folders.

        Raises:
            OSError: One of them cannot be read.
        """
        told, newest = [], 0.0
        for name in sorted(_matching(root, patterns)):
            with contextlib.suppress(FileNotFoundError):  # it went away since it was listed
                changed, content = self._state(root / name)
                told.append([Path(name).as_posix(), content])
                newest = max(newest, changed)
        return Seen(digest("watched files", told), len(told), newest)

    def _state(self, path: Path) -> tuple[float, str]:
        """When a file was changed, and the digest of its content."""
        status = path.stat()
        state = (status.st_ino, status.st_size, status.st_mtime_ns)
        known, found = self._known.get(path, (None, ""))
        if known == state:
            return status.st_mtime, found
        found = digest_file(path)
        if time.time() - status.st_mtime > SETTLING:  # else it may change within a tick of its time
            self._known[path] = (state, found)
        return status.st_mtime, found


def _matching(root: Path, patterns: Sequence[str]) -> set[str]:
    return {
        name
        for each in patterns
        for name in glob.glob(each, root_dir=root, recursive=True)  # noqa: PTH207 - takes absolute ones, too
        if (root / name).is_file()
    }
