"""What the pages of models and deployments draw: stands of aliases, traffic, histograms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from windlass.pipeline.theme import clean
from windlass.words import seconds_text, time_text

if TYPE_CHECKING:
    from windlass.web.views.deployment import Column, Window
    from windlass.web.views.model import Stand

_WIDTH, _NAMES, _ROW, _BAR = 1000.0, 120.0, 34.0, 22.0
_PLOT, _LEFT, _FOOT = 130.0, 60.0, 18.0
_COLOURS = 5
_LEAST = 3.0


def colour(version: int | str) -> str:
    """The class of a version's colour, the same on all drawings."""
    return f"ver{int(version) % _COLOURS}"


def stands_svg(stands: Sequence[Stand], now: float, link: Callable[[int], str]) -> Markup:
    """Where each alias stood over time: a row an alias, the champion first.

    Args:
        stands: The oldest first.
        now: The right end, in seconds since 1970.
        link: The address of a version's page.
    """
    if not stands:
        return Markup("")
    aliases = sorted(
        {each["alias"] for each in stands}, key=lambda name: (name != "champion", name)
    )
    first = min(each["since"] for each in stands)
    scale = (_WIDTH - _NAMES) / max(now - first, 1.0)
    height = len(aliases) * _ROW + _FOOT + 4
    parts = [_times(first, now, _NAMES, len(aliases) * _ROW)]
    for row, alias in enumerate(aliases):
        y = row * _ROW + (_ROW - _BAR) / 2
        parts.append(f'<text x="0" y="{y + 15:g}">{clean(alias)}</text>')
        own = [each for each in stands if each["alias"] == alias]
        parts += [_stand(each, y, first, scale, now, link) for each in own]
    told = f"where {len(aliases)} aliases stood since {time_text(first)}"
    return _svg("stands", height, told, parts)


def _stand(
    stand: Stand, y: float, first: float, scale: float, now: float, link: Callable[[int], str]
) -> str:
    x = _NAMES + (stand["since"] - first) * scale
    until = stand["until"]
    width = max(((until or now) - stand["since"]) * scale - 1, _LEAST)
    number = stand["version"]
    ended = f" to {time_text(until)}" if until else ""
    told = (
        f"{stand['alias']}: version {number}, {stand['kind']} by {stand['who']}, "
        f"{time_text(stand['since'])}{ended}"
    )
    name = f'<text x="{x + 5:.1f}" y="{y + 15:g}">{number}</text>' if width > 18 else ""
    forced = " forced" if stand["kind"] == "forced" else ""
    return (
        f'<a href="{clean(link(number))}" aria-label="{clean(told)}">'
        f'<rect class="{colour(number)}{forced}" x="{x:.1f}" y="{y:g}" width="{width:.1f}" '
        f'height="{_BAR:g}" rx="3"><title>{clean(told)}</title></rect>{name}</a>'
    )


def traffic_svg(windows: Sequence[Window]) -> Markup:
    """Requests a window, as a bar stacked by version; those without an answer on top."""
    if not windows:
        return Markup("")
    totals = [sum(_layers(each).values()) for each in windows]
    place, most = _across(windows), float(max(1, *totals))
    parts = [_scale(most, f"{max(totals):,}"), _ends(windows)]
    for window in windows:
        parts += _stack(window, place, most)
    told = f"{sum(totals):,} requests in {len(windows)} windows"
    return _svg("plot", _PLOT + _FOOT, told, parts)


def _layers(window: Window) -> dict[str, int]:
    """What a bar consists of, by the class of its colour."""
    found: dict[str, int] = {}
    for version, many in window["versions"].items():
        found[colour(version)] = found.get(colour(version), 0) + many
    failed = sum(window["failures"].values())
    return {**found, "lacking": failed} if failed else found


def _stack(
    window: Window, place: Callable[[Window], tuple[float, float]], most: float
) -> list[str]:
    x, width = place(window)
    answered = ", ".join(f"version {n}: {many:,}" for n, many in window["versions"].items())
    failed = ", ".join(f"{many:,} {kind}" for kind, many in window["failures"].items())
    told = "; ".join(filter(None, [time_text(window["began"]), answered, failed]))
    parts, y = [], _PLOT
    for name, many in _layers(window).items():
        height = max((_PLOT - 8) * many / most, 1.5)
        y -= height
        parts.append(
            f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"><title>{clean(told)}</title></rect>'
        )
    return parts


