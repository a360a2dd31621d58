"""A look as a page of HTML: one small file, with its pictures in it, that loads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from windlass.monitoring.findings import ColumnView, Findings, Looked
from windlass.monitoring.quality import Quality
from windlass.words import number_text, seconds_text, time_text

_MOST = 40
"""Columns that are drawn."""
_WIDTH, _HEIGHT = 320, 64

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color: #1c2430; background: #fff }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #dfe4ea }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums }}
.off {{ color: #b3261e }} .fine {{ color: #1d7a3e }} .little {{ color: #8a6100 }}
.dim {{ color: #667080 }}
svg {{ display: block }} .r {{ fill: #b9c3d0 }} .l {{ fill: #2f6fde; fill-opacity: .65 }}
.w0 {{ fill: #dfe4ea }} .w1 {{ fill: #1d7a3e }} .w2 {{ fill: #b3261e }}
</style>
<h1>{title}</h1>
{body}
</html>
"""
_CLASSES = {"off": "off", "fine": "fine", "too little": "little"}
_WORDS = {"off": "something is off", "fine": "nothing is off", "too little": "too little was seen"}


def page_of(found: Findings) -> str:
    """The page of a look."""
    parts = [
        f'<p class="{_CLASSES[found.verdict]}"><b>{_WORDS[found.verdict]}</b></p>',
        f'<p class="dim">{time_text(found.since)} to {time_text(found.now)}</p>',
        _list([each.text for each in found.standing], "off"),
        _list(found.notes, "little"),
        _traffic(found),
        _windows(found.windows),
        _quality(found),
        _columns(found.columns),
    ]
    title = escape(f"{found.version} in production")
    return _PAGE.format(title=title, body="\n".join(filter(None, parts)))


def _list(texts: Sequence[str], kind: str) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul class="{kind}">{items}</ul>' if texts else ""


def _traffic(found: Findings) -> str:
    told: dict[str, Any] = found.traffic()
    rows = [
        ("requests", f"{told['requests']:,}"),
        ("rows", f"{told['rows']:,}"),
        ("rows of which no note could be taken", f"{told['dropped_rows']:,}"),
        *((f"without an answer: {kind}", f"{n:,}") for kind, n in told["failures"].items()),
        *((f"answered by version {n}", f"{r:,}") for n, r in told["other_versions"].items()),
        *((f"latency, {name}", seconds_text(s)) for name, s in told["latency"].items() if s),
    ]
    return f"<h2>Traffic</h2>{_table(('', 'n'), rows)}"


def _table(kinds: Sequence[str], rows: Iterable[Sequence[str]], heads: Sequence[str] = ()) -> str:
    """A table of texts, which are escaped here."""

    def line(cells: Sequence[str], tag: str) -> str:
        told = zip(cells, kinds, strict=True)
        return "".join(f'<{tag} class="{kind}">{escape(cell)}</{tag}>' for cell, kind in told)

    head = f"<tr>{line(heads, 'th')}</tr>" if heads else ""
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def _windows(looked: Sequence[Looked]) -> str:
    """A bar a window, as high as it has rows, in the colour of what was found."""
    if not looked:
        return ""
    most = max(1, *(each.window.counts.rows for each in looked))
    width = min(24.0, 2 * _WIDTH / len(looked))
    bars = []
    for place, each in enumerate(looked):
        height = max(2.0, _HEIGHT * each.window.counts.rows / most)
        kind = "w2" if each.off else "w1" if each.is_judged else "w0"
        told = f"{time_text(each.window.began)}: {each.window.counts.rows:,} rows" + "".join(
            f"; {test.column} {test.rule}" for test in each.off[:5]
        )
        bars.append(_bar(kind, place * width, height, width - 1, told))
    picture = _svg(len(looked) * width, "".join(bars))
    legend = '<p class="dim">green: like the reference; red: off; grey: too few rows, or open</p>'
    return f"<h2>Windows</h2>{picture}{legend}"


def _quality(found: Findings) -> str:
    if found.overall is None:
        return '<h2>Quality</h2><p class="dim">no labels have come</p>'
    heads = ("window", "labels", found.score or "", "from", "to", "worse by", "")
    kinds = ("", "n", "n", "n", "n", "n", "")
    rows = [_quality_row("all", found.overall)]
    rows += [_quality_row(time_text(each.began), each) for each in found.quality]
    holdout = "" if found.holdout is None else number_text(found.holdout.estimate)
    told = f'<p class="dim">on the holdout: {holdout or "not known"}</p>'
    return f"<h2>Quality</h2>{told}{_table(kinds, rows, heads)}"


def _quality_row(name: str, one: Quality) -> list[str]:
    live = one.live
    numbers = (live.estimate, live.low, live.high, one.worse)
    told = ["" if each is None else number_text(each) for each in numbers]
    return [name, f"{live.n:,}", *told, "off" if one.is_off else ""]


def _columns(views: Sequence[ColumnView]) -> str:
    if not views:
        return ""
    shown = "".join(map(_column, views[:_MOST]))
    more = len(views) - _MOST
    rest = f'<p class="dim">and {more} that are nearer to the reference</p>' if more > 0 else ""
    legend = '<p class="dim">grey: the reference; blue: live; each bar a bin, the last null</p>'
    return f"<h2>Columns</h2>{legend}<table>{shown}</table>{rest}"


def _column(view: ColumnView) -> str:
    kind = "off" if view.standing else "fine" if view.last else "dim"
    said = ", ".join(each.kind for each in view.standing) or f"off in {view.windows_off} windows"
    numbers = [
        ("beyond chance", view.effect),
        ("PSI", view.distances.psi),
        ("Jensen-Shannon", view.distances.jensen_shannon),
        ("KS", view.distances.ks),
    ]
    told = ", ".join(f"{name} {number_text(n)}" for name, n in numbers if n is not None)
    name = f'<b class="{kind}">{escape(view.name)}</b> <span class="dim">{view.part}</span>'
    words = f"{name}<br>{escape(said)}<br><span class='dim'>{told}</span>"
    return f"<tr><td>{words}</td><td>{_histogram(view)}</td></tr>"


def _histogram(view: ColumnView) -> str:
    """The shares of the reference and of live rows, side by side in each cell."""
    before, live = ([float(n) for n in each] for each in (view.reference.counts, view.live))
    shares = [[n / max(1.0, sum(each)) for n in each] for each in (before, live)]
    most = max(1e-9, *shares[0], *shares[1])
    width = _WIDTH / len(before)
    names = view.reference.anchors.cell_names()
    bars = []
    for place, (one, other) in enumerate(zip(*shares, strict=True)):
        told = f"{names[place]}: {one:.2%} of the reference, {other:.2%} live"
        bars.append(_bar("r", place * width, _HEIGHT * one / most, width * 0.9, told))
        bars.append(_bar("l", place * width, _HEIGHT * other / most, width * 0.5, told))
    return _svg(_WIDTH, "".join(bars))


def _bar(kind: str, left: float, height: float, width: float, told: str) -> str:
    return (
        f'<rect class="{kind}" x="{left:.1f}" y="{_HEIGHT - height:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}"><title>{escape(told)}</title></rect>'
    )


def _svg(width: float, inside: str) -> str:
    return f'<svg width="{width:.0f}" height="{_HEIGHT}" role="img">{inside}</svg>'
