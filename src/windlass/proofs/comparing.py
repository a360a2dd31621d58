"""What came of a run, beside what came of it when it was run again: node by node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from windlass.artifacts.gaps import Gap
from windlass.execution.run import shown
from windlass.pipeline.graph import Graph
from windlass.records.model import Outcome, Output

EQUAL, WITHIN, DIFFERENT, UNKNOWN = "equal", "within tolerance", "different", "not comparable"
SKIPPED = "skipped"
_WORST = (SKIPPED, EQUAL, WITHIN, UNKNOWN, DIFFERENT)

Measure: TypeAlias = Callable[[list[tuple[str, str]]], list[dict[str, Any]]]
"""How far pairs of contents are apart, as `windlass.proofs.child.compare` tells."""


@dataclass(frozen=True, slots=True)
class OutputProof:
    """One output of a node.

    Args:
        name: Its name.
        status: `EQUAL`, `WITHIN`, `DIFFERENT` or `UNKNOWN`.
        then: Its content as recorded; None if there was none.
        now: Its content now.
        gap: How far the numbers in it are apart, where these are all that differs.
        told: In what it differs, or why that cannot be told.
    """

    name: str
    status: str
    then: str | None
    now: str | None
    gap: Gap | None = None
    told: str | None = None


@dataclass(frozen=True, slots=True)
class NodeProof:
    """One node, or one item of a map.

    Args:
        node: Its name.
        step: The reference of its step.
        status: That of the worst of its outputs; `SKIPPED`: no choice took it, then as now.
        outputs: Each of them.
        told: Why it cannot be compared.
        is_fed_alike: Whether all that it read was the same.
    """

    node: str
    step: str
    status: str
    outputs: tuple[OutputProof, ...] = ()
    told: str | None = None
    is_fed_alike: bool = True

    @property
    def has_diverged(self) -> bool:
        """Whether what it made is not what it was."""
        return self.status in (WITHIN, DIFFERENT)


def compare_runs(
    then: Sequence[Outcome],
    now: Sequence[Outcome],
    graph: Graph,
    tolerance: float,
    measure: Measure,
) -> list[NodeProof]:
    """The nodes of two runs of one plan, in the order of its graph.

    Args:
        then: What came of the recorded run's nodes.
        now: What came of them now.
        graph: That of the plan.
        tolerance: How far numbers may be apart, absolutely or in proportion.
        measure: Tells how far contents are apart.
    """
    old, new = ({each.node: each for each in shown(some)} for some in (then, now))
    found = [_node(name, old.get(name), new.get(name)) for name in _in_order({**old, **new}, graph)]
    measured = _measured(found, tolerance, measure)
    diverged = {_base(each.node) for each in measured if each.status not in (EQUAL, SKIPPED)}
    return [
        replace(each, is_fed_alike=not diverged & _feeding(graph, _base(each.node)))
        for each in measured
    ]


def _feeding(graph: Graph, node: str) -> set[str]:
    """The nodes whose outputs a node reads."""
    return {name for ref in graph.nodes[node].inputs.values() for name in graph.nodes_of(ref)}


def _base(node: str) -> str:
    return node.partition("[")[0]


def _in_order(names: Mapping[str, Outcome], graph: Graph) -> list[str]:
    """Names in an order in which each comes after all that it reads."""
    places = {name: place for place, name in enumerate(graph.nodes)}
    return sorted(names, key=lambda name: (places[_base(name)], _item(name)))


def _item(name: str) -> int:
    return int(name.rpartition("[")[2].rstrip("]")) if name.endswith("]") else -1


def _node(name: str, then: Outcome | None, now: Outcome | None) -> NodeProof:
    step = (then or now or _NOBODY).step
    if then is None:
        return NodeProof(name, step, UNKNOWN, told="it has no outcome in the record")
    if now is None:
        return NodeProof(name, step, UNKNOWN, told="it has no outcome now: the map has fewer items")
    if then.status == now.status == "skipped" and then.reason == now.reason:
        return NodeProof(name, step, SKIPPED, told=then.reason)
    if then.status != "succeeded" or now.status != "succeeded":
        return NodeProof(name, step, UNKNOWN, told=_why_not(then, now))
    outputs = tuple(_outputs(then.outputs, now.outputs))
    return NodeProof(name, step, _worst(outputs), outputs)


_NOBODY = Outcome(run="", node="", step="", status="")


def _why_not(then: Outcome, now: Outcome) -> str:
    if then.status == now.status == "failed":
        return f"it failed then, and does now: {_error(now)}"
    if then.status == "succeeded":
        return f"it {_ended(now)} now: {_error(now)}"
    return f"it {_ended(then)} then: {_error(then)}"


def _ended(outcome: Outcome) -> str:
    return {"failed": "failed", "succeeded": "succeeds"}.get(
        outcome.status, f"was {outcome.status}"
    )


def _error(outcome: Outcome) -> str:
    error = outcome.error
    return f"{error['kind']}: {error['message']}" if error else outcome.reason or "no reason told"


def _outputs(then: Sequence[Output], now: Sequence[Output]) -> Iterator[OutputProof]:
    new = {output.name: output for output in now}
    for output in then:
        other = new.get(output.name)
        if other is None:  # the plan is the same: no output can be lacking
            yield OutputProof(output.name, UNKNOWN, output.content, None)
        elif other.content == output.content:
            yield OutputProof(output.name, EQUAL, output.content, other.content)
        elif any(each.artifact and each.artifact.pickled for each in (output, other)):
            told = "pickled: other bytes may be an equal value"
            yield OutputProof(output.name, UNKNOWN, output.content, other.content, told=told)
        else:
            yield OutputProof(output.name, DIFFERENT, output.content, other.content)


def _worst(outputs: Sequence[OutputProof]) -> str:
    return max((output.status for output in outputs), key=_WORST.index, default=EQUAL)


def _measured(nodes: list[NodeProof], tolerance: float, measure: Measure) -> list[NodeProof]:
    """Fills in how far the outputs that differ are apart."""
    pairs = [
        (output.then or "", output.now or "")
        for node in nodes
        for output in node.outputs
        if output.status == DIFFERENT
    ]
    if not pairs:
        return nodes
    gaps = dict(zip(pairs, measure(pairs), strict=True))
    found = []
    for node in nodes:
        outputs = tuple(_with_gap(each, gaps, tolerance) for each in node.outputs)
        found.append(
            replace(node, outputs=outputs, status=_worst(outputs) if outputs else node.status)
        )
    return found


def _with_gap(
    output: OutputProof, gaps: Mapping[tuple[str, str], dict[str, Any]], tolerance: float
) -> OutputProof:
    found = gaps.get((output.then or "", output.now or ""))
    if output.status != DIFFERENT or found is None:
        return output
    told = found.get("unlike") or found.get("opaque")
    if told is not None:
        return replace(output, told=told)
    gap = Gap(**found)
    return replace(output, gap=gap, status=WITHIN if 0 < gap.scaled <= tolerance else DIFFERENT)
