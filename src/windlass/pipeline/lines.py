"""The lines of a drawing: what several of them share is drawn once, corners are round."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from windlass.pipeline.layout import Edge, Layout, Point
from windlass.pipeline.states import NodeState

_CORNER = 8.0
_LABELS = {"yes": "yes", "no": "no", "either": "yes, no"}


def lines_svg(drawn: Layout, states: Mapping[str, NodeState]) -> Iterator[str]:
    """All lines; what several of them share is drawn once, faint ones below the others."""
    off = {name for name, state in states.items() if state.status == "skipped"}
    seen: set[object] = set()
    bundles: dict[tuple[bool, str], list[Edge]] = {}
    for edge in drawn.edges:
        faint = edge.source in off or edge.target in off
        style = "wl-line wl-order" if edge.kind == "order" else "wl-line"
        bundles.setdefault((faint, style), []).append(edge)
    found = []
    for (faint, style), edges in sorted(bundles.items()):
        inner = _bundle(edges, style, drawn.direction == "down", seen)
        found.append(f'<g class="wl-faint">{inner}</g>' if faint else inner)
    return reversed(found)


def _bundle(edges: Iterable[Edge], style: str, down: bool, seen: set[object]) -> str:
    steps, heads, labels = [], [], []
    for edge in edges:
        for step in _course(edge.points, down):
            if (step, style) not in seen:
                seen.add((step, style))
                steps.append(step)
        if edge.points[-1] not in seen:
            seen.add(edge.points[-1])
            heads.append(_head(edge.points[-1], down))
        label = (edge.kind, edge.points[:2])
        if edge.kind in _LABELS and label not in seen:
            seen.add(label)
            labels.append(_label(edge))
    head = f'<path class="wl-head" d="{"".join(heads)}"/>' if heads else ""
    return f'<path class="{style}" d="{"".join(steps)}"/>{head}{"".join(labels)}'


def _course(points: Sequence[Point], down: bool) -> Iterator[str]:
    """The parts of a line, each beginning where it must: shared parts can so be left out."""
    corners = [_is_corner(*three) for three in zip(points, points[1:], points[2:], strict=False)]
    turned = [False, *corners, False]
    for number, (start, end) in enumerate(pairwise(points)):
        before = _CORNER if turned[number] else 0.0
        after = _CORNER if turned[number + 1] else 0.0
        yield _step(_towards(start, end, before), _towards(end, start, after), down=down)
        if after:
            x, y = _towards(end, start, after)
            u, v = _towards(end, points[number + 2], after)
            yield f"M{x:g} {y:g}Q{end[0]:g} {end[1]:g} {u:g} {v:g}"


def _is_corner(one: Point, two: Point, three: Point) -> bool:
    """Whether a level line meets an upright one."""
    level, upright = one[1] == two[1], one[0] == two[0]
    return (level and two[0] == three[0]) != (upright and two[1] == three[1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point on the way from one to another, at most half of it."""
    (x, y), (u, v) = start, end
    length = math.hypot(u - x, v - y)
    share = min(distance / length, 0.5) if length else 0.0
    return x + (u - x) * share, y + (v - y) * share


def _step(start: Point, end: Point, *, down: bool) -> str:
    (x, y), (u, v) = start, end
    if x == u or y == v:
        return f"M{x:g} {y:g}L{u:g} {v:g}"
    if down:
        return f"M{x:g} {y:g}C{x:g} {(y + v) / 2:g} {u:g} {(y + v) / 2:g} {u:g} {v:g}"
    return f"M{x:g} {y:g}C{(x + u) / 2:g} {y:g} {(x + u) / 2:g} {v:g} {u:g} {v:g}"


def _head(end: Point, down: bool) -> str:
    """The head of an arrow whose point is at `end`."""
    x, y = end
    if down:
        return f"M{x:g} {y:g}l-3.6 -7h7.2z"
    return f"M{x:g} {y:g}l-7 -3.6v7.2z"


def _label(edge: Edge) -> str:
    (x, y), (u, v) = edge.points[:2] if len(edge.points) == 2 else _label_line(edge.points)
    middle = f'x="{(x + u) / 2:g}" y="{(y + v) / 2:g}"'
    return f'<text class="wl-branch" {middle}>{_LABELS[edge.kind]}</text>'


def _label_line(points: Sequence[Point]) -> tuple[Point, Point]:
    """The part of a longer line that its label stands on: on a track, the last before its end."""
    first, second, third = points[:3]
    return (second, third) if _is_corner(first, second, third) else (first, second)
