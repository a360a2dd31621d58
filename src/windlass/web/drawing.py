"""What only the pages draw: graphs and timelines, as SVG that follows the page's colours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup

from windlass.errors import DefinitionError
from windlass.execution.rows import Row, states_of
from windlass.keeping import Kept
from windlass.pipeline.diagram import Shape, ShapeKind, drawn_as
from windlass.pipeline.drawing import scrolling, svg
from windlass.pipeline.layout import Layout, laid_out, layout
from windlass.pipeline.theme import WORDS, clean
from windlass.words import seconds_text

if TYPE_CHECKING:
    from typing import Any

    from windlass.execution.run import Run
    from windlass.pipeline.plan import Plan
    from windlass.web.views.lineage import BoxLine
    from windlass.web.views.run import Span

_ROW, _BAR, _NAMES, _WIDTH = 22.0, 12.0, 190.0, 1000.0
_MOST_ROWS = 200


def graph_svg(
    run: Run[Any], rows: Sequence[Row], base: str, opened: Collection[str], closed: Collection[str]
) -> Markup:
    """The graph of a run with the states of its nodes; boxes lead to what they stand for.

    Args:
        run: The run.
        rows: Its nodes.
        base: What the addresses of the project begin with.
        opened: Groups that are drawn with what is in them, although the graph is large.
        closed: Groups that are drawn as one box each.
    """
    drawn = _laid_out(run.job.plan, run.row.plan, frozenset(closed))
    states = states_of(run.graph, rows, closed)
    here = f"{base}/runs/{quote(run.name, safe='')}"
    links = {name: f"{here}/nodes/{quote(name, safe='')}" for name in run.graph.nodes}
    for name in closed:
        links[name] = f"{here}?expand={quote(','.join([*opened, name]))}#graph"
    return Markup(scrolling(svg(drawn, states, links=links, style=False), drawn))  # noqa: S704


_LAYOUTS: Kept[Layout] = Kept(64)
"""Of a large graph it takes longer than all else."""


def _laid_out(plan: Plan, digest: str, closed: frozenset[str]) -> Layout:
    make = partial(layout, plan.graph, collapsed=closed, room=True)
    return _LAYOUTS.get((digest, closed), make)


def lineage_svg(
    boxes: Sequence[BoxLine], links: Sequence[tuple[str, str]], base: str, content: str
) -> Markup:
    """How an artifact came to be and what came of it, the runs as frames around their nodes."""
    shapes = {box["name"]: _shape(box) for box in boxes}
    try:
        told = drawn_as(content[:12], shapes, dict.fromkeys(links, "data"))
    except DefinitionError:  # equal values, made in turns: the lists tell of them
        return Markup("")
    drawn = laid_out(told)
    leads = {box["name"]: _address(box, base, content) for box in boxes}
    return Markup(scrolling(svg(drawn, links=leads, style=False), drawn))  # noqa: S704


def _shape(box: BoxLine) -> Shape:
    kind: ShapeKind = "group" if box["kind"] in ("version", "server") else "step"
    kind = "map" if box["items"] > 1 else kind
    about = f"{box['kind']} {box['label']}" + (f" of {box['run']}" if box["run"] else "")
    return Shape(box["name"], box["label"], kind, box["run"], box["items"] or None, about)


def _address(box: BoxLine, base: str, content: str) -> str:
    if box["kind"] == "node":
        run, node = (quote(box[each] or "", safe="") for each in ("run", "node"))
        return f"{base}/runs/{run}/nodes/{node}"
    if box["kind"] == "artifact":
        return f"{base}/artifacts/{content}"
    model, _, rest = box["name"].partition("@")
    if box["kind"] == "server":
        return f"{base}/deployments/{quote(model, safe='')}"
    return f"{base}/models/{quote(model, safe='')}/{rest}"


def timeline_svg(spans: list[Span], now: float, links: Callable[[str], str]) -> Markup:
    """When each node ran, a row each; attempts of one node share it."""
    rows: dict[str, list[Span]] = {}
    for span in spans:
        rows.setdefault(span["node"], []).append(span)
    shown = dict(list(rows.items())[:_MOST_ROWS])
    if not shown:
        return Markup("")
    first = min(span["started"] for span in spans)
    last = max(span["ended"] or now for span in spans)
    scale = (_WIDTH - _NAMES) / max(last - first, 1e-3)
    height = (len(shown) + 1) * _ROW
    parts = [_axis(last - first, height)]
    for place, (node, own) in enumerate(shown.items()):
        parts.append(_row(place, node, links(node)))
        parts += [_span(place, each, first, scale, now) for each in own]
    told = f"timeline of {len(rows)} nodes over {seconds_text(last - first)}"
    return Markup(  # noqa: S704 (all texts in it are cleaned)
        f'<svg class="timeline" viewBox="0 0 {_WIDTH:g} {height:g}" role="group" '
        f'aria-label="{clean(told)}">{"".join(parts)}</svg>'
    )


def _axis(seconds: float, height: float) -> str:
    parts = []
    for place in range(5):
        x = _NAMES + (_WIDTH - _NAMES) * place / 4
        anchor = "end" if place == 4 else "middle" if place else "start"
        parts.append(
            f'<line x1="{x:g}" x2="{x:g}" y1="{_ROW:g}" y2="{height:g}"/>'
            f'<text x="{x:g}" y="12" text-anchor="{anchor}">'
            f"{clean(seconds_text(seconds * place / 4) or '0')}</text>"
        )
    return f'<g class="axis">{"".join(parts)}</g>'


def _row(place: int, node: str, link: str) -> str:
    y = (place + 1) * _ROW + _ROW / 2
    name = node if len(node) <= 26 else f"…{node[-25:]}"
    return (
        f'<a href="{clean(link)}"><text x="0" y="{y + 4:g}">{clean(name)}'
        f"<title>{clean(node)}</title></text></a>"
    )


def _span(place: int, span: Span, first: float, scale: float, now: float) -> str:
    x = _NAMES + (span["started"] - first) * scale
    width = max(((span["ended"] or now) - span["started"]) * scale, 1.5)
    y = (place + 1) * _ROW + (_ROW - _BAR) / 2
    word = span["status"] if span["status"] in WORDS else "running"
    took = seconds_text((span["ended"] or now) - span["started"])
    told = f"{span['node']}, attempt {span['attempt']}: {span['status']}, {took}"
    return (
        f'<rect class="wl-bar wl-{word}" x="{x:.2f}" y="{y:g}" width="{width:.2f}" '
        f'height="{_BAR:g}" rx="2"><title>{clean(told)}</title></rect>'
    )


def curve_svg(points: list[tuple[float, float]], label: str) -> Markup:
    """A line through points, as wide as what is around it."""
    if len(points) < 2:
        return Markup("")
    width, height = 260.0, 64.0
    xs, ys = [x for x, _ in points], [y for _, y in points]
    left, low = min(xs), min(ys)
    across, up = width / ((max(xs) - left) or 1.0), height / ((max(ys) - low) or 1.0)
    line = " ".join(f"{(x - left) * across:.1f},{height - (y - low) * up:.1f}" for x, y in points)
    return Markup(  # noqa: S704 (numbers, and a cleaned label)
        f'<svg class="curve" viewBox="-2 -3 {width + 4:g} {height + 6:g}" role="img" '
        f'aria-label="{clean(label)}" preserveAspectRatio="none"><polyline points="{line}"/></svg>'
    )


def described(counts: Mapping[str, int]) -> str:
    """How many items have each state: ``3 succeeded, 1 failed``."""
    return ", ".join(f"{count:,} {word}" for word, count in counts.items())
