"""How a node stands in a run that nobody drives: by what other workers posted.

Looked at upwards from the node, no further than to what has succeeded; then the same state machine
as everywhere decides what is due, skipped or out of reach. The list of a map's results is posted
by whoever needs it first: it is the same whoever makes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from windlass import artifacts
from windlass.errors import NotFoundError
from windlass.execution.inputs import Inputs
from windlass.execution.joining import join_map
from windlass.execution.relay.whole import whole
from windlass.execution.schedule import Schedule, Settled, Task, instance_name
from windlass.pipeline.graph import Graph, Node
from windlass.records.model import Outcome, Posted

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.relay.objects import RunObjects

_MOST_NAMED = 3
State: TypeAlias = Literal["ready", "waiting", "succeeded", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a node stands.

    Args:
        node: Its name.
        status: ``ready`` where all that it needs is there.
        reason: Why it is skipped, or what it waits for.
        length: How many items it has, if it is a map and that is known.
        blamed: What failed, so that the node cannot run; None where a choice skips it.
    """

    node: str
    status: State
    reason: str | None = None
    length: int | None = None
    blamed: str | None = None


@dataclass(slots=True)
class _Seen:
    """What one look has found so far."""

    node: str
    own: bool
    done: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    reasons: dict[str, str | None] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    due: bool = False


class Standing:
    """What stands in a run, brought into a private record as far as it is asked for.

    Args:
        job: The run; its record is private.
        objects: The run's objects.
    """

    def __init__(self, job: Job, objects: RunObjects) -> None:
        self._job = job
        self._objects = objects
        self._taken: set[str] = set()

    def look(self, node: str, *, own: bool = True) -> Look:
        """How a node stands.

        Args:
            node: Its name in the graph.
            own: Whether what came of it counts; else only whether it can run.
        """
        seen, inputs = _Seen(node, own), Inputs(self._job)
        graph = self._above(seen)

        def length(each: Node) -> int:
            seen.lengths[each.name] = inputs.length(each)
            self._take_items(each, seen)
            return seen.lengths[each.name]

        schedule = Schedule(graph, length, inputs.decide, seen.done)
        for found in schedule.advance():
            if isinstance(found, Settled):
                self._note(found, seen)
            else:
                self._follow(found, schedule, seen)
        return _told(seen, schedule)

    def length(self, node: Node) -> int | None:
        """How many items a map had, whose results are joined; None if they are not."""
        records, store = self._job.stores.records, self._job.stores.artifacts
        outputs = records.node_outputs(self._job.run, [node.name]).get(node.name, {})
        joined = next(iter(records.artifacts(outputs.values()).values()), None)
        return None if joined is None else len(artifacts.items(joined, store))

    def take(self, names: Sequence[str]) -> set[str]:
        """Brings successes into the private record; returns the names of those that stand."""
        missing = [name for name in names if name not in self._taken]
        found = self._objects.successes(missing)
        self._job.stores.records.commit_outcomes([each.outcome for each in found])
        self._taken |= {each.outcome.node for each in found}
        return self._taken & set(names)

    def lengths(self, node: str) -> Iterator[tuple[str, int]]:
        """The maps that wait for a node and of which it is known now how many items they have."""
        graph = self._job.plan.graph
        for each in graph.nodes.values():
            if each.mapped and node in graph.upstream(each):
                found = self.look(each.name, own=False)
                if found.length is not None:
                    yield each.name, found.length

    def choices(self, node: str) -> Iterator[tuple[str, bool]]:
        """The choices that a node decides, as far as they can be made now."""
        graph = self._job.plan.graph
        named = [each.name for each in graph.choices.values()]
        return self._decided(
            name for name in named if node in graph.nodes_of(graph.choices[name].condition)
        )

    def stands_on(self, node: Node) -> Iterator[tuple[str, bool]]:
        """The choices on whose branches a node stands, as far as they can be made now."""
        return self._decided(branch.choice for branch in node.when)

    def _decided(self, choices: Iterable[str]) -> Iterator[tuple[str, bool]]:
        graph, inputs = self._job.plan.graph, Inputs(self._job)
        for name in choices:
            self.take(sorted(graph.nodes_of(graph.choices[name].condition)))
            try:
                yield name, inputs.decide(name)
            except NotFoundError:  # a node that it needs has not run, or is skipped
                continue

    def _above(self, seen: _Seen) -> Graph:
        """The graph from a node upwards; what has succeeded needs nothing any more."""
        graph, nodes, todo = self._job.plan.graph, dict[str, Node](), [seen.node]
        while todo:
            name = todo.pop()
            if name in nodes:
                continue
            nodes[name] = graph.nodes[name]
            if (name != seen.node or seen.own) and self.take([name]):
                nodes[name] = replace(nodes[name], inputs={}, after=(), when=(), mode="single")
                seen.done.add(name)
            todo += graph.upstream(nodes[name])
        return replace(graph, nodes=nodes)

    def _take_items(self, node: Node, seen: _Seen) -> None:
        if node.name != seen.node or seen.own:
            names = [instance_name(node.name, at) for at in range(seen.lengths[node.name])]
            seen.done |= self.take(names)

    def _note(self, settled: Settled, seen: _Seen) -> None:
        name = settled.node.name
        seen.reasons[name] = settled.reason
        if settled.status == "failed":
            seen.failed.append(name)
        if settled.status == "succeeded":
            self._join(settled.node, seen.lengths[name])

    def _follow(self, task: Task, schedule: Schedule, seen: _Seen) -> None:
        if task.node.name == seen.node:
            seen.due = True
        if task.node.name == seen.node and not seen.own:
            return
        if any(each.final for each in self._objects.failures(task.name)):
            seen.failed.append(task.name)
            schedule.finish(task, "failed")
        else:
            seen.waiting.append(task.name)

    def _join(self, node: Node, length: int) -> None:
        """Posts the list of a map's results, unless somebody was first; and takes it."""
        job = self._job
        names = [instance_name(node.name, index) for index in range(length)]
        produced = job.stores.records.node_outputs(job.run, names)
        outputs, made = join_map(job, node, length, produced)
        outcome = Outcome(
            run=job.run,
            node=node.name,
            step=node.step,
            status="succeeded",
            outputs=outputs,
            artifacts=made,
        )
        self._objects.settle(Posted(whole(job.stores, outcome, node.outputs)))
        self.take([node.name])


def _told(seen: _Seen, schedule: Schedule) -> Look:
    name, status = seen.node, schedule.status(seen.node)
    length = seen.lengths.get(name)
    if status == "skipped":
        reason = seen.reasons[name] or ""
        blamed = None if reason.startswith("not taken") or not seen.failed else seen.failed[0]
        return Look(name, "skipped", reason, length, blamed)
    if status is not None:
        state: State = "succeeded" if status == "succeeded" else "failed"
        blamed = name if state == "failed" else None
        return Look(name, state, seen.reasons.get(name), length, blamed)
    if seen.due:
        return Look(name, "ready", None, length)
    return Look(name, "waiting", f"{_listed(seen.waiting)} not run yet", length)


def _listed(names: Sequence[str]) -> str:
    told = ", ".join(f"'{name}'" for name in names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{told}{more} {'has' if len(names) == 1 else 'have'}"
