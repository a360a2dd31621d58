"""Which runs are listed, in which order, and which part of them.

Without a question they have numbered pages. What a question finds goes on after a run: nobody
counts the runs that would answer it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from windlass.execution.found import find_runs
from windlass.records.asking.grammar import comparisons, read_order, read_question

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Run

Order = Literal["newest", "oldest", "longest", "shortest", "name"]
ORDERS: tuple[Order, ...] = get_args(Order)
_ASKED = {
    "newest": None,
    "oldest": "created asc",
    "longest": "seconds desc",
    "shortest": "seconds asc",
    "name": "name asc",
}
"""The same in the language of questions."""

_ORDERS: dict[str, str] = {
    "newest": "runs.id DESC",
    "oldest": "runs.id",
    "longest": "coalesce(runs.ended - runs.created, 1e300) DESC, runs.id DESC",
    "shortest": "coalesce(runs.ended - runs.created, 1e300), runs.id",
    "name": "runs.pipeline, runs.number",
}
"""No text of a reader ever gets into a statement: an order is one of these."""

_NODES = "SELECT plan, count(*) AS number FROM nodes WHERE plan IN ({plans}) GROUP BY plan"
_DONE = """
SELECT run, count(*) AS number FROM outcomes
WHERE run IN ({runs}) AND node NOT LIKE '%]' AND status <> 'failed' GROUP BY run
"""


class Wanted(NamedTuple):
    """What a reader asks for: only these runs, in this order, this page of so many.

    ``where`` is a question, ``order`` an `Order` or a field of the language, such as
    ``metrics.auc desc``; what is found so goes on after the run that is named ``after``.
    """

    pipeline: str | None
    status: str | None
    tag: str | None
    where: str | None
    order: str
    page: int
    after: str | None
    size: int

    @property
    def is_question(self) -> bool:
        """Whether the language is needed."""
        return self.where is not None or self.order not in ORDERS

    @property
    def metrics(self) -> list[str]:
        """The metrics that are asked for, what is sorted by first."""
        order = None if self.order in ORDERS else read_order(self.order).field
        fields = [order] if order else []
        if self.where is not None:
            fields += [each.field for each in comparisons(read_question(self.where))]
        return [each.name for each in fields if each.group == "metrics"]


def found(records: Records, wanted: Wanted) -> tuple[list[Run], bool]:
    """The runs that answer a question, and whether there are more after them.

    Raises:
        QueryError: It is written wrong.
        NotFoundError: There is no run `Wanted.after`.
    """
    tag = None
    if wanted.tag is not None:
        key, sign, value = wanted.tag.partition("=")
        tag = key, value if sign else None
    runs = find_runs(
        records,
        wanted.where,
        pipeline=wanted.pipeline,
        status=wanted.status,
        tag=tag,
        sort=_ASKED.get(wanted.order, wanted.order),
        limit=wanted.size + 1,
        after=None if wanted.after is None else records.run(wanted.after).id,
    )
    return runs[: wanted.size], len(runs) > wanted.size


def listed(records: Records, wanted: Wanted) -> tuple[list[Run], int]:
    """The runs of a page, and how many there are on all pages."""
    source, where, names = _chosen(wanted)
    order = _ORDERS[wanted.order]
    if source != "runs":
        order = order.replace("runs.id", "tags.run")  # the same, and in the order of an index
    is_by_tag_alone = wanted.tag and not (wanted.pipeline or wanted.status)
    counted = _tagged(names) if is_by_tag_alone else f"{source} {where}"
    total = records.execute(f"SELECT count(*) AS number FROM {counted}", names)[0]["number"]  # noqa: S608
    query = f"""
        SELECT runs.* FROM runs JOIN (
            SELECT runs.id AS chosen FROM {source} {where} ORDER BY {order}
            LIMIT :size OFFSET :start
        ) AS page ON page.chosen = runs.id ORDER BY {_ORDERS[wanted.order]}
    """  # noqa: S608 (whole rows, which are wide, are sorted of one page only)
    part = {"size": wanted.size, "start": (wanted.page - 1) * wanted.size}
    return list(records.with_parts(records.execute(query, {**names, **part}))), total


def _chosen(wanted: Wanted) -> tuple[str, str, dict[str, Any]]:
    """Where the runs are, under which condition, and the values in that."""
    told = {"pipeline": wanted.pipeline, "status": wanted.status}
    names: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    conditions = [f"runs.{name} = :{name}" for name in names]
    source = "runs"
    if wanted.tag is not None:
        key, sign, value = wanted.tag.partition("=")
        names["key"] = key
        if sign:  # few have a tag with that value: they are found by it
            source = "tags JOIN runs ON runs.id = tags.run"
            conditions.append("tags.key = :key AND tags.value = :value")
            names["value"] = value
        else:  # most may have the tag: each is asked for it
            conditions.append(_HAS_TAG)
    return source, f"WHERE {' AND '.join(conditions)}" if conditions else "", names


def _tagged(names: dict[str, Any]) -> str:
    """The tags themselves, each of which has its run: they are counted without it."""
    return f"tags WHERE tags.key = :key{' AND tags.value = :value' if 'value' in names else ''}"


_HAS_TAG = "EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.id AND tags.key = :key)"


def known(records: Records, table: str, column: str, most: int = 200) -> list[str]:
    """The values of an indexed column, each looked up after the one before: most rows are alike."""
    query = f"""
        WITH RECURSIVE found(value) AS (
            SELECT min({column}) FROM {table}
            UNION ALL
            SELECT (SELECT min({column}) FROM {table} WHERE {column} > value)
            FROM found WHERE value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL LIMIT :most
    """  # noqa: S608 (two names of ours)
    return [row["value"] for row in records.execute(query, {"most": most})]


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
