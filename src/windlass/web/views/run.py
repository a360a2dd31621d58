"""A run: what it is, its nodes, when each ran, and what they logged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.document import run_document
from windlass.execution.rows import Row, rows_of
from windlass.execution.run import Run
from windlass.pipeline.diagram import diagram
from windlass.web.page import Ask, Query
from windlass.web.thinning import thinned
from windlass.web.views.lines import NodeLine, node_line

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Attempt, Metric

_MOST_SPANS = 1_000
"""Of a run with more attempts, the longest are on the timeline."""
_POINTS = 300
"""Of a curve, with its least and greatest ones among them."""


class RunQuery(Query):
    """How much of a run is told."""

    expand: str = Field("", description="Groups drawn with what is in them, with commas between.")


class RunFacts(TypedDict):
    """What a run is, as ``windlass show --json`` tells it, without its nodes."""

    id: str
    name: str
    pipeline: str
    status: str
    target: str
    stack: str
    seed: int
    parameters: dict[str, Any]
    metrics: dict[str, float | None]
    plan: str
    bundle: str
    environment: str
    created: float
    ended: float | None
    seconds: float | None
    error: str | None
    tags: dict[str, str]
    git: dict[str, Any] | None
    left_out: list[Any]


class Span(TypedDict):
    """When an attempt ran; ``ended`` is null while it goes on. Seconds since 1970, UTC."""

    node: str
    attempt: int
    status: str
    worker: str
    started: float
    ended: float | None


class Curve(TypedDict):
    """A metric of a node as points of step (or place) and value, thinned keeping its extremes."""

    node: str
    name: str
    last: float | None
    count: int
    points: list[tuple[float, float]]


class RunDocument(TypedDict):
    """A run."""

    run: RunFacts
    proof: dict[str, Any] | None
    errors: list[dict[str, Any]]
    nodes: list[NodeLine]
    edges: list[tuple[str, str]]
    timeline: list[Span]
    attempts: int
    curves: list[Curve]


def run(ask: Ask[RunQuery]) -> RunDocument:
    """A run: its nodes with their states, when each ran, its metrics."""
    found = open_run(ask)
    records = found.job.stores.records
    rows = rows_of(found)
    whole = run_document(records, found.row, nodes=False)
    attempts = records.attempts(found.id)
    return RunDocument(
        run=RunFacts(**{key: whole[key] for key in RunFacts.__annotations__}),  # type: ignore[typeddict-item]
        proof=_proof(records, found.id),
        errors=_errors(rows),
        nodes=[node_line(row) for row in rows],
        edges=[(link.source, link.target) for link in diagram(found.graph).links],
        timeline=timeline(attempts),
        attempts=len(attempts),
        curves=curves(records.metrics(found.id)),
    )


def open_run(ask: Ask[Any]) -> Run[Any]:
    """The run that a path names.

    Raises:
        NotFoundError: There is none.
    """
    stores = ask.stores
    return Run(stores.records.run(ask.path["run"]), stores)


def _proof(records: Records, run: str) -> dict[str, Any] | None:
    """The newest proof that it was, or was not, reproduced."""
    proofs = records.proofs(run)
    return dict(proofs[0]) if proofs else None


def _errors(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Of the nodes and items that failed, the first error of each kind."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        for each in (*row.items, row):
            error = each.outcome.error if each.outcome else None
            if error:
                alike = (row.name, str(error.get("kind")))
                found.setdefault(alike, {"node": each.name, "others": -1, **error})["others"] += 1
    return list(found.values())


def timeline(attempts: Sequence[Attempt]) -> list[Span]:
    """When each attempt ran; of very many only the longest."""
    if len(attempts) > _MOST_SPANS:
        longest = sorted(attempts, key=lambda each: (each.ended or 1e12) - each.started)
        attempts = sorted(longest[-_MOST_SPANS:], key=lambda each: each.started)
    return [
        Span(
            node=each.node,
            attempt=each.attempt,
            status=each.status,
            worker=str(each.worker.get("hostname") or ""),
            started=each.started,
            ended=each.ended,
        )
        for each in attempts
    ]


def curves(metrics: Sequence[Metric]) -> list[Curve]:
    """Every metric of every node as a curve."""
    series: dict[tuple[str, str], list[Metric]] = defaultdict(list)
    for metric in metrics:
        series[metric.node, metric.name].append(metric)
    return [_curve(node, name, points) for (node, name), points in series.items()]


def _curve(node: str, name: str, metrics: Sequence[Metric]) -> Curve:
    steps = [float(place if m.step is None else m.step) for place, m in enumerate(metrics)]
    values = [float("nan") if m.value is None else m.value for m in metrics]
    points = thinned(steps, values, _POINTS)
    return Curve(node=node, name=name, last=metrics[-1].value, count=len(metrics), points=points)
