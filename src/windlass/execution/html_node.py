"""A node of a run as a notebook shows it: how it went, and what it returned."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from windlass import artifacts
from windlass.artifacts import Preview
from windlass.errors import WindlassError
from windlass.execution.html import nodes_html, output_line, sheet
from windlass.execution.html_parts import error_html, facts_html, pill
from windlass.execution.rows import Row, rows_of, state_of
from windlass.pipeline.states import NodeState
from windlass.pipeline.theme import clean
from windlass.words import seconds_text, size_text

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.execution.run import Run, RunNode
    from windlass.records.model import Outcome, Output

_OUR_TABLES = frozenset(
    f"{library}.{kind}"
    for library, kinds in {
        "pandas": ("frame", "series", "index"),
        "polars": ("frame", "series", "lazy"),
        "arrow": ("table", "batch", "array", "chunked"),
    }.items()
    for kind in kinds
)
"""Formats whose previews are plain tables that escape what is in them; other HTML is framed."""

_LARGEST = 100_000_000
"""Bytes from which on a value is not read only to be looked at."""

_LONGEST_TEXT = 10_000
_LONGEST_LOG = 4_000

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; media-src data:"
)

_FRAME_STYLE = "body{font:13px system-ui,sans-serif;margin:8px;background:#fff;color:#1b2430}"


def node_html(run: Run[Any], node: RunNode) -> str:
    """A node: how it went, what it returned, what it wrote."""
    row = _row(run, node)
    outcome = row.outcome
    took = seconds_text(row.state.seconds)
    title = f"<b>{clean(row.name)}</b> {pill(row.state.word)}"
    title += f' <span class="wl-dim">of {clean(run.name)}{f", in {took}" if took else ""}</span>'
    parts = [f'<div class="wl-title">{title}</div>']
    if outcome is not None:
        parts.append(_facts(outcome))
        if outcome.error:
            parts.append(error_html(f"{row.name} failed", outcome.error))
    if row.items:
        parts.append(nodes_html(row.items))
    for output in outcome.outputs if outcome else ():
        parts.append(f'<div class="wl-output">{output_line(output)}</div>')
        parts.append(preview_html(output, run.job.stores))
    return sheet([*parts, _log(node)])


def _row(run: Run[Any], node: RunNode) -> Row:
    if node.index is None and run.graph.nodes[node.base].mapped:
        return next(row for row in rows_of(run) if row.name == node.name)
    state = state_of(node.outcome) if node.outcome else NodeState(node.status)
    return Row(node.name, state, node.outcome)


def _facts(outcome: Outcome) -> str:
    return facts_html(
        {
            "step": [outcome.step],
            "tries": [str(outcome.attempts)] if outcome.attempts > 1 else [],
            "seed": [str(outcome.seed)] if outcome.seed is not None else [],
            "why": [outcome.reason] if outcome.reason else [],
        }
    )


def _log(node: RunNode) -> str:
    """The end of what it wrote, folded."""
    text = node.logs().rstrip()
    if not text:
        return ""
    shown = text if len(text) <= _LONGEST_LOG else f"…{text[-_LONGEST_LOG:]}"
    return f"<details><summary>log</summary><pre>{clean(shown)}</pre></details>"


def preview_html(output: Output, stores: Stores) -> str:
    """What a person is shown of an output; why there is nothing, if it cannot be read."""
    artifact = output.artifact
    if artifact is None:
        return ""
    if artifact.bytes > _LARGEST:
        return (
            f'<p class="wl-dim">{size_text(artifact.bytes)}: read it with <code>.value</code></p>'
        )
    try:
        shown = artifacts.preview(
            artifact.content, stores.artifacts, stores.records, trust_pickle=stores.trust_pickle
        )
    except WindlassError as error:
        return f'<p class="wl-bad">{clean(error.message)}</p><p>{clean(error.hint or "")}</p>'
    except Exception as error:  # noqa: BLE001 (a value that cannot be shown must not hide the rest)
        return f'<p class="wl-bad">no preview: {clean(type(error).__name__)}: {clean(error)}</p>'
    return _shown(shown, plain_table=is_our_table(artifact.format))


def is_our_table(name: str) -> bool:
    """Whether previews of that format are plain tables that escape what is in them."""
    return name in _OUR_TABLES


def _shown(preview: Preview, *, plain_table: bool) -> str:
    kind, data = preview.media_type, preview.data
    if kind.startswith("image/"):
        return f'<img class="wl-image" alt="" src="{_as_source(preview)}">'
    if kind.startswith("audio/"):
        return f'<audio class="wl-audio" controls src="{_as_source(preview)}"></audio>'
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    if kind == "text/html":
        return f'<div class="wl-wide">{text}</div>' if plain_table else _framed(text)
    shown = text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
    return f"<pre>{clean(shown)}</pre>"


def _as_source(preview: Preview) -> str:
    raw = preview.data.encode() if isinstance(preview.data, str) else preview.data
    return f"data:{clean(preview.media_type)};base64,{base64.b64encode(raw).decode()}"


def _framed(page: str) -> str:
    """HTML of a step in a frame that runs no script, loads nothing and reaches nothing around."""
    head = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    inner = clean(f"{head}<style>{_FRAME_STYLE}</style>{page}")
    return f'<iframe class="wl-page" sandbox="" title="preview" srcdoc="{inner}"></iframe>'
