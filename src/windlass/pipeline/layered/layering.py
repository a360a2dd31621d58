"""Layers of a drawing: each shape below all that it needs, long links led through every layer.

The first of the three steps of the method of Sugiyama, Tagawa and Toda (1981), with longest-path
layers. A link over several layers gets a waypoint in each one between, where it can be given
room; all links of one kind from one shape share theirs, so that they run as one line and part late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from windlass.pipeline.diagram import Diagram, Link, chain

_MOST_WAYPOINTS = 3
"""Waypoints for each shape: a bound on work. The longest links go without beyond it."""


@dataclass(slots=True)
class Layers:
    """The points of a drawing and their layers.

    The first points are the shapes, in the diagram's order; then come waypoints of links, and
    pillars, which keep a group's place in a layer where it has nothing.

    Args:
        layer: The layer of each point.
        group: The group of each point.
        above: For each point, those in the layer just above that it is joined to.
        below: The same, just below.
        shapes: How many of the points are shapes.
        spans: First and last layer of each group.
        routes: The points that each link passes, from its source to its target.
    """

    layer: list[int]
    group: list[str | None]
    above: list[list[int]]
    below: list[list[int]]
    shapes: int
    spans: Mapping[str, tuple[int, int]]
    routes: dict[Link, tuple[int, ...]] = field(default_factory=dict)

    def add(self, layer: int, group: str | None) -> int:
        """Adds a point; returns its number."""
        self.layer.append(layer)
        self.group.append(group)
        self.above.append([])
        self.below.append([])
        return len(self.layer) - 1

    def join(self, upper: int, lower: int) -> None:
        """Joins two points of neighbouring layers."""
        if lower not in self.below[upper]:
            self.below[upper].append(lower)
            self.above[lower].append(upper)


def layers_of(diagram: Diagram) -> Layers:
    """Gives every shape a layer, and every long link its waypoints."""
    numbers = {name: number for number, name in enumerate(diagram.shapes)}
    layer = _longest_paths(diagram)
    group = [shape.group for shape in diagram.shapes.values()]
    found = Layers(
        layer=[layer[name] for name in diagram.shapes],
        group=list(group),
        above=[[] for _ in numbers],
        below=[[] for _ in numbers],
        shapes=len(numbers),
        spans=_spans(diagram, layer),
    )
    _route(found, diagram.links, numbers)
    _add_pillars(found)
    return found


def _longest_paths(diagram: Diagram) -> dict[str, int]:
    """The layer of each shape: one below the lowest that it needs.

    What needs nothing goes right above the first that needs it, not to the very top.
    """
    needs: dict[str, list[str]] = defaultdict(list)
    needed_by: dict[str, list[str]] = defaultdict(list)
    for link in diagram.links:
        needs[link.target].append(link.source)
        needed_by[link.source].append(link.target)
    layer: dict[str, int] = {}
    for name in diagram.shapes:
        layer[name] = max((layer[other] + 1 for other in needs[name]), default=0)
    for name in diagram.shapes:
        if not needs[name] and needed_by[name]:
            layer[name] = min(layer[other] for other in needed_by[name]) - 1
    return layer


def _spans(diagram: Diagram, layer: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    held: dict[str, list[int]] = {group: [] for group in diagram.groups}
    for name, shape in diagram.shapes.items():
        for group in chain(shape.group):
            held[group].append(layer[name])
    return {group: (min(found), max(found)) for group, found in held.items()}


def _route(layers: Layers, links: Sequence[Link], numbers: Mapping[str, int]) -> None:
    """Leads every link from layer to layer; the shortest bundles are served first."""
    bundles: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in links:
        bundles[link.source, link.kind].append(link)

    def reach(bundle: list[Link]) -> int:
        return max(layers.layer[numbers[link.target]] for link in bundle)

    room = _MOST_WAYPOINTS * layers.shapes + 100
    sized = [(reach(b) - layers.layer[numbers[b[0].source]] - 1, b) for b in bundles.values()]
    for length, bundle in sorted(sized, key=lambda it: it[0]):
        ends = {link: numbers[link.target] for link in bundle}
        source = numbers[bundle[0].source]
        if length > room:
            layers.routes |= {link: (source, end) for link, end in ends.items()}
        else:
            _lead(layers, source, ends)
            room -= length


def _lead(layers: Layers, source: int, ends: Mapping[Link, int]) -> None:
    trail = [source]
    rest = sorted(ends.items(), key=lambda it: layers.layer[it[1]])
    for place, (link, target) in enumerate(rest):
        while layers.layer[trail[-1]] + 1 < layers.layer[target]:
            targets = [end for _, end in rest[place:]]
            where = _way(layers, source, targets, layers.layer[trail[-1]] + 1)
            point = layers.add(layers.layer[trail[-1]] + 1, where)
            layers.join(trail[-1], point)
            trail.append(point)
        layers.routes[link] = (*trail, target)
        layers.join(trail[-1], target)


def _way(layers: Layers, source: int, targets: Sequence[int], layer: int) -> str | None:
    """The group through which a bundle runs in a layer.

    It leaves the source's groups at their lower end and enters those of its targets at their
    upper end; where both would hold it, it runs between them.
    """
    leaving = [g for g in chain(layers.group[source]) if layers.spans[g][1] >= layer]
    chains = [set(chain(layers.group[target])) for target in targets]
    shared = [g for g in chain(layers.group[targets[0]]) if all(g in it for it in chains)]
    entering = [g for g in shared if layers.spans[g][0] <= layer]
    if leaving[: len(entering)] == entering:
        return leaving[-1] if leaving else None
    if entering[: len(leaving)] == leaving:
        return entering[-1]
    both = [g for g, other in zip(leaving, entering, strict=False) if g == other]
    return both[-1] if both else None


def _add_pillars(layers: Layers) -> None:
    """Keeps every group's place in the layers where it has no point."""
    held = {
        (group, layer)
        for own, layer in zip(layers.group, layers.layer, strict=True)
        for group in chain(own)
    }
    for group, (first, last) in reversed(list(layers.spans.items())):
        for layer in range(first, last + 1):
            if (group, layer) not in held:
                layers.add(layer, group)
                held |= {(outer, layer) for outer in chain(group)}
