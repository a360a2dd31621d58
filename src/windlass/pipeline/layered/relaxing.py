"""Items in rows, drawn to the mean of those they are linked to, never closer than they may be.

Within a row, the wishes are reconciled by isotonic regression (pool adjacent violators), which
keeps order and distances and moves the items least in the sense of weighted squares. An item may
stand in several rows; a last pass makes sure that it keeps its distances in all of them.
"""

from __future__ import annotations

import graphlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

Item: TypeAlias = int | str
"""What is moved as one: a point by its number, or a group by its name."""

_ROUNDS = 4
_INERTIA = 0.1
"""How much an item without a link wants to stay."""


class Link(NamedTuple):
    """Two items that want to stand over each other.

    `layer` is the row of the lower one; `offset` is what the lower one's place should be more than
    that of the upper one.
    """

    layer: int
    upper: Item
    lower: Item
    offset: float
    weight: float


class Reach(NamedTuple):
    """Where a lane can begin or end without a bend: around a place that moves with an item."""

    item: Item
    offset: float
    half: float


class Lane(NamedTuple):
    """Items that should stand in a line, each with its row; a bend shows.

    `ends` are where it comes from and where it leads, if that is one place.
    """

    items: Sequence[tuple[int, Item]]
    ends: tuple[Reach | None, Reach | None]


class _Pull(NamedTuple):
    other: Item
    offset: float
    weight: float


_Pulls: TypeAlias = Mapping[tuple[Item, int], Sequence[_Pull]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Items in rows.

    Args:
        items: The items of each row in their order. One that stands in several rows is on the
            same side of every other such item in all of them.
        ends: Where each item begins and ends, seen from its own zero.
        gap: What must lie between two neighbours.
    """

    items: Sequence[Sequence[Item]]
    ends: Mapping[Item, tuple[float, float]]
    gap: Callable[[Item, Item], float]

    def distance(self, one: Item, other: Item) -> float:
        """The least distance between the places of two neighbours."""
        return self.ends[one][1] + self.gap(one, other) - self.ends[other][0]


def relaxed(rows: Rows, links: Iterable[Link], lanes: Iterable[Lane] = ()) -> dict[Item, float]:
    """The place of each item.

    Args:
        rows: The items.
        links: What draws them to each other.
        lanes: What should be as straight as it can be.
    """
    above: dict[tuple[Item, int], list[_Pull]] = defaultdict(list)
    below: dict[tuple[Item, int], list[_Pull]] = defaultdict(list)
    for link in links:
        above[link.lower, link.layer].append(_Pull(link.upper, link.offset, link.weight))
        below[link.upper, link.layer - 1].append(_Pull(link.lower, -link.offset, link.weight))
    distances = [[rows.distance(*pair) for pair in pairwise(row)] for row in rows.items]
    places = _packed(rows, distances)
    down = list(range(len(rows.items)))
    sweeps = [(down, (above,)), (down[::-1], (below,))] * _ROUNDS
    for layers, sides in [*sweeps, (down, (above, below)), (down[::-1], (above, below))]:
        for layer in layers:
            _relax(rows.items[layer], layer, distances[layer], sides, places)
    places = _separated(rows, distances, places)
    for lane in lanes:
        _straighten(rows, lane, places)
    return places


def _packed(rows: Rows, distances: Sequence[Sequence[float]]) -> dict[Item, float]:
    """A first place for each item: every row packed, its middle at zero."""
    places: dict[Item, float] = {}
    for row, gaps in zip(rows.items, distances, strict=True):
        offsets = list(accumulate(gaps, initial=0.0))
        for item, offset in zip(row, offsets, strict=False):
            places.setdefault(item, offset - offsets[-1] / 2)
    return places


def _relax(
    row: Sequence[Item],
    layer: int,
    gaps: Sequence[float],
    sides: Sequence[_Pulls],
    places: dict[Item, float],
) -> None:
    """Moves the items of one row towards those that they are linked to."""
    offsets = list(accumulate(gaps, initial=0.0))
    wishes = []
    for item, offset in zip(row, offsets, strict=False):
        pulls = [pull for side in sides for pull in side.get((item, layer), ())]
        weight = sum(pull.weight for pull in pulls)
        if pulls:
            wish = sum((places[p.other] + p.offset) * p.weight for p in pulls) / weight
        else:
            wish, weight = places[item], _INERTIA
        wishes.append((wish - offset, weight))
    for item, offset, place in zip(row, offsets, rising(wishes), strict=False):
        places[item] = place + offset


def rising(wishes: Iterable[tuple[float, float]]) -> list[float]:
    """The values closest to some wishes, by weighted squares, none below the one before.

    Args:
        wishes: Each wish with its weight.
    """
    blocks: list[tuple[float, float, int]] = []
    for wish, own in wishes:
        value, weight, count = wish, own, 1
        while blocks and blocks[-1][0] > value:
            before, heft, more = blocks.pop()
            value = (before * heft + value * weight) / (heft + weight)
            weight, count = weight + heft, count + more
        blocks.append((value, weight, count))
    return [value for value, _, count in blocks for _ in range(count)]


def _separated(
    rows: Rows, distances: Sequence[Sequence[float]], places: Mapping[Item, float]
) -> dict[Item, float]:
    """The places, moved apart where two items of any row are too close.

    Pushing only to the one side, or only to the other, gives two ways to do so. Their mean keeps
    every distance, too, and favours no side.
    """
    before: dict[Item, dict[Item, float]] = {item: {} for item in places}
    for row, gaps in zip(rows.items, distances, strict=True):
        for (one, other), gap in zip(pairwise(row), gaps, strict=True):
            before[other][one] = gap
    order = list(graphlib.TopologicalSorter(before).static_order())
    right, left = dict(places), dict(places)
    for item in order:
        right[item] = max([right[item], *(right[it] + gap for it, gap in before[item].items())])
    for item in reversed(order):
        for other, gap in before[item].items():
            left[other] = min(left[other], left[item] - gap)
    return {item: (right[item] + left[item]) / 2 for item in places}


def _straighten(rows: Rows, lane: Lane, places: dict[Item, float]) -> None:
    """Puts as much of a lane as can be into one line, between those on both sides of it."""
    run: list[Item] = []
    limits = -math.inf, math.inf
    begin, end = lane.ends
    for layer, item in lane.items:
        own = _freedom(rows, layer, item, places)
        if run and max(limits[0], own[0]) > min(limits[1], own[1]):
            _align(run, limits, [begin], places)
            run, limits, begin = [], own, None
        run, limits = [*run, item], (max(limits[0], own[0]), min(limits[1], own[1]))
    _align(run, limits, [begin, end], places)


def _align(
    items: Sequence[Item],
    limits: tuple[float, float],
    ends: Iterable[Reach | None],
    places: dict[Item, float],
) -> None:
    line = sum(places[item] for item in items) / len(items)
    for end in ends:
        if end is not None:
            middle = places[end.item] + end.offset
            line = _within(line, middle - end.half, middle + end.half)
    for item in items:
        places[item] = _within(line, *limits)


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def _freedom(
    rows: Rows, layer: int, item: Item, places: Mapping[Item, float]
) -> tuple[float, float]:
    """From where to where an item can move between its neighbours."""
    row = rows.items[layer]
    place = row.index(item)
    least, most = -math.inf, math.inf
    if place > 0:
        least = places[row[place - 1]] + rows.distance(row[place - 1], item)
    if place + 1 < len(row):
        most = places[row[place + 1]] - rows.distance(item, row[place + 1])
    return least, most
