"""One database, SQLite or PostgreSQL: connections, write transactions, and errors in words."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from windlass.errors import RecordError, VersionError
from windlass.records import schema
from windlass.records.lock import FileLock

_BUSY_SECONDS = 60


class Database:
    """A database with the tables of `schema`, made or migrated when it is opened.

    Every thread of every process has a connection of its own, made when it is first needed; so a
    database may be used after a fork. Writers of SQLite queue for a file lock: see
    docs/decisions/0003.

    Args:
        url: A path, or a URL of SQLAlchemy.
        durable: Whether a commit survives a loss of power, and not only the death of processes.
    """

    def __init__(self, url: str | Path, *, durable: bool = False) -> None:
        self.url = _url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.path = Path(self.url.database or "") if self.sqlite else None
        self._durable = durable
        self._local = threading.local()
        self._lock = FileLock(self.path.with_name(self.path.name + ".lock")) if self.path else None
        with self.telling():
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._engine = sa.create_engine(
                self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
            )
            if self.sqlite:
                sa.event.listen(self._engine, "connect", self._prepare)
            self._open()

    def read(self) -> sa.Connection:
        """This thread's connection, outside any transaction."""
        local = self._local
        if getattr(local, "pid", None) != os.getpid():
            local.connection, local.pid, local.depth = self._engine.connect(), os.getpid(), 0
        connection: sa.Connection = local.connection
        return connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A short transaction that writes; taken back if the body raises."""
        with self.telling(), self._lock or contextlib.nullcontext():
            connection = self.read()
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):
                    connection.exec_driver_sql("ROLLBACK")
                raise

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Turns the database's errors into ours."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise self._in_words(error) from error
        except OSError as error:
            raise RecordError(
                f"the record store {self.shown} cannot be used: {error.strerror}",
                hint="Check the folder's permissions, or name another in windlass.toml.",
            ) from error

    def insert_new(self, table: sa.Table) -> Any:
        """An insert that leaves rows alone that are there already."""
        if self.sqlite:
            from sqlalchemy.dialects.sqlite import insert
        else:
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        return insert(table).on_conflict_do_nothing()

    @property
    def shown(self) -> str:
        """Its address for people, without a password."""
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)

    def check(self) -> str:
        """``ok``, or what the database finds wrong with itself."""
        if not self.sqlite:
            return "ok"
        with self.telling():
            return str(self.read().exec_driver_sql("PRAGMA integrity_check(3)").scalar())

    def revision(self) -> str | None:
        """Which migration the database is at; None if it is empty."""
        if not sa.inspect(self._engine).has_table("alembic_version"):
            return None
        found = self.read().exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return str(found) if found is not None else None

    def close(self) -> None:
        """Closes this thread's connection."""
        if getattr(self._local, "pid", None) == os.getpid():
            self._local.connection.close()
            self._local.pid = None
        self._engine.dispose()

    def _prepare(self, connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable else 'NORMAL'}")

    def _open(self) -> None:
        """Makes the tables or migrates them; one process at a time."""
        if self._quick_revision() == schema.REVISION:
            return
        with self._lock or contextlib.nullcontext():
            revision = self.revision()
            if revision is None:
                self._create()
            elif revision != schema.REVISION:
                self._migrate(revision)

    def _quick_revision(self) -> str | None:
        """The revision, without SQLAlchemy's inspection, for the usual case."""
        if self.path is not None and not self.path.exists():
            return None
        try:
            row = self.read().exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        except (sa.exc.OperationalError, sa.exc.ProgrammingError):
            return None
        return str(row)

    def _create(self) -> None:
        if self.sqlite:
            self.read().exec_driver_sql("PRAGMA journal_mode=WAL")
        with self._engine.connect().execution_options() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")
            schema.metadata.create_all(connection, checkfirst=True)
            connection.exec_driver_sql(
                "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, "
                "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
            )
            connection.execute(
                sa.text("INSERT INTO alembic_version VALUES (:revision)"),
                {"revision": schema.REVISION},
            )
            connection.exec_driver_sql("COMMIT")

    def _migrate(self, revision: str) -> None:
        from windlass.records import migrate

        if revision not in migrate.known():
            raise VersionError(
                f"the record store {self.shown} was made by a newer Windlass (schema {revision}, "
                f"this one knows up to {schema.REVISION})",
                hint="Upgrade Windlass, or name another record store in windlass.toml.",
            )
        if self.path is not None:
            self._back_up(revision)
        migrate.upgrade(self._engine)

    def _back_up(self, revision: str) -> None:
        assert self.path is not None
        import sqlite3

        name = f"{self.path.name}.{revision}.{time.strftime('%Y%m%dT%H%M%S')}.bak"
        source: Any = self.read().connection.dbapi_connection
        with contextlib.closing(sqlite3.connect(self.path.with_name(name))) as copy:
            source.backup(copy)

    def _in_words(self, error: sa.exc.DBAPIError) -> RecordError:
        told = str(error.orig)
        hint = next((hint for word, hint in _HINTS.items() if word in told), None)
        return RecordError(f"the record store {self.shown} cannot be used: {told}", hint=hint)


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


def _url(url: str | Path) -> sa.URL:
    text = str(url)
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    return sa.make_url(text)
