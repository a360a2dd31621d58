"""Making the tables, and bringing those of an older Windlass up to date, by Alembic.

Only imported when a database is not of this version.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import VersionError
from windlass.records import schema
from windlass.records.database import REVISION, Database

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"


def prepare(database: Database) -> None:
    """Makes or migrates the tables; the caller holds the lock, so that one process does it.

    Raises:
        VersionError: The database was made by a newer Windlass.
    """
    revision = database._revision()  # noqa: SLF001 (looked at again, now that nobody else can)
    if revision is None:
        _create(database)
    elif revision != REVISION:
        _migrate(database, revision)


def _create(database: Database) -> None:
    if database.path is not None:
        database.execute("PRAGMA journal_mode=WAL")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if database.path else "BEGIN")
        schema.metadata.create_all(connection)
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{REVISION}')")  # noqa: S608
        connection.exec_driver_sql("COMMIT")


def _migrate(database: Database, revision: str) -> None:
    from alembic import command
    from alembic.script import ScriptDirectory

    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in known:
        raise VersionError(
            f"the record store {database.shown} was made by a newer Windlass (schema {revision}; "
            f"this one knows up to {REVISION})",
            hint="Upgrade Windlass, or name another record store in windlass.toml.",
        )
    _back_up(database, revision)
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _back_up(database: Database, revision: str) -> None:
    if database.path is None:  # a server has backups of its own
        return
    name = f"{database.path.name}.{revision}.{time.strftime('%Y%m%dT%H%M%S')}.bak"
    with contextlib.closing(sqlite3.connect(database.path.with_name(name))) as copy:
        database.connection().backup(copy)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
