"""A node's log of metrics and parameters: a file first, the record later.

A step may log thousands of values. Each call appends its lines with one ``write`` and returns:
from then on the values outlive the death of the process. They enter the record in the
transaction of the outcome; if the worker dies, whoever drives the run reads the file instead.
Threads and child processes of the step append to the same file.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.values import Json

_VARIABLE = "WINDLASS_JOURNAL"
"""Names the journal to the processes that a step starts."""


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
        self.path = path
        self._file: int | None = None
        self._opening = threading.Lock()

    def add(self, kind: str, named: dict[str, Json], step: int | None = None) -> None:
        """Logs several values at once; when it returns they survive this process.

        Raises:
            OSError: They cannot be written, as on a full disk.
        """
        now = time.time()
        lines = [json.dumps([kind, name, value, step, now]) for name, value in named.items()]
        # The first newline ends what another writer, killed or out of space, may have left cut.
        rest = ("\n" + "\n".join(lines) + "\n").encode()
        file = self._open()
        while rest:
            rest = rest[os.write(file, rest) :]

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        with self._opening:
            if self._file is None:  # most nodes log nothing and make no file
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            return self._file


def read_journal(path: Path) -> list[Entry]:
    """The entries of a journal, without a line that was cut short by a death or a full disk."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = filter(None, map(_fields, lines))
    return [Entry(seq, *fields) for seq, fields in enumerate(found)]


def _fields(line: bytes) -> list[Any] | None:
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if type(fields) is list else None


_current: ContextVar[Journal | None] = ContextVar("windlass_journal", default=None)


def current_journal() -> Journal | None:
    """The journal of the step that runs here; None outside a run."""
    return _current.get() or _of_process or _of_parent(os.environ.get(_VARIABLE))


# A step may log from threads of its own, which start with an empty context.
_of_process: Journal | None = None


@functools.lru_cache(1)
def _of_parent(path: str | None) -> Journal | None:
    """The journal of the step that started this process, if one did."""
    return Journal(Path(path)) if path else None


@contextmanager
def journalling(path: Path) -> Iterator[None]:
    """Makes a journal the current one while a step runs, also to processes that it starts."""
    global _of_process  # noqa: PLW0603 (one step at a time runs in a process)
    journal = Journal(path)
    token = _current.set(journal)
    outer, _of_process = _of_process, journal
    variable = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(path)
    try:
        yield
    finally:
        if variable is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = variable
        _of_process = outer
        _current.reset(token)
        journal.close()
