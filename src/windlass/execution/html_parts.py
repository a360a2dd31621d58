"""Small pieces of HTML that a run and a node share, and their style."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windlass.pipeline.states import NodeState
from windlass.pipeline.theme import MONO, clean, sign
from windlass.places import Place
from windlass.words import shortened

_LONGEST_TRACEBACK = 20_000


def icon(word: str) -> str:
    """The sign of a status beside a text that says it, or beside a name."""
    return (
        f'<svg class="wl-icon wl-{clean(word)}" width="14" height="14" viewBox="0 0 16 16" '
        f'role="img" aria-label="{clean(word)}"><title>{clean(word)}</title>{sign(word)}</svg>'
    )


def pill(word: str) -> str:
    """A status in its colour, with its sign."""
    return f'<span class="wl-pill wl-{clean(word)}">{icon(word)}{clean(word)}</span>'


def facts_html(facts: Mapping[str, Iterable[str]]) -> str:
    """Facts with their names, in a line that wraps; those without a value are left out."""
    parts = []
    for name, values in facts.items():
        told = "".join(f"<dd>{clean(value)}</dd>" for value in values)
        if told:
            parts.append(f"<div><dt>{clean(name)}</dt>{told}</div>")
    return f'<dl class="wl-facts">{"".join(parts)}</dl>'


def error_html(title: str, error: Mapping[str, Any]) -> str:
    """An error: what, where, what to do; the traceback is folded."""
    place = str(Place(error["file"], error["line"])) if error.get("file") else ""
    parts = [
        f"<b>{clean(title)}</b>",
        f'<div class="wl-message">{clean(error.get("kind"))}: {clean(error.get("message"))}</div>',
    ]
    if error.get("hint"):
        parts.append(f"<div>{clean(error['hint'])}</div>")
    if place:
        parts.append(f'<div class="wl-dim"><code>{clean(place)}</code></div>')
    if error.get("traceback"):
        text = clean(str(error["traceback"])[-_LONGEST_TRACEBACK:])
        parts.append(f"<details><summary>traceback</summary><pre>{text}</pre></details>")
    return f'<div class="wl-error" role="alert">{"".join(parts)}</div>'


def reason_html(state: NodeState) -> str:
    """Why a node is as it is: the error, whose result stands for it, why it was skipped."""
    kind = "wl-bad" if state.status == "failed" else "wl-dim"
    word = "" if state.word in ("succeeded", "failed") else clean(state.word)
    told = clean(shortened(state.note, 300))
    sentence = f"{word}: {told}" if word and told else word or told
    return f'<span class="{kind}">{sentence}</span>'


CSS = (
    ".windlass.wl-sheet>*+*{margin-top:10px}.windlass.wl-sheet>style+*{margin-top:0}"
    ".wl-title{font-size:15px;display:flex;gap:8px;align-items:center;flex-wrap:wrap}"
    ".wl-icon{vertical-align:-2px;margin-right:6px;flex:none}"
    ".wl-pill{display:inline-flex;align-items:center;font-size:12px;padding:1px 9px 1px 3px;"
    "border-radius:999px;border:1px solid var(--wl-own);color:var(--wl-own)}"
    ".wl-pill .wl-icon{margin-right:5px}"
    ".windlass.wl-sheet .wl-facts{display:flex;flex-wrap:wrap;gap:4px 22px;margin:0}"
    ".windlass.wl-sheet .wl-facts div{display:flex;gap:8px;flex-wrap:wrap}"
    ".windlass.wl-sheet .wl-facts dt{color:var(--wl-muted);font-weight:400;margin:0}"
    ".windlass.wl-sheet .wl-facts dd{margin:0}"
    f".windlass.wl-sheet code,.windlass.wl-sheet pre{{font:12px/1.5 {MONO};background:none;"
    "color:inherit;padding:0;border:0}"
    ".windlass.wl-sheet pre{overflow:auto;max-height:360px;margin:6px 0 0;white-space:pre;"
    "overflow-wrap:normal}"
    ".wl-error{border-left:3px solid var(--wl-failed);border-radius:3px;padding:7px 12px;"
    "background:color-mix(in srgb,var(--wl-failed) 8%,transparent)}"
    ".wl-message{white-space:pre-wrap}"
    ".wl-bad{color:var(--wl-failed)}.wl-warn{color:var(--wl-cancelled)}"
    ".wl-wide{overflow-x:auto}.wl-box{overflow:auto;max-height:360px}"
    ".wl-box:focus-visible{outline:2px solid var(--wl-running)}"
    ".windlass.wl-sheet table.wl-table{border-collapse:collapse;width:100%;margin:0;"
    "table-layout:auto;font-size:12.5px;color:inherit;border:0}"
    ".windlass.wl-sheet table.wl-table tr{background:none}"
    ".windlass.wl-sheet table.wl-table th,.windlass.wl-sheet table.wl-table td{text-align:left;"
    "vertical-align:top;padding:4px 12px 4px 0;border:0;border-top:1px solid var(--wl-rule);"
    "max-width:none;white-space:normal;background:none;color:inherit}"
    ".windlass.wl-sheet table.wl-table th{color:var(--wl-muted);font-weight:400;border-top:0;"
    "white-space:nowrap}"
    ".windlass.wl-sheet table.wl-table td.wl-name{white-space:nowrap;"
    "width:1%;padding-right:24px}"
    ".windlass.wl-sheet table.wl-table td.wl-number{white-space:nowrap;"
    "width:1%;font-variant-numeric:tabular-nums}"
    ".windlass.wl-sheet table.wl-table tr.wl-items>td{border-top:0;padding:0 0 6px 20px}"
    ".windlass.wl-sheet summary{cursor:pointer;color:var(--wl-muted);display:list-item}"
    ".windlass.wl-sheet summary:focus-visible{outline:2px solid var(--wl-running)}"
    ".windlass.wl-sheet p{margin:4px 0}"
    ".windlass.wl-sheet table.windlass-table{border-collapse:collapse;font-size:12px;margin:0;"
    "border:0;color:inherit}"
    ".windlass.wl-sheet table.windlass-table tr{background:none}"
    ".windlass.wl-sheet table.windlass-table th,.windlass.wl-sheet table.windlass-table td{"
    "text-align:right;padding:2px 10px;border:0;border-bottom:1px solid var(--wl-rule);"
    "white-space:nowrap;background:none;color:inherit;font-variant-numeric:tabular-nums}"
    ".windlass.wl-sheet table.windlass-table th{font-weight:600}"
    ".wl-image{max-width:100%;border-radius:4px;background:#fff}"
    ".wl-page{width:100%;height:240px;resize:vertical;border:1px solid var(--wl-rule);"
    "border-radius:6px;background:#fff;color-scheme:light}"
    ".wl-metrics{display:flex;flex-wrap:wrap;gap:8px}"
    ".wl-metric{border:1px solid var(--wl-rule);border-radius:6px;padding:5px 10px}"
    ".wl-metric b{font-size:15px;font-variant-numeric:tabular-nums;display:block}"
    ".wl-spark{display:block;overflow:visible;fill:none;stroke:var(--wl-running);"
    "stroke-width:1.5}"
)
