"""``monitor``: what is off with a model in production, and what is known of its traffic."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INCONCLUSIVE,
    Json,
    StackName,
    command,
    console,
    print_json,
)
from windlass.cli.place import stack_here
from windlass.cli.tables import print_fitted, print_words
from windlass.words import number_text, seconds_text, time_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from windlass.monitoring.findings import ColumnView, Findings
    from windlass.monitoring.quality import Quality

_CODES = {"off": FAILED, "fine": DONE, "too little": INCONCLUSIVE}
_STYLES = {"off": "red", "fine": "green", "too little": "yellow"}
_MARKS = {"off": "✗", "fine": "✓", "too little": "?"}
_MOST = 20
_AGAIN = 5.0
"""Seconds between two looks at a terminal."""


@command
def monitor(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL[@VERSION]", help="Such as delay; the champion, or what answers."
        ),
    ],
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="How far back, such as 24h or '7 days'."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write the report as a page, too."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, and not again until interrupted.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Watches a model. Exit codes: 0 nothing is off, 1 something is, 3 too little was seen."""
    from windlass.execution.stores import open_recorded
    from windlass.monitoring.looking import look
    from windlass.pipeline.settings import parse_duration
    from windlass.stacks.models import ModelSettings
    from windlass.stacks.settings import load_settings

    found = stack_here(stack)
    stores = open_recorded(found)
    name = model.partition("@")[0]
    settings = load_settings(found.project).models.get(name, ModelSettings())
    back = None if since is None else parse_duration(since)

    def looked() -> Findings:
        now = time.time()
        return look(stores, model, settings, now, since=None if back is None else now - back)

    out = console()
    if out.is_terminal and not (once or json or html):
        return _CODES[_follow(out, looked).verdict]
    findings = looked()
    if html is not None:
        from windlass.monitoring.page import page_of

        html.write_text(page_of(findings), encoding="utf-8")
    if json:
        print_json(findings.document())
    else:
        tell(out, findings)
        if html is not None:
            out.print(f"the report is {html}", style="dim", markup=False)
    return _CODES[findings.verdict]


def _follow(out: Console, looked: Callable[[], Findings]) -> Findings:
    """Looks again and again, until it is interrupted; a record that is gone is waited for."""
    from windlass.errors import UnreachableError

    findings = looked()
    try:
        while True:
            out.clear()
            tell(out, findings)
            out.print("looking again every few seconds; Ctrl-C ends it", style="dim")
            time.sleep(_AGAIN)
            try:
                findings = looked()
            except UnreachableError as error:
                note = f"this is of {time_text(findings.now)}: {error.message}"
                findings = replace(findings, notes=[note])
    except KeyboardInterrupt:
        return findings


def tell(out: Console, found: Findings) -> None:
    """Prints what was found for a person."""
    from rich.text import Text

    verdict = found.verdict
    head = Text.assemble(
        (f"{_MARKS[verdict]} ", _STYLES[verdict]),
        (found.version, "bold"),
        ": ",
        (_VERDICTS[verdict], _STYLES[verdict]),
        (f"  since {time_text(found.since)}", "dim"),
    )
    out.print(head)
    for each in found.standing:
        print_words(out, Text.assemble(("✗ ", "red"), each.text), indent=2)
    _tell_traffic(out, found)
    _tell_quality(out, found)
    if found.columns:
        _tell_columns(out, found)
    for note in found.notes:
        print_words(out, Text(f"note: {note}", style="yellow"))


_VERDICTS = {"off": "something is off", "fine": "nothing is off", "too little": "too little seen"}


def _tell_traffic(out: Console, found: Findings) -> None:
    traffic = found.traffic()
    judged = sum(each.is_judged for each in found.windows)
    latency: dict[str, float | None] = traffic["latency"]  # type: ignore[assignment]
    times = ", ".join(f"{name} {seconds_text(value)}" for name, value in latency.items() if value)
    failures: dict[str, int] = traffic["failures"]  # type: ignore[assignment]
    told = [
        f"{traffic['requests']:,} requests of {traffic['rows']:,} rows",
        f"{judged} of {len(found.windows)} windows judged",
        *([times] if times else []),
        *(f"{many:,} {kind}" for kind, many in failures.items()),
        *([f"{traffic['dropped_rows']:,} rows not noted"] if traffic["dropped_rows"] else []),
    ]
    print_words(out, f"traffic: {'; '.join(told)}")


def _tell_quality(out: Console, found: Findings) -> None:
    if found.overall is None:
        labels = f" ({found.unmatched:,} labels of no logged row)" if found.unmatched else ""
        out.print(f"quality: no labels have come{labels}", style="dim", markup=False)
        return
    print_words(out, f"quality: {quality_text(found.overall)}{_beside(found)}")


def quality_text(one: Quality) -> str:
    """A score with its interval, as ``log_loss 0.31 (0.29 to 0.33, 900 labels)``."""
    live = one.live
    told = "" if live.low is None else f"{number_text(live.low)} to {number_text(live.high)}, "
    return f"{live.what} {number_text(live.estimate)} ({told}{live.n:,} labels)"


def _beside(found: Findings) -> str:
    if found.holdout is None or found.overall is None or found.overall.margin is None:
        return "; there is no holdout to compare it with"
    off = sum(each.is_off for each in found.quality)
    judged = sum(each.is_judged for each in found.quality)
    return (
        f"; {number_text(found.holdout.estimate)} on the holdout, and may be worse by "
        f"{number_text(found.overall.margin)}; worse in {off} of {judged} windows"
    )


def _tell_columns(out: Console, found: Findings) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "column", "effect", "psi", "ks", "missing", "strange", "off"):
        table.add_column(name, justify="left" if name in ("", "column") else "right")
    judged = sum(each.is_judged for each in found.windows)
    for view in found.columns[:_MOST]:
        table.add_row(*_row(view, judged))
    print_fitted(out, table, "column")
    if len(found.columns) > _MOST:
        out.print(f"and {len(found.columns) - _MOST} nearer ones: --json has all", style="dim")


def _row(view: ColumnView, judged: int) -> list[str]:
    from rich.markup import escape

    apart = view.distances
    return [
        _mark(view),
        escape(view.name) + (" [dim](output)[/]" if view.part == "output" else ""),
        f"{view.effect:.2f}",
        "" if apart.psi is None else number_text(apart.psi),
        "" if apart.ks is None else number_text(apart.ks),
        _shares(view.missing),
        _shares(view.strange),
        f"{view.windows_off}/{judged}" if view.windows_off else "",
    ]


def _mark(view: ColumnView) -> str:
    """Whether it stands, is off in the last window, is not, or was not judged."""
    if view.standing:
        return "[red]✗[/]"
    if any(test.is_off for test in view.last):
        return "[yellow]![/]"
    return "[green]✓[/]" if view.last else "[dim]·[/]"


def _shares(shares: tuple[float, float]) -> str:
    """A share in the reference and live, where there is any."""
    before, live = shares
    return f"{before:.1%}>{live:.1%}" if before or live else ""
