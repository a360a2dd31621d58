"""A crew of warm worker processes beside this one, of as many kinds as steps ask for."""

from __future__ import annotations

import contextlib
import select
import selectors
from collections.abc import Callable
from typing import Any

from windlass.errors import RunError
from windlass.execution.crew import Death, Ended
from windlass.execution.execute import Result
from windlass.execution.job import Job
from windlass.execution.pool import Kind, Pool, Worker, how_it_ended
from windlass.execution.resources import Resources, Share
from windlass.execution.schedule import Task

_KEPT = 2
"""Workers kept for each core, when steps of several kinds take turns."""


class WorkerCrew:
    """Worker processes, started when they are first needed and kept for what comes next.

    Args:
        job: The run.
        pools: Start workers, each in one environment: that of its name, or the present one for
            None. Closed at the end.
        start: Starts the pool of an environment that is not among them yet.
        resources: What there is to share out.
        stack: The stack, as JSON, that workers open.
        fresh: Whether every node gets a new process.
    """

    keeps_time = False

    def __init__(
        self,
        job: Job,
        pools: dict[str | None, Pool],
        start: Callable[[str], Pool],
        resources: Resources,
        stack: Any,
        *,
        fresh: bool = False,
    ) -> None:
        self._plan = job.plan
        self._pools = pools
        self._start_pool = start
        self._resources = resources
        self._job = {"stack": stack, "run": job.run}
        self._fresh = fresh
        self._busy: dict[Worker, tuple[str, Share]] = {}
        self._idle: dict[Kind, list[Worker]] = {}
        self._selector = selectors.DefaultSelector()
        for pool in pools.values():
            self._listen(pool)

    def start(self, task: Task, attempt: int, first: int) -> bool:
        """Asks a worker, if there is room for what the step needs."""
        share = self._resources.take(self._plan.settings(task.node))
        if share is None:
            return False
        worker = self._worker(share.kind)
        self._busy[worker] = task.name, share
        with contextlib.suppress(OSError):  # it died idle: the news of it settles this attempt
            asked = {"node": task.node.name, "index": task.index}
            worker.channel.send({**asked, "attempt": attempt, "first": first})
        return True

    def wait(self, timeout: float) -> list[Ended]:
        """What workers sent, and which of them died."""
        ended: list[Ended] = []
        for key, _ in self._selector.select(timeout):
            if isinstance(key.data, Pool):
                ended += self._bury(key.data)
            elif not key.data.ended:  # else its death came first, and its channel is closed
                ended += self._hear(key.data)
        for pool in self._pools.values():
            if pool.noticed:
                ended += self._bury(pool)
        return ended

    def kill(self, name: str) -> None:
        """Kills the worker that is at a task."""
        for worker, (task, _) in self._busy.items():
            if task == name:
                self._pools[worker.kind.environment].kill(worker)

    def close(self) -> None:
        """Ends all workers."""
        for pool in self._pools.values():
            pool.close()
        self._selector.close()

    def _worker(self, kind: Kind) -> Worker:
        idle = self._idle.get(kind)
        if idle:
            return idle.pop()
        if sum(pool.size for pool in self._pools.values()) > _KEPT * self._resources.cpus:
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
        """Lets idle workers of other kinds end, which would only hold memory."""
        for workers in self._idle.values():
            for worker in workers:
                self._forget(worker)
            workers.clear()

    def _forget(self, worker: Worker) -> None:
        """Closes a worker's channel; it ends when it notices."""
        self._stop_listening(worker)
        worker.channel.close()

    def _stop_listening(self, worker: Worker) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it was done before
            self._selector.unregister(worker.channel)

    def _hear(self, worker: Worker) -> list[Ended]:
        message = worker.channel.receive()
        if message is None:  # it died; the fork server will say how
            self._stop_listening(worker)
            return []
        if "broken" in message:
            error = message["broken"]
            raise RunError(f"the run cannot go on: {error['message']}", hint=error["hint"])
        name = self._free(worker)
        if self._fresh:
            self._forget(worker)
        else:
            self._idle.setdefault(worker.kind, []).append(worker)
        return [(name, Result(**message))]

    def _bury(self, pool: Pool) -> list[Ended]:
        ended: list[Ended] = []
        for worker, status in pool.deaths():
            if worker in self._busy and _has_news(worker):
                ended += self._hear(worker)  # its last words: it died after the result was sent
            idle = self._idle.get(worker.kind, [])
            if worker in idle:
                idle.remove(worker)
            self._forget(worker)
            if worker in self._busy:
                death = Death(f"its process ended: {how_it_ended(status)}")
                ended.append((self._free(worker), death))
        return ended

    def _free(self, worker: Worker) -> str:
        name, share = self._busy.pop(worker)
        self._resources.give_back(share)
        return name


def _has_news(worker: Worker) -> bool:
    with contextlib.suppress(ValueError, OSError):
        return bool(select.select([worker.channel], [], [], 0)[0])
    return False
