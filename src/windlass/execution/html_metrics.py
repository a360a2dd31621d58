"""Metrics in a run's HTML: the last value of each, and its curve if there is one."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from windlass.pipeline.theme import clean
from windlass.records.model import Metric
from windlass.words import number_text

_WIDTH, _HEIGHT = 96.0, 22.0
_MOST_POINTS = 96
_MOST_METRICS = 24


def metrics_html(metrics: Iterable[Metric]) -> str:
    """The metrics of a run, each node's for itself."""
    series: dict[tuple[str, str], list[Metric]] = defaultdict(list)
    for metric in metrics:
        series[metric.node, metric.name].append(metric)
    cards = [_card(node, name, own) for (node, name), own in series.items()]
    if not cards:
        return ""
    more = ""
    if len(cards) > _MOST_METRICS:
        rest = cards[_MOST_METRICS:]
        inner = f'<div class="wl-metrics">{"".join(rest)}</div>'
        more = f"<details><summary>{len(rest)} more metrics</summary>{inner}</details>"
    return f'<div class="wl-metrics">{"".join(cards[:_MOST_METRICS])}</div>{more}'


def _card(node: str, name: str, points: Sequence[Metric]) -> str:
    where = f' <span class="wl-dim">{clean(node)}</span>' if node else ""
    value = clean(number_text(points[-1].value))
    curve = _curve([point.value for point in points])
    return f'<div class="wl-metric">{clean(name)}{where}<b>{value}</b>{curve}</div>'


def _curve(values: Sequence[float | None]) -> str:
    """A line through the values, in their order; what is not finite is left out."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < 3:
        return ""
    known = _thinned(known)
    low, high = min(known), max(known)
    across, up = _WIDTH / (len(known) - 1), _HEIGHT / (high - low or 1.0)
    points = " ".join(f"{i * across:.1f},{(high - v) * up:.1f}" for i, v in enumerate(known))
    return (
        f'<svg class="wl-spark" width="{_WIDTH:g}" height="{_HEIGHT:g}" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )


def _thinned(values: Sequence[float]) -> list[float]:
    """Some of many values: of each stretch its least and its greatest, so that peaks stay."""
    if len(values) <= _MOST_POINTS:
        return list(values)
    size = math.ceil(2 * len(values) / _MOST_POINTS)
    found = []
    for start in range(0, len(values), size):
        part = values[start : start + size]
        ends = sorted({part.index(min(part)), part.index(max(part))})
        found += [part[end] for end in ends]
    return found
