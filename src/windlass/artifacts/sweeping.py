"""What a folder of blobs holds, who uses it, and being alone in it for a moment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from windlass.hashing import digest

try:
    import fcntl
except ImportError:  # Windows: there only the age of a blob protects it
    fcntl = None  # type: ignore[assignment]

_USERS = "users"


class Stored(NamedTuple):
    """A blob in a store: its digest, its bytes, and when it was written or kept last."""

    blob: str
    size: int
    modified: float


def stored_in(root: Path) -> Iterator[Stored]:
    """The blobs in a folder."""
    for folder in sorted(root.glob("??")):
        for entry in os.scandir(folder):
            with contextlib.suppress(FileNotFoundError):  # it is collected just now
                facts = entry.stat()
                yield Stored(entry.name, facts.st_size, facts.st_mtime)


@contextlib.contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keeps other processes and threads out that want to be alone in a folder, too.

    A blob that is about to be named again must not be collected between the look at its age and
    its end.
    """
    if fcntl is None or not root.is_dir():
        yield
        return
    lock = os.open(root, os.O_RDONLY)  # the folder itself: there is no file to be made
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def add_user(root: Path, records: str) -> None:
    """Notes that a record store names blobs of this folder."""
    note = root / _USERS / digest("user", records)[:16]
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(records, "utf-8")


def users_of(root: Path) -> list[str]:
    """The addresses of the record stores that name blobs of this folder."""
    return sorted(note.read_text("utf-8") for note in (root / _USERS).glob("*"))
