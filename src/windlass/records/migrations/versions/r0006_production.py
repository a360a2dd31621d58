"""Production: servers, what they saw, alerts and turns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from windlass.records.schema import KEPT_FOR_EVER

revision = "0006"
down_revision = "0005"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def upgrade() -> None:
    """Older records know of no servers; of those in SQLite not all guard the history of aliases."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in KEPT_FOR_EVER["sqlite"]:
            op.execute(statement)
    op.create_table(
        "deployments",
        *(_text(name) for name in ("id", "model", "alias", "host")),
        *(_time("began"), _time("beat"), _time("ended", nullable=True)),
        _text("document"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_deployments_model", "deployments", ["model", "began"], unique=False)
    op.create_table(
        "observations",
        _text("model"),
        sa.Column("number", sa.Integer(), nullable=False),
        _time("began"),
        _text("writer"),
        _time("seconds"),
        _text("document"),
        sa.PrimaryKeyConstraint("model", "began", "number", "writer"),
    )
    op.create_table(
        "alerts",
        *(_text("id"), _text("model")),
        sa.Column("number", sa.Integer(), nullable=False),
        _time("time"),
        *(_text("kind"), _text("document")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alerts_model", "alerts", ["model", "time"], unique=False)
    op.create_table(
        "turns",
        *(_text("id"), _text("model")),
        *(_time("began"), _time("beat"), _time("ended", nullable=True)),
        *(_text("state"), _text("document")),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_turns_model", "turns", ["model", "began"], unique=False)
