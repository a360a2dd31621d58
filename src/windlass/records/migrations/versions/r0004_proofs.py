"""Where a bundle's archive is; locks; proofs; who drives a run, and when they last said so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Older bundles have no archive: what they held can be told, not unpacked."""
    op.add_column("bundles", sa.Column("blob", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("driver", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("beat", sa.Double(), nullable=True))
    op.create_table(
        "locks",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "proofs",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run", "created"),
    )
