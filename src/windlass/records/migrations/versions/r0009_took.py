"""The longest runs found by an index: each list of them read and sorted all that there are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """An index over how long runs took; those that go on are the longest."""
    took = sa.text("coalesce(ended - created, 1e300)")
    op.create_index("ix_runs_took", "runs", [took, "id"], unique=False)
