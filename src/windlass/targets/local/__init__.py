"""This machine: warm worker processes, as many at once as there is room for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from windlass import modules
from windlass.errors import ConfigError
from windlass.execution.pool import Pool
from windlass.pipeline.settings import RunOptions
from windlass.stacks.stack import Stack

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.execution.progress import Progress
    from windlass.pipeline.plan import Plan


class LocalTarget:
    """Runs a plan here.

    Args:
        stack: Where its records and artifacts go.
        options: How to run it.
    """

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._options = options
        self._pools: dict[str | None, Pool] = {}
        if not options.in_process:
            self._pools[None] = Pool(libraries=_libraries(stack))

    def check(self, plan: Plan) -> None:
        """Refuses what this machine can never run."""
        from windlass.execution.resources import refuse_impossible, this_machine

        self._resources = this_machine(self._options.workers, self._options.memory)
        refuse_impossible(plan, self._resources)
        if not all(modules.is_reference_importable(n.step) for n in plan.graph.nodes.values()):
            # Workers could not find a step of a notebook's cell or of a prompt.
            self.close()
        if plan.environments and not self._pools:
            raise ConfigError(
                f"'{_with_environment(plan)}' runs in an environment of its own, which a single "
                "process cannot give it",
                hint="Leave out --in-process, and define the steps in files.",
            )

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node; returns the run's status, and why it failed."""
        from windlass.execution.progress import Progress

        self._tell_drift(job, observer)
        start = self._starter(job, observer)
        progress = Progress(job, observer, keep_going=self._options.keep_going)
        self._drive(progress, start)
        records = job.stores.records
        records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def _starter(self, job: Job, observer: Observer) -> Callable[[str], Pool]:
        """What starts the workers of an environment that steps ask for."""
        if not job.plan.environments:
            return lambda _: Pool()
        from windlass.targets.worker_pools import own_pools

        return own_pools(job, observer.told)

    def _tell_drift(self, job: Job, observer: Observer) -> None:
        """Says how this interpreter differs from the project's lock. It runs all the same."""
        from windlass.provenance.drift import find_drift
        from windlass.stacks.settings import load_settings

        project, records = self._stack.project, job.stores.records
        with contextlib.suppress(ConfigError):  # `windlass doctor` tells
            wanted = load_settings(project).environment
            drift = find_drift(project.root, wanted, job.installed, records)
            if drift is not None and drift.differences:
                observer.told(drift.line)

    def _drive(self, progress: Progress, start: Callable[[str], Pool]) -> None:
        from windlass.execution.driver import Driver
        from windlass.execution.inprocess import drive_in_process
        from windlass.execution.stores import stack_to_json
        from windlass.targets.worker_crew import WorkerCrew

        if not self._pools:
            drive_in_process(progress)
            return
        stack = stack_to_json(self._stack)
        fresh = self._options.fresh
        crew = WorkerCrew(progress.job, self._pools, start, self._resources, stack, fresh=fresh)
        Driver(progress, crew).drive()

    def close(self) -> None:
        """Ends the workers."""
        for pool in self._pools.values():
            pool.close()
        self._pools = {}


def _with_environment(plan: Plan) -> str:
    nodes = plan.graph.nodes.values()
    return next(node.name for node in nodes if plan.settings(node).environment is not None)


def _libraries(stack: Stack) -> list[str]:
    """What workers import to reach the stores; of a project's own nothing has to be looked up."""
    if stack.records is None and stack.artifacts is None:
        return []
    from windlass.execution.stores import libraries_of

    return libraries_of(stack)
