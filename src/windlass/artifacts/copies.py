"""Local copies of the blobs of a store elsewhere, up to a limit: what was used last stays.

Any number of processes share them. One that is given the path of a copy holds a shared lock on
its file for as long as it may be about to open it, and the lock goes when the process dies, in
whatever way; what makes room takes only files that nobody holds. Whoever has a file open or
mapped keeps its bytes even when the name is gone.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from windlass.artifacts.blobs import Blobs
from windlass.artifacts.sweeping import Stored, stored_in
from windlass.errors import CorruptError

try:
    import fcntl
except ImportError:  # Windows: there a file that is open cannot be removed at all
    fcntl = None  # type: ignore[assignment]

LIMIT = 20 << 30
"""Bytes that are kept where a stack says nothing."""

_USED = "used"
_HELD = 4
"""Copies that a process holds: those whose paths it was given last."""

_OFTEN = 64
"""Room is looked for when a process has added this part of the limit."""

_KEPT = 0.9
"""Of the limit, what is left when room is made: else it would be looked for at once again."""

_NOTED_SECONDS = 10.0


class KeptHere(NamedTuple):
    """What local copies take, in bytes, and the most that they may."""

    bytes: int
    limit: int


class Copies(Blobs):
    """A folder of copies.

    Args:
        root: The folder.
        verified: As of `Blobs`.
        limit: Bytes that are kept, but for what is just being read.
    """

    def __init__(self, root: Path, verified: Path | None = None, limit: int = LIMIT) -> None:
        super().__init__(root, verified)
        self.limit = limit
        self._added: int | None = None  # since room was looked for; None: it never was
        self._held: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._held)

    def path(self, blob: str) -> Path:
        """The copy's file, checked, and safe from being removed until it can be opened.

        Raises:
            CorruptError: There is none, or it was altered.
        """
        with self._lock:
            self._hold(blob)
        path = super().path(blob)
        self._note(blob)
        return path

    def publish(self, temporary: Path, blob: str, size: int) -> None:
        """Gives a finished file its name, and makes room where there are too many.

        The new copy is held before others see it: whoever wrote it is about to read it.
        """
        file = _locked(temporary)
        try:
            super().publish(temporary, blob, size)
        except BaseException:
            os.close(file)
            raise
        with self._lock, contextlib.suppress(CorruptError):
            self._hold(blob, file)
        if self._added is None or self._added + size >= self.limit / _OFTEN:
            self._added = 0
            self.make_room()
        else:
            self._added += size

    def kept(self) -> KeptHere:
        """What the copies take, with what is being written or was left half-written."""
        return KeptHere(sum(each.size for each in self._all()), self.limit)

    def make_room(self) -> None:
        """Removes what was not used for longest, where there is more than may be.

        One process does it at a time; another that comes meanwhile leaves it to that one.
        """
        with _alone_or_not_at_all(self.root) as is_alone:
            if not is_alone:
                return
            self.sweep()
            total = self.kept().bytes
            if total > self.limit:
                for each in sorted(stored_in(self.root), key=self._used):
                    if total <= self.limit * _KEPT:
                        break
                    total -= each.size if self._let_go(each.blob) else 0

    def _all(self) -> Iterator[Stored]:
        yield from stored_in(self.root)
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.root / "tmp"):
                with contextlib.suppress(FileNotFoundError):
                    yield Stored("", entry.stat().st_size, 0.0)

    def _used(self, stored: Stored) -> float:
        """When a copy was made or read last."""
        try:
            return max(stored.modified, self._mark(stored.blob).stat().st_mtime)
        except FileNotFoundError:
            return stored.modified

    def _note(self, blob: str) -> None:
        """Notes that a copy is read: not at the file itself, whose times tell if it was altered."""
        mark = self._mark(blob)
        with contextlib.suppress(OSError):  # a folder that can only be read
            with contextlib.suppress(FileNotFoundError):
                if time.time() - mark.stat().st_mtime < _NOTED_SECONDS:
                    return
            mark.parent.mkdir(exist_ok=True)
            mark.touch()

    def _mark(self, blob: str) -> Path:
        return self.root / _USED / blob

    def _hold(self, blob: str, file: int | None = None) -> None:
        """Takes a shared lock on a copy, and lets the one go that was taken longest ago."""
        path, found = self._place(blob), None
        for held in (self._held.pop(blob, None), file):
            if held is None:
                continue
            if found is None and _is_named(held, path):
                found = held
            else:  # another file has its name by now
                os.close(held)
        self._held[blob] = _locked(path) if found is None else found
        while len(self._held) > _HELD:
            os.close(self._held.popitem(last=False)[1])

    def _let_go(self, blob: str) -> bool:
        """Removes a copy, unless somebody holds it."""
        path = self._place(blob)
        try:
            file = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
            self._mark(blob).unlink(missing_ok=True)
            self._stamps.forget(blob)
        except OSError:  # held, or another user's
            return False
        finally:
            os.close(file)
        return True


def _close(held: OrderedDict[str, int]) -> None:
    for file in held.values():
        os.close(file)


def _locked(path: Path) -> int:
    """A file, opened and locked as shared; it still has its name.

    Raises:
        CorruptError: It is gone.
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise CorruptError(f"there is no copy {path}: {error.strerror}") from None
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_SH)
    if not _is_named(file, path):  # removed while we waited
        os.close(file)
        raise CorruptError(f"the copy {path} is gone")
    return file


def _is_named(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False


@contextlib.contextmanager
def _alone_or_not_at_all(root: Path) -> Iterator[bool]:
    if fcntl is None or not root.is_dir():
        yield True
        return
    lock = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)
