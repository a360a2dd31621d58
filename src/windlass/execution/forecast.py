"""What a run would do, and why, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from windlass.execution import cache
from windlass.execution.hits import Hits
from windlass.execution.job import Job
from windlass.execution.joining import join_map
from windlass.execution.missing import NEVER
from windlass.execution.schedule import Schedule, Settled, Task
from windlass.pipeline.graph import Graph, Node
from windlass.pipeline.plan import Plan


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a node.

    Args:
        node: The node, or an item of a map.
        step: The step's reference.
        would: ``cached``, ``run``, ``skip``, or ``unknown``: that depends on what others return.
        reason: Why.
    """

    node: str
    step: str
    would: Literal["cached", "run", "skip", "unknown"]
    reason: str | None


def forecast(job: Job) -> list[Expected]:
    """What every node of a run would do, in the order of the graph.

    Args:
        job: The run, which is not recorded.
    """
    return list(_Forecast(job).nodes())


def forecast_untouched(plan: Plan) -> list[Expected]:
    """The same where nothing has ever been recorded."""
    return [Expected(node.name, node.step, "run", NEVER) for node in plan.graph.nodes.values()]


class _Forecast:
    def __init__(self, job: Job) -> None:
        self._job = job
        self._hits = Hits(job)
        self._lengths: dict[str, int] = {}
        self._outputs: dict[str, dict[str, str]] = {}
        self._found: dict[str, list[Expected]] = {name: [] for name in job.plan.graph.nodes}
        self._schedule = Schedule(job.plan.graph, self._length, self._hits.inputs.decide)

    def nodes(self) -> Iterator[Expected]:
        while self._advance():
            pass
        graph = self._job.plan.graph
        causes: dict[str, str] = {}
        for name, node in graph.nodes.items():
            yield from self._found[name]
            if not self._found[name] and self._schedule.status(name) is None:
                sure = None if node.when else self._sure(node)
                if sure is not None:
                    yield Expected(name, node.step, "run", sure)
                    causes[name] = name
                    continue
                causes[name] = self._cause(graph, node, causes)
                reason = f"depends on what '{causes[name]}' returns, which would run"
                yield Expected(name, node.step, "unknown", reason)

    def _sure(self, node: Node) -> str | None:
        """Why a node runs whatever it is given; None if that is not sure."""
        return cache.ANEW if self._job.refresh else cache.refusal(self._job, node)

    def _advance(self) -> bool:
        """Settles what is due; returns whether anything may be due now."""
        due: list[Task] = []
        for event in self._schedule.advance():
            if isinstance(event, Settled):
                self._settle(event)
            else:
                due.append(event)
        hits = self._hits.of(due)
        for task in due:
            outcome = hits.get(task.name)
            if outcome is None:
                self._expect(task, "run", self._why(task))
                continue
            self._hits.know(outcome)
            self._outputs[task.name] = {each.name: each.content for each in outcome.outputs}
            self._expect(task, "cached", outcome.reason)
            self._schedule.finish(task, "succeeded")
        return bool(hits)

    def _expect(self, task: Task, would: Literal["cached", "run"], reason: str | None) -> None:
        expected = Expected(task.name, task.node.step, would, reason)
        self._found[task.node.name].append(expected)

    def _why(self, task: Task) -> str:
        asked = self._hits.ask(task)
        if asked is None:
            return cache.refusal(self._job, task.node) or "its inputs cannot be read"
        contents = {name: each.contents for name, each in asked.arguments.items()}
        job = self._job
        return cache.ask(job, task.node, task.name, asked.ingredients, contents).reason

    def _settle(self, settled: Settled) -> None:
        node = settled.node
        if settled.status == "skipped":
            self._found[node.name].append(Expected(node.name, node.step, "skip", settled.reason))
        elif node.name in self._lengths:
            outputs, _ = join_map(self._job, node, self._lengths[node.name], self._outputs)
            self._hits.inputs.know(node.name, {each.name: each.content for each in outputs})
        elif settled.status == "failed":
            self._found[node.name].append(Expected(node.name, node.step, "run", settled.reason))

    def _length(self, node: Node) -> int:
        length = self._hits.inputs.length(node)
        self._lengths[node.name] = length
        return length

    def _cause(self, graph: Graph, node: Node, causes: Mapping[str, str]) -> str:
        """The node that must run before it is known what another does."""
        upstream = sorted(graph.upstream(node))
        running = (u for u in upstream if any(each.would == "run" for each in self._found[u]))
        return next(running, None) or next(causes[u] for u in upstream if u in causes)
