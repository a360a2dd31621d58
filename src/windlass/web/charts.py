"""Real charts, as SVG: Altair describes them, vl-convert draws them; no browser and no network.

Drawing takes some tens of milliseconds, and a second the first time in a process, so that the
server warms it up beside its work. A chart is kept by what it shows.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.pipeline.theme import SANS, colours

if TYPE_CHECKING:
    from windlass.web.views.columns import ColumnLine

_WIDTH = 640
_LOCK = threading.Lock()
"""One drawing at a time: each takes a processor, and memory."""

LINES = (
    ("#2563eb", "#6ea8ff"), ("#c2410c", "#fb923c"), ("#15803d", "#4ade80"), ("#a21caf", "#e879f9"),
    ("#0e7490", "#2dd4ee"), ("#a16207", "#facc15"), ("#be123c", "#fb7185"), ("#4d7c0f", "#a3e635"),
    ("#4338ca", "#a5b4fc"), ("#57534e", "#d6d3d1"),
)  # fmt: skip
"""Colours of runs, light and dark; of more runs the others are dashed."""

Points = Sequence[tuple[float, float]]


def curves_svg(curves: Sequence[tuple[str, Points]], name: str, *, dark: bool) -> bytes:
    """Curves over one another, a colour each.

    Args:
        curves: What each is called, and its points of step and value.
        name: What the values are.
        dark: Whether they are drawn on a dark page.
    """
    return _drawn(json.dumps(_curves(curves, name, dark=dark), sort_keys=True))


def histogram_svg(column: ColumnLine, *, dark: bool) -> bytes:
    """The histogram of a column."""
    return _drawn(json.dumps(_histogram(column, dark=dark), sort_keys=True))


def warm_up() -> None:
    """Draws something once, in a thread, so that the first chart of a reader comes at once."""
    draw = functools.partial(curves_svg, [("", [(0.0, 0.0), (1.0, 1.0)])], "", dark=False)
    threading.Thread(target=draw, name="charts", daemon=True).start()


@functools.lru_cache(256)
def _drawn(specification: str) -> bytes:
    import vl_convert

    with _LOCK:
        svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return svg.encode()


def _curves(curves: Sequence[tuple[str, Points]], name: str, *, dark: bool) -> dict[str, Any]:
    import altair as alt

    names = [_text(label) for label, _ in curves]
    rows = [
        {"run": n, "x": x, "y": y}
        for n, (_, points) in zip(names, curves, strict=True)
        for x, y in points
    ]
    lines = [LINES[place % len(LINES)][dark] for place in range(len(names))]
    color = alt.Color("run:N", sort=names, scale=alt.Scale(domain=names, range=lines), title=None)
    encoding: dict[str, Any] = {
        "x": alt.X("x:Q", title="step", scale=alt.Scale(zero=False, nice=False)),
        "y": alt.Y("y:Q", title=_text(name), scale=alt.Scale(zero=False)),
        "color": color,
    }
    if len(names) > len(LINES):
        dashes = [[1, 0] if place < len(LINES) else [5, 3] for place in range(len(names))]
        scale = alt.Scale(domain=names, range=dashes)
        encoding["strokeDash"] = alt.StrokeDash("run:N", sort=names, scale=scale, title=None)
    chart = alt.Chart(alt.InlineData(rows)).mark_line(strokeWidth=1.6, clip=True)
    return _themed(chart.encode(**encoding).properties(width=_WIDTH, height=240), dark=dark)


def _histogram(column: ColumnLine, *, dark: bool) -> dict[str, Any]:
    import altair as alt

    labels = [_text(bar["label"]) for bar in column["bars"]]
    counts = [bar["count"] for bar in column["bars"]]
    rows = [{"label": each, "count": n} for each, n in zip(labels, counts, strict=True)]
    chart = (
        alt.Chart(alt.InlineData(rows))
        .mark_bar(color=LINES[0][dark])
        .encode(
            x=alt.X("count:Q", title="rows"),
            y=alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=260)),
        )
        .properties(width=_WIDTH - 200, height={"step": 18})
    )
    return _themed(chart, dark=dark)


def _themed(chart: Any, *, dark: bool) -> dict[str, Any]:
    theme = colours(dark=dark)
    quiet = {"labelColor": theme["muted"], "titleColor": theme["muted"]}
    axis = {
        **quiet,
        "gridColor": theme["rule"],
        "domainColor": theme["line"],
        "tickColor": theme["line"],
    }
    config: dict[str, Any] = {
        "font": SANS,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": {**axis, "titleFontWeight": "normal"},
        "legend": {**quiet, "labelColor": theme["text"], "orient": "bottom", "columns": 5},
    }
    found: dict[str, Any] = chart.to_dict(validate=False)
    return {**found, "config": config}


def _text(name: str) -> str:
    """A name that is drawn: without what SVG cannot hold, and not too long."""
    told = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return told if len(told) <= 60 else f"{told[:59]}…"
