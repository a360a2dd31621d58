"""A node's log of metrics and parameters: a file first, the record later.

A step may log thousands of values. Each call appends one line with one ``write`` and returns:
from then on the values outlive the death of the process. They enter the record in the
transaction of the outcome; if the worker dies, whoever drives the run reads the file instead.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from windlass.values import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """One logged value.

    Args:
        seq: Its place among the entries of the attempt.
        kind: ``metric`` or ``param``.
        name: Its name.
        value: A number for a metric, JSON for a parameter.
        step: Where in a series it stands, such as an epoch; None outside one.
        time: Seconds since 1970, UTC.
    """

    seq: int
    kind: str
    name: str
    value: Json
    step: int | None
    time: float


class Journal:
    """The entries of one attempt, in a file that is only appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self.entries: list[Entry] = []

    def add(self, kind: str, named: dict[str, Json], step: int | None = None) -> None:
        """Logs several values at once; when it returns they survive this process."""
        now = time.time()
        start = len(self.entries)
        new = [
            Entry(start + index, kind, name, value, step, now)
            for index, (name, value) in enumerate(named.items())
        ]
        if self._file is None:  # most nodes log nothing and make no file
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(self._file, b"".join(_line(entry) for entry in new))
        self.entries += new

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _line(entry: Entry) -> bytes:
    fields = [entry.seq, entry.kind, entry.name, entry.value, entry.step, entry.time]
    return json.dumps(fields).encode() + b"\n"


def read_journal(path: Path) -> list[Entry]:
    """The entries of a journal, without a last line that was cut short by a death."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [Entry(*json.loads(line)) for line in lines]


_current: ContextVar[Journal | None] = ContextVar("windlass_journal", default=None)


def current_journal() -> Journal | None:
    """The journal of the step that runs here; None outside a run."""
    return _current.get() or _of_process


# A step may log from threads of its own, which start with an empty context.
_of_process: Journal | None = None


@contextmanager
def journalling(path: Path) -> Iterator[Journal]:
    """Makes a journal the current one while a step runs."""
    global _of_process  # noqa: PLW0603 (one step at a time runs in a process)
    journal = Journal(path)
    token = _current.set(journal)
    outer, _of_process = _of_process, journal
    try:
        yield journal
    finally:
        _of_process = outer
        _current.reset(token)
        journal.close()
