"""What was found in order once, and is known to be unchanged since, without reading it again."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

_SYSTEM: str = sys.platform
_COARSE_CLOCK = 5  # Linux's CLOCK_REALTIME_COARSE, by which its file systems set times
_TICK = 0.01  # seconds: the longest tick of that clock
_WORTH_WAITING = 1 << 24  # bytes whose digest takes longer than a tick


class Stamp(NamedTuple):
    """What changes with every change of a file, whoever makes it and whatever times he sets."""

    size: int
    modified: int
    changed: int
    inode: int


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file, as it is now.

    Raises:
        OSError: It cannot be looked at.
    """
    facts = os.stat(path)  # noqa: PTH116 (a third of the time)
    return Stamp(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)


def is_settled(stamp: Stamp) -> bool:
    """Whether any change from now on would show in the stamp.

    A file system's clock ticks every few milliseconds. Within the tick of its last change, a
    file can be changed again without getting another time.
    """
    if _SYSTEM == "linux":
        return time.clock_gettime_ns(_COARSE_CLOCK) > stamp.changed
    if _SYSTEM == "win32":  # `st_ctime` is there the time of creation
        return False
    return time.time_ns() - stamp.changed > 2e9 * _TICK


def settle(stamp: Stamp) -> bool:
    """Waits until the stamp is settled, a tick at most; whether it then is."""
    limit = time.monotonic() + 2 * _TICK
    while not is_settled(stamp) and time.monotonic() < limit:
        time.sleep(_TICK / 10)
    return is_settled(stamp)


class Stamps:
    """The stamps of blobs whose bytes were checked.

    Args:
        folder: Where this machine keeps them for other processes; None to keep none.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, Stamp] = {}

    def recall(self, blob: str) -> Stamp | None:
        """The stamp that a blob's file had when it was checked."""
        known = self._known.get(blob)
        if known is None and self._folder is not None:
            with contextlib.suppress(OSError, ValueError, TypeError):
                text = (self._folder / blob).read_text("ascii")
                known = self._known[blob] = Stamp(*map(int, text.split()))
        return known

    def remember(self, blob: str, path: Path, stamp: Stamp) -> None:
        """Keeps the stamp of a file that was just checked, if it had it before and after.

        It is not kept while a change might not show; a check that is not remembered is done again.
        """
        with contextlib.suppress(OSError):
            settled = settle(stamp) if stamp.size >= _WORTH_WAITING else is_settled(stamp)
            if settled and stamp_of(path) == stamp:
                self._known[blob] = stamp
                self._write(blob, " ".join(map(str, stamp)))

    def forget(self, blob: str) -> None:
        """Forgets a blob that is removed."""
        self._known.pop(blob, None)
        if self._folder is not None:
            (self._folder / blob).unlink(missing_ok=True)

    def _write(self, blob: str, text: str) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = self._folder / f"{blob}.{os.getpid()}"
        temporary.write_text(text, "ascii")
        temporary.replace(self._folder / blob)
