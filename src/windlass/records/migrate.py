"""Making the tables, and bringing those of an older Windlass up to date.

Only imported when a database is not of this version; Alembic, only when one is older.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy as sa

from windlass.errors import RecordError, VersionError
from windlass.records import schema
from windlass.records.database import REVISION, Database

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"

_OURS = re.compile(r"\d{4}")
_LOCK = 0x77696E646C617373  # "windlass": the lock of PostgreSQL under which one process does it


def prepare(database: Database) -> None:
    """Makes or migrates the tables, while nobody else does.

    Raises:
        RecordError: The database is another program's, or an older Windlass's and read-only.
        VersionError: It was made by a newer Windlass.
    """
    if database.read_only:
        _refuse(database)
    if database.path is not None:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    with database.queue, database.engine.connect() as connection:
        empty = not sa.inspect(connection).get_table_names()
        if database.path is not None and empty:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        with _transaction(database, connection):
            revision = _revision(database, connection)
            if revision is None:
                create(connection)
            elif revision != REVISION:
                _check_age(database, revision)
                _back_up(database, revision)
                upgrade(connection)


def _refuse(database: Database) -> NoReturn:
    """Tells why a database that cannot be migrated cannot be looked at, either."""
    revision = database.revision() or ""
    if _OURS.fullmatch(revision) is None:
        raise _of_another(database)
    _check_age(database, revision)
    raise RecordError(
        f"the record store {database.shown} was made by an older Windlass, and must be brought up "
        "to date before it is looked at: it cannot be written",
        hint="Open it once as a user who may write there: windlass runs",
    )


def create(connection: sa.Connection) -> None:
    """Makes every table, and says of which version they are."""
    for statement in _statements(connection.dialect.name):
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{REVISION}')")  # noqa: S608


@functools.cache
def _statements(dialect: str) -> tuple[str, ...]:
    """What makes the tables and their indexes in a database that has none."""
    found: list[str] = []

    def note(statement: Any, *_: Any, **__: Any) -> None:
        found.append(str(statement.compile(dialect=engine.dialect)))

    engine = sa.create_mock_engine(f"{dialect}://", note)
    schema.metadata.create_all(engine, checkfirst=False)
    return tuple(found)


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Runs the migrations that are missing, inside the transaction of the connection."""
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


@contextlib.contextmanager
def _transaction(database: Database, connection: sa.Connection) -> Iterator[None]:
    """Taken back by the closing of the connection if the body raises, tables and all."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if database.path else "BEGIN")
    if database.path is None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    yield
    connection.exec_driver_sql("COMMIT")


def _revision(database: Database, connection: sa.Connection) -> str | None:
    """Which migration the database is at; None if it is empty.

    Raises:
        RecordError: Its tables are another program's.
    """
    tables = set(sa.inspect(connection).get_table_names())
    found = None
    if "alembic_version" in tables:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    ours = set(schema.metadata.tables)
    if found is not None and _OURS.fullmatch(found) and "outcomes" in tables:
        return str(found)
    if found is not None or (tables if database.path else tables & ours):
        raise _of_another(database)
    return None


def _of_another(database: Database) -> RecordError:
    return RecordError(
        f"{database.shown} is the database of another program",
        hint="Name another record store in windlass.toml.",
    )


def _check_age(database: Database, revision: str) -> None:
    if revision > REVISION:
        raise VersionError(
            f"the record store {database.shown} was made by a newer Windlass "
            f"(schema {int(revision)}, this one knows {int(REVISION)})",
            hint="Upgrade Windlass, or name another record store in windlass.toml.",
        )


def _back_up(database: Database, revision: str) -> None:
    if database.path is None:  # a server has backups of its own
        return
    name = f"{database.path.name}.{revision}.{time.strftime('%Y%m%dT%H%M%S')}.bak"
    path = database.path.with_name(name)
    part = path.with_name(f"{name}.part")
    try:
        with contextlib.closing(sqlite3.connect(part)) as copy:
            database.connection().backup(copy)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
