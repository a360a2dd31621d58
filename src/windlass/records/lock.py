"""A lock between processes and threads, on a file; released when its holder dies."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from types import TracebackType

from windlass.errors import RecordError

try:
    import fcntl
except ImportError:  # Windows: SQLite's own busy handler must do
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """Held by one thread of one process at a time; the thread may take it again.

    Args:
        path: The file, made when the lock is first taken.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._begin_anew()
        _locks.add(self)

    def __enter__(self) -> FileLock:
        self._thread_lock.acquire()
        try:
            if self._depth == 0 and fcntl is not None:
                self._take()
        except BaseException:
            self._thread_lock.release()
            raise
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._thread_lock.release()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; it is opened again when the lock is next taken."""
        file, self._file = self._file, -1
        if file >= 0 and os is not None:  # at the end of Python modules are gone
            os.close(file)

    def _take(self) -> None:
        try:
            if self._file < 0:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            raise RecordError(
                f"the lock {self._path} cannot be taken: {error.strerror}",
                hint="Check the folder's permissions, or name another in windlass.toml.",
            ) from error

    def _begin_anew(self) -> None:
        self._thread_lock = threading.RLock()
        self._depth = 0
        self._file = -1


_locks: weakref.WeakSet[FileLock] = weakref.WeakSet()


def _after_fork() -> None:
    """A child has locks of its own: the parent's file would share the parent's hold on it."""
    for lock in list(_locks):
        lock.close()  # takes nothing from the parent, whose descriptor stays open
        lock._begin_anew()  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
