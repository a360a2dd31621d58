"""Finding runs as people see them: the record takes for running what was lost."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from windlass.execution.liveness import is_gone
from windlass.records.asking.fields import Field, Value
from windlass.records.asking.grammar import (
    AllOf,
    Comparison,
    Not,
    Order,
    Question,
    comparisons,
    read_question,
)

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Run

_MOST_RUNNING = 10_000
"""Runs that are recorded as running are few; so many are looked at to find the lost ones."""


def find_runs(
    records: Records,
    where: str | None = None,
    *,
    pipeline: str | None = None,
    status: str | None = None,
    tag: tuple[str, str | None] | None = None,
    sort: str | Order | None = None,
    limit: int = 20,
    after: str | None = None,
) -> list[Run]:
    """The runs that fulfil a question, the newest first, or sorted.

    Args:
        records: Where they are recorded.
        where: The question, such as ``metrics.auc > 0.8 and status = lost``.
        pipeline: Only of this one.
        status: Only with this one; ``lost`` runs are not ``running``.
        tag: Only those that have this tag, with this value; with any, if that is None.
        sort: By what, such as ``metrics.loss asc``.
        limit: At most so many.
        after: The id of the last run of the page before.

    Raises:
        QueryError: The question is written wrong; the message points at the place.
        NotFoundError: The run of the page before is gone.
    """
    asked: list[Question] = [read_question(where)] if where is not None else []
    asked += [
        Comparison(Field("run", name, "text"), "=", (Value(value),))
        for name, value in (("pipeline", pipeline), ("status", status))
        if value is not None
    ]
    if tag is not None:
        key, value = Field("tags", tag[0], "text"), tag[1]
        has = Not(Comparison(key, "null"))
        asked.append(has if value is None else Comparison(key, "=", (Value(value),)))
    return records.find_runs(
        AllOf(tuple(asked)), sort=sort, limit=limit, after=after, lost=lambda: lost_runs(records)
    )


def lost_runs(records: Records) -> list[str]:
    """The ids of the runs that are recorded as running, and whose process is gone."""
    running = records.runs(status="running", limit=_MOST_RUNNING)
    return [run.id for run in running if is_gone(run)]


def unknown_names(records: Records, where: str) -> list[str]:
    """What a question asks of that no run has, each with what is near: why nothing was found."""
    told = []
    asked = {(c.field.group, c.field.name) for c in comparisons(read_question(where))}
    for group, name in sorted(each for each in asked if each[0] != "run"):
        known = records.names_of(group)
        if name not in known:
            near = get_close_matches(name, known, 3, 0.5) or known[:3]
            there = f"there is {', '.join(near)}" if near else "there is none at all"
            told.append(f"no run has '{name}' among its {group}: {there}")
    return told
