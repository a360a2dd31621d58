"""This machine: warm worker processes, as many at once as there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from windlass import modules
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
        self._pool = None if options.in_process else Pool()

    def check(self, plan: Plan) -> None:
        """Refuses what this machine can never run."""
        from windlass.execution.resources import refuse_impossible, this_machine

        self._resources = this_machine(self._options.workers, self._options.memory)
        refuse_impossible(plan, self._resources)
        if not all(modules.is_reference_importable(n.step) for n in plan.graph.nodes.values()):
            # Workers could not find a step of a notebook's cell or of a prompt.
            self.close()
            self._pool = None

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node; returns the run's status, and why it failed."""
        from windlass.execution.progress import Progress

        progress = Progress(job, observer, keep_going=self._options.keep_going)
        self._drive(progress)
        records = job.stores.records
        records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def _drive(self, progress: Progress) -> None:
        from windlass.execution.driver import Driver
        from windlass.execution.inprocess import drive_in_process
        from windlass.execution.stores import stack_to_json

        if self._pool is None:
            drive_in_process(progress)
            return
        stack = stack_to_json(self._stack)
        fresh = self._options.fresh
        Driver(progress, self._pool, self._resources, stack, fresh=fresh).drive()

    def close(self) -> None:
        """Ends the workers."""
        if self._pool is not None:
            self._pool.close()
