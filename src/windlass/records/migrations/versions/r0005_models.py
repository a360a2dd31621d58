"""Models: their versions, what is known of these, reports, aliases and their history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from windlass.records.schema import KEPT_FOR_EVER

revision = "0005"
down_revision = "0004"

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Older records have no models."""
    op.create_table(
        "marks",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("plan", "node", "output")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("role", "model", "document")),
        sa.PrimaryKeyConstraint("plan", "node", "output", "role", "model"),
    )
    op.create_table(
        "versions",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("run", "node", "output")),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "number"),
    )
    op.create_index("ix_versions_content", "versions", ["model", "content"], unique=True)
    op.create_index("ix_versions_run", "versions", ["run"], unique=False)
    op.create_table(
        "version_artifacts",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "number", "role"),
    )
    op.create_table(
        "evidence",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "number", "kind"),
    )
    op.create_table(
        "reports",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reports_version", "reports", ["model", "number", "id"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("model", "alias"),
    )
    _create_moves()


def _create_moves() -> None:
    op.create_table(
        "moves",
        sa.Column("id", _Id, autoincrement=True, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("old", sa.Integer(), nullable=True),
        sa.Column("new", sa.Integer(), nullable=True),
        sa.Column("time", sa.Double(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_moves_model", "moves", ["model", "id"], unique=False)
    for statement in KEPT_FOR_EVER.get(op.get_bind().dialect.name, ()):
        op.execute(statement)
