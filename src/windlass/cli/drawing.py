"""One frame of a run as it is drawn: a title, and a line for each node.

Laid out by hand: a frame is drawn ten times a second beside the work that it shows, and tables of
Rich, which may hold anything, take many times as long.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from windlass.cli.board import Board, Line
from windlass.cli.marks import MARKS, PLAIN_SPINNER, SPINNER, STYLES
from windlass.words import seconds_text

_BAR_WIDTH = 20
_GAP = "  "
_NAMES_PART = 0.6
"""At most so much of the width is for names, so that there is room for what is told of them."""


@dataclass(frozen=True)
class Drawing:
    """How lines are drawn on one terminal.

    Args:
        width: Its columns.
        utf: Whether it shows more than ASCII.
    """

    width: int
    utf: bool = True

    def frame(self, board: Board, title: Text, lines: Sequence[Line], more: int) -> Text:
        """A whole frame.

        Args:
            board: The nodes, whose clock is asked.
            title: What stands above them.
            lines: Those that there is room for.
            more: How many others there are.
        """
        seconds = [self._seconds(board, line) for line in lines]
        longest = max((_name_width(line) for line in lines), default=0)
        names = min(longest, int(self.width * _NAMES_PART))
        times = max((len(told) for told in seconds), default=0)
        drawn = [_cut(title, self.width)]
        drawn += [self._row(*each, names, times) for each in zip(lines, seconds, strict=True)]
        if more:
            drawn.append(Text(f"… {more} more", "dim"))
        return Text("\n").join(drawn)

    def alone(self, board: Board, line: Line) -> Text:
        """A line that has left the others, by its whole name."""
        mark = (MARKS[line.status], STYLES[line.status])
        parts = (mark, " ", line.name, _GAP, (self._seconds(board, line), "dim"), _GAP)
        told = Text.assemble(*parts, self._note(line))
        told.rstrip()
        return _cut(told, self.width)

    def spinner(self) -> str:
        """The sign of what is running, which turns."""
        frames = SPINNER if self.utf else PLAIN_SPINNER
        return frames[int(time.monotonic() * 10) % len(frames)]

    def _row(self, line: Line, seconds: str, names: int, times: int) -> Text:
        indent = "  " * line.depth
        if line.is_group:
            return _cut(Text(f"{indent}{line.label}", "bold"), self.width)
        running = line.status == "running"
        mark = self.spinner() if running else MARKS[line.status]
        name = _fitted(line.label, max(2, names - len(indent) - 2))
        parts = (
            indent,
            (mark, STYLES[line.status]),
            " ",
            name,
            _GAP,
            (f"{seconds:>{times}}", "dim"),
        )
        return _cut(Text.assemble(*parts, _GAP, self._note(line)), self.width)

    def _seconds(self, board: Board, line: Line) -> str:
        if line.is_group or line.started is None or line.note == "cached":
            return ""
        return seconds_text(board.seconds(line) if line.status == "running" else line.seconds)

    def _note(self, line: Line) -> tuple[str, str]:
        """What there is to say of a line, with its style."""
        style = "red" if line.status == "failed" else "dim"
        if not line.items:
            return line.note, style
        told = [f"{line.done}/{line.items}"]
        if not line.below:
            full = _BAR_WIDTH * line.done // line.items
            done, rest = "━─" if self.utf else "=-"
            told = [done * full + rest * (_BAR_WIDTH - full), *told]
        told += [f"{count} {how}" for how, count in line.counts.items() if how != "succeeded"]
        return _GAP.join(told), style


def _name_width(line: Line) -> int:
    return 0 if line.is_group else 2 * line.depth + 2 + cell_len(line.label)


def _fitted(name: str, width: int) -> str:
    """A name in exactly so many cells."""
    if cell_len(name) <= width:
        return set_cell_size(name, width)
    return set_cell_size(name, width - 1) + "…"


def _cut(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text
