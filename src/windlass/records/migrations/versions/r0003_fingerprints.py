"""The code that each step can reach; what keys were made of; where each input came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the tables of fingerprints and sources, ingredients of keys, and lineage by edges."""
    for name, column in (("fingerprints", "document"), ("sources", "text")):
        op.create_table(
            name,
            sa.Column("digest", sa.Text(), nullable=False),
            sa.Column(column, sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("digest"),
        )
    op.add_column("outcomes", sa.Column("ingredients", sa.Text(), nullable=True))
    op.add_column("artifacts", sa.Column("classes", sa.Text(), nullable=True))
    op.add_column("artifacts", sa.Column("files", sa.Text(), nullable=True))
    where = sa.text("status = 'succeeded' AND ingredients IS NOT NULL")
    op.create_index(
        "ix_outcomes_node",
        "outcomes",
        ["step", "node", "ended"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )
    _make_edges()


def _make_edges() -> None:
    """Older rows have no source: their lineage is followed by contents."""
    for name in ("origin_run", "origin_node"):
        op.add_column("outcomes", sa.Column(name, sa.Text(), nullable=True))
    where = sa.text("origin_run IS NOT NULL")
    op.create_index(
        "ix_outcomes_origin",
        "outcomes",
        ["origin_run"],
        unique=False,
        sqlite_where=where,
        postgresql_where=where,
    )
    op.add_column("inputs", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("inputs", sa.Column("output", sa.Text(), nullable=True))
    op.add_column("inputs", sa.Column("item", sa.Integer(), nullable=True))
