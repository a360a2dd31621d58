"""Two to twenty runs side by side, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field, field_validator
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.errors import NotFoundError, ParameterError
from windlass.execution.comparison import compare_runs
from windlass.execution.document import run_document
from windlass.execution.run import Run
from windlass.web.keeping import Kept
from windlass.web.page import Ask, Query
from windlass.web.views.finding import run_named
from windlass.web.views.run import Curve, curves, logged_params

if TYPE_CHECKING:
    from windlass.execution.job import Stores

MOST_RUNS = 20
_MOST_LINES = 40
"""Curves over one another in a chart."""
_MOST_CURVES = 24
"""Charts on a page."""
_OTHERS = 30


class CompareQuery(Query):
    """Which runs are compared."""

    run: list[str] = Field(default_factory=list, description="A run; named two to twenty times.")
    before: str | None = Field(
        default=None, description="One of them, with which another is compared."
    )
    after: str | None = Field(default=None, description="That other one.")
    data: bool = Field(default=False, description="Whether large values that differ are read, too.")

    @field_validator("run", mode="before")
    @classmethod
    def _as_list(cls, told: object) -> object:
        return [told] if isinstance(told, str) else told


class RunColumn(TypedDict):
    """A run that is compared."""

    name: str
    pipeline: str
    status: str
    created: float
    seconds: float | None
    tags: dict[str, str]


class ValueRow(TypedDict):
    """What each run has under a name, null where it has none; and whether they differ."""

    name: str
    values: list[Any]
    differs: bool


class MetricRow(TypedDict):
    """The last value of a metric in each run; ``differences`` are to the first run."""

    name: str
    values: list[float | None]
    differences: list[float | None]
    differs: bool


class RunCurve(TypedDict):
    """A metric of a run as points of step and value; ``label`` tells it from other lines."""

    run: str
    label: str
    points: list[tuple[float, float]]


class MetricCurves(TypedDict):
    """The curves of a metric over one another."""

    name: str
    lines: list[RunCurve]


class Differences(TypedDict):
    """What differs between two runs, as ``windlass diff --json`` tells it.

    ``differ`` names the sections in which something does.
    """

    before: str
    after: str
    differ: list[str]
    equal: list[str]
    code: list[dict[str, Any]]
    git: list[dict[str, Any]]
    packages: list[dict[str, Any]]
    parameters: list[dict[str, Any]]
    settings: list[dict[str, Any]]
    machine: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    seconds: list[dict[str, Any]]


class CompareDocument(TypedDict):
    """Runs side by side.

    ``differences`` are those of two of them, the first two unless told otherwise; null while only
    one run is named, and ``others`` are some that it may be compared with.
    """

    runs: list[RunColumn]
    parameters: list[ValueRow]
    logged: list[ValueRow]
    metrics: list[MetricRow]
    origin: list[ValueRow]
    curves: list[MetricCurves]
    differences: Differences | None
    others: list[RunColumn]
    asked: dict[str, Any]


def compare(ask: Ask[CompareQuery]) -> CompareDocument:
    """Two to twenty runs side by side: parameters, metrics, code, packages, data."""
    found = _runs(ask)
    records = ask.records
    documents = [run_document(records, run.row, nodes=False) for run in found]
    logged = [logged_params(records, run.id) for run in found]
    return CompareDocument(
        runs=[_column(document) for document in documents],
        parameters=list(_rows([document["parameters"] for document in documents])),
        logged=list(_rows(logged)),
        metrics=list(_metrics([document["metrics"] for document in documents])),
        origin=list(_rows([_origin(document) for document in documents])),
        curves=list(islice(overlaid(ask), _MOST_CURVES)),
        differences=_differences(ask, found),
        others=_others(ask, found) if len(found) == 1 else [],
        asked=ask.query.model_dump(),
    )


def _runs(ask: Ask[Any]) -> list[Run[Any]]:
    """The runs that are asked for, each once.

    Raises:
        ParameterError: None is named, or too many are.
        NotFoundError: There is none of a name.
    """
    names = list(dict.fromkeys(ask.query.run))
    if not 1 <= len(names) <= MOST_RUNS:
        raise ParameterError(
            f"{len(names)} runs cannot be compared" if names else "no run is named to compare",
            hint=f"Tick two to {MOST_RUNS} runs in the list of runs.",
        )
    found = {run.id: run for run in (run_named(ask, name) for name in names)}
    return list(found.values())


def _column(document: Mapping[str, Any]) -> RunColumn:
    return cast("RunColumn", {key: document[key] for key in RunColumn.__annotations__})


def _rows(sides: Sequence[Mapping[str, Any]]) -> Iterator[ValueRow]:
    """What each side has under every name; what differs comes first."""
    names = dict.fromkeys(name for side in sides for name in side)
    rows = [_row(name, [side.get(name) for side in sides]) for name in names]
    yield from sorted(rows, key=lambda row: not row["differs"])


def _row(name: str, values: list[Any]) -> ValueRow:
    return ValueRow(name=name, values=values, differs=any(each != values[0] for each in values))


def _metrics(sides: Sequence[Mapping[str, float | None]]) -> Iterator[MetricRow]:
    for name in dict.fromkeys(name for side in sides for name in side):
        values = [side.get(name) for side in sides]
        first = values[0]
        yield MetricRow(
            name=name,
            values=values,
            differences=[
                None if first is None or each is None else each - first for each in values
            ],
            differs=any(each != first for each in values),
        )


def _origin(document: Mapping[str, Any]) -> dict[str, Any]:
    git = document["git"] or {}
    commit = (git.get("commit") or "")[:10] + (" with changes" if git.get("dirty") else "")
    return {
        "pipeline": document["pipeline"],
        "code": document["bundle"][:12],
        "git": commit or None,
        "environment": document["environment"][:12],
        "target": document["target"],
        "stack": document["stack"],
        "seed": document["seed"],
    }


def overlaid(ask: Ask[Any]) -> Iterator[MetricCurves]:
    """The curves of each metric that has one, over one another."""
    names: dict[str, list[tuple[Run[Any], Curve]]] = {}
    for run in _runs(ask):
        for curve in curves(ask.records, run.id):
            if len(curve["points"]) > 1:
                names.setdefault(curve["name"], []).append((run, curve))
    for name, found in names.items():
        yield MetricCurves(name=name, lines=list(_lines(found)))


def _lines(found: Sequence[tuple[Run[Any], Curve]]) -> Iterator[RunCurve]:
    runs = len({run.id for run, _ in found})
    for run, curve in found[:_MOST_LINES]:
        words = [run.name] if runs > 1 else []
        words += [curve["node"]] if runs < len(found) else []
        label = " ".join(words) or run.name
        yield RunCurve(run=run.name, label=label, points=curve["points"])


def _differences(ask: Ask[CompareQuery], found: Sequence[Run[Any]]) -> Differences | None:
    """What differs between the two that are chosen, the first and the second unless told."""
    if len(found) < 2:
        return None
    query = ask.query
    before = _chosen(found, query.before) or found[0]
    after = _chosen(found, query.after) or next(run for run in found if run.id != before.id)
    make = partial(_compared, ask.stores, before, after, data=query.data)
    if "running" in (before.status, after.status):
        return make()
    ends = (
        before.id,
        before.row.ended,
        after.id,
        after.row.ended,
    )  # of one that is resumed, another
    return _KEPT.get((*ends, query.data), make)


_KEPT: Kept[Differences] = Kept(64)
"""Values are read to compare them."""


def _compared(stores: Stores, before: Run[Any], after: Run[Any], *, data: bool) -> Differences:
    return cast("Differences", compare_runs(stores, before.row, after.row, data=data))


def _chosen(found: Iterable[Run[Any]], name: str | None) -> Run[Any] | None:
    if name is None:
        return None
    for run in found:
        if run.name == name:
            return run
    raise NotFoundError(f"'{name}' is not among the runs that are compared")


def _others(ask: Ask[CompareQuery], found: Sequence[Run[Any]]) -> list[RunColumn]:
    """Other runs, of the same pipeline first."""
    run, records = found[0], ask.records
    same = records.runs(pipeline=run.row.pipeline, limit=_OTHERS)
    others = {each.id: each for each in [*same, *records.runs(limit=_OTHERS)]}
    others.pop(run.id, None)
    documents = (run_document(records, each, nodes=False) for each in others.values())
    return [_column(document) for document in islice(documents, _OTHERS)]
