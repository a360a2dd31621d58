"""What several pages look up first: a run, its plan, its nodes, an artifact."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from windlass.errors import NotFoundError
from windlass.execution.rows import Row, rows_of
from windlass.execution.run import Run
from windlass.keeping import Kept
from windlass.pipeline.plan import Plan, read_plan
from windlass.web.page import Ask

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.records import Records
    from windlass.records.model import Attempt

_PLANS: Kept[Plan] = Kept(32)
"""A large plan takes a while to read."""


def plan_of(records: Records, digest: str) -> Plan:
    """A plan of the record.

    Raises:
        NotFoundError: There is none.
    """
    return _PLANS.get(digest, lambda: read_plan(records.plan(digest)))


def open_run(ask: Ask[Any]) -> Run[Any]:
    """The run that a path names.

    Raises:
        NotFoundError: There is none.
    """
    return ask.once(_run)


def _run(ask: Ask[Any]) -> Run[Any]:
    return run_named(ask, ask.path["run"])


def run_named(ask: Ask[Any], name: str) -> Run[Any]:
    """A run by its name, its id, or its pipeline's name.

    Raises:
        NotFoundError: There is none.
    """
    stores = ask.stores
    row = stores.records.run(name)
    return Run(row, stores, plan_of(stores.records, row.plan))


def rows(ask: Ask[Any]) -> list[Row]:
    """The nodes of the run that a path names."""
    return ask.once(_rows)


def _rows(ask: Ask[Any]) -> list[Row]:
    return rows_of(open_run(ask), attempts(ask))


def attempts(ask: Ask[Any]) -> list[Attempt]:
    """The tries at the nodes of the run that a path names."""
    return ask.once(_attempts)


def _attempts(ask: Ask[Any]) -> list[Attempt]:
    return ask.records.attempts(open_run(ask).id)


class NodeRow(NamedTuple):
    """A node of a run, or an item of a map, by what it is called.

    `row` is its row; `base` the name of the node in the graph.
    """

    row: Row
    base: str


def open_node(ask: Ask[Any]) -> NodeRow:
    """The node or item that a path names.

    Raises:
        NotFoundError: The run has none of that name.
    """
    return node_named(open_run(ask).name, rows(ask), ask.path["node"])


def node_named(run: str, all_rows: list[Row], name: str) -> NodeRow:
    """A node, or an item of a map, among the rows of a run."""
    base = name.partition("[")[0]
    for row in all_rows:
        if row.name == name:
            return NodeRow(row, base)
        if row.name == base:
            for item in row.items:
                if item.name == name:
                    return NodeRow(item, base)
    names = [row.name for row in all_rows]
    near = get_close_matches(base, names, 3) or names[:9]
    raise NotFoundError(f"{run} has no node '{name}'", hint=f"It has {', '.join(near)}.")


def open_artifact(ask: Ask[Any]) -> Artifact:
    """The artifact that a path names, by its digest or the beginning of it.

    Raises:
        NotFoundError: There is none, or more than one.
    """
    return ask.once(_artifact)


def _artifact(ask: Ask[Any]) -> Artifact:
    return ask.records.find_artifact(ask.path["digest"])
