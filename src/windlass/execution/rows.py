"""A run as rows to be shown: one for each node of its graph, with the items of a map below it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from windlass.pipeline.diagram import chain, parent
from windlass.pipeline.graph import Choice, Graph, Node
from windlass.pipeline.states import NodeState, combined
from windlass.words import shortened

if TYPE_CHECKING:
    from windlass.execution.run import Run
    from windlass.records.model import Attempt, Outcome

_ITEM = re.compile(r"(.+)\[(\d+)\]$")


@dataclass(frozen=True, slots=True)
class Row:
    """A node of a run, or one item of a map.

    Args:
        name: ``train``, or ``train[2]``.
        state: How it stands; a map as its items together.
        outcome: What came of it; None while nothing has, and for a map with items.
        items: Those of a map, in order.
    """

    name: str
    state: NodeState
    outcome: Outcome | None = None
    items: tuple[Row, ...] = ()


def rows_of(run: Run[Any], attempts: Sequence[Attempt] | None = None) -> list[Row]:
    """The rows of a run, in the order of its graph.

    Args:
        run: The run.
        attempts: Its attempts, where they were read before.
    """
    records = run.job.stores.records
    tries = records.attempts(run.id) if attempts is None else attempts
    outcomes = {outcome.node: outcome for outcome in records.run_outcomes(run.id)}
    begun = {a.node for a in tries if a.status == "running"} - outcomes.keys()
    word = "running" if run.status == "running" else "lost"
    rows = {name: Row(name, state_of(outcome), outcome) for name, outcome in outcomes.items()}
    rows |= {name: Row(name, NodeState(word)) for name in begun}
    items: dict[str, list[Row]] = defaultdict(list)
    for name, row in rows.items():
        if match := _ITEM.match(name):
            items[match[1]].append(row)
    return [
        _row(node, rows.get(name), items[name], going=word == "running")
        for name, node in run.graph.nodes.items()
    ]


def state_of(outcome: Outcome) -> NodeState:
    """The state that an outcome tells of."""
    error = outcome.error
    note = f"{error['kind']}: {error['message']}" if error else outcome.reason or ""
    return NodeState(outcome.status, outcome.seconds, outcome.cached, shortened(note))


def _row(node: Node, own: Row | None, items: list[Row], *, going: bool) -> Row:
    outcome = own.outcome if own else None
    if not items:
        state = own.state if own else NodeState("waiting")
        if node.mapped and state.status == "succeeded":
            state = replace(state, items={"succeeded": 0})
        return Row(node.name, state, outcome)
    items.sort(key=lambda item: int(item.name.rpartition("[")[2][:-1]))
    state = combined(item.state for item in items)
    if going and own is None and state.status != "failed":
        state = replace(state, status="running", cached=False)
    return Row(node.name, state, outcome, tuple(items))


def states_of(
    graph: Graph, rows: Iterable[Row], collapsed: Collection[str]
) -> dict[str, NodeState]:
    """The state of every box of a drawing, by its name."""
    states = {row.name: row.state for row in rows}
    inner: dict[str, list[NodeState]] = {group: [] for group in collapsed}
    for name, state in states.items():
        for group in chain(parent(name)):
            if group in inner:
                inner[group].append(state)
    states |= {group: combined(own) for group, own in inner.items()}
    for choice in graph.choices.values():
        if _is_passed_by(graph, choice, states):
            states[choice.name] = NodeState("skipped", note="it was not asked")
    return states


def _is_passed_by(graph: Graph, choice: Choice, states: Mapping[str, NodeState]) -> bool:
    """Whether a choice was never made: what decides it, or all that hangs on it, was skipped."""
    if any(states[name].status == "skipped" for name in graph.nodes_of(choice.condition)):
        return True
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for node in graph.nodes.values():
        for branch in node.when:
            if branch.choice == choice.name:
                sides[branch.taken].add(states[node.name].status)
    return sides[True] == sides[False] == {"skipped"}
