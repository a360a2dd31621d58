"""A laid-out graph as SVG, with the states of a run if there are any.

Every state has a colour, a sign of its own and a word in the tooltip. Colours follow the page's
theme. There is no script and nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping

from windlass.pipeline.graph import Graph
from windlass.pipeline.layered.lettering import short
from windlass.pipeline.layered.placing import STACK
from windlass.pipeline.layout import Box, Frame, Layout, layout
from windlass.pipeline.lines import lines_svg
from windlass.pipeline.states import NodeState
from windlass.pipeline.theme import MONO, SANS, WORDS, clean, sign, theme_css
from windlass.words import seconds_text

DRAWING_CSS = (
    f".wl-graph{{font:12.5px {MONO};color:var(--wl-text);fill:none;overflow:visible}}"
    ".wl-graph text{fill:var(--wl-text);dominant-baseline:central}"
    f".wl-graph .wl-small{{font:11px {SANS};fill:var(--wl-muted);"
    "font-variant-numeric:tabular-nums}"
    ".wl-frame rect{fill:var(--wl-frame);stroke:var(--wl-rule)}"
    f".wl-graph .wl-frame text{{font:600 11px {SANS};fill:var(--wl-muted)}}"
    ".wl-line{fill:none;stroke:var(--wl-line);stroke-width:1.4}"
    ".wl-head{fill:var(--wl-line)}"
    ".wl-line.wl-order{stroke-dasharray:4 4}"
    ".wl-faint{opacity:.38}"
    f".wl-graph .wl-branch{{font:600 11px {SANS};fill:var(--wl-muted);text-anchor:middle;"
    "paint-order:stroke;stroke:var(--wl-bg);stroke-width:5px;stroke-linejoin:round}"
    ".wl-card{fill:var(--wl-card);stroke:var(--wl-line);stroke-width:1.2}"
    ".wl-node.wl-failed .wl-card{fill:color-mix(in srgb,var(--wl-failed) 9%,var(--wl-card));"
    "stroke:var(--wl-failed)}"
    ".wl-node.wl-running .wl-card{stroke:var(--wl-running)}"
    ".wl-node.wl-skipped .wl-card{stroke-dasharray:4 3}"
    ".wl-node.wl-skipped text,.wl-node.wl-waiting text{fill:var(--wl-muted)}"
    ".wl-bar{fill:var(--wl-own)}"
    ".wl-graph a{cursor:pointer}"
    ".wl-graph a:hover .wl-card,.wl-graph a:focus-visible .wl-card{stroke:var(--wl-running);"
    "stroke-width:2}"
)


def svg(
    drawn: Layout,
    states: Mapping[str, NodeState] | None = None,
    *,
    links: Mapping[str, str] | None = None,
    style: bool = True,
) -> str:
    """A drawing, which also stands alone as a file.

    Args:
        drawn: The layout; made with room if there are states.
        states: States by the names of boxes; a box without one is waiting. None for a bare graph.
        links: Where a click, or the enter key, on a box leads to, by its name.
        style: Whether the drawing brings its own style sheet: once a page is enough.
    """
    rules = f"<style>{theme_css()}{DRAWING_CSS}</style>" if style else ""
    parts = [
        *(_frame(frame) for frame in drawn.frames.values()),
        *lines_svg(drawn, states or {}),
        *(_node(box, states, (links or {}).get(box.name)) for box in drawn.boxes.values()),
    ]
    size = f"{drawn.width:g}", f"{drawn.height:g}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="windlass wl-graph" '
        f'role="{"group" if links else "img"}" aria-label="{clean(_summary(drawn, states))}" '
        f'width="{size[0]}" height="{size[1]}" viewBox="0 0 {size[0]} {size[1]}">'
        f"{rules}{''.join(parts)}</svg>"
    )


def _order(word: str) -> int:
    """Done before failed before waiting, from left to right."""
    return WORDS.index(word) if word in WORDS else len(WORDS)


def graph_html(graph: Graph) -> str:
    """A graph as a notebook shows it."""
    drawn = layout(graph)
    maps = sum(node.mapped for node in graph.nodes.values())
    counts = {"node": len(graph.nodes), "map": maps, "choice": len(graph.choices)}
    told = ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n)
    return (
        f'<div class="windlass wl-sheet"><style>{theme_css()}{DRAWING_CSS}{SHEET_CSS}</style>'
        f'<div class="wl-title"><b>{clean(graph.name)}</b> <span class="wl-dim">{told}</span></div>'
        f"{scrolling(svg(drawn, style=False), drawn)}</div>"
    )


SHEET_CSS = (
    f".wl-sheet{{font:13px/1.45 {SANS};color:var(--wl-text);background:var(--wl-bg);"
    "border:1px solid var(--wl-rule);border-radius:8px;padding:12px;box-sizing:border-box;"
    "max-width:100%;overflow-wrap:anywhere}"
    ".wl-dim{color:var(--wl-muted)}"
    ".wl-title{margin:0 0 8px}"
    ".wl-scroll{overflow:auto;max-height:1400px}"
    ".wl-scroll:focus-visible{outline:2px solid var(--wl-running);outline-offset:2px}"
    ".wl-scroll svg{display:block;margin:0 auto;height:auto}"
)


def scrolling(drawing: str, drawn: Layout) -> str:
    """A drawing that shrinks a little with the page, and scrolls beyond that."""
    size = f"width:100%;min-width:{drawn.width * 0.75:.0f}px;max-width:{drawn.width:.0f}px"
    return (
        f'<div class="wl-scroll" tabindex="0" role="region" aria-label="{clean(drawn.name)}">'
        f"{drawing.replace('<svg ', f'<svg style={chr(34)}{size}{chr(34)} ', 1)}</div>"
    )


def _summary(drawn: Layout, states: Mapping[str, NodeState] | None) -> str:
    """What the drawing shows, for those who cannot see it."""
    kinds = [box.kind for box in drawn.boxes.values()]
    told = f"{drawn.name}: {len(kinds) - kinds.count('choice')} nodes"
    words = [state.word for state in (states or {}).values()]
    counts = [f"{words.count(word)} {word}" for word in dict.fromkeys(words)]
    return ", ".join([told, *counts])


def _frame(frame: Frame) -> str:
    return (
        f'<g class="wl-frame" transform="translate({frame.x:g} {frame.y:g})">'
        f"<title>{clean(frame.name)}</title>"
        f'<rect width="{frame.width:g}" height="{frame.height:g}" rx="9"/>'
        f'<text x="12" y="14">{clean(short(frame.label))}</text></g>'
    )


def _node(box: Box, states: Mapping[str, NodeState] | None, link: str | None) -> str:
    state = None
    if states is not None and (box.kind != "choice" or box.name in states):
        state = states.get(box.name, NodeState("waiting"))
    word = f" wl-{state.word}" if state and state.word in WORDS else ""
    drawn = (
        f'<g class="wl-node{word}" transform="translate({box.x:g} {box.y:g})">'
        f"<title>{clean(_tooltip(box, state))}</title>{_outline(box)}{_inscription(box, state)}</g>"
    )
    return f'<a href="{clean(link)}">{drawn}</a>' if link else drawn


def _tooltip(box: Box, state: NodeState | None) -> str:
    lines = [box.about or box.name]
    if state is not None:
        took = f" in {seconds_text(state.seconds)}" if state.seconds is not None else ""
        lines.append(f"{state.word}{took}")
        if state.items:
            lines.append(", ".join(f"{count} {word}" for word, count in state.items.items()))
        lines += [state.note] if state.note else []
    return "\n".join(lines)


def _outline(box: Box) -> str:
    width, height = box.width, box.height
    if box.kind == "choice":
        corners = f"0,{height / 2:g} {width / 2:g},0 {width:g},{height / 2:g} {width / 2:g},"
        return f'<polygon class="wl-card" points="{corners}{height:g}"/>'
    if box.kind == "map":
        front = height - STACK
        return (
            _card(8, STACK, width - 16, front)
            + _card(4, STACK / 2, width - 8, front)
            + _card(0, 0, width, front)
        )
    if box.kind == "group":
        return _card(0, 0, width, height) + _card(3.5, 3.5, width - 7, height - 7)
    return _card(0, 0, width, height)


def _card(x: float, y: float, width: float, height: float) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect class="wl-card" {place} rx="6"/>'


def _inscription(box: Box, state: NodeState | None) -> str:
    """The label; a map's number of items; a status and a time if there is one."""
    middle = (box.height - (STACK if box.kind == "map" else 0)) / 2
    label = clean(short(box.label))
    if box.kind == "map":
        count = sum(state.items.values()) if state and state.items else box.count
        label += f'<tspan class="wl-small" dx="6">×{"n" if count is None else f"{count:,}"}</tspan>'
    if state is None or box.kind == "choice":
        place = f'x="{box.width / 2:g}" y="{middle:g}" text-anchor="middle"'
        return f"<text {place}>{label}</text>"
    time = seconds_text(state.seconds) if state.word != "cached" else "cached"
    return (
        f'<g transform="translate(11 {middle - 8:g})">{sign(state.word)}</g>'
        f'<text x="35" y="{middle:g}">{label}</text>'
        f'<text class="wl-small" x="{box.width - 11:g}" y="{middle:g}" text-anchor="end">'
        f"{clean(time)}</text>{_bar(box, state, 2 * middle - 5)}"
    )


def _bar(box: Box, state: NodeState, y: float) -> str:
    """How far a map or a group is: a bar with a part for each status, if there are several."""
    total = sum(state.items.values())
    if len(state.items) < 2 or not total:
        return ""
    parts, x = [], 10.0
    for word in sorted(state.items, key=_order):
        width = (box.width - 20) * state.items[word] / total
        parts.append(
            f'<rect class="wl-bar wl-{word}" x="{x:.1f}" y="{y:g}" width="{width:.1f}" height="3"/>'
        )
        x += width
    return "".join(parts)
