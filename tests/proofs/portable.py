"""Pipelines, and targets that do wrong, for the tests of portability."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from windlass import each, pipeline, step
from windlass.execution.job import Job
from windlass.execution.observer import Observer
from windlass.execution.pool import Kind
from windlass.execution.resources import Resources, Share
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import RunOptions, Settings
from windlass.stacks.stack import Stack
from windlass.targets.local import LocalTarget

SEEN: list[int] = []


@step
def square(x: int) -> int:
    return x * x


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def squares(n: int = 3) -> int:
    return total(square.map(each([n, 4, 5])))


@step
def by_threads(n: int) -> int:
    return n * int(os.environ["OMP_NUM_THREADS"])


@pipeline
def threaded(n: int = 5) -> int:
    return total([square(n), by_threads(n)])


@step
def noted(n: int) -> int:
    SEEN.append(n)
    return n


@step
def count(n: int) -> int:
    return n + len(SEEN)


@pipeline
def leaking(n: int = 1) -> int:
    return count(noted(n))


@step
def fail(n: int) -> int:
    raise ValueError(n)


@pipeline
def failing(n: int = 1) -> int:
    return square(fail(n))


class FreshTarget(LocalTarget):
    """A new process for every node, as containers have it."""

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        super().__init__(stack, options.but(fresh=True))


class _TwoThreads(Resources):
    def take(self, settings: Settings) -> Share | None:
        found = super().take(settings)
        return found and Share(Kind(settings.cpus + 1), found.memory)


class ThreadsTarget(LocalTarget):
    """Gives steps more threads than they ask for."""

    def check(self, plan: Plan) -> None:
        super().check(plan)
        self._resources = _TwoThreads(self._resources.cpus, self._resources.memory)


class CopyingTarget(LocalTarget):
    """Executes nothing: it copies what an earlier run made."""

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        records = job.stores.records
        earlier = next(run for run in records.runs() if run.id != job.run)
        found = records.outcomes(earlier.id)
        bare: dict[str, Any] = {"run": job.run, "run_name": "", "series": (), "params": ()}
        records.commit_outcomes([replace(each, **bare) for each in found])
        records.finish_run(job.run, "succeeded", None, driver=job.driver)
        return "succeeded", None


class LockedTarget(LocalTarget):
    """Stands for a target that builds the locked environment."""

    locked = True


class CheckedTarget(LocalTarget):
    """Stands for a target whose output only a schema was held to."""

    proof = "checked"