def latency_svg(windows: Sequence[Window]) -> Markup:
    """The median and the 99th percentile of what requests took."""
    told = [each for each in windows if each["p99"] is not None]
    if not told:
        return Markup("")
    most = max(each["p99"] or 0.0 for each in told)
    place = _across(windows)
    parts = [_scale(most, seconds_text(most)), _ends(windows)]
    for name in ("p99", "p50"):
        points = []
        for each in told:
            x, width = place(each)
            value: float = each[name] or 0.0
            y = _PLOT - (_PLOT - 8) * value / most
            points.append(f"{x + width / 2:.1f},{y:.1f}")
            told_here = f"{time_text(each['began'])}: {name} {seconds_text(value)}"
            parts.append(
                f'<circle class="{name}" cx="{x + width / 2:.1f}" cy="{y:.1f}" r="3">'
                f"<title>{clean(told_here)}</title></circle>"
            )
        parts.append(f'<polyline class="{name}" points="{" ".join(points)}"/>')
    label = f"the 99th percentile of latency reached {seconds_text(most)}"
    return _svg("plot", _PLOT + _FOOT, label, parts)


def histogram_svg(column: Column) -> Markup:
    """The shares of rows in each cell: of the reference behind, of what was asked before it."""
    most = max(1e-9, *column["reference"], *column["live"])
    width, height = 320.0, 72.0
    step = width / max(1, len(column["cells"]))
    parts = []
    pairs = zip(column["cells"], column["reference"], column["live"], strict=True)
    for place, (name, one, other) in enumerate(pairs):
        told = f"{name}: {one:.2%} of the reference, {other:.2%} live"
        for kind, share, part, shift in (("ref", one, 0.92, 0.0), ("live", other, 0.5, 0.21)):
            tall = height * share / most
            parts.append(
                f'<rect class="{kind}" x="{(place + shift) * step:.1f}" y="{height - tall:.1f}" '
                f'width="{part * step:.1f}" height="{tall:.1f}"><title>{clean(told)}</title></rect>'
            )
    label = f"{column['name']}: shares of the reference and of what was asked"
    return Markup(  # noqa: S704 (all texts in it are cleaned)
        f'<svg class="histogram" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{clean(label)}" preserveAspectRatio="none">{"".join(parts)}</svg>'
    )


def _across(windows: Sequence[Window]) -> Callable[[Window], tuple[float, float]]:
    """Where a window is drawn: its left end, and its width."""
    first = windows[0]["began"]
    last = max(each["began"] + each["seconds"] for each in windows)
    scale = (_WIDTH - _LEFT) / (last - first)

    def place(window: Window) -> tuple[float, float]:
        wide = max(window["seconds"] * scale - 1, 1.0)
        return _LEFT + (window["began"] - first) * scale, wide

    return place


def _scale(most: float, told: str) -> str:
    lines = "".join(
        f'<line x1="{_LEFT:g}" x2="{_WIDTH:g}" y1="{y:g}" y2="{y:g}"/>'
        for y in (8.0, (_PLOT + 8) / 2, _PLOT)
    )
    shown = told if most else ""
    return (
        f'<g class="axis">{lines}<text x="{_LEFT - 8:g}" y="13" text-anchor="end">{clean(shown)}'
        f'</text><text x="{_LEFT - 8:g}" y="{_PLOT:g}" text-anchor="end">0</text></g>'
    )


def _ends(windows: Sequence[Window]) -> str:
    last = max(each["began"] + each["seconds"] for each in windows)
    return _times(windows[0]["began"], last, _LEFT, _PLOT)


def _times(first: float, last: float, left: float, y: float) -> str:
    """The times at both ends and in the middle, below a drawing."""
    form = "%m-%d %H:%M" if last - first < 30 * 86400 else "%Y-%m-%d"
    parts = []
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        told = time.strftime(form, time.localtime(first + share * (last - first)))
        x = left + share * (_WIDTH - left)
        parts.append(f'<text x="{x:g}" y="{y + 14:g}" text-anchor="{anchor}">{clean(told)}</text>')
    return f'<g class="axis">{"".join(parts)}</g>'


def _svg(kind: str, height: float, label: str, parts: Iterable[str]) -> Markup:
    return Markup(  # noqa: S704 (all texts in it are cleaned)
        f'<svg class="{kind}" viewBox="0 0 {_WIDTH:g} {height:g}" role="group" '
        f'aria-label="{clean(label)}">{"".join(parts)}</svg>'
    )


def versions_of(windows: Iterable[Window]) -> list[str]:
    """The versions that answered in any of some windows, in order."""
    return sorted({number for each in windows for number in each["versions"]}, key=int)
