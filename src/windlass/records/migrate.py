"""Migrations, by Alembic; only imported when a database is not of this version."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

_FOLDER = Path(__file__).parent / "migrations"


def known() -> set[str]:
    """Every revision that this Windlass can read or migrate."""
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(engine: sa.Engine) -> None:
    """Brings a database to the newest revision."""
    from alembic import command

    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
