"""Between the nouns of `models` and the rows of `schema`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windlass.records.model import PlanNode
from windlass.records.models import Move, NewVersion, Report, VersionRow
from windlass.records.rows import Row, clean, clean_or_none, dump, load


def mark_rows(plan: str, node: PlanNode) -> list[Row]:
    """The rows of what the outputs of a plan's node are to models."""
    return [
        {
            "plan": plan,
            "node": node.name,
            "output": mark.output,
            "role": mark.role,
            "model": mark.model,
            "document": dump(mark.settings),
        }
        for mark in node.marks
    ]


def version_row(version: NewVersion, number: int, created: float) -> Row:
    """The row of a new version."""
    return {
        "model": version.model,
        "number": number,
        "content": version.content,
        "created": created,
        "run": version.run,
        "node": version.node,
        "output": version.output,
        "details": dump(version.details),
    }


def version_of(row: Mapping[str, Any], artifacts: Mapping[str, str]) -> VersionRow:
    """The version of a row."""
    return VersionRow(**{**row, "details": load(row["details"])}, artifacts=artifacts)


def report_row(report: Report) -> Row:
    """The row of a report."""
    return {
        "id": report.id,
        "model": report.model,
        "number": report.number,
        "created": report.created,
        "verdict": report.verdict,
        "document": dump(report.document),
    }


def report_of(row: Mapping[str, Any]) -> Report:
    """The report of a row."""
    return Report(**{**row, "document": load(row["document"])})


def move_row(move: Move, now: float) -> Row:
    """The row of a move of an alias; the database counts it."""
    return {
        "model": move.model,
        "alias": move.alias,
        "old": move.old,
        "new": move.new,
        "time": now,
        "who": clean(move.who),
        "kind": move.kind,
        "reason": clean_or_none(move.reason),
        "report": move.report,
        "details": dump(move.details),
    }


def move_of(row: Mapping[str, Any]) -> Move:
    """The move of a row."""
    return Move(**{**row, "details": load(row["details"])})
