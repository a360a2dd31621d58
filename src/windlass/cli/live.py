"""A run as it goes: drawn on a terminal, line by line elsewhere. Always on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.cli.output import MARKS, STYLES, console, mark, seconds_text
from windlass.execution.observer import Observer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from windlass.execution.execute import Result
    from windlass.execution.job import Job

_COLLAPSED = 8
"""A map of more items than this is one line."""
_LINES_AT_ONCE = 40
"""Most lines of a node's output shown at once; `windlass logs` has them all."""
_FEWEST_LINES = 6


@contextlib.contextmanager
def make_observer(*, in_process: bool = False) -> Iterator[Observer]:
    """The observer that suits standard error."""
    out = console(error=True)
    if in_process or not out.is_terminal or out.is_dumb_terminal:
        yield PlainObserver(echo=not in_process)
        return
    observer = LiveObserver(out)
    with observer.live:
        yield observer


class PlainObserver(Observer):
    """One line for each thing that happens."""

    wants_output = True

    def __init__(self, *, echo: bool = True) -> None:
        self.wants_output = echo
        self._name = ""

    def run_started(self, job: Job) -> None:
        """Names the run."""
        self._name = job.name
        self._print(f"{job.name}  started  {len(job.plan.graph.nodes)} nodes")

    def node_ended(self, result: Result) -> None:
        """Tells how an attempt ended."""
        print_result = f"{self._name}  {result.node}  {_ending(result)}"
        if result.error:
            print_result += f"  {result.error['kind']}: {result.error['message']}"
        self._print(print_result)

    def output(self, node: str, text: str) -> None:
        """Passes on what a node wrote."""
        for line in _some_lines(node, text, self._name):
            self._print(f"{node} | {line}")

    def run_ended(self, status: str, seconds: float) -> None:
        """Tells how the run ended."""
        self._print(f"{self._name}  {status}  {seconds_text(seconds)}")

    def _print(self, line: str) -> None:
        encoding = sys.stderr.encoding or "utf-8"
        sys.stderr.write(line.encode(encoding, "replace").decode(encoding) + "\n")
        sys.stderr.flush()


def _ending(result: Result) -> str:
    """``succeeded  0.84 s``, ``succeeded  cached``, ``failed, will be tried again``."""
    if result.cached:
        return "succeeded  cached"
    if result.status == "failed" and not result.final:
        return "failed, will be tried again"
    if result.status in ("skipped", "cancelled"):
        return f"{result.status}  {result.reason or ''}".rstrip()
    return f"{result.status}  {seconds_text(result.seconds)}"


def _some_lines(node: str, text: str, run: str) -> list[str]:
    lines = text.splitlines()
    if len(lines) <= _LINES_AT_ONCE:
        return lines
    more = len(lines) - _LINES_AT_ONCE
    return [*lines[:_LINES_AT_ONCE], f"… {more:,} more lines: windlass logs {run} {node}"]


@dataclass
class _Line:
    """A node, or a whole map, as it is drawn."""

    name: str
    status: str = "waiting"
    started: float | None = None
    seconds: float = 0.0
    note: str = ""
    items: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    running: int = 0


