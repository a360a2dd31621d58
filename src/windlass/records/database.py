"""One database, SQLite or PostgreSQL: connections, transactions, and errors in words.

What a run does is plain SQL with named parameters, the common part of both dialects. On SQLite it
goes straight to Python's own driver: importing SQLAlchemy takes a quarter of a second, in the
driver and in the workers alike, a third of what a whole run of 100 steps may take. SQLAlchemy
makes the tables, migrates them, and connects to every other database. See docs/decisions/0007.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass.errors import RecordError, UnreachableError
from windlass.records.address import (
    in_words,
    is_from_database,
    read_address,
    read_url,
    without_password,
)
from windlass.records.connecting import connect, is_read_only
from windlass.records.lock import FileLock
from windlass.records.patience import PATIENCE, patiently

if TYPE_CHECKING:
    import sqlalchemy as sa

REVISION = "0010"
"""The newest migration; a database says in ``alembic_version`` which one it has."""

Row = Mapping[str, Any]

_CONNECT_SECONDS = "10"
"""After which a server that says nothing is told to be out of reach; else it takes minutes."""


class Database:
    """A database with the tables of `schema`, made or migrated when it is opened.

    Every thread of every process has a connection of its own, made when it is first needed; so a
    database may be used after a fork. Writers of SQLite queue for a file lock: see
    docs/decisions/0003. One that cannot be written can be looked at all the same.

    Args:
        url: A path, or a URL of SQLAlchemy.
        durable: Whether a commit survives a loss of power, and not only the death of processes.
        patient: Whether to wait for a server that was never reached from here.

    Raises:
        VersionError: It was made by a newer Windlass.
        RecordError: It cannot be read or written, or is no record store.
    """

    def __init__(self, url: str | Path, *, durable: bool = False, patient: bool = False) -> None:
        self.path, self.url = read_address(url)
        self.shown = str(self.path or without_password(self.url))
        """Its address for people, without a password."""
        self._durable = durable
        self._reached = patient
        self._local = threading.local()
        self.patience = PATIENCE
        """Seconds that a server which is gone is waited for; 0 for who comes again by itself."""
        self._engine: sa.Engine | None = None
        self._file: int | None = None
        self.queue: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        """Where writers wait for their turn, if the database has no good queue of its own."""
        self.read_only = self.path is not None and is_read_only(self.path)
        """Whether it can only be looked at here."""
        if self.path is not None:
            self.queue = FileLock(self.path.with_name(self.path.name + ".lock"))
        with self.telling():
            if self.revision() != REVISION:
                from windlass.records.migrate import prepare

                prepare(self)

    def execute(self, sql: str, parameters: Row | None = None) -> list[Row]:
        """Runs one statement; returns its rows."""
        if self.path is not None:
            try:  # without `telling`: the way of every step of every run
                found: list[Row] = self.connection().execute(sql, parameters or ()).fetchall()
            except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
                raise in_words(self.shown, error) from error
            return found
        return self._ask(sql, parameters)

    @patiently
    def _ask(self, sql: str, parameters: Row | None) -> list[Row]:
        with self.telling():
            result = self.connection().execute(_text(sql), parameters or {})
            return list(result.mappings()) if result.returns_rows else []

    def change(self, sql: str, parameters: Row | Sequence[Row]) -> int:
        """Runs a statement that changes rows, once or for several; returns how many changed."""
        if not isinstance(parameters, Mapping) and len(parameters) == 1:
            parameters = parameters[0]
        with self.telling():
            if self.path is None:
                changed: int = self.connection().execute(_text(sql), parameters).rowcount
            elif isinstance(parameters, Mapping):
                changed = self.connection().execute(sql, parameters).rowcount
            else:
                changed = self.connection().executemany(sql, parameters).rowcount
        return changed

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """A short transaction that writes; taken back if the body raises.

        Raises:
            RecordError: It can only be read here.
        """
        if self.read_only:
            raise RecordError(
                f"the record store {self.shown} can be looked at, but not written",
                hint="Check the permissions of the file and of its folder, or name another in "
                "windlass.toml.",
            )
        with self.queue:
            yield from self._transaction("BEGIN IMMEDIATE" if self.path else "BEGIN")

    @contextlib.contextmanager
    def view(self) -> Iterator[None]:
        """Several questions answered from one state of the database; it holds up nobody."""
        repeatable = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        yield from self._transaction("BEGIN" if self.path else repeatable)

    def _transaction(self, begin: str) -> Iterator[None]:
        self.execute(begin)
        self._local.writing = True  # from here on a lost server has lost what was done, too
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(RecordError):
                self.execute("ROLLBACK")
            raise
        finally:
            self._local.writing = False

    @property
    def is_in_transaction(self) -> bool:
        """Whether this thread has begun a transaction."""
        return getattr(self._local, "writing", False)

    @property
    def waits(self) -> bool:
        """Whether a server that is gone is waited for: it was there, and may be started again."""
        return self.path is None and self._reached

    def hold(self, names: Iterable[str]) -> None:
        """Keeps others from what has these names until this transaction ends.

        Between a question and the write that its answer allows, another might write. Writers of
        SQLite are alone already.
        """
        if self.path is None:
            for name in sorted(names):  # all in one order, so that two never wait for each other
                self.execute("SELECT pg_advisory_xact_lock(hashtext(:name))", {"name": name})

    def connection(self) -> Any:
        """This thread's connection: of `sqlite3`, or of SQLAlchemy for another database."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None or held.pid != os.getpid():
            held = self._local.held = _Held(self._connect())
            self._reached = True
        return held.connection

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, which begins no transactions of its own."""
        if self._engine is None:
            import sqlalchemy as sa
            from sqlalchemy.pool import NullPool

            path = str(self.path)
            url = sa.URL.create("sqlite", database=path) if self.path else read_url(self.url)
            if self.path is None and "connect_timeout" not in url.query:
                url = url.update_query_dict({"connect_timeout": _CONNECT_SECONDS})
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
            if not is_from_database(error):
                raise
            told = in_words(self.shown, error)
            if self.path is None and self._is_lost(error):
                self._drop()  # the next question connects anew
                raise UnreachableError(told.message, hint=told.hint) from error
            raise told from error

    def _is_lost(self, error: Exception) -> bool:
        """Whether the server went away, or could not be connected to."""
        is_lost = getattr(error, "connection_invalidated", False)
        return is_lost or getattr(self._local, "held", None) is None

    def check(self) -> str:
        """``ok``, or what the database finds wrong with itself."""
        if self.path is None:
            return "ok"
        return str(self.execute("PRAGMA integrity_check(3)")[0][0])  # type: ignore[index]

    def revision(self) -> str | None:
        """Which migration the database is at; None if it has none."""
        if self.path is not None and not self.path.exists():
            return None
        try:
            found = self.execute("SELECT version_num FROM alembic_version")
        except RecordError as error:
            if any(word in error.message for word in ("no such table", "does not exist")):
                return None
            raise
        return str(found[0]["version_num"]) if found else None

    def is_gone(self) -> bool:
        """Whether the file was deleted, or another put in its place, since it was opened here."""
        if self.path is None:
            return False
        self.connection()
        return _file_number(self.path) != self._file

    def close(self) -> None:
        """Closes this thread's connection; the next question opens another."""
        self._drop()
        if self._engine is not None:
            self._engine.dispose()

    def _drop(self) -> None:
        self._local.held = None

    def _connect(self) -> Any:
        if self.path is None:
            return self.engine.connect()
        connection = connect(self.path, durable=self._durable, read_only=self.read_only)
        self._file = self._file or _file_number(self.path)
        return connection


def _file_number(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


class _Held:
    """One thread's connection in one process, closed when the thread or the database is gone.

    By a finalizer, which holds the connection, and not by ``__del__``: where both are garbage, the
    connection might go first, unclosed.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.pid = os.getpid()
        weakref.finalize(self, _let_go, connection, self.pid)


def _let_go(connection: Any, pid: int) -> None:
    if pid == os.getpid():
        with contextlib.suppress(Exception):
            connection.close()
    else:  # closing it in a child would speak for the parent: to the server, or in locks
        _parents.append(connection)


_parents: list[Any] = []


def one_of(column: str, values: Sequence[str]) -> tuple[str, dict[str, str]]:
    """``column IN (…)`` with its parameters."""
    names = {f"{column}_{place}": value for place, value in enumerate(values)}
    return f"{column} IN ({', '.join(':' + name for name in names)})", names


@functools.lru_cache(256)
def _text(sql: str) -> Any:
    import sqlalchemy as sa

    return sa.text(sql)
