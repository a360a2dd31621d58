"""What running nodes write, as few whole lines as a person can read while they come."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_LINES = 50
"""Lines of a node shown at once; `windlass logs` has them all."""
LONGEST_LINE = 2_000
_HELD_SECONDS = 0.5
_FAILURE = re.compile(
    r"\s*(\+ )?(Exception Group )?Traceback \(most recent call last\):|[\w.]+Error: "
)


@dataclass
class _Node:
    """What a node has written that is not shown yet.

    Args:
        rest: The beginning of a line whose end has not come.
        held: Lines of a traceback, which may be that of the node's own failure.
        since: When the first of these came.
    """

    rest: str = ""
    held: list[str] = field(default_factory=list)
    since: float = 0.0


class Written:
    """Turns pieces of logs into lines to show.

    Of a line that was overwritten again and again, as progress bars do, only the last state is a
    line. A traceback is held back for a moment: if its node fails by it, it is shown there.

    Args:
        run: Name of the run, for the command that shows all.
        clock: Tells the time, in seconds.
    """

    def __init__(self, run: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._nodes: dict[str, _Node] = {}

    def add(self, node: str, text: str) -> list[str]:
        """Takes what a node wrote; returns the lines to show."""
        state = self._nodes.setdefault(node, _Node())
        whole, newline, rest = (state.rest + text).rpartition("\n")
        state.rest = _last_state(rest)
        if not newline:
            return []
        lines = [*state.held, *(_last_state(line) for line in whole.split("\n"))]
        start = next((n for n, line in enumerate(lines) if _FAILURE.match(line)), len(lines))
        if not state.held:
            state.since = self._clock()
        state.held = lines[start:]
        return self._few(node, lines[:start])

    def state(self, node: str) -> str:
        """The line that a node is at, such as a progress bar; empty if its last line is whole."""
        return self._nodes[node].rest if node in self._nodes else ""

    def due(self) -> dict[str, list[str]]:
        """Lines, by node, that were held back in vain."""
        found = {}
        for node, state in self._nodes.items():
            if state.held and self._clock() - state.since > _HELD_SECONDS:
                found[node] = self._few(node, state.held)
                state.held = []
        return found

    def end(self, node: str, traceback: str | None = None) -> list[str]:
        """The last lines of a node that ended, without the traceback that it failed by."""
        state = self._nodes.pop(node, None)
        if state is None:
            return []
        lines = [*state.held, state.rest] if state.rest else state.held
        last = lines[-1].rstrip() if lines else None
        if traceback is not None and last == traceback.rstrip().split("\n")[-1]:
            return []
        return self._few(node, lines)

    def _few(self, node: str, lines: list[str]) -> list[str]:
        shown = [line[:LONGEST_LINE] for line in lines[:MOST_LINES]]
        more = len(lines) - len(shown)
        if more > 0:
            at = f"windlass logs {self._run} {shlex.quote(node)}"
            shown.append(f"… {more:,} more lines: {at}")
        return shown


def _last_state(line: str) -> str:
    return line.rstrip("\r").rpartition("\r")[2]
