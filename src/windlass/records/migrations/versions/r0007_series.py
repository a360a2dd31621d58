"""Numbers that steps log as packed series, their summaries; what is logged besides."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from windlass.records.points import Points
from windlass.records.rows import sought
from windlass.records.tracked import Series, part_rows, summary_row

revision = "0007"
down_revision = "0006"

_AT_ONCE = 1000

_metrics = sa.table("metrics", *map(sa.column, ("run", "node", "attempt", "seq", "name")))
_POINTS = sa.text(
    "SELECT node, attempt, name, step, value, time FROM metrics "
    "WHERE run = :run ORDER BY node, attempt, seq"
)
_HEAD = "s.name, s.part, s.last, s.low, s.high, s.count, s.last_time"
_PARTS = sa.text(
    f"SELECT s.run, s.node, {_HEAD} FROM series s WHERE s.run = :run "  # noqa: S608
    f"UNION ALL SELECT o.run, o.node, {_HEAD} FROM outcomes o "
    "JOIN series s ON s.run = o.origin_run AND s.node = o.origin_node "
    "WHERE o.run = :run AND o.cached"
)
_SET = sa.text(
    "UPDATE parameters SET number = :number, text = :text "
    "WHERE run = :run AND node = :node AND name = :name"
)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _step(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def upgrade() -> None:
    """A row for each number becomes a row for thousands; parameters can be chosen by."""
    series, summaries = _create_series(), _create_summaries()
    _create_logged()
    connection = op.get_bind()
    for run in connection.execute(sa.select(_metrics.c.run).distinct()).scalars().all():
        rows = [row for told in _series_of(connection, run) for row in part_rows(told, 0, 0)]
        connection.execute(series.insert(), rows)
    for run in connection.execute(sa.text("SELECT id FROM runs")).scalars().all():
        parts = [row._asdict() for row in connection.execute(_PARTS, {"run": run})]
        if parts:
            connection.execute(summaries.insert(), _summed_up(parts))
    op.drop_index("ix_metrics_name", "metrics")
    op.drop_table("metrics")
    op.add_column("parameters", _number("number", nullable=True))
    op.add_column("parameters", _text("text", nullable=True))
    _fill_parameters(connection)
    op.create_index(
        "ix_parameters_name", "parameters", ["name", "run", "node", "number", "text"], unique=False
    )
    facts = ["id", "name", "pipeline", "status", "target", "stack", "seed", "created", "ended"]
    op.create_index("ix_runs_facts", "runs", facts, unique=False)


def _create_series() -> sa.Table:
    return op.create_table(
        "series",
        *(_text("run"), _text("node"), _count("attempt"), _text("name"), _count("part")),
        *(_count("count"), _step("first_step"), _step("last_step")),
        *(_number("first_time"), _number("last_time")),
        *(_number(name, nullable=True) for name in ("low", "high", "last")),
        sa.Column("outline", sa.LargeBinary(), nullable=True),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run", "node", "attempt", "name", "part"),
    )


def _create_summaries() -> sa.Table:
    made = op.create_table(
        "summaries",
        *(_text("name"), _text("run")),
        *(_number(name, nullable=True) for name in ("last", "low", "high")),
        *(_count("count"), _count("series"), _text("node"), _number("time")),
        sa.PrimaryKeyConstraint("name", "run"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_summaries_last", "summaries", ["name", "last", "run"], unique=False)
    op.create_index("ix_summaries_run", "summaries", ["run"], unique=False)
    return made


def _create_logged() -> None:
    op.create_table(
        "logged",
        *(_text("run"), _text("node"), _count("attempt"), _count("seq")),
        *(_text("name"), _text("kind"), _text("content"), _step("step"), _number("time")),
        sa.PrimaryKeyConstraint("run", "node", "attempt", "seq"),
    )
    op.create_index("ix_logged_content", "logged", ["content"], unique=False)


def _series_of(connection: sa.Connection, run: str) -> list[Series]:
    found: dict[tuple[str, int, str], Series] = {}
    for row in connection.execute(_POINTS, {"run": run}):
        key = (row.node, row.attempt, row.name)
        told = found.setdefault(key, Series(run, *key, Points()))
        told.points.add(math.nan if row.value is None else row.value, row.step, row.time)
    return list(found.values())


def _summed_up(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """One summary for each name, as parts that are added one by one come to."""
    found: dict[str, dict[str, object]] = {}
    for row in rows:
        new = summary_row(row)
        found[str(new["name"])] = _combined(found.get(str(new["name"])), new)
    return list(found.values())


def _combined(old: dict[str, object] | None, new: dict[str, object]) -> dict[str, object]:
    if old is None:
        return new
    later = max((old, new), key=lambda each: (each["time"], each is new))
    lows = [each["low"] for each in (old, new) if each["low"] is not None]
    highs = [each["high"] for each in (old, new) if each["high"] is not None]
    counts = {name: old[name] + new[name] for name in ("count", "series")}  # type: ignore[operator]
    return {
        **later,
        **counts,
        "low": min(lows, default=None),  # type: ignore[type-var]
        "high": max(highs, default=None),  # type: ignore[type-var]
    }


def _fill_parameters(connection: sa.Connection) -> None:
    rows = connection.execute(sa.text("SELECT run, node, name, value FROM parameters")).all()
    for some in _portions([row._asdict() for row in rows]):
        connection.execute(_SET, [_chosen_by(row) for row in some])


def _chosen_by(row: dict[str, str]) -> dict[str, object]:
    number, text = sought(json.loads(row["value"]))
    key = {name: row[name] for name in ("run", "node", "name")}
    return {**key, "number": number, "text": text}


def _portions(rows: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]
