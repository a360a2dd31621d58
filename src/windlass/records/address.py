"""Where a record store is, and what its database's errors mean to a person."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import RecordError

if TYPE_CHECKING:
    import sqlalchemy as sa

_SQLITE = re.compile(r"sqlite(\+\w+)?:///")
_POSTGRES = re.compile(r"postgres(ql)?(\+\w+)?://")
_PASSWORD = re.compile(r"(//[^/@]*?:)[^@/]*@")


def read_address(address: str | Path) -> tuple[Path | None, str]:
    """The file of a SQLite database, or None and the URL of a PostgreSQL one.

    Raises:
        RecordError: It is neither.
    """
    text = str(address)
    if "://" not in text:
        return _whole(text), text
    if match := _SQLITE.match(text):
        return _whole(text[match.end() :]), text
    if match := _POSTGRES.match(text):
        return None, f"postgresql+psycopg://{text[match.end() :]}"
    raise RecordError(
        f"{without_password(text)} is not the address of a record store",
        hint="Name a file, which will be SQLite's, or postgresql://HOST/DATABASE.",
    )


def read_url(url: str) -> sa.URL:
    """The parts of a URL.

    Raises:
        RecordError: It has not the form of one.
    """
    import sqlalchemy as sa

    try:
        return sa.make_url(url)
    except ValueError as error:  # where SQLAlchemy does not say it in its own words
        raise in_words(without_password(url), error) from None


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    return _PASSWORD.sub(r"\1***@", url)


def is_from_database(error: Exception) -> bool:
    """Whether an exception is the database's, its driver's, or of a value that it cannot hold."""
    if isinstance(error, (sqlite3.Error, OverflowError, UnicodeEncodeError)):
        return True
    if isinstance(error, ModuleNotFoundError):
        return (error.name or "").partition(".")[0] == "psycopg"
    return type(error).__module__.partition(".")[0] in ("sqlalchemy", "psycopg")


def in_words(shown: str, error: Exception) -> RecordError:
    """The error that a person is told in the place of the database's own."""
    told = " ".join(str(getattr(error, "orig", None) or error).split())
    hint = next((hint for word, hint in _HINTS.items() if word in told), None)
    return RecordError(f"the record store {shown} cannot be used: {told}", hint=hint)


def _whole(path: str) -> Path:
    """Absolute, since a step may change the folder; by one name, since it names the lock, too."""
    return Path(path).expanduser().resolve()


_HINTS = {
    "disk is full": "Free some space; what was recorded before is safe.",
    "disk I/O error": "Free some space or check the disk; what was recorded before is safe.",
    "readonly": "Check the permissions of the file and of its folder.",
    "unable to open": "Check the permissions of the file and of its folder.",
    "not a database": "Another program's file stands there: move it, or name another in "
    "windlass.toml.",
    "malformed": "The file is damaged. Move it away, or put a backup (*.bak) in its place.",
    "locked": "Another program holds the database open: end it.",
    "No module named 'psycopg'": "Install it: pip install 'windlass[postgresql]'",
    "refused": "Is the server running, and the address right?",
    "timeout expired": "Is the server's address right, and the network there?",
    "permission denied": "Ask for the right to make tables there, and to write to them.",
    "does not exist": "Make the database (createdb), or mend its name in windlass.toml.",
    "could not translate host name": "Is the server's name right?",
    "failed to resolve host": "Is the server's name right?",
    "password authentication failed": "Check the user and the password in the stack's address.",
}
