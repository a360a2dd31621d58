"""Laws of every layout: nothing overlaps, lines run on, groups hold their own; the same again."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from graph_shapes import chain, fan, graphs, ladder
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass import each, either, pipeline, step
from windlass.errors import DefinitionError
from windlass.pipeline.diagram import diagram
from windlass.pipeline.graph import FromNode, Graph, Node
from windlass.pipeline.layered.layering import layers_of
from windlass.pipeline.layered.lettering import cells, short
from windlass.pipeline.layered.relaxing import rising
from windlass.pipeline.layout import Box, Direction, Edge, Frame, Layout, Point, layout

LAWS = settings(deadline=None, max_examples=50)
directions = st.sampled_from(["down", "right"])


def ends(box: Box | Frame) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def overlap(one: Box | Frame, other: Box | Frame) -> bool:
    left, top, right, bottom = ends(one)
    x, y, u, v = ends(other)
    return left < u and x < right and top < v and y < bottom


def holds(outer: Box | Frame, inner: Box | Frame) -> bool:
    left, top, right, bottom = ends(outer)
    x, y, u, v = ends(inner)
    return left < x and top < y and u < right and v < bottom


def is_in(name: str, group: str) -> bool:
    return name.startswith(f"{group}.")


@LAWS
@given(graphs(), directions, st.booleans())
def test_no_two_boxes_overlap(graph: Graph, direction: Direction, room: bool) -> None:
    drawn = layout(graph, direction=direction, room=room)
    assert {box.name for box in drawn.boxes.values()} == {*graph.nodes, *graph.choices}
    for one, other in combinations(drawn.boxes.values(), 2):
        assert not overlap(one, other), (one.name, other.name)


@LAWS
@given(graphs(), directions)
def test_everything_is_within_the_drawing(graph: Graph, direction: Direction) -> None:
    drawn = layout(graph, direction=direction)
    places = [point for edge in drawn.edges for point in edge.points]
    parts: list[Box | Frame] = [*drawn.boxes.values(), *drawn.frames.values()]
    for part in parts:
        left, top, right, bottom = ends(part)
        places += [(left, top), (right, bottom)]
    for x, y in places:
        assert 0 <= x <= drawn.width
        assert 0 <= y <= drawn.height


@LAWS
@given(graphs(), directions)
def test_every_line_runs_on_from_its_source_to_its_target(
    graph: Graph, direction: Direction
) -> None:
    drawn = layout(graph, direction=direction)
    axis = 1 if direction == "down" else 0
    for edge in drawn.edges:
        source, target = drawn.boxes[edge.source], drawn.boxes[edge.target]
        start, end = edge.points[0], edge.points[-1]
        assert ends(source)[2:][axis] == start[axis] < end[axis] == ends(target)[:2][axis]
        assert all(one[axis] <= other[axis] for one, other in pairwise(edge.points))
        for place, box in ((start, source), (end, target)):
            assert ends(box)[1 - axis] <= place[1 - axis] <= ends(box)[3 - axis]


@LAWS
@given(graphs(), directions)
def test_no_line_runs_through_a_box(graph: Graph, direction: Direction) -> None:
    drawn = layout(graph, direction=direction)
    for edge in drawn.edges:
        for one, other in pairwise(edge.points):
            if one[0] != other[0] and one[1] != other[1]:
                continue  # a curve, which stays between two layers
            for box in drawn.boxes.values():
                assert not crosses(one, other, box), (edge, box)


def crosses(one: Point, other: Point, box: Box) -> bool:
    left, top, right, bottom = ends(box)
    (x, u), (y, v) = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return left < u and x < right and top < v and y < bottom


@LAWS
@given(graphs(), directions)
def test_groups_hold_what_is_theirs_and_nothing_else(graph: Graph, direction: Direction) -> None:
    drawn = layout(graph, direction=direction)
    parts: list[Box | Frame] = [*drawn.boxes.values(), *drawn.frames.values()]
    for frame in drawn.frames.values():
        for part in parts:
            if is_in(part.name, frame.name):
                assert holds(frame, part), (frame.name, part.name)
            elif part.name != frame.name and not is_in(frame.name, part.name):
                assert not overlap(frame, part), (frame.name, part.name)


@LAWS
@given(graphs(), directions, st.booleans())
def test_the_same_graph_has_the_same_layout(graph: Graph, direction: Direction, room: bool) -> None:
    first, again = (layout(graph, direction=direction, room=room) for _ in range(2))
    assert first == again


@LAWS
@given(graphs(), st.sets(st.sampled_from(["a", "a.c", "b"])))
def test_collapsed_groups_stand_for_their_nodes(graph: Graph, collapsed: set[str]) -> None:
    try:
        drawn = layout(graph, collapsed=collapsed)
    except DefinitionError:
        return  # what is traced is never so, but a graph of any order can be
    hidden = {n for n in (*graph.nodes, *graph.choices) if any(is_in(n, g) for g in collapsed)}
    assert not hidden & drawn.boxes.keys()
    assert not collapsed & drawn.frames.keys()
    for one, other in combinations(drawn.boxes.values(), 2):
        assert not overlap(one, other)


@step
def load(rows: int) -> list[int]:
    return []


@step
def train(data: list[int], depth: int) -> int:
    return 0


@step
def pick(models: list[int]) -> int:
    return 0


@step
def note(rows: int) -> None: ...


@step
def is_good(model: int) -> bool:
    return True


@step
def publish(model: int) -> str:
    return ""


@pipeline
def inner(rows: int) -> int:
    return pick(train.map(load(rows), depth=each([4, 6, 8])))


@pipeline
def training(rows: int = 3, force: bool = False) -> str:
    best = inner(rows)
    note.after(best)(rows)
    told = either(is_good(best), lambda: publish(best), lambda: "no")
    return either(force, lambda: publish(best), lambda: told)


def kinds(drawn: Layout) -> dict[tuple[str, str], str]:
    return {(edge.source, edge.target): edge.kind for edge in drawn.edges}


def test_what_stands_for_what() -> None:
    drawn = layout(training.graph())
    boxes = {box.name: (box.label, box.kind, box.count) for box in drawn.boxes.values()}
    assert boxes["inner.train"] == ("train", "map", 3)
    assert boxes["inner.pick"] == ("pick", "step", None)
    assert boxes["either"] == ("?", "choice", None)
    assert boxes["either_2"] == ("force?", "choice", None)
    assert [(frame.name, frame.label) for frame in drawn.frames.values()] == [("inner", "inner")]
    assert drawn.boxes["inner.train"].about.splitlines() == [
        "inner.train",
        "step test_layout:train",
        "once for each item",
        "data ← inner.load",
        "depth ← each of [4, 6, 8]",
    ]


def test_lines_say_what_passes() -> None:
    assert kinds(layout(training.graph())) == {
        ("inner.load", "inner.train"): "data",
        ("inner.train", "inner.pick"): "data",
        ("inner.pick", "note"): "order",
        ("inner.pick", "is_good"): "data",
        ("is_good", "either"): "data",
        ("inner.pick", "publish"): "data",
        ("either", "publish"): "yes",
        ("inner.pick", "publish_2"): "data",
        ("either_2", "publish_2"): "yes",
    }


@step
def decide(model: int) -> bool:
    return True


@pipeline
def constants(fast: bool = True, rows: int = 1) -> str:
    chosen = either(fast, lambda: 1, lambda: 2)
    return publish(either(decide(chosen), lambda: chosen, lambda: rows))


def test_values_of_a_branch_that_no_node_makes_come_from_the_choice() -> None:
    assert kinds(layout(constants.graph())) == {
        ("either", "decide"): "either",
        ("decide", "either_2"): "data",
        ("either", "publish"): "either",
        ("either_2", "publish"): "either",
    }


@pipeline
def nested(a: bool = True, b: bool = True, rows: int = 1) -> str:
    return publish(either(a, lambda: either(b, lambda: inner(rows), lambda: rows), lambda: rows))


def test_a_choice_on_a_branch_hangs_on_the_outer_one() -> None:
    found = kinds(layout(nested.graph()))
    assert found["either", "either_2"] == "yes"
    assert found["either_2", "inner.load"] == "yes"
    assert ("either", "inner.load") not in found
    assert ("either_2", "inner.train") not in found
    assert found["inner.pick", "publish"] == "data"
    assert (found["either", "publish"], found["either_2", "publish"]) == ("no", "no")


def test_a_collapsed_group_takes_the_lines_of_its_nodes() -> None:
    drawn = layout(training.graph(), collapsed={"inner"})
    assert drawn.boxes["inner"].kind == "group"
    assert kinds(drawn)["inner", "note"] == "order"
    assert not drawn.frames


def test_layers_run_down_unless_that_is_wide() -> None:
    assert layout(chain(30)).direction == "down"
    assert layout(fan(3)).direction == "down"
    assert layout(fan(50)).direction == "right"
    assert layout(fan(50)).width < 400
    assert layout(fan(50), direction="down").direction == "down"


def test_a_chain_is_a_straight_line() -> None:
    drawn = layout(chain(30))
    assert len({box.x for box in drawn.boxes.values()}) == 1
    assert all(edge.points[0][0] == edge.points[-1][0] for edge in drawn.edges)


def test_a_fan_is_even() -> None:
    boxes = layout(fan(9), direction="down").boxes
    middles = [boxes[f"n{i}"].x + boxes[f"n{i}"].width / 2 for i in range(9)]
    assert len({after - before for before, after in pairwise(sorted(middles))}) == 1
    assert boxes["first"].x + boxes["first"].width / 2 == sorted(middles)[4]


def test_lines_of_a_wide_fan_share_a_track() -> None:
    edges = layout(fan(9), direction="down").edges
    tracks = {
        edge.points[1][1] for edge in edges if edge.source == "first" and len(edge.points) == 4
    }
    assert len(tracks) == 1


@pytest.mark.parametrize("graph", [chain(1000), fan(1000), ladder(120)], ids=lambda g: g.name)
def test_large_graphs_are_laid_out_with_bounded_work(graph: Graph) -> None:
    shown = diagram(graph)
    assert len(layers_of(shown).layer) <= 4 * len(shown.shapes) + 100
    drawn = layout(graph)
    rows: dict[float, list[Box]] = {}
    for box in drawn.boxes.values():
        rows.setdefault(box.y, []).append(box)
    for row in rows.values():
        row.sort(key=lambda box: box.x)
        assert all(one.x + one.width < other.x for one, other in pairwise(row))
    assert len(drawn.boxes) == len(graph.nodes)
    assert len(drawn.edges) == len(shown.links)


def test_a_cycle_is_told() -> None:
    nodes = {name: Node(name, "m:f", {"x": FromNode(other)}) for name, other in ("ab", "ba")}
    with pytest.raises(DefinitionError, match=r"'loop' cannot be drawn in order: . → . → ."):
        layout(Graph("loop", nodes, {}, FromNode("a")))


def test_an_empty_graph_is_an_empty_drawing() -> None:
    drawn = layout(Graph("none", {}, {}, FromNode("x")))
    assert (drawn.boxes, drawn.edges) == ({}, ())


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_layout import nested, training
from windlass.pipeline.drawing import svg
from windlass.pipeline.layout import layout
print("".join(svg(layout(it.graph())) for it in (nested, training)))
"""


