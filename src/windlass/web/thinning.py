"""Fewer points of a curve, its extremes among them."""

from __future__ import annotations

import math
from collections.abc import Sequence


def thinned(
    steps: Sequence[float], values: Sequence[float], most: int
) -> list[tuple[float, float]]:
    """Of each stretch of a curve its least and its greatest value, in their order.

    So no peak is lost, as it would be in a mean or in every tenth point. What is not finite is
    left out.

    Args:
        steps: Where the points stand.
        values: Their values, as many.
        most: How many points may be left, at least 2.
    """
    known = [(s, v) for s, v in zip(steps, values, strict=True) if math.isfinite(v)]
    if len(known) <= most:
        return known
    size = math.ceil(2 * len(known) / most)
    found: list[tuple[float, float]] = []
    for start in range(0, len(known), size):
        part = range(start, min(start + size, len(known)))
        least = min(part, key=lambda place: known[place][1])
        greatest = max(part, key=lambda place: known[place][1])
        found += [known[place] for place in sorted({least, greatest})]
    return found
