"""A run as it goes, drawn on a terminal: every node in its place, what nodes write above them."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from windlass.cli.board import Board, Line
from windlass.cli.output import console, styled
from windlass.cli.plain import PlainObserver
from windlass.cli.words import MARKS, PLAIN_SPINNER, SPINNER, STYLES, seconds_text
from windlass.cli.written import Written
from windlass.execution.observer import Observer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from windlass.execution.execute import Result
    from windlass.execution.job import Job

_FEWEST_LINES = 4
_BAR_WIDTH = 20


@contextlib.contextmanager
def make_observer(*, in_process: bool = False) -> Iterator[Observer]:
    """The observer that suits standard error.

    Args:
        in_process: Whether steps run in this process, and so write to the terminal themselves.
    """
    out = console(error=True)
    if in_process or not sys.stderr.isatty() or not out.is_terminal or out.is_dumb_terminal:
        yield PlainObserver(echo=not in_process)
        return
    observer = LiveObserver(out)
    try:
        yield observer
    finally:
        observer.close()


class LiveObserver(Observer):
    """Every node with its state and time, redrawn in place.

    Where there are more nodes than the terminal has lines, finished ones scroll away upwards.

    Args:
        out: The terminal.
    """

    wants_output = True

    def __init__(self, out: Console) -> None:
        from rich.live import Live

        self._out = out
        self._name = ""
        self._status = ""
        self._started = time.monotonic()
        self._board = Board(())
        self._written = Written("")
        utf = out.encoding.lower().startswith("utf")
        self._frames, self._bar = (SPINNER, "━─") if utf else (PLAIN_SPINNER, "=-")
        # No thread redraws it: the run's driver ticks several times a second.
        self._live = Live(
            console=out,
            get_renderable=self._render,
            auto_refresh=False,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def run_started(self, job: Job) -> None:
        """Lists the nodes."""
        self._name = job.name
        self._started = time.monotonic()
        self._board = Board(job.plan.graph.nodes)
        self._written = Written(job.name)
        self._live.start(refresh=True)

    def map_expanded(self, node: str, items: int) -> None:
        """Notes how many items a map has."""
        self._board.expanded(node, items)

    def node_started(self, node: str, attempt: int) -> None:
        """Marks a node as running."""
        self._board.started(node, attempt)

    def node_ended(self, result: Result) -> None:
        """Marks a node with how it ended."""
        traceback = (result.error or {}).get("traceback")
        self._print(result.node, self._written.end(result.node, traceback))
        self._board.ended_with(result)

    def output(self, node: str, text: str) -> None:
        """Prints what a node wrote, above."""
        self._print(node, self._written.add(node, text))
        self._board.at(node, self._written.state(node))

    def tick(self) -> None:
        """Draws the state anew."""
        for node, lines in self._written.due().items():
            self._print(node, lines)
        self._scroll()
        self._live.refresh()

    def run_ended(self, status: str, seconds: float) -> None:
        """Draws the last state."""
        self._status = f"{styled(status)} in {seconds_text(seconds)}"
        if status != "succeeded":
            counts = self._board.counts()
            self._status += "  " + ", ".join(f"{count} {how}" for how, count in counts.items())
        self._scroll()
        self._live.refresh()

    def close(self) -> None:
        """Leaves what is drawn where it is, and the terminal as it was."""
        self._live.stop()

    def _print(self, node: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        from rich.text import Text

        told = Text()
        for line in lines:
            told.append(f"{node} │ ", "dim")
            told.append_text(Text.from_ansi(line) if "\x1b" in line else Text(line))
            told.append("\n")
        self._out.print(told, end="", soft_wrap=True)

    def _scroll(self) -> None:
        """Lets finished lines go upwards until the others have room."""
        from rich.text import Text

        excess = len(self._board.lines()) - self._room()
        for line in self._board.remove_finished(excess):
            if not line.is_group and line.started is not None:  # what never ran is only counted
                mark, seconds, note = self._cells(line)
                told = Text("  ").join([Text.assemble(mark, " ", line.name), seconds, note])
                self._out.print(told, no_wrap=True, overflow="ellipsis")

    def _room(self) -> int:
        return max(_FEWEST_LINES, self._out.height - 2)

    def _render(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="ellipsis")  # may wrap: so a long note shrinks, and no name
        shown, more = self._fitting()
        for line in shown:
            if line.is_group:
                table.add_row(Text(f"{'  ' * line.depth}{line.label}", "bold"))
                continue
            mark, seconds, note = self._cells(line)
            table.add_row(Text.assemble("  " * line.depth, mark, " ", line.label), seconds, note)
        if more:
            table.add_row(Text(f"… {more} more", "dim"))
        grid = Table.grid()
        grid.add_row(self._title())
        grid.add_row(table)
        return grid

    def _title(self) -> Text:
        from rich.text import Text

        if self._status:
            return Text.from_markup(f"[bold]{self._name}[/]  {self._status}")
        board = self._board
        told = f"{seconds_text(time.monotonic() - self._started)}  {board.ended}/{board.size}"
        return Text.assemble((self._name, "bold"), "  ", (f"{self._frame()} running", "cyan"),
                             "  ", told)  # fmt: skip

    def _fitting(self) -> tuple[list[Line], int]:
        """As many lines as there is room for, what failed or runs first."""
        room, lines = self._room(), self._board.lines()
        if len(lines) <= room:
            return lines, 0
        order = {"failed": 0, "running": 1}
        ranked = sorted(range(len(lines)), key=lambda n: (order.get(lines[n].status, 2), n))
        return [lines[n] for n in sorted(ranked[: room - 1])], len(lines) - room + 1

    def _frame(self) -> str:
        return self._frames[int(time.monotonic() * 10) % len(self._frames)]

    def _cells(self, line: Line) -> tuple[tuple[str, str], Text, Text]:
        """A line's mark with its style, its time, and what there is to say of it."""
        from rich.text import Text

        running = line.status == "running"
        mark = self._frame() if running else MARKS[line.status]
        seconds = self._board.seconds(line) if running else line.seconds
        told = seconds_text(seconds) if line.started is not None and line.note != "cached" else ""
        style = "red" if line.status == "failed" else "dim"
        note = Text(self._note(line), style, no_wrap=True)
        return (mark, STYLES[line.status]), Text(told, "dim"), note

    def _note(self, line: Line) -> str:
        if not line.items:
            return line.note
        told = [f"{line.done}/{line.items}"]
        if not line.below:
            full = _BAR_WIDTH * line.done // line.items
            told = [self._bar[0] * full + self._bar[1] * (_BAR_WIDTH - full), *told]
        told += [f"{count} {how}" for how, count in line.counts.items() if how != "succeeded"]
        return "  ".join(told)