def test_the_layout_does_not_depend_on_the_order_of_hashes() -> None:
    here = str(Path(__file__).parent)
    drawings = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT, here],
            env={"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(drawings) == 1


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(0.1, 10)), max_size=8))
def test_isotonic_regression(wishes: list[tuple[float, float]]) -> None:
    found = rising(wishes)
    assert all(one <= other + 1e-9 for one, other in pairwise(found))
    # It is the least of all rising values: no shift of a block of equals makes it better.
    cost = squares(found, wishes)
    for start in range(len(found)):
        for end in range(start + 1, len(found) + 1):
            for shift in (-0.01, 0.01):
                moved = [v + shift * (start <= i < end) for i, v in enumerate(found)]
                if all(one <= other for one, other in pairwise(moved)):
                    assert squares(moved, wishes) >= cost - 1e-9


def squares(values: list[float], wishes: list[tuple[float, float]]) -> float:
    return sum(
        weight * (value - wish) ** 2 for value, (wish, weight) in zip(values, wishes, strict=True)
    )


@given(st.text())
def test_long_names_are_cut_in_the_middle(text: str) -> None:
    cut = short(text, 12)
    assert cells(cut) <= 12
    assert cut == text if cells(text) <= 12 else "…" in cut


def test_wide_signs_count_twice() -> None:
    assert cells("abc") == 3
    assert cells("数据") == 4
    assert short("the_very_long_name_of_a_step_2", 11) == "the_v…tep_2"


def test_edges_are_plain_data() -> None:
    drawn = layout(chain(2))
    assert drawn.edges == (Edge("n0", "n1", "data", drawn.edges[0].points),)
