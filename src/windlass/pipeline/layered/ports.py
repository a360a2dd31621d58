"""Where lines leave and enter a box: straight above or below the other end wherever that can be.

Lines of one side keep a distance. A side with more lines than it has room for lets all of them
meet in its middle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from windlass.pipeline.layered.buses import Pair
from windlass.pipeline.layered.relaxing import rising

Side: TypeAlias = Literal["upper", "lower"]

_CORNER, _SHARE, _APART, _SLANT = 14.0, 0.28, 12.0, 10.0
_STRAIGHT = 20.0
"""How much more than others a line matters that can be straight."""

_LEAN = 0.6
"""How far from the middle to the corner a line goes whose other end is out of reach."""


class Port(NamedTuple):
    """Where a line meets the upper, or the lower, of the two points that it joins."""

    pair: Pair
    side: Side

    @property
    def point(self) -> int:
        """The point that is met."""
        return self.pair.upper if self.side == "upper" else self.pair.lower

    @property
    def far(self) -> Port:
        """The other end of the line."""
        return Port(self.pair, "lower" if self.side == "upper" else "upper")


def ports(
    pairs: Collection[Pair],
    middles: Sequence[float],
    sizes: Mapping[int, float],
    tracks: Mapping[Pair, int],
) -> dict[Port, float]:
    """Where every line meets its two ends, along the layer.

    Args:
        pairs: The pairs of points that lines join.
        middles: The middle of each point.
        sizes: The extent of each box whose lines may leave its middle.
        tracks: The point whose track a line takes; there, all of that track meet in the middle.
    """
    sides = _sides(pairs, tracks)
    halves = [reach(sizes.get(side[0][0].point, 0.0), len(side)) for side in sides]
    reaches = {
        port: 0.0 if tracks.get(port.pair) == port.point else half
        for side, half in zip(sides, halves, strict=True)
        for line in side
        for port in line
    }
    found: dict[Port, float] = {}
    for side, half in zip(sides, halves, strict=True):
        leaning = _LEAN if len(side) > 1 else 0.0
        wishes = [
            _wish(line[0], middles, reaches, 0.0 if line[0].pair in tracks else leaning)
            for line in side
        ]
        places = _apart(wishes, middles[side[0][0].point], half)
        found |= {port: place for line, place in zip(side, places, strict=True) for port in line}
    alone = {side[0][0] for side in sides if len(side) == len(side[0]) == 1}
    return _without_slants(found, alone)


def _sides(pairs: Collection[Pair], tracks: Mapping[Pair, int]) -> list[list[list[Port]]]:
    """The sides of points: their lines, each with all ports at which it meets the point."""
    found: dict[tuple[int, Side], dict[Pair | None, list[Port]]] = defaultdict(dict)
    for pair in pairs:
        for port in (Port(pair, "upper"), Port(pair, "lower")):
            line = None if tracks.get(pair) == port.point else pair
            found[port.point, port.side].setdefault(line, []).append(port)
    return [list(lines.values()) for lines in found.values()]


def reach(size: float, lines: int = 1) -> float:
    """How far from its middle a side can take lines; 0 if it is too crowded."""
    half = max(0.0, size / 2 - min(_CORNER, _SHARE * size))
    return half if (lines - 1) * _APART <= 2 * half else 0.0


def _wish(
    port: Port, middles: Sequence[float], reaches: Mapping[Port, float], lean: float
) -> tuple[float, float]:
    """Where a line would best meet a point, so as to be straight; and how much it matters."""
    middle, half = middles[port.point], reaches[port]
    other, its = middles[port.far.point], reaches[port.far]
    low, high = max(middle - half, other - its), min(middle + half, other + its)
    if low <= high:
        return min(max((middle + other) / 2, low), high), _STRAIGHT
    return middle + (lean * half if other > middle else -lean * half), 1.0


def _apart(wishes: Sequence[tuple[float, float]], middle: float, half: float) -> list[float]:
    """The wished places, kept apart and in reach."""
    step = _APART if half else 0.0
    order = sorted(range(len(wishes)), key=lambda number: wishes[number][0])
    free = rising((wishes[n][0] - step * i, wishes[n][1]) for i, n in enumerate(order))
    least, most = middle - half, middle + half - step * (len(wishes) - 1)
    places = [0.0] * len(wishes)
    for i, (number, place) in enumerate(zip(order, free, strict=True)):
        places[number] = min(max(place, least), most) + step * i
    return places


def _without_slants(found: dict[Port, float], alone: Collection[Port]) -> dict[Port, float]:
    """Takes out slight slants, at an end where there is no other line."""
    for port in alone:
        if abs(found[port] - found[port.far]) < _SLANT:
            found[port] = found[port.far]
    return found
