"""Lineage through lists; the cache, runs and tags found by one step in an index."""

from __future__ import annotations

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the table of parts, and better indexes."""
    op.create_table(
        "parts",
        sa.Column("whole", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("whole", "position"),
    )
    op.create_index("ix_parts_part", "parts", ["part"], unique=False)
    _fill_parts()
    _make_indexes()


def _make_indexes() -> None:
    op.drop_index("ix_runs_created", "runs")
    op.drop_index("ix_runs_status", "runs")
    op.create_index("ix_runs_status", "runs", ["status", "id"], unique=False)
    op.drop_index("ix_outcomes_key", "outcomes")
    where = sa.text("status = 'succeeded' AND key IS NOT NULL")
    op.create_index(
        "ix_outcomes_key",
        "outcomes",
        ["key", "ended"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )
    op.create_index("ix_artifacts_blob", "artifacts", ["blob"], unique=False)
    op.drop_index("ix_tags_key", "tags")
    op.create_index("ix_tags_key", "tags", ["key", "value", "run"], unique=False)


def _fill_parts() -> None:
    query = "SELECT content, children FROM artifacts WHERE children != '[]'"
    for content, children in op.get_bind().exec_driver_sql(query).fetchall():
        op.bulk_insert(_parts, list(_rows(content, children)))


def _rows(whole: str, children: str) -> Iterator[dict[str, object]]:
    for position, part in enumerate(json.loads(children)):
        yield {"whole": whole, "position": position, "part": part}


_parts = sa.table("parts", sa.column("whole"), sa.column("position"), sa.column("part"))
