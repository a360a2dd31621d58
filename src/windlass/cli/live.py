"""A run as it goes, drawn on a terminal: every node in its place, what nodes write above them."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING

from windlass.cli.board import Board, Line
from windlass.cli.output import console, styled
from windlass.cli.plain import PlainObserver
from windlass.cli.written import Written
from windlass.execution.observer import Observer
from windlass.words import seconds_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from windlass.cli.drawing import Drawing
    from windlass.execution.execute import Result
    from windlass.execution.job import Job

_FEWEST_LINES = 4


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
    Whatever goes above the drawing waits for the next tick: each time that something is printed
    there, all is drawn anew.

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
        self._above: list[Text] = []
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

    def told(self, text: str) -> None:
        """Puts it above."""
        from rich.text import Text

        self._above.append(Text(text, "yellow"))
        self._draw()

    def done_before(self, nodes: Set[str]) -> None:
        """Marks what had succeeded before the run was resumed."""
        self._board.done_before(nodes)

    def map_expanded(self, node: str, items: int) -> None:
        """Notes how many items a map has."""
        self._board.expanded(node, items)

    def node_started(self, node: str, attempt: int) -> None:
        """Marks a node as running."""
        self._board.started(node, attempt)

    def node_ended(self, result: Result) -> None:
        """Marks a node with how it ended."""
        traceback = (result.error or {}).get("traceback")
        self._put_above(result.node, self._written.end(result.node, traceback))
        self._board.ended_with(result)

    def output(self, node: str, text: str) -> None:
        """Puts what a node wrote above."""
        self._put_above(node, self._written.add(node, text))
        self._board.at(node, self._written.state(node))

    def tick(self) -> None:
        """Draws the state anew."""
        for node, lines in self._written.due().items():
            self._put_above(node, lines)
        self._scroll()
        self._draw()

    def run_ended(self, status: str, seconds: float) -> None:
        """Draws the last state."""
        self._status = f"{styled(status)} in {seconds_text(seconds)}"
        if status != "succeeded":
            counts = self._board.counts()
            self._status += "  " + ", ".join(f"{count} {how}" for how, count in counts.items())
        self._scroll()
        self._draw()

    def close(self) -> None:
        """Leaves what is drawn where it is, and the terminal as it was."""
        self._live.stop()

    def _put_above(self, node: str, lines: Sequence[str]) -> None:
        from rich.text import Text

        for line in lines:
            told = Text.from_ansi(line) if "\x1b" in line else Text(line)
            self._above.append(Text.assemble((f"{node} │ ", "dim"), told))

    def _scroll(self) -> None:
        """Lets finished lines go upwards until the others have room."""
        drawing = self._drawing()
        excess = len(self._board.lines()) - self._room()
        for line in self._board.remove_finished(excess):
            if not line.is_group and line.started is not None:  # what never ran is only counted
                self._above.append(drawing.alone(self._board, line))

    def _draw(self) -> None:
        if not self._above:
            self._live.refresh()
            return
        from rich.text import Text

        told, self._above = Text("\n").join(self._above), []
        self._out.print(told, soft_wrap=True)

    def _room(self) -> int:
        return max(_FEWEST_LINES, self._out.height - 2)

    def _drawing(self) -> Drawing:
        from windlass.cli.drawing import Drawing

        return Drawing(self._out.width, self._out.encoding.lower().startswith("utf"))

    def _render(self) -> Text:
        drawing = self._drawing()
        lines, more = self._fitting()
        return drawing.frame(self._board, self._title(drawing), lines, more)

    def _title(self, drawing: Drawing) -> Text:
        from rich.text import Text

        name = Text(self._name, "bold").append("  ", "not bold")
        if self._status:
            return name.append_text(Text.from_markup(self._status))
        took = seconds_text(time.monotonic() - self._started)
        name.append(f"{drawing.spinner()} running", "not bold cyan")
        return name.append(f"  {took}  {self._board.ended}/{self._board.size}", "not bold")

    def _fitting(self) -> tuple[list[Line], int]:
        """As many lines as there is room for, what failed or runs first."""
        room, lines = self._room(), self._board.lines()
        if len(lines) <= room:
            return lines, 0
        order = {"failed": 0, "running": 1}
        ranked = sorted(range(len(lines)), key=lambda n: (order.get(lines[n].status, 2), n))
        return [lines[n] for n in sorted(ranked[: room - 1])], len(lines) - room + 1
