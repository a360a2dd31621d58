"""Drives a run with worker processes: as many nodes at once as the machine has room for."""

from __future__ import annotations

import contextlib
import heapq
import select
import selectors
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from windlass.errors import RunError
from windlass.execution.execute import Result
from windlass.execution.interrupt import Interrupts
from windlass.execution.logged import logged, record_logged
from windlass.execution.pool import Kind, Pool, Worker, how_it_ended
from windlass.execution.progress import Progress, settle_all
from windlass.execution.resources import Resources, Share
from windlass.execution.schedule import Task
from windlass.execution.tail import Tail
from windlass.records.model import Outcome

_TICK = 0.1
"""Seconds between two looks at clocks, logs and Ctrl-C."""
_KEPT = 2
"""Workers kept for each core, when steps of several kinds take turns."""


@dataclass(eq=False, slots=True)
class _Running:
    """An attempt that a worker is at."""

    task: Task
    attempt: int
    share: Share
    started: float
    deadline: float | None
    tail: Tail | None = None
    timed_out: bool = False


class Driver:
    """Runs what `progress` gives until it is finished.

    Args:
        progress: The run.
        pools: Start workers, each in one environment: that of its name, or the present one for
            None. Closed at the end.
        start: Starts the pool of an environment that is not among them yet.
        resources: What there is to share out.
        stack: The stack, as JSON, that workers open.
        fresh: Whether every node gets a new process.
    """

    def __init__(
        self,
        progress: Progress,
        pools: dict[str | None, Pool],
        start: Callable[[str], Pool],
        resources: Resources,
        stack: Any,
        *,
        fresh: bool = False,
    ) -> None:
        self._progress = progress
        self._pools = pools
        self._start_pool = start
        self._resources = resources
        self._job = {"stack": stack, "run": progress.job.run}
        self._fresh = fresh
        self._ready: deque[tuple[Task, int]] = deque()
        self._retries: list[tuple[float, int, Task, int]] = []
        self._running: dict[Worker, _Running] = {}
        self._idle: dict[Kind, list[Worker]] = {}
        self._selector = selectors.DefaultSelector()
        self._last_tick = 0.0

    def drive(self) -> None:
        """Returns when every node is settled and recorded.

        Raises:
            RunError: The record could not be written, so that it is not known what happened.
        """
        for pool in self._pools.values():
            self._listen(pool)
        with Interrupts() as interrupts:
            try:
                self._take_tasks()
                while not self._progress.finished:
                    self._dispatch()
                    self._wait()
                    if interrupts.reason:
                        self._progress.cancelled = interrupts.reason
                        break
            finally:
                for pool in self._pools.values():
                    pool.close()
                self._selector.close()
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
            share = self._resources.take(self._settings(task))
            if share is None:
                return
            self._ready.popleft()
            self._start(task, attempt, share)

    def _drop_waiting(self) -> None:
        tasks = [task for task, _ in self._ready] + [entry[2] for entry in self._retries]
        self._ready.clear()
        self._retries.clear()
        for task in tasks:
            self._progress.drop(task)
        self._take_tasks()

    def _start(self, task: Task, attempt: int, share: Share) -> None:
        worker = self._worker(share.kind)
        now = time.monotonic()
        timeout = self._settings(task).timeout
        deadline = None if timeout is None else now + timeout
        running = _Running(task, attempt, share, now, deadline)
        if self._progress.observer.wants_output:
            running.tail = Tail(self._progress.job.log_path(task.name, attempt))
        self._running[worker] = running
        self._progress.observer.node_started(task.name, attempt)
        try:
            first = self._progress.first_attempt(task)
            asked = {"node": task.node.name, "index": task.index}
            worker.channel.send({**asked, "attempt": attempt, "first": first})
        except OSError:
            return  # it died idle: the news of it settles this attempt

    def _worker(self, kind: Kind) -> Worker:
        idle = self._idle.get(kind)
        if idle:
            return idle.pop()
        if sum(map(len, self._pools.values())) > _KEPT * self._resources.cpus:
            self._retire_idle()
        worker = self._pool(kind.environment).start(kind, self._job)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        return worker

    def _pool(self, environment: str | None) -> Pool:
        if environment is not None and environment not in self._pools:
            self._pools[environment] = self._start_pool(environment)
            self._listen(self._pools[environment])
        return self._pools[environment]

    def _listen(self, pool: Pool) -> None:
        self._selector.register(pool, selectors.EVENT_READ, pool)

    def _retire_idle(self) -> None:
        """Ends idle workers of other kinds, which would only hold memory."""
        for workers in self._idle.values():
            for worker in workers:
                self._retire(worker)
            workers.clear()

    def _retire(self, worker: Worker) -> None:
        """Lets a worker end: it does when its channel is closed."""
        self._forget(worker)

    def _forget(self, worker: Worker) -> None:
        self._stop_listening(worker)
        worker.channel.close()

    def _stop_listening(self, worker: Worker) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it was done before
            self._selector.unregister(worker.channel)

    def _settings(self, task: Task) -> Any:
        return self._progress.job.plan.settings(task.node)

    def _wait(self) -> None:
        timeout = _TICK
        if self._retries:
            timeout = max(0.0, min(timeout, self._retries[0][0] - time.monotonic()))
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, Pool):
                self._bury(key.data.deaths())
            elif not key.data.ended:  # else its death came first, and its channel is closed
                self._hear(key.data)
        for pool in self._pools.values():
            if pool.noticed:
                self._bury(pool.deaths())
        now = time.monotonic()
        if now - self._last_tick >= _TICK:
            self._last_tick = now
            self._tick(now)

    def _tick(self, now: float) -> None:
        self._progress.check()
        for worker, running in self._running.items():
            self._follow(running)
            if running.deadline is not None and now > running.deadline and not running.timed_out:
                running.timed_out = True
                self._pools[worker.kind.environment].kill(worker)
        while self._retries and self._retries[0][0] <= now:
            _, _, task, attempt = heapq.heappop(self._retries)
            self._ready.append((task, attempt))
        self._progress.observer.tick()

    def _hear(self, worker: Worker) -> None:
        message = worker.channel.receive()
        if message is None:  # it died; the fork server will say how
            self._stop_listening(worker)
            return
        if "broken" in message:
            error = message["broken"]
            raise RunError(f"the run cannot go on: {error['message']}", hint=error["hint"])
        running = self._running.pop(worker)
        if self._fresh:
            self._retire(worker)
        else:
            self._idle.setdefault(worker.kind, []).append(worker)
        self._ended(running, Result(**message))

    def _bury(self, deaths: list[tuple[Worker, int]]) -> None:
        for worker, status in deaths:
            if worker in self._running and _has_news(worker):
                self._hear(worker)  # its last words: it died after the result was sent
            running = self._running.pop(worker, None)
            idle = self._idle.get(worker.kind, [])
            if worker in idle:
                idle.remove(worker)
            self._forget(worker)
            if running is not None:
                self._ended(running, self._result_of_death(running, status))

    def _result_of_death(self, running: _Running, status: int) -> Result:
        """Records the attempt of a worker that cannot do so any more."""
        job, name = self._progress.job, running.task.name
        stands = job.stores.records.outcome(job.run, name)
        if stands is not None and stands.status == "succeeded":  # it died after its last write
            return Result(name, "succeeded", seconds=stands.seconds or 0.0)
        error = self._words(running, status)
        seconds = time.monotonic() - running.started
        final = self._progress.is_last(running.task, running.attempt)
        if final:
            metrics, params = logged(job, name, running.attempt)
            outcome = Outcome(
                run=job.run,
                node=name,
                step=running.task.node.step,
                status="failed",
                attempt=running.attempt,
                attempts=running.attempt,
                seconds=seconds,
                ended=time.time(),
                error=error,
                metrics=metrics,
                params=params,
            )
            job.stores.records.commit_outcome(outcome)
        else:
            job.stores.records.fail_attempt(job.run, name, running.attempt, "failed", error)
            record_logged(job, name, running.attempt)
        return Result(name, "failed", final, seconds=seconds, error=error)

    def _words(self, running: _Running, status: int) -> dict[str, Any]:
        if running.timed_out:
            timeout = self._settings(running.task).timeout
            kind, message = "StepTimeoutError", f"it ran past its timeout of {timeout:g} s"
            hint: str | None = "Raise the step's timeout, or make it faster."
        else:
            kind, message = "WorkerDiedError", f"its process ended: {how_it_ended(status)}"
            hint = None
        return {"kind": kind, "message": message, "hint": hint, "file": None, "line": None}

    def _ended(self, running: _Running, result: Result) -> None:
        self._resources.give_back(running.share)
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


def _has_news(worker: Worker) -> bool:
    with contextlib.suppress(ValueError, OSError):
        return bool(select.select([worker.channel], [], [], 0)[0])
    return False
