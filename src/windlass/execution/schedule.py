"""What may run next: the order of a graph's nodes as a state machine, without any process.

A node is *settled* when all that it will ever do is done. It becomes due when everything it waits
for is settled; it then runs, or is skipped because a choice took the other branch or because
something that it needs did not succeed. A map is expanded when it is due, and settled when
its last item is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.pipeline.graph import FromChoice, FromNode, Graph, Node, Ref, leaves

Status: TypeAlias = Literal["succeeded", "failed", "skipped", "cancelled"]


@dataclass(frozen=True, slots=True)
class Task:
    """A node, or one item of a map, that can be executed."""

    node: Node
    index: int | None = None

    @property
    def name(self) -> str:
        """``train``, or for an item of a map ``train[2]``."""
        return instance_name(self.node.name, self.index)


def instance_name(node: str, index: int | None) -> str:
    """The name of a node or of an item of a map."""
    return node if index is None else f"{node}[{index}]"


@dataclass(frozen=True, slots=True)
class Settled:
    """A node that settled without a task of its own."""

    node: Node
    status: Status
    reason: str | None = None


class Schedule:
    """Follows one run of a graph.

    Args:
        graph: What runs.
        length: Gives a map's number of items once all that it waits for succeeded. May raise a
            `WindlassError`, such as for lists of different lengths: then the node failed.
        decide: Gives a choice's condition once the node that computes it succeeded.
        done: Nodes and items, by name, that succeeded before: they are not run again. Items of a
            map are asked for when `length` has given their number.
    """

    def __init__(
        self,
        graph: Graph,
        length: Callable[[Node], int],
        decide: Callable[[str], bool],
        done: Set[str] = frozenset(),
    ) -> None:
        self._graph = graph
        self._length = length
        self._decide = decide
        self._done = done
        self._decided: dict[str, bool] = {}
        self._status: dict[str, Status] = {}
        self._missing: dict[str, int] = {}
        self._ill: dict[str, Status] = {}
        self._waiting: dict[str, int] = {}
        self._followers: dict[str, list[str]] = {name: [] for name in graph.nodes}
        self._tasks: deque[Task] = deque()
        self._settled: deque[Settled] = deque()
        self._due: deque[Node] = deque()
        for node in graph.nodes.values():
            upstream = graph.upstream(node)
            self._waiting[node.name] = len(upstream)
            for name in upstream:
                self._followers[name].append(node.name)
            if not upstream:
                self._due.append(node)

    @property
    def finished(self) -> bool:
        """Whether every node is settled."""
        return len(self._status) == len(self._graph.nodes)

    def advance(self) -> Iterator[Settled | Task]:
        """Tasks that can start now, and nodes that settled without one; each is given once."""
        while self._settled or self._due or self._tasks:
            # First what settled: it must be recorded before what follows reads it.
            if self._settled:
                yield self._settled.popleft()
            elif self._due:
                self._start(self._due.popleft())
            else:
                yield self._tasks.popleft()

    def finish(self, task: Task, status: Status) -> None:
        """Notes how a task ended for good."""
        node = task.node
        if task.index is None:
            self._settle(node, status)
            return
        if status != "succeeded":
            worst = "failed" if "failed" in (status, self._ill.get(node.name)) else status
            self._ill[node.name] = worst
        self._missing[node.name] -= 1
        if self._missing[node.name] == 0:
            self._join(node)

    def status(self, node: str) -> Status | None:
        """How a node settled; None before."""
        return self._status.get(node)

    def unsettled(self) -> list[Node]:
        """The nodes that are not settled, in the order of the graph."""
        return [node for name, node in self._graph.nodes.items() if name not in self._status]

    def _start(self, node: Node) -> None:
        skip = self._reason_to_skip(node)
        if skip is not None:
            self._settle_aside(node, "skipped", skip)
        elif node.mapped:
            self._expand(node)
        elif node.name in self._done:
            self._settle(node, "succeeded")
        else:
            self._tasks.append(Task(node))

    def _expand(self, node: Node) -> None:
        from windlass.errors import WindlassError

        try:
            length = self._length(node)
        except WindlassError as error:
            self._settle_aside(node, "failed", str(error))
            return
        tasks = [Task(node, index) for index in range(length)]
        rest = [task for task in tasks if task.name not in self._done]
        self._missing[node.name] = len(rest)
        self._tasks.extend(rest)
        if not rest:
            self._join(node)

    def _join(self, node: Node) -> None:
        self._settle_aside(node, self._ill.get(node.name, "succeeded"))

    def _settle_aside(self, node: Node, status: Status, reason: str | None = None) -> None:
        self._settled.append(Settled(node, status, reason))
        self._settle(node, status)

    def _settle(self, node: Node, status: Status) -> None:
        self._status[node.name] = status
        for name in self._followers[node.name]:
            self._waiting[name] -= 1
            if self._waiting[name] == 0:
                self._due.append(self._graph.nodes[name])

    def _reason_to_skip(self, node: Node) -> str | None:
        for branch in node.when:
            if not self._available(self._graph.choices[branch.choice].condition):
                return f"the condition of '{branch.choice}' is not known"
            if self._taken(branch.choice) is not branch.taken:
                side = "the condition is false" if branch.taken else "the condition is true"
                return f"not taken by '{branch.choice}': {side}"
        for ref in node.inputs.values():
            lacking = self._lacking(ref)
            if lacking is not None:
                return f"'{lacking}' {self._status[lacking]}"
        for name in node.after:
            if self._status[name] in ("failed", "cancelled"):
                return f"'{name}' {self._status[name]}"
        return None

    def _taken(self, choice: str) -> bool:
        if choice not in self._decided:
            self._decided[choice] = self._decide(choice)
        return self._decided[choice]

    def _available(self, ref: Ref) -> bool:
        return self._lacking(ref) is None

    def _lacking(self, ref: Ref) -> str | None:
        """The first node that `ref` needs and that did not succeed."""
        for leaf in leaves(ref):
            if isinstance(leaf, FromNode) and self._status[leaf.node] != "succeeded":
                return leaf.node
            if isinstance(leaf, FromChoice):
                choice = self._graph.choices[leaf.choice]
                lacking = self._lacking(choice.condition)
                if lacking is None:
                    side = choice.then if self._taken(choice.name) else choice.otherwise
                    lacking = self._lacking(side)
                if lacking is not None:
                    return lacking
        return None
