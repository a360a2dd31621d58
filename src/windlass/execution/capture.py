"""Everything that a step writes, kept in one file an attempt.

The worker's standard output and error *are* that file while the step runs: what C libraries and
child processes write is in it too, in order, and stays when the process is killed. It is read as
it grows by whoever wants to follow.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextlib.contextmanager
def captured(path: Path) -> Iterator[None]:
    """Sends descriptors 1 and 2 to a file, to which it appends."""
    flush()
    saved = os.dup(1), os.dup(2)
    log = _open_log(path)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    try:
        yield
    finally:
        flush()
        for kept, descriptor in zip(saved, (1, 2), strict=True):
            os.dup2(kept, descriptor)
            os.close(kept)


def _open_log(path: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:  # the first of its run
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o644)


def flush() -> None:
    """Writes out what Python and C hold back."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or taken away
            stream.flush()
    _c_library().fflush(None)  # what C code left in stdio's own buffers


@functools.cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def open_streams() -> None:
    """Gives a worker text streams over descriptors 1 and 2, flushed at every line."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = io.FileIO(descriptor, "w", closefd=False)
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw, 1 << 16),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def show_logging() -> None:
    """Lets what a step logs with `logging` be seen, unless the project set that up itself."""
    root = logging.getLogger()
    if not root.handlers:
        logging.basicConfig(level=logging.INFO, format=_FORMAT, stream=sys.stderr)


@contextlib.contextmanager
def teed(path: Path) -> Iterator[None]:
    """Copies what Python prints to a file and lets it through: for running under a debugger."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1) as log:
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Tee(streams[0], log), _Tee(streams[1], log)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams


class _Tee(io.TextIOBase):
    """A text stream that writes to two."""

    def __init__(self, shown: TextIO, kept: TextIO) -> None:
        self._shown = shown
        self._kept = kept

    def write(self, text: str) -> int:
        self._kept.write(text)
        return self._shown.write(text)

    def flush(self) -> None:
        self._shown.flush()
        self._kept.flush()

    def isatty(self) -> bool:
        return self._shown.isatty()

    def fileno(self) -> int:
        return self._shown.fileno()

    def writable(self) -> bool:
        return True

    @property
    def buffer(self) -> _BinaryTee:
        return _BinaryTee(self._shown.buffer, self._kept.buffer)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._shown.encoding


class _BinaryTee(io.RawIOBase):
    """A stream of bytes that writes to two."""

    def __init__(self, shown: BinaryIO, kept: BinaryIO) -> None:
        self._shown = shown
        self._kept = kept

    def write(self, data: Any) -> int:
        self._kept.write(data)
        self._kept.flush()
        return self._shown.write(data)

    def flush(self) -> None:
        self._shown.flush()

    def writable(self) -> bool:
        return True
