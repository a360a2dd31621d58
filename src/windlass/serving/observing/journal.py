"""What is logged, on this machine's disk as soon as it is taken from the inbox.

A journal is a stream of Arrow's record batches in a file: what was written stays readable when the
process is killed, but for a last batch that was cut short. Each writer has a folder of its own,
which it holds by a lock as long as it lives; so that others can tell whose owner is dead.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    import pyarrow as pa

try:
    import fcntl
except ImportError:  # Windows: nobody adopts there, and what is left is read by hand
    fcntl = None  # type: ignore[assignment]

MOST_BYTES = 64 << 20
"""Bytes at which a journal is closed."""
_SUFFIX = ".arrows"
_OPEN = ".open"


class Name(NamedTuple):
    """How a journal is called, and the segment that it becomes.

    Args:
        kind: ``predictions`` or ``feedback``.
        ms: When it was begun, in milliseconds since 1970, UTC.
        version: The version's number; 0 of feedback.
        writer: Who writes it.
        place: Which of that writer's it is.
    """

    kind: str
    ms: int
    version: str
    writer: str
    place: int

    def __str__(self) -> str:
        return f"{self.ms}-{self.version}-{self.writer}-{self.place}"

    @classmethod
    def read(cls, kind: str, text: str) -> Name:
        """The name that was written so."""
        ms, version, writer, place = text.split("-")
        return cls(kind, int(ms), version, writer, int(place))

    @property
    def day(self) -> str:
        """The day on which it was begun, in UTC."""
        return time.strftime("%Y-%m-%d", time.gmtime(self.ms / 1000))


class Journal:
    """An open journal.

    Args:
        folder: Its writer's.
        name: Its name.
        schema: Of its tables.
    """

    def __init__(self, folder: Path, name: Name, schema: pa.Schema) -> None:
        import pyarrow as pa

        self.name = name
        self.schema = schema
        self.rows = 0
        self._closed = folder / f"{name.kind}.{name}{_SUFFIX}"
        self._path = self._closed.with_suffix(_SUFFIX + _OPEN)
        self._file = pa.OSFile(str(self._path), "wb")  # which buffers nothing
        self._stream = pa.ipc.new_stream(self._file, schema)

    def append(self, table: pa.Table) -> None:
        """Writes a table; it is the kernel's when this returns.

        Raises:
            OSError: The disk is full, or gone.
        """
        self._stream.write_table(table)
        self.rows += table.num_rows

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return time.time() - self.name.ms / 1000

    @property
    def bytes(self) -> int:
        """How large it is."""
        return int(self._file.tell())

    def close(self) -> None:
        """Leaves it to be published, as far as it could be written."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self._file.close()
        self._path.replace(self._closed)


class Folder:
    """The folder of one writer's journals, held by its lock.

    Args:
        path: The folder.
        lock: The descriptor that holds it.
    """

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def make(cls, root: Path, writer: str) -> Folder:
        """The new folder of a writer; others see it when it is held."""
        unseen = root / f".{writer}"
        unseen.mkdir(parents=True)
        taken = cls._take(unseen)
        assert taken is not None
        taken.path = unseen.rename(root / writer)
        return taken

    @classmethod
    def left(cls, root: Path) -> Iterator[Folder]:
        """The folders of writers that are dead, each held from now on."""
        if fcntl is None or not root.is_dir():
            return
        for path in sorted(path for path in root.iterdir() if path.name[0] != "."):
            with contextlib.suppress(OSError):
                taken = cls._take(path)
                if taken is not None:
                    taken.close_journals()
                    yield taken

    @classmethod
    def _take(cls, path: Path) -> Self | None:
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return None
        return cls(path, lock)

    def close_journals(self) -> None:
        """Closes what a dead writer had open."""
        for path in self.path.glob(f"*{_OPEN}"):
            path.replace(path.with_suffix(""))

    def journals(self) -> list[tuple[Name, Path]]:
        """Those that are closed, the oldest first."""
        found = []
        for path in self.path.glob(f"*{_SUFFIX}"):
            kind, _, name = path.name.removesuffix(_SUFFIX).partition(".")
            with contextlib.suppress(ValueError):  # somebody else's file
                found.append((Name.read(kind, name), path))
        return sorted(found, key=lambda each: (each[0].ms, each[0].place))

    def size(self) -> int:
        """Bytes of all that is in it."""
        total = 0
        for path in self.path.iterdir():
            with contextlib.suppress(FileNotFoundError):  # published just now
                total += path.stat().st_size
        return total

    def remove(self) -> None:
        """Removes it, if no journal is left in it, and lets it go."""
        if not any(self.path.glob(f"*{_SUFFIX}*")) and not self.note.exists():
            shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Lets it go."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @property
    def note(self) -> Path:
        """Where counts are left that the record could not be given."""
        return self.path / "observations.json"


def read_journal(path: Path) -> Iterator[Any]:
    """The record batches of a journal, as far as they are whole."""
    import pyarrow as pa

    with pa.OSFile(str(path)) as source:
        try:
            stream = pa.ipc.open_stream(source)
            while True:
                yield stream.read_next_batch()
        except (StopIteration, pa.ArrowInvalid, OSError):
            return
