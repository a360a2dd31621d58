"""Connections to a SQLite file: to write, or only to look where it cannot be written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

_BUSY_SECONDS = 60


def connect(path: Path, *, durable: bool, read_only: bool) -> sqlite3.Connection:
    """A connection that begins no transactions of its own."""
    connection = sqlite3.connect(
        _address(path) if read_only else path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        uri=read_only,
        factory=_Connection,
    )
    connection.row_factory = sqlite3.Row
    try:
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class _Connection(sqlite3.Connection):
    """One that is closed when nobody holds it any more; Python warns of one that is not.

    In a process that was forked it is another's to close.
    """

    _process: int | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._process = os.getpid()

    def __del__(self) -> None:
        if self._process == os.getpid():
            self.close()


def is_read_only(path: Path) -> bool:
    """Whether a database is there that can only be looked at, as on a read-only disk.

    Its folder must be writable, too: the write-ahead log lies beside it.
    """
    is_there = os.access(path, os.F_OK)
    return is_there and not all(os.access(each, os.W_OK) for each in (path, path.parent))


def _address(path: Path) -> str:
    """Where a log lies beside the file, it is read with it; else the file alone is all there is.

    A connection that is not told so would make a log, or fail where it cannot; one that it made
    would belong to whoever looked, and lock out whoever writes.
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    return f"{path.as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"
