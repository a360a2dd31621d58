"""A target whose driver has the record, and whose workers reach the artifact store alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from windlass.execution import capture
from windlass.execution.crew import Death, Ended
from windlass.execution.driver import Driver
from windlass.execution.job import Job
from windlass.execution.observer import Observer
from windlass.execution.progress import Progress
from windlass.execution.relay.driving import Relay
from windlass.execution.schedule import Task
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import RunOptions
from windlass.stacks.stack import Stack
from windlass.targets.relayed import open_relayed


class Posting:
    """A target of one worker, which lives as long as the run.

    Args:
        stack: Where its artifacts go.
        options: How to run it.
    """

    def __init__(self, stack: Stack, options: RunOptions) -> None:
        self._stack = stack
        self._options = options

    def check(self, plan: Plan) -> None:
        """There is nothing that it cannot run."""

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        progress = Progress(job, observer, keep_going=self._options.keep_going)
        with tempfile.TemporaryDirectory() as scratch:
            Driver(progress, _Crew(job, self._stack, Path(scratch))).drive()
        records = job.stores.records
        records.finish_run(job.run, progress.status, progress.error, driver=job.driver)
        return progress.status, progress.error

    def close(self) -> None:
        """It started nothing."""


class _Crew:
    """Tries a node at once, when it is asked to."""

    keeps_time = False

    def __init__(self, job: Job, stack: Stack, scratch: Path) -> None:
        self._relay = Relay(job)
        self._worker = open_relayed(stack.open_store(), job.run, job.plan.digest, scratch)
        self._ended: list[Ended] = []

    def start(self, task: Task, attempt: int, first: int) -> bool:
        self._relay.provide(task)
        self._worker.execute(task.node, task.index, attempt, capture.captured, first=first)
        result = self._relay.take(task, attempt)
        self._ended.append((task.name, result or Death("it left nothing")))
        return True

    def wait(self, timeout: float) -> list[Ended]:
        ended, self._ended = self._ended, []
        return ended

    def kill(self, name: str) -> None:
        """Nothing runs beside the driver."""

    def close(self) -> None:
        """It started nothing."""
