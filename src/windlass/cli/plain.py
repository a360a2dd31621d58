"""A run as it goes, line by line on standard error: in logs of CI, in pipes, in files."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Set
from typing import TYPE_CHECKING

from windlass.cli.written import Written
from windlass.execution.observer import Observer
from windlass.words import seconds_text, shortened

if TYPE_CHECKING:
    from windlass.execution.execute import Result
    from windlass.execution.job import Job

_LARGE_MAP = 20
"""Of a map of more items than this, only its progress and its failures are told."""


class PlainObserver(Observer):
    """One line for each thing that happens.

    Args:
        echo: Whether to show what nodes write.
    """

    def __init__(self, *, echo: bool = True) -> None:
        self.wants_output = echo
        self._name = ""
        self._written = Written("")
        self._lengths: dict[str, int] = {}
        self._ended: Counter[str] = Counter()
        self._before: Set[str] = frozenset()
        self._silent = False

    def run_started(self, job: Job) -> None:
        """Names the run."""
        self._name = job.name
        self._written = Written(job.name)
        count = len(job.plan.graph.nodes)
        self._tell(f"started  {count} {'node' if count == 1 else 'nodes'}")

    def told(self, text: str) -> None:
        """Says it."""
        self._tell(text)

    def done_before(self, nodes: Set[str]) -> None:
        """Tells that what has succeeded is not run again."""
        self._before = nodes
        self._tell(f"resumed  what has succeeded is kept: {kept_text(nodes)}")

    def map_expanded(self, node: str, items: int) -> None:
        """Notes how many items a map has."""
        self._lengths[node] = items
        self._ended[node] = sum(f"{node}[{index}]" in self._before for index in range(items))
        if items == 0 or items > _LARGE_MAP:
            self._tell(f"{node}  {items or 'no'} items")

    def node_ended(self, result: Result) -> None:
        """Tells how an attempt ended."""
        error = result.error or {}
        self._echo(result.node, self._written.end(result.node, error.get("traceback")))
        base, bracket, _ = result.node.partition("[")
        if bracket and self._lengths.get(base, 0) > _LARGE_MAP:
            self._tell_item(base, result)
        else:
            self._tell(f"{result.node}  {ending_text(result)}")

    def output(self, node: str, text: str) -> None:
        """Passes on what a node wrote."""
        self._echo(node, self._written.add(node, text))

    def tick(self) -> None:
        """Passes on what was held back."""
        for node, lines in self._written.due().items():
            self._echo(node, lines)

    def run_ended(self, status: str, seconds: float) -> None:
        """Tells how the run ended."""
        self._tell(f"{status}  {seconds_text(seconds)}")

    def _tell_item(self, base: str, result: Result) -> None:
        if result.status == "failed":
            self._tell(f"{result.node}  {ending_text(result)}")
        if not result.final:
            return
        self._ended[base] += 1
        done, items = self._ended[base], self._lengths[base]
        if done == items or done * 10 // items > (done - 1) * 10 // items:
            self._tell(f"{base}  {done}/{items}")

    def _tell(self, what: str) -> None:
        self._write([f"{self._name}  {what}"])

    def _echo(self, node: str, lines: list[str]) -> None:
        self._write([f"{node} | {line}" for line in lines])

    def _write(self, lines: list[str]) -> None:
        if self._silent or not lines:
            return
        self._silent = True  # whoever read has gone: the run goes on
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write("".join(f"{line}\n" for line in lines))
            sys.stderr.flush()
            self._silent = False


def kept_text(nodes: Set[str]) -> str:
    """Names of nodes, few or shortened; of a map that is not done, how many items are."""
    whole = {name for name in nodes if not name.endswith("]")}
    items = Counter(name.partition("[")[0] for name in nodes - whole)
    parts = [f"{count} of {name}" for name, count in items.items() if name not in whole]
    return shortened(", ".join(sorted(whole) + sorted(parts)))


def ending_text(result: Result) -> str:
    """``succeeded  0.84 s``, ``succeeded  cached``, ``failed  ValueError: …``."""
    if result.cached:
        return "succeeded  cached"
    if result.status in ("skipped", "cancelled"):
        return f"{result.status}  {result.reason or ''}".rstrip()
    told = f"{result.status}  {seconds_text(result.seconds)}"
    if result.error:
        told += f"  {result.error['kind']}: {shortened(str(result.error['message']))}"
    return told if result.final else f"{told}; to be tried again"
