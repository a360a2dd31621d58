"""The nodes of a run for which earlier results stand, found by whoever drives it, many at once.

No worker is asked and none is started for them: a run in which nothing has changed costs little
more than looking. A worker asks the cache again before it computes anything.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from windlass.errors import WindlassError
from windlass.execution import cache
from windlass.execution.class_code import UnknownClassError
from windlass.execution.ingredients import Ingredients, ingredients_of
from windlass.execution.inputs import Argument, Inputs, lineage_of
from windlass.execution.job import Job
from windlass.execution.schedule import Task
from windlass.execution.seeding import seed_of
from windlass.records.model import Outcome


class Asked(NamedTuple):
    """A task whose result may be there, and what it depends on."""

    task: Task
    arguments: Mapping[str, Argument]
    ingredients: Ingredients


class Hits:
    """Finds earlier results.

    Args:
        job: The run.

    Attributes:
        inputs: What the nodes of the run are given, as far as that is known.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.inputs = Inputs(job)
        self._refused: dict[str, bool] = {}

    def know(self, outcome: Outcome) -> None:
        """Takes note of what a node returned, before it is recorded."""
        contents = {output.name: output.content for output in outcome.outputs}
        self.inputs.know(outcome.node, contents)

    def of(self, tasks: Sequence[Task]) -> dict[str, Outcome]:
        """The outcomes of those tasks for which an earlier result stands, by their names."""
        wanted = list(self._asked([task for task in tasks if self._may_ask(task)]))
        keys = [asked.ingredients.key for asked in wanted]
        found = self._job.stores.records.cached_by_keys(keys)
        hits = {}
        for asked, key in zip(wanted, keys, strict=True):
            earlier = found.get(key)
            if earlier is not None and self._is_usable(asked.task, earlier):
                hits[asked.task.name] = self._outcome(asked, key, earlier)
        return hits

    def _may_ask(self, task: Task) -> bool:
        node = task.node
        if node.name not in self._refused:
            refused = self._job.refresh or cache.refusal(self._job, node) is not None
            self._refused[node.name] = refused
        return not self._refused[node.name]

    def _asked(self, tasks: Sequence[Task]) -> Iterator[Asked]:
        """What the results of tasks depend on, where that can be told here."""
        found = []
        for task in tasks:
            with contextlib.suppress(WindlassError):  # the worker will tell
                found.append((task, self.inputs.arguments(task.node, task.index)))
        given = (argument for _, arguments in found for argument in arguments.values())
        self._job.class_code.prefetch(content for each in given for content in each.contents)
        for task, arguments in found:
            with contextlib.suppress(UnknownClassError):
                yield self._ingredients(task, arguments)

    def ask(self, task: Task) -> Asked | None:
        """What the result of a task depends on; None if that cannot be told here."""
        return next(self._asked([task]), None)

    def _ingredients(self, task: Task, arguments: Mapping[str, Argument]) -> Asked:
        settings = self._job.plan.settings(task.node)
        seed = seed_of(self._job, task.node, arguments) if settings.seeded else None
        ingredients = ingredients_of(self._job, task.node, arguments, seed)
        return Asked(task, arguments, ingredients)

    def _is_usable(self, task: Task, earlier: Outcome) -> bool:
        settings = self._job.plan.settings(task.node)
        return cache.problem(earlier, settings, self._job.stores) is None

    def _outcome(self, asked: Asked, key: str, earlier: Outcome) -> Outcome:
        now = time.time()
        origin_run, origin_node = earlier.computed_by
        return Outcome(
            run=self._job.run,
            node=asked.task.name,
            step=asked.task.node.step,
            status="succeeded",
            attempt=1,
            attempts=1,
            cached=True,
            reason=cache.hit_text(earlier),
            seconds=0.0,
            started=now,
            ended=now,
            key=key,
            seed=asked.ingredients.seed,
            ingredients=asked.ingredients.document(),
            origin_run=origin_run,
            origin_node=origin_node,
            outputs=earlier.outputs,
            inputs=lineage_of(asked.arguments),
        )