class LiveObserver(Observer):
    """Every node with its state and time, redrawn in place; what nodes write goes above."""

    wants_output = True

    def __init__(self, out: Console) -> None:
        from rich.live import Live

        self._out = out
        self._lines: dict[str, _Line] = {}
        self._title = ""
        self._started = time.monotonic()
        self._name = ""
        self.live = Live(
            console=out,
            get_renderable=self._render,
            refresh_per_second=10,
            redirect_stdout=False,
            redirect_stderr=False,
            transient=False,
        )

    def run_started(self, job: Job) -> None:
        """Lists the nodes."""
        self._name = job.name
        self._lines = {name: _Line(name) for name in job.plan.graph.nodes}

    def map_expanded(self, node: str, items: int) -> None:
        """Notes how many items a map has."""
        line = self._lines[node]
        line.items, line.status, line.started = items, "running", time.monotonic()
        if items == 0:
            line.status, line.note = "succeeded", "no items"

    def node_started(self, node: str, attempt: int) -> None:
        """Marks a node as running."""
        line = self._line(node)
        line.running += 1
        line.status = "running"
        line.started = line.started or time.monotonic()
        line.note = f"attempt {attempt}" if attempt > 1 else line.note

    def node_ended(self, result: Result) -> None:
        """Marks a node with how it ended."""
        line = self._line(result.node)
        line.running = max(0, line.running - 1)
        if not result.final:
            line.note = f"failed: {(result.error or {}).get('message', '')}; will be tried again"
            return
        if line.items is None or "[" not in result.node:
            self._end(line, result)
            return
        line.counts["cached" if result.cached else result.status] += 1
        if sum(line.counts.values()) >= line.items:
            bad = [s for s in ("failed", "cancelled") if line.counts[s]]
            line.status = bad[0] if bad else "succeeded"
            line.seconds = time.monotonic() - (line.started or time.monotonic())

    def output(self, node: str, text: str) -> None:
        """Prints what a node wrote, above."""
        from rich.text import Text

        for shown in _some_lines(node, text, self._name):
            self._out.print(Text.assemble((f"{node} │ ", "bright_black"), shown), soft_wrap=True)

    def run_ended(self, status: str, seconds: float) -> None:
        """Draws the last state."""
        self._title = f"[{STYLES[status]}]{mark(status, self._out.encoding)} {status}[/]"
        self._title += f" in {seconds_text(seconds)}"

    def _end(self, line: _Line, result: Result) -> None:
        line.status = result.status
        line.seconds = result.seconds
        line.note = "cached" if result.cached else line.note if result.status == "running" else ""
        if result.status in ("skipped", "cancelled"):
            line.note = result.reason or ""
        elif result.error:
            line.note = f"{result.error['kind']}: {result.error['message']}"

    def _line(self, node: str) -> _Line:
        return self._lines[node.partition("[")[0]]

    def _render(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True)
        title = self._title or f"[cyan]running[/]  {seconds_text(time.monotonic() - self._started)}"
        table.add_row(f"[bold]{self._name}[/]", "", Text.from_markup(title))
        shown, hidden = self._fitting()
        for line in shown:
            table.add_row(*self._cells(line))
        if hidden:
            table.add_row(Text(f"… {hidden} more nodes", "bright_black"))
        return table

    def _fitting(self) -> tuple[list[_Line], int]:
        """As many lines as the terminal is high: what runs or failed first, then the newest."""
        room = max(_FEWEST_LINES, self._out.height - 4)
        lines = list(self._lines.values())
        if len(lines) <= room:
            return lines, 0
        order = {"running": 0, "failed": 1, "waiting": 3, "skipped": 4}
        ranked = sorted(
            enumerate(lines),
            key=lambda each: (order.get(each[1].status, 2), -each[0]),
        )
        keep = sorted(place for place, _ in ranked[:room])
        return [lines[place] for place in keep], len(lines) - room

    def _cells(self, line: _Line) -> tuple[Any, Any, Any]:
        from rich.text import Text

        depth = line.name.count(".")
        sign = mark(line.status, self._out.encoding) if line.status in MARKS else "?"
        name = Text.assemble("  " * depth, (sign, STYLES[line.status]), " ", line.name)
        running = line.status == "running" and line.started is not None
        seconds = time.monotonic() - (line.started or 0) if running else line.seconds
        told = seconds_text(seconds) if running or line.seconds else ""
        return name, Text(told, "bright_black"), self._note(line)

    def _note(self, line: _Line) -> Any:
        from rich.text import Text

        style = "red" if line.status == "failed" else "bright_black"
        if line.items is None:
            return Text(line.note, style)
        done = sum(line.counts.values())
        told = f"{done}/{line.items}"
        if line.items > _COLLAPSED:
            width = 20
            full = round(width * done / line.items)
            ascii_only = not (self._out.encoding or "").lower().startswith("utf")
            bar, rest = ("#", "-") if ascii_only else ("━", "─")
            told = f"{bar * full}{rest * (width - full)} {told}"
        others = [f"{n} {what}" for what, n in line.counts.items() if what != "succeeded"]
        return Text("  ".join([told, *others, line.note]).rstrip(), style)
