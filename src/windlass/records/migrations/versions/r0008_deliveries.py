"""What trackers were told, or are to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def upgrade() -> None:
    """Two new tables."""
    op.create_table(
        "deliveries",
        *(_text("tracker"), _text("kind"), _text("subject"), _text("state")),
        _text("digest", nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("time", sa.Double(), nullable=False),
        _text("error", nullable=True),
        sa.PrimaryKeyConstraint("tracker", "kind", "subject"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["tracker", "kind", "state"], unique=False)
    op.create_index("ix_deliveries_subject", "deliveries", ["kind", "subject"], unique=False)
    op.create_table(
        "deliverers",
        *(_text("tracker"), _text("holder")),
        sa.Column("until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tracker"),
    )
