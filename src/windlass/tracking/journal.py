"""A node's log of metrics, parameters and values: a file first, the record later.

A step may log thousands of numbers. Each call appends its lines with one ``write`` and returns:
from then on they outlive the death of the process. They enter the record in the transaction of the
outcome, those of a long step sooner; if the worker dies, whoever drives the run reads the file
instead. Threads and child processes of the step append to the same file.

Lines of JSON, and not packed numbers: what a death or a full disk has cut short ends at the next
newline and takes nothing with it, and a line costs two microseconds more than its ``write`` alone.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from windlass.values import Json

_VARIABLE = "WINDLASS_JOURNAL"
"""Names the journal to the processes that a step starts."""

_quoted = functools.lru_cache(4096)(json.dumps)


class Journal:
    """The entries of one attempt, in a file that is only appended to.

    Every call logs several values at once; when it returns they survive this process.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._is_closed = False
        self._opening = threading.Lock()

    def add_metrics(self, numbers: Mapping[str, float], step: int | None = None) -> None:
        """Logs numbers.

        Raises:
            OSError: They cannot be written, as on a full disk.
        """
        rest = f"{'null' if step is None else step},{time.time()!r}]\n"
        self._append(
            "".join(
                # `json.dumps` of a whole line takes three times as long; NaN and infinity need it.
                f'["metric",{_quoted(name)},'
                f"{repr(value) if value - value == 0 else json.dumps(value)},{rest}"
                for name, value in numbers.items()
            )
        )

    def add(self, kind: str, named: Mapping[str, Json], step: int | None = None) -> None:
        """Logs values of a kind other than ``metric``, each as JSON.

        Raises:
            OSError: They cannot be written, as on a full disk.
        """
        now = time.time()
        self._append(
            "".join(
                f"{json.dumps([kind, name, value, step, now])}\n" for name, value in named.items()
            )
        )

    def close(self) -> None:
        """Closes the file; what comes later, from a thread that was left, is not kept."""
        self._is_closed = True
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, lines: str) -> None:
        if self._is_closed:
            return
        # The first newline ends what another writer, killed or out of space, may have left cut.
        rest = f"\n{lines}".encode()
        file = self._file if self._file is not None else self._open()
        while rest:
            rest = rest[os.write(file, rest) :]

    def _open(self) -> int:
        with self._opening:
            if self._file is None:  # most nodes log nothing and make no file
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            return self._file


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
def journalling(path: Path) -> Iterator[Journal]:
    """Makes a journal the current one while a step runs, also to processes that it starts."""
    global _of_process  # noqa: PLW0603 (one step at a time runs in a process)
    journal = Journal(path)
    token = _current.set(journal)
    outer, _of_process = _of_process, journal
    variable = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = str(path)
    try:
        yield journal
    finally:
        if variable is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = variable
        _of_process = outer
        _current.reset(token)
        journal.close()
