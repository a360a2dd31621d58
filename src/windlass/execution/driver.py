"""Drives a run: which node is tried when, how often, for how long, and what a death means."""

from __future__ import annotations

import heapq
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from windlass.execution.crew import Crew, Death, timed_out
from windlass.execution.deaths import record_death
from windlass.execution.execute import Result
from windlass.execution.interrupt import Interrupts
from windlass.execution.logged import record_logged
from windlass.execution.progress import Progress, settle_all
from windlass.execution.schedule import Task
from windlass.execution.tail import Tail

_MOST_LOST = 3
"""How often a node is begun again because the machine under it went."""
_TICK = 0.1
"""Seconds between two looks at clocks, logs and Ctrl-C."""


@dataclass(eq=False, slots=True)
class _Running:
    """An attempt that the crew is at."""

    task: Task
    attempt: int
    started: float
    deadline: float | None
    tail: Tail | None = None
    timed_out: bool = False


class Driver:
    """Runs what `progress` gives until it is finished.

    Args:
        progress: The run.
        crew: Who tries the nodes. Closed at the end.
    """

    def __init__(self, progress: Progress, crew: Crew) -> None:
        self._progress = progress
        self._crew = crew
        self._ready: deque[tuple[Task, int]] = deque()
        self._retries: list[tuple[float, int, Task, int]] = []
        self._running: dict[str, _Running] = {}
        self._lost: Counter[str] = Counter()
        self._last_tick = 0.0

    def drive(self) -> None:
        """Returns when every node is settled and recorded.

        Raises:
            RunError: The record could not be written, so that it is not known what happened.
        """
        with Interrupts() as interrupts:
            try:
                self._take_tasks()
                while not self._progress.finished:
                    self._dispatch()
                    self._wait()
                    if reason := interrupts.reason or self._progress.asked_to_end:
                        self._progress.cancelled = reason
                        break
            finally:
                self._crew.close()
            self._stop_the_rest()

    def _take_tasks(self) -> None:
        self._ready.extend(
            (task, self._progress.first_attempt(task)) for task in self._progress.tasks()
        )

    def _dispatch(self) -> None:
        """Starts what there is room for, in order; a large step is not overtaken for ever."""
        if self._progress.stopping:
            self._drop_waiting()
        while self._ready:
            task, attempt = self._ready[0]
            if not self._crew.start(task, attempt, self._first(task)):
                return
            self._ready.popleft()
            self._note_start(task, attempt)

    def _first(self, task: Task) -> int:
        """The attempt from which its retries are counted: what was lost is not its fault."""
        return self._progress.first_attempt(task) + self._lost[task.name]

    def _drop_waiting(self) -> None:
        tasks = [task for task, _ in self._ready] + [entry[2] for entry in self._retries]
        self._ready.clear()
        self._retries.clear()
        for task in tasks:
            self._progress.drop(task)
        self._take_tasks()

    def _note_start(self, task: Task, attempt: int) -> None:
        now = time.monotonic()
        timeout = self._settings(task).timeout
        deadline = None if timeout is None or self._crew.keeps_time else now + timeout
        running = _Running(task, attempt, now, deadline)
        if self._progress.observer.wants_output:
            running.tail = Tail(self._progress.job.log_path(task.name, attempt))
        self._running[task.name] = running
        self._progress.observer.node_started(task.name, attempt)

    def _settings(self, task: Task) -> Any:
        return self._progress.job.plan.settings(task.node)

    def _wait(self) -> None:
        timeout = _TICK
        if self._retries:
            timeout = max(0.0, min(timeout, self._retries[0][0] - time.monotonic()))
        for name, end in self._crew.wait(timeout):
            running = self._running.pop(name)
            told = self._result_of_death(running, end) if isinstance(end, Death) else end
            self._ended(running, told)
        now = time.monotonic()
        if now - self._last_tick >= _TICK:
            self._last_tick = now
            self._tick(now)

    def _tick(self, now: float) -> None:
        self._progress.check()
        for name, running in self._running.items():
            self._follow(running)
            if running.deadline is not None and now > running.deadline and not running.timed_out:
                running.timed_out = True
                self._crew.kill(name)
        while self._retries and self._retries[0][0] <= now:
            _, _, task, attempt = heapq.heappop(self._retries)
            self._ready.append((task, attempt))
        self._progress.observer.tick()

    def _result_of_death(self, running: _Running, death: Death) -> Result:
        """Records the attempt of a worker that cannot do so any more."""
        task, name = running.task, running.task.name
        if running.timed_out:
            death = timed_out(self._settings(task).timeout)
        seconds = time.monotonic() - running.started
        is_lost = death.is_lost and self._lost[name] < _MOST_LOST
        self._lost[name] += is_lost
        death = death._replace(is_lost=is_lost)
        job, first = self._progress.job, self._first(task)
        return record_death(job, task, running.attempt, death, first=first, seconds=seconds)

    def _ended(self, running: _Running, result: Result) -> None:
        self._follow(running)
        if result.final:
            self._progress.finish(running.task, result)
            self._take_tasks()
            return
        self._progress.observer.node_ended(result)
        delay = self._settings(running.task).retry_delay
        entry = (time.monotonic() + delay, len(self._retries), running.task, running.attempt + 1)
        heapq.heappush(self._retries, entry)

    def _follow(self, running: _Running) -> None:
        if running.tail is not None:
            text = running.tail.read()
            if text:
                self._progress.observer.output(running.task.name, text)

    def _stop_the_rest(self) -> None:
        """Settles what was running or waiting when the run was interrupted."""
        if self._progress.finished:
            return
        records, job = self._progress.job.stores.records, self._progress.job
        for running in self._running.values():
            error = {"kind": "cancelled", "message": self._progress.cancelled or ""}
            records.fail_attempt(job.run, running.task.name, running.attempt, "cancelled", error)
            record_logged(job, running.task.name, running.attempt)
        tasks = [running.task for running in self._running.values()]
        tasks += [task for task, _ in self._ready] + [entry[2] for entry in self._retries]
        settle_all(self._progress, tasks)
