"""One database, SQLite or PostgreSQL: connections, write transactions, and errors in words.

Everything that a run does is plain SQL with named parameters, the common part of both dialects.
On SQLite it goes straight to Python's own driver: importing SQLAlchemy takes a quarter of a second,
in the driver and in the workers alike, a third of what a whole run of 100 steps may take.
SQLAlchemy makes the tables, migrates them, puts together the questions that people ask, and
connects to every other database. See docs/decisions/0007.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import RecordError
from windlass.records.lock import FileLock

if TYPE_CHECKING:
    import sqlalchemy as sa

REVISION = "0001"
"""The newest migration; a database says in ``alembic_version`` which one it has."""

_BUSY_SECONDS = 60

Row = Mapping[str, Any]


class Database:
    """A database with the tables of `schema`, made or migrated when it is opened.

    Every thread of every process has a connection of its own, made when it is first needed; so a
    database may be used after a fork. Writers of SQLite queue for a file lock: see
    docs/decisions/0003.

    Args:
        url: A path, or a URL of SQLAlchemy.
        durable: Whether a commit survives a loss of power, and not only the death of processes.

    Raises:
        VersionError: It was made by a newer Windlass.
        RecordError: It cannot be read or written, or is no record store.
    """

    def __init__(self, url: str | Path, *, durable: bool = False) -> None:
        self.url = str(url)
        self.path = _sqlite_path(self.url)
        self._durable = durable
        self._local = threading.local()
        self._engine: sa.Engine | None = None
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock")) if self.path else None
        with self.telling():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._revision() != REVISION:
                from windlass.records.migrate import prepare

                with self._lock or contextlib.nullcontext():
                    prepare(self)

    def execute(self, sql: str, parameters: Row | None = None) -> list[Row]:
        """Runs one statement; returns its rows."""
        if self.path is not None:
            try:  # without `telling`: the way of every step of every run
                found: list[Row] = self.connection().execute(sql, parameters or ()).fetchall()
            except sqlite3.Error as error:
                raise self._in_words(str(error)) from error
            return found
        with self.telling():
            result = self.connection().execute(_text(sql), parameters or {})
            return list(result.mappings()) if result.returns_rows else []

    def change(self, sql: str, parameters: Row | Sequence[Row]) -> int:
        """Runs a statement that changes rows, once or for several; returns how many changed."""
        several = not isinstance(parameters, Mapping)
        with self.telling():
            if self.path is None:
                changed: int = self.connection().execute(_text(sql), parameters).rowcount
            elif several and len(parameters) > 1:
                changed = self.connection().executemany(sql, parameters).rowcount
            else:
                row = parameters[0] if several else parameters  # type: ignore[index]
                changed = self.connection().execute(sql, row).rowcount
        return changed

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """A short transaction that writes; taken back if the body raises."""
        with self._lock or contextlib.nullcontext():
            self.execute("BEGIN IMMEDIATE" if self.path else "BEGIN")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(RecordError):
                    self.execute("ROLLBACK")
                raise

    def connection(self) -> Any:
        """This thread's connection: of `sqlite3`, or of SQLAlchemy for another database."""
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.connection, local.pid = self._connect(), os.getpid()
        return local.connection

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, outside any transaction; made when it is first asked for."""
        if self._engine is None:
            import sqlalchemy as sa
            from sqlalchemy.pool import NullPool

            url: Any = sa.URL.create("sqlite", database=str(self.path)) if self.path else self.url
            self._engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        return self._engine

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Turns the database's errors into ours."""
        try:
            yield
        except OSError as error:
            raise RecordError(
                f"the record store {self.shown} cannot be used: {error.strerror}",
                hint="Check the folder's permissions, or name another in windlass.toml.",
            ) from error
        except Exception as error:
            if not isinstance(error, sqlite3.Error) and not _is_of_sqlalchemy(error):
                raise
            raise self._in_words(str(getattr(error, "orig", error))) from error

    @property
    def shown(self) -> str:
        """Its address for people, without a password."""
        return str(self.path) if self.path else self.engine.url.render_as_string()

    def check(self) -> str:
        """``ok``, or what the database finds wrong with itself."""
        if self.path is None:
            return "ok"
        return str(self.execute("PRAGMA integrity_check(3)")[0][0])  # type: ignore[index]

    def close(self) -> None:
        """Closes this thread's connection."""
        if getattr(self._local, "pid", None) == os.getpid():
            self._local.connection.close()
            self._local.pid = None
        if self._engine is not None:
            self._engine.dispose()

    def _connect(self) -> Any:
        if self.path is None:
            return self.engine.connect()
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'}")
        return connection

    def _revision(self) -> str | None:
        """Which migration the database is at; None if it is empty or not there."""
        if self.path is not None and not self.path.exists():
            return None
        try:
            found = self.execute("SELECT version_num FROM alembic_version")
        except RecordError as error:
            if any(word in error.message for word in ("no such table", "does not exist")):
                return None
            raise
        return str(found[0]["version_num"]) if found else None

    def _in_words(self, told: str) -> RecordError:
        hint = next((hint for word, hint in _HINTS.items() if word in told), None)
        return RecordError(f"the record store {self.shown} cannot be used: {told}", hint=hint)


def one_of(column: str, values: Sequence[str]) -> tuple[str, dict[str, str]]:
    """``column IN (…)`` with its parameters."""
    names = {f"{column}_{place}": value for place, value in enumerate(values)}
    return f"{column} IN ({', '.join(':' + name for name in names)})", names


def _text(sql: str) -> Any:
    import sqlalchemy as sa

    return sa.text(sql)


def _sqlite_path(url: str) -> Path | None:
    if "://" not in url:
        return Path(url)
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _is_of_sqlalchemy(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] == "sqlalchemy"


_HINTS = {
    "disk is full": "Free some space; what was recorded before is safe.",
    "disk I/O error": "Free some space or check the disk; what was recorded before is safe.",
    "readonly": "Check the file's and its folder's permissions.",
    "unable to open": "Check the folder's permissions.",
    "not a database": "Another program's file stands there: move it, or name another in "
    "windlass.toml.",
    "malformed": "The file is damaged. Move it away, or put a backup (*.bak) in its place.",
    "locked": "Another program holds the database open: end it.",
    "refused": "Is the server running, and the address right?",
}
