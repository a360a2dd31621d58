"""Lines that go far to the side share a track between two layers, as the wires of a bus do.

Fifty curves from one box are a blot; one line with fifty branches is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple


class Pair(NamedTuple):
    """Two points that a line joins from one layer to the next."""

    upper: int
    lower: int


def buses(pairs: Collection[Pair], middles: Sequence[float], far: float) -> dict[Pair, int]:
    """The point whose track each pair's line takes; pairs that need none are left out.

    A track belongs to the end that more lines meet. Near ones take it along with far ones.

    Args:
        pairs: All pairs.
        middles: The middle of each point along its layer.
        far: From which distance to the side on a line takes a track.
    """
    below: dict[int, int] = defaultdict(int)
    above: dict[int, int] = defaultdict(int)
    for pair in pairs:
        below[pair.upper] += 1
        above[pair.lower] += 1
    hubs = {
        pair: pair.upper if below[pair.upper] >= above[pair.lower] else pair.lower for pair in pairs
    }
    wide = {
        (hub, hub == pair.upper)
        for pair, hub in hubs.items()
        if abs(middles[pair.upper] - middles[pair.lower]) > far
    }
    return {pair: hub for pair, hub in hubs.items() if (hub, hub == pair.upper) in wide}
