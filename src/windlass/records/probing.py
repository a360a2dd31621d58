"""Trying a record store out: which server it is, and whether it keeps what is written."""

from __future__ import annotations

import os
import sqlite3

from windlass.errors import RecordError
from windlass.records.database import REVISION, Database

_WRITE = "INSERT INTO environments (digest, document) VALUES (:digest, :document)"
_READ = "SELECT document FROM environments WHERE digest = :digest"
_REMOVE = "DELETE FROM environments WHERE digest = :digest"


def server_of(records: Database) -> str:
    """The server and the schema, in words."""
    if records.path is not None:
        return f"SQLite {sqlite3.sqlite_version}, schema {REVISION}"
    version = str(records.execute("SHOW server_version")[0]["server_version"]).split()[0]
    return f"PostgreSQL {version}, schema {REVISION}"


def try_out(records: Database) -> None:
    """Writes a row, reads it back and removes it again.

    Raises:
        RecordError: One of these cannot be done.
    """
    row = {"digest": f"check-{os.urandom(16).hex()}", "document": '{"of": "windlass stack check"}'}
    with records.write():
        records.change(_WRITE, row)
    found = records.execute(_READ, {"digest": row["digest"]})
    with records.write():
        gone = records.change(_REMOVE, {"digest": row["digest"]})
    if [each["document"] for each in found] != [row["document"]] or gone != 1:
        raise RecordError(
            f"the record store {records.shown} does not keep what is written",
            hint="Do not use it: it gives back something else, or several servers stand behind it.",
        )
