"""A run: what it is, its nodes, when each ran, what they logged, and where it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.data_checks.evidence import KIND as CHECKS
from windlass.execution.document import run_document
from windlass.execution.libraries import KIND as LIBRARIES
from windlass.execution.rows import Row, states_of
from windlass.execution.run import Run
from windlass.natural import natural
from windlass.pipeline.diagram import diagram
from windlass.pipeline.graph import Graph
from windlass.web.keeping import Kept
from windlass.web.page import Ask, Query
from windlass.web.views.finding import attempts, open_run, rows
from windlass.web.views.lines import (
    NodeLine,
    Portion,
    counted,
    group_line,
    node_line,
    portion,
    pressing_first,
)
from windlass.web.views.logged import LoggedLine, logged_lines
from windlass.web.views.origin import Origin, origin

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Attempt
    from windlass.records.tracked import Curve as Drawn

_MOST_SPANS = 1_000
"""Of a run with more attempts, the longest are on the timeline."""
_POINTS = 300
"""Of a curve, with its least and greatest ones among them."""
_MOST_EVENTS = 200
MANY_NODES = 80
"""Of a graph with more nodes, groups stand as one until they are opened."""
_AT_ONCE = 100
"""Nodes on a page, where not told otherwise."""
MOST = 1_000
"""Nodes on a page, whatever is asked."""


class RunQuery(Query):
    """How much of a run is told."""

    expand: str = Field(
        default="", description="Groups shown with what is in them, with commas between."
    )
    state: str | None = Field(
        default=None, description="Only nodes that have, or hold, this state."
    )
    page: int = Field(default=1, ge=1, description="Which part of the nodes.")
    most: int | None = Field(default=None, ge=1, le=MOST, description="Nodes in a part.")


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


class EventLine(TypedDict):
    """Something that happened in a run: when, what, at which node, and what is said of it."""

    time: float
    kind: str
    node: str
    data: dict[str, Any]


class MadeVersion(TypedDict):
    """A version of a model that a run made, or that had what it made already."""

    model: str
    number: int
    is_new: bool


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
    """A run.

    ``nodes`` are those of the ``portion``, of a large graph what failed first, and groups as one;
    ``states`` says how many of all nodes have each state.
    """

    run: RunFacts
    proof: dict[str, Any] | None
    errors: list[dict[str, Any]]
    states: dict[str, int]
    nodes: list[NodeLine]
    portion: Portion
    asked: dict[str, Any]
    edges: list[tuple[str, str]]
    timeline: list[Span]
    attempts: int
    curves: list[Curve]
    logged: dict[str, Any]
    made: list[LoggedLine]
    versions: list[MadeVersion]
    events: list[EventLine]
    origin: Origin


def run(ask: Ask[RunQuery]) -> RunDocument:
    """A run: its nodes with their states, when each ran, its metrics, where it came from."""
    found, query = open_run(ask), ask.query
    records = found.job.stores.records
    whole = run_document(records, found.row, nodes=False)
    tries = attempts(ask)
    lines = node_lines(found.graph, rows(ask), opened(query.expand), query.state)
    shown, place = portion(lines, query.page, query.most or _AT_ONCE)
    return RunDocument(
        run=cast("RunFacts", {key: whole[key] for key in RunFacts.__annotations__}),
        proof=_proof(records, found.id),
        errors=_errors(rows(ask)),
        states=counted(row.state for row in rows(ask)),
        nodes=list(shown),
        portion=place,
        asked=query.model_dump(),
        edges=edges_of(found),
        timeline=timeline(tries),
        attempts=len(tries),
        curves=curves(records, found.id),
        logged=logged_params(records, found.id),
        made=logged_lines(found.job.stores, found.id),
        versions=[
            MadeVersion(model=each.model, number=each.number, is_new=each.is_new)
            for each in records.minted_by(found.id)
        ],
        events=list(_events(records, found.id)),
        origin=origin(records, found.row, found.job.plan),
    )


def logged_params(records: Records, run: str, node: str | None = None) -> dict[str, Any]:
    """The settings that steps logged, by node and name; of one node, by name."""
    return {
        each.name if node else f"{each.node} {each.name}": natural(each.value)
        for each in records.params(run)
        if node in (None, each.node)
    }


def opened(expand: str) -> tuple[str, ...]:
    """The groups that are asked for by name."""
    return tuple(filter(None, expand.split(",")))


def collapsed_groups(graph: Graph, opened: Collection[str]) -> set[str]:
    """The outermost groups that stand as one, because the graph is large."""
    if len(graph.nodes) <= MANY_NODES:
        return set()
    return {name.partition(".")[0] for name in graph.nodes if "." in name} - set(opened)


def node_lines(
    graph: Graph, all_rows: Sequence[Row], opened: Collection[str], state: str | None
) -> list[NodeLine]:
    """The nodes, and the groups that stand as one, in the order in which they are shown."""
    collapsed = collapsed_groups(graph, opened)
    states = states_of(graph, all_rows, collapsed) if collapsed else {}
    found: dict[str, NodeLine] = {}
    for row in all_rows:
        group = row.name.partition(".")[0]
        if group in collapsed:
            found.setdefault(group, group_line(group, states[group]))
        else:
            found[row.name] = node_line(row)
    kept = [line for line in found.values() if state in (None, line["state"], *line["items"])]
    return pressing_first(kept) if len(graph.nodes) > MANY_NODES else kept


_EDGES: Kept[list[tuple[str, str]]] = Kept(64)


def edges_of(run: Run[Any]) -> list[tuple[str, str]]:
    """The edges of a run's graph: what comes before what."""
    return _EDGES.get(run.row.plan, lambda: list(_edges(run.graph)))


def _edges(graph: Graph) -> Iterator[tuple[str, str]]:
    for link in diagram(graph).links:
        yield link.source, link.target


def _events(records: Records, run: str) -> Iterator[EventLine]:
    """What happened, the newest first; not what other parts of the page tell already."""
    told = [each for each in records.events(run) if each.kind not in _TOLD]
    for each in told[: -_MOST_EVENTS - 1 : -1]:
        yield EventLine(time=each.time, kind=each.kind, node=each.node, data=dict(each.data))


_TOLD = frozenset((LIBRARIES, CHECKS, "version"))


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


def curves(
    records: Records, run: str, node: str | None = None, *, machine: bool = False
) -> list[Curve]:
    """Every metric of every node as a curve, or of one node; or what was measured of machines."""
    found = records.curves(run, points=_POINTS, node=node, machine=machine)
    return [_curve(each) for each in found]


def _curve(found: Drawn) -> Curve:
    # Of what was logged without steps the place counts; thinned points lie evenly among all.
    wide, places = found.count - 1, max(1, len(found.values) - 1)
    steps = [at * wide / places if step is None else step for at, step in enumerate(found.steps)]
    drawn = zip(steps, found.values, strict=True)
    points = [(float(x), y) for x, y in drawn if y is not None and isfinite(y)]
    last = found.values[-1]
    return Curve(node=found.node, name=found.name, last=last, count=found.count, points=points)
