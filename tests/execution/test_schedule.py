"""The schedule: laws over random graphs, and the cases that have names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import DefinitionError
from windlass.execution.schedule import Schedule, Settled, Status, Task
from windlass.pipeline.graph import (
    Branch,
    Choice,
    Constant,
    Each,
    FromChoice,
    FromNode,
    Gathered,
    Graph,
    Node,
    Ref,
)


def gather(*names: str) -> Ref:
    return Gathered("list", tuple(FromNode(name) for name in names))


def graph_of(*nodes: Node, choices: tuple[Choice, ...] = ()) -> Graph:
    return Graph(
        "g", {node.name: node for node in nodes}, {c.name: c for c in choices}, Constant(None)
    )


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Random graphs of single nodes and maps, each needing some of those before it."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 12))):
        names = [node.name for node in nodes]
        needs = draw(st.lists(st.sampled_from(names), unique=True, max_size=3)) if names else []
        after = draw(st.lists(st.sampled_from(names), unique=True, max_size=2)) if names else []
        inputs: dict[str, Ref] = {"x": gather(*needs)}
        mode = draw(st.sampled_from(["single", "zip"]))
        if mode == "zip":
            inputs["y"] = Each(Constant([0] * draw(st.integers(0, 3))))
        nodes.append(Node(f"n{number}", "m:f", inputs, mode=mode, after=tuple(after)))  # type: ignore[arg-type]
    return graph_of(*nodes)


def length(node: Node) -> int:
    ref = node.inputs["y"]
    assert isinstance(ref, Each)
    assert isinstance(ref.of, Constant)
    assert isinstance(ref.of.value, list)
    return len(ref.of.value)


def drive(
    schedule: Schedule,
    fails: set[str] = frozenset(),  # type: ignore[assignment]
) -> tuple[list[str], dict[str, Status]]:
    """Runs a schedule to its end; returns the tasks in order, and what settled aside."""
    order: list[str] = []
    aside: dict[str, Status] = {}
    while not schedule.finished:
        for event in list(schedule.advance()):
            if isinstance(event, Settled):
                assert event.node.name not in aside
                aside[event.node.name] = event.status
                continue
            order.append(event.name)
            schedule.finish(event, "failed" if event.name in fails else "succeeded")
    return order, aside


@given(graphs())
def test_every_node_runs_once_and_after_what_it_needs(graph: Graph) -> None:
    order, _ = drive(Schedule(graph, length, lambda _: True))
    assert len(order) == len(set(order))
    schedule = Schedule(graph, length, lambda _: True)
    while not schedule.finished:
        for event in list(schedule.advance()):
            assert all(schedule.status(name) == "succeeded" for name in graph.upstream(event.node))
            if isinstance(event, Task):
                schedule.finish(event, "succeeded")
    assert all(schedule.status(name) == "succeeded" for name in graph.nodes)


@given(graphs(), st.data())
def test_what_needs_a_failure_is_skipped_and_nothing_else(
    graph: Graph, data: st.DataObject
) -> None:
    everything, _ = drive(Schedule(graph, length, lambda _: True))
    fails = set(data.draw(st.lists(st.sampled_from(everything or [""]), max_size=2)))
    schedule = Schedule(graph, length, lambda _: True)
    drive(schedule, fails)
    failed = {name.partition("[")[0] for name in fails & set(everything)}
    for name, node in graph.nodes.items():
        doomed = any(
            schedule.status(other) in ("failed", "skipped") for other in _data(graph, node)
        )
        doomed |= any(schedule.status(other) == "failed" for other in node.after)
        if schedule.status(name) == "skipped":
            assert doomed
        elif doomed:
            raise AssertionError(f"{name} ran without what it needs")
        else:
            # a task that fails may never have been reached
            assert schedule.status(name) == ("failed" if name in failed else "succeeded")


def _data(graph: Graph, node: Node) -> set[str]:
    return {name for ref in node.inputs.values() for name in graph.nodes_of(ref)}


@given(graphs(), st.data())
def test_what_succeeded_before_is_not_run_again(graph: Graph, data: st.DataObject) -> None:
    everything, _ = drive(Schedule(graph, length, lambda _: True))
    done = frozenset(data.draw(st.lists(st.sampled_from(everything or ["none"]))))
    rest, _ = drive(Schedule(graph, length, lambda _: True, done))
    assert sorted(rest) == sorted(set(everything) - done)


def test_a_map_that_cannot_be_expanded_has_failed() -> None:
    def uneven(_: Node) -> int:
        raise DefinitionError("their lengths differ")

    graph = graph_of(
        Node("m", "m:f", {"y": Each(Constant([1]))}, mode="zip"),
        Node("after", "m:f", {"x": FromNode("m")}),
    )
    schedule = Schedule(graph, uneven, lambda _: True)
    order, aside = drive(schedule)
    assert order == []
    assert aside == {"m": "failed", "after": "skipped"}


def choice_graph() -> Graph:
    yes, no = (Branch("either", True),), (Branch("either", False),)
    return graph_of(
        Node("test", "m:f", {}),
        Node("a", "m:f", {}, when=yes),
        Node("b", "m:f", {}, when=no),
        Node("user", "m:f", {"x": FromChoice("either")}),
        Node("last", "m:f", {}, after=("a", "b")),
        choices=(Choice("either", FromNode("test"), FromNode("a"), FromNode("b")),),
    )


def test_only_the_branch_taken_runs() -> None:
    for taken, runs in ((True, "a"), (False, "b")):
        order, aside = drive(Schedule(choice_graph(), length, lambda _, t=taken: t))  # type: ignore[misc]
        assert order == ["test", runs, "user", "last"]
        assert aside == {"b" if taken else "a": "skipped"}


def test_a_choice_whose_condition_failed_skips_both_branches() -> None:
    order, aside = drive(Schedule(choice_graph(), length, lambda _: True), {"test"})
    assert order == ["test", "last"]
    assert set(aside) == {"a", "b", "user"}
