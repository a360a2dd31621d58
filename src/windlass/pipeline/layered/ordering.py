"""The order within each layer of a drawing: few crossings, groups in one piece.

The second step of the method of Sugiyama, Tagawa and Toda (1981): sweeps down and up, each point
going to the barycentre of those that it is joined to. A group has one place among its neighbours
in all layers, so that groups never cross one another.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from windlass.pipeline.diagram import chain
from windlass.pipeline.layered.layering import Layers

_SWEEPS = 8
_PATIENCE = 3

Key: TypeAlias = tuple[tuple[float, int], ...]
Wish: TypeAlias = Callable[[int], float]


def ordered(layers: Layers) -> list[list[int]]:
    """The points of each layer, from one side to the other."""
    order = _Order(layers)
    best, fewest, since = order.snapshot(), order.crossings(), 0
    for sweep in range(_SWEEPS):
        if fewest == 0 or since == _PATIENCE:
            break
        order.sweep(down=sweep % 2 == 0)
        crossings = order.crossings()
        since += 1
        if crossings < fewest:
            best, fewest, since = order.snapshot(), crossings, 0
    return best


class _Order:
    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._chains = [chain(group) for group in layers.group]
        self._numbers = {group: number for number, group in enumerate(layers.spans)}
        self._rows: list[list[int]] = [[] for _ in range(max(layers.layer, default=-1) + 1)]
        self._place = [0.0] * len(layers.layer)
        for place, point in enumerate(_by_depth(layers)):
            self._rows[layers.layer[point]].append(point)
            self._place[point] = place / len(layers.layer)
        self._settle(range(len(self._rows)), lambda point: self._place[point])

    def snapshot(self) -> list[list[int]]:
        return [list(row) for row in self._rows]

    def sweep(self, *, down: bool) -> None:
        """Sorts every layer by its neighbours above, or below."""
        joined = self._layers.above if down else self._layers.below
        place = self._place

        def barycentre(point: int) -> float:
            others = joined[point]
            return sum(place[o] for o in others) / len(others) if others else place[point]

        numbers = range(len(self._rows))
        self._settle(numbers if down else reversed(numbers), barycentre)

    def _settle(self, rows: Iterable[int], wish: Wish) -> None:
        centres = self._group_places()
        for number in rows:
            row = self._rows[number]
            keys = {point: self._key(point, wish(point), centres) for point in row}
            row.sort(key=keys.__getitem__)
            for place, point in enumerate(row):
                self._place[point] = (place + 0.5) / len(row)

    def _key(self, point: int, wish: float, centres: Mapping[str, float]) -> Key:
        """Sorts by the outermost group first; a group as a whole stands at its centre."""
        outer = [(centres[group], self._numbers[group]) for group in self._chains[point]]
        return (*outer, (wish, -1))

    def _group_places(self) -> dict[str, float]:
        held: dict[str, list[float]] = defaultdict(list)
        for point, groups in enumerate(self._chains):
            for group in groups:
                held[group].append(self._place[point])
        return {group: sum(places) / len(places) for group, places in held.items()}

    def crossings(self) -> int:
        """How often links cross between neighbouring layers."""
        return sum(self._crossings_below(row) for row in self._rows)

    def _crossings_below(self, row: Sequence[int]) -> int:
        passed: list[float] = []
        count = 0
        for point in row:
            ends = sorted(self._place[other] for other in self._layers.below[point])
            count += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
        return count


def _by_depth(layers: Layers) -> list[int]:
    """All points, each branch of the graph followed to its end before the next."""
    seen = [False] * len(layers.layer)
    found: list[int] = []
    starts = sorted(range(len(layers.layer)), key=lambda point: (layers.layer[point], point))
    waiting = starts[::-1]
    while waiting:
        point = waiting.pop()
        if not seen[point]:
            seen[point] = True
            found.append(point)
            waiting.extend(reversed(layers.below[point]))
    return found
