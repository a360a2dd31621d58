"""The code that each step can reach, and what the key of each outcome was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the tables of fingerprints and sources, and the ingredients of keys."""
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
