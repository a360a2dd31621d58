"""Which runs are listed, in which order, and which part of them.

Here is the one place where the language of ``--where`` and ``--sort`` joins, when the record has
its ``find_runs``: the query gets two more fields, and `listed` hands them on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Run

Order = Literal["newest", "oldest", "longest", "shortest", "name"]

_ORDERS: dict[str, str] = {
    "newest": "runs.id DESC",
    "oldest": "runs.id",
    "longest": "coalesce(runs.ended - runs.created, 1e300) DESC, runs.id DESC",
    "shortest": "coalesce(runs.ended - runs.created, 1e300), runs.id DESC",
    "name": "runs.pipeline, runs.number",
}
"""No text of a reader ever gets into a statement: an order is one of these."""

_NODES = "SELECT plan, count(*) AS number FROM nodes WHERE plan IN ({plans}) GROUP BY plan"
_DONE = """
SELECT run, count(*) AS number FROM outcomes
WHERE run IN ({runs}) AND node NOT LIKE '%]' AND status <> 'failed' GROUP BY run
"""


class Wanted(NamedTuple):
    """What a reader asks for: only these runs, in this order, this page of so many."""

    pipeline: str | None
    status: str | None
    tag: str | None
    order: Order
    page: int
    size: int


def listed(records: Records, wanted: Wanted) -> tuple[list[Run], int]:
    """The runs of a page, and how many there are on all pages."""
    source, conditions, names = "runs", [], dict[str, Any]()
    for column in ("pipeline", "status"):
        value = getattr(wanted, column)
        if value is not None:
            conditions.append(f"runs.{column} = :{column}")
            names[column] = value
    if wanted.tag is not None:
        source = "tags JOIN runs ON runs.id = tags.run"
        key, sign, value = wanted.tag.partition("=")
        conditions.append("tags.key = :key" + " AND tags.value = :value" * bool(sign))
        names |= {"key": key} | ({"value": value} if sign else {})
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    total = records.execute(f"SELECT count(*) AS number FROM {source} {where}", names)[0]["number"]  # noqa: S608
    part = {"size": wanted.size, "start": (wanted.page - 1) * wanted.size}
    found = records.execute(
        f"SELECT runs.* FROM {source} {where} ORDER BY {_ORDERS[wanted.order]} "  # noqa: S608
        "LIMIT :size OFFSET :start",
        {**names, **part},
    )
    return list(records.with_parts(found)), total


class Progress(NamedTuple):
    """How many of a run's nodes are done, a map as one; and how many there are."""

    done: int
    nodes: int


def progress(records: Records, runs: list[Run]) -> dict[str, Progress]:
    """How far runs are, by their ids."""
    if not runs:
        return {}
    plans = {row["plan"]: row["number"] for row in _asked(records, _NODES, "plans", runs)}
    done = {row["run"]: row["number"] for row in _asked(records, _DONE, "runs", runs)}
    return {run.id: Progress(done.get(run.id, 0), plans.get(run.plan, 0)) for run in runs}


def _asked(records: Records, query: str, what: str, runs: list[Run]) -> Any:
    values = {run.plan if what == "plans" else run.id for run in runs}
    names = {f"v{place}": value for place, value in enumerate(sorted(values))}
    listed = ", ".join(f":{name}" for name in names)
    return records.execute(query.format(**{what: listed}), names)
