"""A node of a run, or an item of a map: how it went, why, from what, and what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.execution.data_checks.evidence import checks_at
from windlass.execution.document import step_document
from windlass.execution.explaining import explanation
from windlass.web.page import Ask, Query
from windlass.web.views.finding import open_node, open_run
from windlass.web.views.lines import (
    NodeLine,
    OutputLine,
    Portion,
    node_line,
    portion,
    pressing_first,
)
from windlass.web.views.logged import LoggedLine, logged_lines
from windlass.web.views.logs import LogPart, log_end
from windlass.web.views.preview import PreviewDocument, preview_document
from windlass.web.views.run import MOST, Curve, Span, curves, edges_of, logged_params, timeline

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.execution.rows import Row
    from windlass.records import Records

_AT_ONCE = 100
"""Items of a map on a page, where not told otherwise."""
_PREVIEWS = 4
"""Outputs that are shown with what is in them; of more, their own pages show it."""
_MOST_INPUTS = 200

_INPUTS = """
SELECT inputs.parameter, inputs.content, inputs.source, inputs.output, inputs.item,
    artifacts.type, artifacts.format, artifacts.bytes, artifacts.summary
FROM inputs LEFT JOIN artifacts ON artifacts.content = inputs.content
WHERE inputs.run = :run AND inputs.node = :node
ORDER BY inputs.parameter, inputs.position LIMIT :most
"""


class NodeQuery(Query):
    """Which items of a map are told."""

    state: str | None = Field(default=None, description="Only items with this state.")
    page: int = Field(default=1, ge=1, description="Which part of the items.")
    most: int | None = Field(default=None, ge=1, le=MOST, description="Items in a part.")


class InputLine(TypedDict):
    """An artifact that a node read, and the node of its run that had made it."""

    parameter: str
    content: str
    type: str | None
    summary: dict[str, Any]
    source: str | None
    output: str | None


class Shown(TypedDict):
    """An output, and what a person is shown of it."""

    output: OutputLine
    preview: PreviewDocument | None


class NodeDocument(TypedDict):
    """A node of a run.

    ``why`` is what ``windlass explain --json`` tells; null for a map, whose items have one each,
    and for a node that has not ended. ``before`` and ``after`` are its neighbours in the graph.
    """

    run: str
    status: str
    node: NodeLine
    step: str
    function: str
    seed: int | None
    settings: dict[str, Any]
    error: dict[str, Any] | None
    checks: list[dict[str, Any]]
    why: dict[str, Any] | None
    inputs: list[InputLine]
    outputs: list[Shown]
    attempts: list[Span]
    errors: list[dict[str, Any]]
    curves: list[Curve]
    machine: list[Curve]
    logged: dict[str, Any]
    made: list[LoggedLine]
    items: list[NodeLine]
    portion: Portion
    asked: dict[str, Any]
    before: list[str]
    after: list[str]
    log: LogPart | None


def node(ask: Ask[NodeQuery]) -> NodeDocument:
    """A node of a run: how it went, why it ran or did not, what it read and made."""
    run, (row, base), query = open_run(ask), open_node(ask), ask.query
    records, outcome = run.job.stores.records, row.outcome
    graph_node = run.graph.nodes[base]
    attempts = records.attempts(run.id, row.name)
    items = [node_line(each) for each in row.items if query.state in (None, each.state.word)]
    shown, place = portion(pressing_first(items), query.page, query.most or _AT_ONCE)
    edges = edges_of(run)
    return NodeDocument(
        run=run.name,
        status=run.status,
        node=node_line(row),
        step=step_document(graph_node.step)["step"],
        function=graph_node.step,
        seed=outcome.seed if outcome else None,
        settings={name: each for name, each in graph_node.settings.items() if each is not None},
        error=dict(outcome.error) if outcome and outcome.error else None,
        checks=checks_at(records, [outcome]).get(row.name, []) if outcome else [],
        why=_why(ask, row),
        inputs=_inputs(records, run.id, row.name),
        outputs=_outputs(row, run.job.stores),
        attempts=timeline(attempts),
        errors=[{"attempt": each.attempt, **each.error} for each in attempts if each.error],
        curves=curves(records, run.id, row.name),
        machine=curves(records, run.id, row.name, machine=True),
        logged=logged_params(records, run.id, row.name),
        made=logged_lines(run.job.stores, run.id, row.name),
        items=list(shown),
        portion=place,
        asked=query.model_dump(),
        before=[source for source, target in edges if target == base],
        after=[target for source, target in edges if source == base],
        log=log_end(run.job, attempts),
    )


def _why(ask: Ask[NodeQuery], row: Row) -> dict[str, Any] | None:
    if row.outcome is None or row.items:
        return None
    return explanation(ask.records, open_run(ask).row, row.outcome)


def _inputs(records: Records, run: str, name: str) -> list[InputLine]:
    from windlass.records.rows import load

    wanted = {"run": run, "node": name, "most": _MOST_INPUTS}
    return [
        InputLine(
            parameter=row["parameter"],
            content=row["content"],
            type=row["type"],
            summary=load(row["summary"]) if row["summary"] else {},
            source=row["source"],
            output=row["output"],
        )
        for row in records.execute(_INPUTS, wanted)
    ]


def _outputs(row: Row, stores: Stores) -> list[Shown]:
    lines = node_line(row)["outputs"]
    found = row.outcome.outputs if row.outcome else ()
    return [
        Shown(
            output=line,
            preview=preview_document(output.artifact, stores)
            if place < _PREVIEWS and output.artifact and not row.items
            else None,
        )
        for place, (line, output) in enumerate(zip(lines, found, strict=True))
    ]
