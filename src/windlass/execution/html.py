"""A run as a notebook shows it: one piece of HTML, with its own style and without any script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from windlass.execution.html_metrics import MOST_POINTS, metrics_html
from windlass.execution.html_parts import CSS, error_html, facts_html, icon, pill, reason_html
from windlass.execution.rows import Row, rows_of, states_of
from windlass.natural import natural
from windlass.pipeline.drawing import DRAWING_CSS, SHEET_CSS, scrolling, svg
from windlass.pipeline.layout import layout
from windlass.pipeline.theme import clean, theme_css
from windlass.words import (
    seconds_text,
    shortened,
    size_text,
    summary_text,
    time_text,
    type_text,
)

if TYPE_CHECKING:
    from windlass.execution.run import Run
    from windlass.records.model import Outcome, Output

_MANY_NODES = 80
"""Of a graph with more nodes, groups are drawn as one box each."""

_FEW_ITEMS, _MOST_ITEMS = 20, 200
"""Up to how many items of a map are listed in their order, and at all."""

_MOST_OUTPUTS = 8
_LONGEST_VALUE = 120
_WORTH_TELLING = 1000
"""Bytes from which on the size of an output is told."""


def run_html(run: Run[Any]) -> str:
    """A run: what it is, its graph with the states of the nodes, its metrics, its nodes."""
    rows = rows_of(run)
    parts = [_header(run), _failure(run, rows), _drawing(run, rows)]
    parts += [metrics_html(run.curves(points=MOST_POINTS)), nodes_html(rows)]
    return sheet(parts)


def sheet(parts: Iterable[str]) -> str:
    """Parts of a page as one piece of HTML with its style."""
    style = f"<style>{theme_css()}{SHEET_CSS}{DRAWING_CSS}{CSS}</style>"
    return f'<div class="windlass wl-sheet">{style}{"".join(parts)}</div>'


def _header(run: Run[Any]) -> str:
    row = run.row
    took = f"in {seconds_text(run.seconds)}" if run.seconds is not None else ""
    schema: Any = run.job.plan.parameters
    names = [parameter["name"] for parameter in schema]  # in the order of the signature
    parameters = [f"{it} = {_value(row.parameters[it])}" for it in names if it in row.parameters]
    facts = {
        "parameters": parameters,
        "seed": [str(row.seed)],
        "started": [time_text(row.created)],
        "where": [f"target {row.target}, stack {row.stack}"],
        "code": _code(row.plan, row.git),
        "tags": [f"{key} = {value}" for key, value in row.tags.items()],
    }
    title = f'<b>{clean(run.name)}</b> {pill(run.status)} <span class="wl-dim">{took}</span>'
    return f'<div class="wl-title">{title}</div>{facts_html(facts)}'


def _value(document: Any) -> str:
    return shortened(repr(natural(document)), _LONGEST_VALUE)


def _code(plan: str, git: Mapping[str, Any] | None) -> list[str]:
    told = [f"plan {plan[:10]}"]
    if git and git.get("commit"):
        told.append(f"git {git['commit'][:10]}{', with changes' if git.get('dirty') else ''}")
    return told


def _failure(run: Run[Any], rows: Iterable[Row]) -> str:
    """Why the run did not succeed: the first error in full."""
    every = (it for row in rows for it in (*row.items, row))
    failed = [it for it in every if it.outcome is not None and it.outcome.error]
    if failed and failed[0].outcome is not None and failed[0].outcome.error:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        return error_html(f"{failed[0].name}{more} failed", failed[0].outcome.error)
    return f'<div class="wl-error">{clean(run.error)}</div>' if run.error else ""


def _drawing(run: Run[Any], rows: Iterable[Row]) -> str:
    graph = run.graph
    collapsed: set[str] = set()
    if len(graph.nodes) > _MANY_NODES:
        collapsed = {name.partition(".")[0] for name in graph.nodes if "." in name}
    drawn = layout(graph, collapsed=collapsed, room=True)
    return scrolling(svg(drawn, states_of(graph, rows, collapsed), style=False), drawn)


def nodes_html(rows: Iterable[Row]) -> str:
    """A table of nodes; the items of a map are folded below it."""
    heads = ("node", "time", "tries", "output", "why")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(part for row in rows for part in _row_html(row))
    return (
        '<div class="wl-wide"><table class="wl-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row_html(row: Row) -> Iterator[str]:
    outcome, state = row.outcome, row.state
    count = f' <span class="wl-dim">×{sum(state.items.values()):,}</span>' if state.items else ""
    tries = max([_tries(row), *(_tries(item) for item in row.items)])
    cells = (
        f"{icon(state.word)}<code>{clean(row.name)}</code>{count}",
        clean(seconds_text(state.seconds)),
        str(tries) if tries else "",
        _outputs(outcome),
        reason_html(state),
    )
    classes = ("wl-name", "wl-number", "wl-number", "", "")
    inner = "".join(f'<td class="{c}">{cell}</td>' for c, cell in zip(classes, cells, strict=True))
    yield f'<tr class="wl-{clean(state.word)}">{inner}</tr>'
    if row.items:
        yield f'<tr class="wl-items"><td colspan="5">{_items_html(row)}</td></tr>'


def _tries(row: Row) -> int:
    return row.outcome.attempts if row.outcome else 0


def _items_html(row: Row) -> str:
    """The items of a map, folded; of many, those that went wrong come first."""
    listed = list(row.items)
    if len(listed) > _FEW_ITEMS:
        listed.sort(key=lambda item: item.state.status in ("succeeded", "waiting"))
    listed = listed[:_MOST_ITEMS]
    counts = ", ".join(f"{count:,} {word}" for word, count in row.state.items.items())
    left = len(row.items) - len(listed)
    more = f'<p class="wl-dim">and {left:,} more: <code>run["{clean(row.name)}[i]"]</code></p>'
    opened = " open" if row.state.status == "failed" else ""
    return (
        f"<details{opened}><summary>{len(row.items):,} items: {clean(counts)}</summary>"
        f'<div class="wl-box" tabindex="0" role="region" aria-label="{clean(row.name)}">'
        f"{nodes_html(listed)}{more if left else ''}</div></details>"
    )


def _outputs(outcome: Outcome | None) -> str:
    outputs = outcome.outputs if outcome else ()
    lines = [f"<div>{output_line(output)}</div>" for output in outputs[:_MOST_OUTPUTS]]
    if len(outputs) > _MOST_OUTPUTS:
        lines.append(f'<div class="wl-dim">and {len(outputs) - _MOST_OUTPUTS} more</div>')
    return "".join(lines)


def output_line(output: Output) -> str:
    """An output in a line: its name, unless there is only one, its type, facts and size."""
    artifact = output.artifact
    if artifact is None:
        return clean(output.name)
    name = "" if output.name == "output" else f"<code>{clean(output.name)}</code> "
    facts = [summary_text(artifact.summary)]
    if artifact.bytes >= _WORTH_TELLING:
        facts.append(size_text(artifact.bytes))
    told = " · ".join(clean(fact) for fact in facts if fact)
    pickled = ' <span class="wl-warn">pickled</span>' if artifact.pickled else ""
    return f'{name}{clean(type_text(artifact.type))} <span class="wl-dim">{told}</span>{pickled}'
