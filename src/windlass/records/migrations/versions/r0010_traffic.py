"""How many requests a window holds, beside the document that tells of every column."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_AT_ONCE = 100
"""Documents have kilobytes."""
_KEY = ("model", "began", "number", "writer")
_WHICH = " AND ".join(f"{name} = :{name}" for name in _KEY)
_KEYS = sa.text(f"SELECT {', '.join(_KEY)} FROM observations")  # noqa: S608 (names from above)
_DOCUMENT = sa.text(f"SELECT document FROM observations WHERE {_WHICH}")  # noqa: S608
_SET = sa.text(
    f"UPDATE observations SET requests = :requests, failures = :failures WHERE {_WHICH}"  # noqa: S608
)


def upgrade() -> None:
    """Two columns, filled from the documents that there are."""
    for name in ("requests", "failures"):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("observations", column)
    connection = op.get_bind()
    keys = [row._asdict() for row in connection.execute(_KEYS)]
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        connection.execute(_SET, [{**key, **_counts(connection, key)} for key in some])


def _counts(connection: sa.Connection, key: dict[str, Any]) -> dict[str, int]:
    told = json.loads(connection.execute(_DOCUMENT, key).scalar_one())
    return {
        "requests": told.get("requests", 0),
        "failures": sum(told.get("failures", {}).values()),
    }
