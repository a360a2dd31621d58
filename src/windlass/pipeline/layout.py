"""Where everything of a drawn graph stands: a layered layout, each node after those it needs.

    layout(graph).boxes["train"].x

The same graph always gives the same layout. Layers run downwards, or to the right where that
takes less width. Units are pixels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.pipeline.diagram import Diagram, LinkKind, Shape, ShapeKind, chain, diagram
from windlass.pipeline.graph import Graph
from windlass.pipeline.layered.layering import layers_of
from windlass.pipeline.layered.ordering import ordered
from windlass.pipeline.layered.placing import Placing, Span

Direction: TypeAlias = Literal["down", "right"]
Point: TypeAlias = tuple[float, float]

_WIDE = 960
"""From this width on, it is tried whether the layers better run to the right."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node, a choice or a collapsed group: where it stands and what is written on it.

    `count` is the number of a map's items, where the graph says it; `about` tells what it is.
    """

    name: str
    label: str
    kind: ShapeKind
    count: int | None
    about: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds the nodes of a group; `depth` is 0 for an outermost one."""

    name: str
    label: str
    depth: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a box to a box.

    It never runs back. Two points that follow one another are joined by a straight line, if that
    is level or upright, and by a curve if not.
    """

    source: str
    target: str
    kind: LinkKind
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A drawn graph.

    Args:
        name: The pipeline's name.
        direction: Which way the layers run.
        width: Of all of it.
        height: Of all of it.
        boxes: By name, each after all that it needs.
        frames: By name, outer ones first.
        edges: From box to box.
    """

    name: str
    direction: Direction
    width: float
    height: float
    boxes: Mapping[str, Box]
    frames: Mapping[str, Frame]
    edges: tuple[Edge, ...]


def layout(
    graph: Graph,
    *,
    collapsed: Collection[str] = (),
    room: bool = False,
    direction: Direction | None = None,
) -> Layout:
    """Lays a graph out.

    Args:
        graph: The graph.
        collapsed: Names of groups that are drawn as one box.
        room: Whether boxes leave room for a status and a time.
        direction: Which way the layers run; None for downwards, unless that would be wide.

    Raises:
        DefinitionError: Nodes of the graph wait for one another.
    """
    return laid_out(diagram(graph, collapsed), room=room, direction=direction)


def laid_out(shown: Diagram, *, room: bool = False, direction: Direction | None = None) -> Layout:
    """Lays out shapes and links, be they of a pipeline's graph or not.

    Args:
        shown: What there is to draw.
        room: Whether boxes leave room for a status and a time.
        direction: Which way the layers run; None for downwards, unless that would be wide.
    """
    layers = layers_of(shown)
    order = ordered(layers)
    if direction is None:
        found = Placing(shown, layers, order, room=room, down=True)
        if found.size[0] > _WIDE:
            right = Placing(shown, layers, order, room=room, down=False)
            found = min(found, right, key=lambda it: it.size[0])
    else:
        found = Placing(shown, layers, order, room=room, down=direction == "down")
    return _layout(found)


def _layout(placing: Placing) -> Layout:
    shown = placing.shown
    boxes = {
        shape.name: _box(shape, *placing.box(number))
        for number, shape in enumerate(shown.shapes.values())
    }
    frames = {group: _frame(group, *placing.frame(group)) for group in shown.groups}
    edges = [Edge(it.source, it.target, it.kind, placing.points(it)) for it in shown.links]
    direction: Direction = "down" if placing.down else "right"
    return Layout(shown.name, direction, *placing.size, boxes, frames, tuple(edges))


def _box(shape: Shape, x: Span, y: Span) -> Box:
    place = (x.start, y.start, x.length, y.length)
    return Box(shape.name, shape.label, shape.kind, shape.count, shape.about, *place)


def _frame(group: str, x: Span, y: Span) -> Frame:
    label, depth = group.rpartition(".")[2], len(chain(group)) - 1
    return Frame(group, label, depth, x.start, y.start, x.length, y.length)
