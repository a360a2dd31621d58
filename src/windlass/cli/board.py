"""The state of every node of a run as it goes, in the order and depth in which it is drawn."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from windlass.words import shortened

if TYPE_CHECKING:
    from windlass.execution.execute import Result

SMALL_MAP = 8
"""Each item of a map of at most so many is a line of its own."""

_BAD = ("failed", "cancelled")
_BEFORE = "done before"


@dataclass
class Line:
    """A node, an item of a map, or the name of a nested pipeline.

    Args:
        name: The node's whole name.
        label: What is drawn of it, below its group.
        depth: How many groups and maps it is in.
        is_group: Whether it is only a heading.
        status: ``waiting``, ``running``, or how it ended.
        started: When it began, by the board's clock.
        seconds: How long it took.
        note: Why, or at what.
        attempt: Which attempt it is at, or ended with.
        items: How many items it has, if it is a map.
        counts: How many of these have ended, and how.
        running: How many of these are running.
        below: The lines below it.
    """

    name: str
    label: str
    depth: int = 0
    is_group: bool = False
    status: str = "waiting"
    started: float | None = None
    seconds: float = 0.0
    note: str = ""
    attempt: int = 1
    items: int | None = None
    counts: Counter[str] = field(default_factory=Counter)
    running: int = 0
    below: dict[str, Line] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return not self.is_group and self.status not in ("waiting", "running")

    def all_over(self) -> bool:
        """Whether nothing more will happen to it and to what is below it."""
        return (self.is_group or self.over) and all(b.all_over() for b in self.below.values())

    @property
    def done(self) -> int:
        """How many items have ended."""
        return sum(self.counts.values())


class Board:
    """Follows the nodes of a run.

    Args:
        nodes: Their names, in the order of the graph.
        clock: Tells the time, in seconds.
    """

    def __init__(self, nodes: Iterable[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._root = Line("", "", depth=-1, is_group=True)
        self._nodes = {name: self._place(name) for name in nodes}
        self._before: Set[str] = frozenset()

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self._nodes)

    @property
    def ended(self) -> int:
        """How many of them have ended."""
        return sum(line.over for line in self._nodes.values())

    def counts(self) -> Counter[str]:
        """How many nodes there are of each status."""
        return Counter(line.status for line in self._nodes.values())

    def lines(self) -> list[Line]:
        """Every line that was not removed, each group and map before what is in it."""
        return list(_walk(self._root))

    def remove_finished(self, least: int) -> list[Line]:
        """Removes and returns finished lines, in order, until at least so many have gone."""
        gone: list[Line] = []
        _remove_from(self._root, least, gone)
        return gone

    def done_before(self, nodes: Set[str]) -> None:
        """These nodes and items had succeeded before the run was resumed."""
        self._before = nodes
        for name in nodes & self._nodes.keys():
            self._nodes[name].status, self._nodes[name].note = "succeeded", _BEFORE

    def expanded(self, node: str, items: int) -> None:
        """A map is about to run over this many items."""
        line = self._nodes[node]
        line.items, line.status, line.started = items, "running", self._clock()
        if items == 0:
            line.status, line.note = "succeeded", "no items"
        elif items <= SMALL_MAP:
            for index in range(items):
                name = f"{node}[{index}]"
                line.below[name] = Line(name, f"{line.label}[{index}]", line.depth + 1)
        for name in [f"{node}[{index}]" for index in range(items)]:
            if name in self._before:
                self._done_before(line, name)

    def _done_before(self, line: Line, item: str) -> None:
        if item in line.below:
            line.below[item].status, line.below[item].note = "succeeded", _BEFORE
        self._count(line, "succeeded")

    def started(self, node: str, attempt: int) -> None:
        """An attempt at a node or an item began."""
        base = self._base(node)
        base.running += 1
        for line in (base, base.below.get(node)):
            if line is not None:
                line.status = "running"
                line.started = line.started or self._clock()
        line = base.below.get(node, base)
        if line.items is None and attempt > 1:
            line.attempt, line.note = attempt, f"attempt {attempt}"

    def at(self, node: str, state: str) -> None:
        """A running node says how far it is."""
        line = self._base(node).below.get(node, self._base(node))
        if line.items is None and line.status == "running" and state:
            line.note = shortened(state)

    def ended_with(self, result: Result) -> None:
        """An attempt ended, or a node was settled without one."""
        base = self._base(result.node)
        base.running = max(0, base.running - 1)
        line = base.below.get(result.node, base)
        if line.items is None or "[" not in result.node:  # a node, an item, a whole map at once
            self._end(line, result)
        if result.final and "[" in result.node:
            self._count(base, "cached" if result.cached else result.status)

    def _end(self, line: Line, result: Result) -> None:
        told = result.error or {}
        line.note = shortened(f"{told['kind']}: {told['message']}") if told else ""
        if not result.final:
            line.note += "; will be tried again"
            return
        line.status, line.seconds = result.status, result.seconds
        if result.cached:
            line.note = "cached"
        elif result.status in ("skipped", "cancelled"):
            line.note = shortened(result.reason or "")
        elif result.status == "succeeded" and line.attempt > 1:
            line.note = f"{line.attempt} attempts"

    def _count(self, line: Line, how: str) -> None:
        line.counts[how] += 1
        if line.items is not None and line.done >= line.items:
            line.status = next((bad for bad in _BAD if line.counts[bad]), "succeeded")
            line.seconds = self.seconds(line)

    def seconds(self, line: Line) -> float:
        """How long a line has been running."""
        return 0.0 if line.started is None else self._clock() - line.started

    def _base(self, node: str) -> Line:
        return self._nodes[node.partition("[")[0]]

    def _place(self, name: str) -> Line:
        *groups, label = name.split(".")
        parent = self._root
        for depth, group in enumerate(groups):
            key = f"{parent.name}.{group}".lstrip(".")
            parent = parent.below.setdefault(key, Line(key, group, depth, is_group=True))
        line = Line(name, label, len(groups))
        parent.below[f"{name}:"] = line  # a group may have the name of a node
        return line


def _remove_from(parent: Line, least: int, gone: list[Line]) -> None:
    for key, line in list(parent.below.items()):
        if len(gone) >= least:
            return
        if line.all_over():
            del parent.below[key]
            gone += [line, *_walk(line)]
        elif line.is_group:
            _remove_from(line, least, gone)


def _walk(line: Line) -> Iterator[Line]:
    for below in line.below.values():
        yield below
        yield from _walk(below)
