"""Who watches a run while it runs: a terminal, a notebook, a test, or nobody."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.execution.execute import Result
    from windlass.execution.job import Job


class Observer:
    """Hears of everything that happens in a run; this one does nothing with it."""

    wants_output = False
    """Whether `output` is to be called: following the logs costs a little."""

    def run_started(self, job: Job) -> None:
        """The run is recorded and begins."""

    def told(self, text: str) -> None:
        """Something that a person should know: what takes time, what is not as it should be."""

    def done_before(self, nodes: Set[str]) -> None:
        """The run goes on after an end; these nodes and items had succeeded before it."""

    def map_expanded(self, node: str, items: int) -> None:
        """A map is about to run over this many items."""

    def node_started(self, node: str, attempt: int) -> None:
        """An attempt at a node, or at an item of a map, has been handed to a worker."""

    def output(self, node: str, text: str) -> None:
        """A running node has written this."""

    def node_ended(self, result: Result) -> None:
        """An attempt ended, or a node was settled without one."""

    def tick(self) -> None:
        """Some time has passed; called several times a second."""

    def run_ended(self, status: str, seconds: float) -> None:
        """The run is over and recorded."""
