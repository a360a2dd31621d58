"""Metrics in a run's HTML: the last value of each, and its curve if there is one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from windlass.pipeline.theme import clean
from windlass.records.tracked import Curve
from windlass.words import number_text

_WIDTH, _HEIGHT = 96.0, 22.0
MOST_POINTS = 96
"""Points that are enough for a curve of that width."""
_MOST_METRICS = 24


def metrics_html(curves: Iterable[Curve]) -> str:
    """The metrics of a run, each node's for itself.

    Args:
        curves: Of `MOST_POINTS` points at most.
    """
    cards = [_card(curve) for curve in curves]
    if not cards:
        return ""
    more = ""
    if len(cards) > _MOST_METRICS:
        rest = cards[_MOST_METRICS:]
        inner = f'<div class="wl-metrics">{"".join(rest)}</div>'
        more = f"<details><summary>{len(rest)} more metrics</summary>{inner}</details>"
    return f'<div class="wl-metrics">{"".join(cards[:_MOST_METRICS])}</div>{more}'


def _card(curve: Curve) -> str:
    where = f' <span class="wl-dim">{clean(curve.node)}</span>' if curve.node else ""
    value = clean(number_text(curve.values[-1]))
    line = _curve(curve.values)
    return f'<div class="wl-metric">{clean(curve.name)}{where}<b>{value}</b>{line}</div>'


def _curve(values: Sequence[float | None]) -> str:
    """A line through the values, in their order; what is not finite is left out."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < 3:
        return ""
    low, high = min(known), max(known)
    across, up = _WIDTH / (len(known) - 1), _HEIGHT / (high - low or 1.0)
    points = " ".join(f"{i * across:.1f},{(high - v) * up:.1f}" for i, v in enumerate(known))
    return (
        f'<svg class="wl-spark" width="{_WIDTH:g}" height="{_HEIGHT:g}" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )
