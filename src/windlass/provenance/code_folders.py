"""Folders of unpacked code, which runs of the same code share, and which of them may go.

One that is used is made young when a run begins with it, under the same lock under which an old one
is moved away: so none goes meanwhile. Those of a project go when no run of it goes on.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

_SECONDS = 7 * 24 * 3600
"""Since it was used; it is unpacked again when it is needed."""
_LOCK = ".lock"


def used(folder: Path) -> bool:
    """Makes a folder of code young; False if it is not there."""
    with _locked(folder.parent):
        try:
            os.utime(folder)
        except FileNotFoundError:
            return False
        except OSError:  # of another user, or read-only: it is nobody's here to remove
            return True
    return True


def old_folders(parent: Path, now: float) -> Iterator[Path]:
    """The folders of code that nobody has used for long."""
    for folder in parent.iterdir() if parent.is_dir() else ():
        if folder.is_dir() and folder.stat().st_mtime < now - _SECONDS:
            yield folder


def take_away(folder: Path, now: float) -> Path | None:
    """Moves an old folder to where nobody looks for it, to be removed; None if it is used again."""
    with _locked(folder.parent), contextlib.suppress(FileNotFoundError):
        if folder.stat().st_mtime < now - _SECONDS:
            away = Path(tempfile.mkdtemp(prefix=".old-", dir=folder.parent))
            folder.rename(away / folder.name)
            return away
    return None


@contextlib.contextmanager
def _locked(parent: Path) -> Iterator[None]:
    from windlass.records.lock import FileLock

    if not os.access(parent, os.W_OK):  # not there, or nobody here can remove anything
        yield
        return
    lock = FileLock(parent / _LOCK)
    with contextlib.closing(lock), lock:
        yield
