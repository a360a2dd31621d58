"""The statements that insert rows, in words that SQLite and PostgreSQL share."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from windlass.records import rows
from windlass.records.reading import Reading

_KEYS = {
    "artifacts": ("content",),
    "bundles": ("digest",),
    "attempts": ("run", "node", "attempt"),
    "outcomes": ("run", "node"),
    "parameters": ("run", "node", "name"),
    "tags": ("run", "key"),
    "aliases": ("model", "alias"),
    "deployments": ("id",),
    "deliveries": ("tracker", "kind", "subject"),
    "observations": ("model", "began", "number", "writer"),
}


class Inserting(Reading):
    """Inserts rows, in the transaction that is open."""

    def _add(self, table: str, told: Sequence[rows.Row]) -> None:
        """Inserts rows, leaving alone those that are there already."""
        if told:
            self.change(insert(table, tuple(told[0])), told)

    def _put(self, table: str, told: Sequence[rows.Row], only_if: str = "") -> None:
        """Inserts rows in the place of those of the same keys."""
        if told:
            self.change(insert_or_replace(table, tuple(told[0]), only_if), told)

    def _has(self, table: str, digest: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE digest = :digest"  # noqa: S608
        return bool(self.execute(query, {"digest": digest}))


@functools.cache
def insert(table: str, columns: tuple[str, ...]) -> str:
    """Inserts a row; one of the same key is left as it is."""
    return f"{_plain_insert(table, columns)} ON CONFLICT DO NOTHING"


@functools.cache
def insert_or_replace(table: str, columns: tuple[str, ...], only_if: str = "") -> str:
    """Inserts a row in the place of one of the same key.

    Args:
        table: Its name.
        columns: What the row has.
        only_if: What must be true of the earlier row, the later being ``excluded``; else it stays.
    """
    keys = _KEYS[table]
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in keys)
    replaced = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    condition = f" WHERE {only_if}" if only_if else ""
    return f"{_plain_insert(table, columns)} {replaced}{condition}"


def _plain_insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
