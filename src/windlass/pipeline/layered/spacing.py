"""Where each point of a drawing stands along its layer: long lines straight, parents over children.

The last step of the method of Sugiyama, Tagawa and Toda (1981). A group is spaced by itself first
and is then one rigid thing among its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from windlass.pipeline.diagram import chain
from windlass.pipeline.layered.layering import Layers
from windlass.pipeline.layered.ports import reach
from windlass.pipeline.layered.relaxing import Item, Lane, Link, Reach, Rows, relaxed

_LANE = 12.0
"""Room beside a line."""

_STRAIGHT = (1.0, 2.0, 60.0)
"""How much a link wants to be straight, by how many of its ends are waypoints."""


@dataclass(frozen=True, slots=True)
class Margins:
    """Room between two shapes, and between the ends of a group and what it holds.

    `least` is how long each group is at least.
    """

    gap: float
    before: float
    after: float
    least: Mapping[str, float]


class Spaces(NamedTuple):
    """The middle of each point and the two ends of each group, along their layers."""

    points: list[float]
    groups: dict[str, tuple[float, float]]


@dataclass(slots=True)
class _Box:
    """What a container holds: the items of each layer, and the joined points in different items."""

    rows: list[list[Item]]
    joined: list[tuple[Item, int, Item, int]] = field(default_factory=list)

    def put(self, layer: int, item: Item) -> None:
        """Appends an item to a layer, unless it is still the same group."""
        row = self.rows[layer]
        if not row or row[-1] != item:
            row.append(item)


def spaced(
    layers: Layers, order: Sequence[Sequence[int]], sizes: Sequence[float], margins: Margins
) -> Spaces:
    """Where everything stands along the layers; the least is about 0.

    Args:
        layers: The points and how they are joined.
        order: The points of each layer in their order.
        sizes: The extent of each point along its layer.
        margins: What groups need around what they hold.
    """
    spacing = _Spacing(layers, order, sizes, margins)
    for group in reversed(list(layers.spans)):
        spacing.settle(group)
    spacing.settle(None)
    return spacing.spaces


class _Spacing:
    """Spaces one container after the other, the inner ones first."""

    def __init__(
        self,
        layers: Layers,
        order: Sequence[Sequence[int]],
        sizes: Sequence[float],
        margins: Margins,
    ) -> None:
        self.spaces = Spaces([0.0] * len(sizes), {})
        self._layers = layers
        self._margins = margins
        self._ends: dict[Item, tuple[float, float]] = {
            point: (-size / 2, size / 2) for point, size in enumerate(sizes)
        }
        self._chains: list[tuple[Item | None, ...]] = [
            (None, *chain(group), point) for point, group in enumerate(layers.group)
        ]
        self._held: dict[Item | None, list[int]] = defaultdict(list)
        self._boxes: dict[Item | None, _Box] = {
            container: _Box([[] for _ in order]) for container in (None, *layers.spans)
        }
        self._fill(order)
        self._join()

    def _fill(self, order: Sequence[Sequence[int]]) -> None:
        for layer, row in enumerate(order):
            for point in row:
                for container, item in pairwise(self._chains[point]):
                    assert item is not None
                    self._boxes[container].put(layer, item)
                    self._held[item].append(point)

    def _join(self) -> None:
        for upper, lowers in enumerate(self._layers.below):
            for lower in lowers:
                pairs = list(zip(self._chains[upper], self._chains[lower], strict=False))
                depth = next(d for d, (one, other) in enumerate(pairs) if one != other)
                one, other = pairs[depth]
                assert one is not None
                assert other is not None
                self._boxes[pairs[depth - 1][0]].joined.append((one, upper, other, lower))

    def settle(self, container: str | None) -> None:
        """Spaces what a container holds, around the container's own zero."""
        box = self._boxes[container]
        rows = Rows(box.rows, self._ends, self._gap)
        for item, place in relaxed(rows, self._links(box), self._lanes(box)).items():
            for point in self._held[item]:
                self.spaces.points[point] += place
            self._shift(item, place)
        if container is not None:
            self._enclose(container, box)

    def _gap(self, one: Item, other: Item) -> float:
        return _LANE if self._is_line(one) or self._is_line(other) else self._margins.gap

    def _is_line(self, item: Item) -> bool:
        return isinstance(item, int) and item >= self._layers.shapes

    def _links(self, box: _Box) -> list[Link]:
        """The links of a container's items; the offsets are those of the points within them."""
        at, layer = self.spaces.points, self._layers.layer
        return [
            Link(
                layer=layer[lower],
                upper=one,
                lower=other,
                offset=at[upper] - at[lower],
                weight=_STRAIGHT[(upper >= self._layers.shapes) + (lower >= self._layers.shapes)],
            )
            for one, upper, other, lower in box.joined
        ]

    def _lanes(self, box: _Box) -> list[Lane]:
        """The points of a container that follow one another alone, and what they join."""
        after: dict[int, int] = {}
        before: dict[int, Reach] = {}
        behind: dict[int, list[Reach]] = defaultdict(list)
        for one, upper, other, lower in box.joined:
            if isinstance(one, int) and isinstance(other, int) and self._alone(one, other):
                after[one] = other
                continue
            behind[upper].append(self._reach(other, lower))
            if isinstance(other, int):
                before[other] = self._reach(one, upper)
        lanes = []
        for start in [*after, *(point for point in before if self._is_line(point))]:
            if start not in after.values():
                lane = [start]
                while lane[-1] in after:
                    lane.append(after[lane[-1]])
                lanes.append(self._lane(lane, before, behind))
        return lanes

    def _alone(self, upper: int, lower: int) -> bool:
        """Whether two points are joined like beads: by a line, or to nothing else that way."""
        if self._is_line(upper) and self._is_line(lower):
            return True
        return len(self._layers.below[upper]) == len(self._layers.above[lower]) == 1

    def _lane(
        self, lane: Sequence[int], before: Mapping[int, Reach], behind: Mapping[int, list[Reach]]
    ) -> Lane:
        targets = behind.get(lane[-1], ())
        ends = (
            before.get(lane[0]) if self._is_line(lane[0]) else None,
            targets[0] if len(targets) == 1 and self._is_line(lane[-1]) else None,
        )
        return Lane([(self._layers.layer[point], point) for point in lane], ends)

    def _reach(self, item: Item, point: int) -> Reach:
        start, end = self._ends[point]
        return Reach(item, self.spaces.points[point], reach(end - start))

    def _shift(self, item: Item, place: float) -> None:
        """Moves a group, and all in it, along."""
        if isinstance(item, int):
            return
        for group, (start, end) in self.spaces.groups.items():
            if item in chain(group):
                self.spaces.groups[group] = start + place, end + place

    def _enclose(self, group: str, box: _Box) -> None:
        """Gives a group its ends around what it holds, now that this has its places."""
        ends = [self._outer(item) for row in box.rows for item in row]
        start = min(start for start, _ in ends) - self._margins.before
        end = max(end for _, end in ends) + self._margins.after
        missing = max(0.0, self._margins.least.get(group, 0.0) - (end - start)) / 2
        self._ends[group] = self.spaces.groups[group] = start - missing, end + missing

    def _outer(self, item: Item) -> tuple[float, float]:
        if isinstance(item, str):
            return self.spaces.groups[item]
        (start, end), place = self._ends[item], self.spaces.points[item]
        return start + place, end + place
