"""Requests that wait while a model is at work are put to it together.

Nothing waits for company: a model that is idle is asked at once. What comes while it is at work is
gathered, so that under load a batch holds as many requests as came in the time of the last one.
What takes less time than to wake the model's thread is answered in the event loop itself. How many
rows a batch may hold adapts to how long it may take (increased by a part and cut by half, as
in D.-M. Chiu and R. Jain: Analysis of the increase and decrease algorithms for congestion
avoidance, 1989).
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from windlass.errors import BusyError, NotReadyError

T = TypeVar("T")
R = TypeVar("R")

LATENCY = 0.05
"""Seconds that a batch may take; fewer rows are put together if it takes longer."""
MOST_ROWS = 8192
"""Rows of a batch, at most; a larger request is asked by itself."""
MOST_WAITING = 100_000
"""Rows that may wait; beyond them there is no room for more requests."""
STUCK = 60.0
"""Seconds that a batch may take beyond ten times those that its rows took lately."""
_PATIENCE = 1.0
_LEAST_RETRY, _MOST_RETRY = 0.1, 30.0


@dataclass(slots=True)
class Waiting(Generic[T, R]):
    """A request that waits for its turn.

    Args:
        asked: What is asked.
        rows: How many rows it has.
        future: Takes the answer.
        loop: The event loop that waits for it.
    """

    asked: T
    rows: int
    future: asyncio.Future[R]
    loop: asyncio.AbstractEventLoop


class Batcher(Generic[T, R]):
    """Puts requests to a model, in a thread of its own or, where it is quick, in the event loop.

    Args:
        answer: Answers several requests; an exception in the place of an answer is raised where
            that request waits.
        latency: Seconds that a batch may take.
        most_waiting: Rows that may wait.
        at_once: Seconds up to which a batch is answered in the event loop itself; 0 for a model
            that may wait for something, or keep the interpreter busy.
        name: What the thread is called.
        prepare: What the thread does before anything is asked.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[T]], Sequence[R | Exception]],
        *,
        latency: float = LATENCY,
        most_waiting: int = MOST_WAITING,
        at_once: float = 0.0,
        name: str = "model",
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self._answer, self._prepare = answer, prepare
        self._latency, self._most_waiting, self._at_once = latency, most_waiting, at_once
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._waiting: deque[Waiting[T, R]] = deque()
        self._rows = 0
        self._limit = 64.0
        self._speed = 1000.0  # rows a second, as lately
        self._work: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._due = float("inf")
        self._idle = True
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return self._rows

    @property
    def is_stuck(self) -> bool:
        """Whether the model has been at work on one batch for so long that it will not answer."""
        return time.perf_counter() > self._due

    def ask(self, asked: T, rows: int) -> asyncio.Future[R]:
        """The answer to a request, when there is one.

        Raises:
            BusyError: As many rows wait as may.
            NotReadyError: It was closed.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        with self._lock:
            if self._closed:
                raise NotReadyError("the model was unloaded")
            if self._rows and self._rows + rows > self._most_waiting:
                raise self._busy()
            self._waiting.append(Waiting(asked, rows, future, loop))
            self._rows += rows
            wakes, self._idle = self._idle, False
        if wakes:
            # What comes in the same turn of the loop is put into the same batch.
            loop.call_soon(self._begin)
        return future

    def _begin(self) -> None:
        """Answers what waits, or wakes the thread to do it."""
        if not (self._at_once and self._answers_at_once()):
            self._work.put(True)

    def _answers_at_once(self) -> bool:
        """Answers what waits as long as that takes no time; returns whether nothing is left."""
        if not self._asking.acquire(blocking=False):  # the thread has looked by itself
            return False
        try:
            while self._rows <= self._speed * self._at_once:
                batch = self._next()
                if not batch:
                    return True
                self._deliver(batch, self._timed(batch), asyncio.get_running_loop())
        finally:
            self._asking.release()
        return False

    def close(self, seconds: float = 10.0) -> None:
        """Answers what waits, and ends."""
        with self._lock:
            self._closed = True
        self._work.put(False)
        self._thread.join(seconds)

    def _busy(self) -> BusyError:
        seconds = min(max(self._rows / self._speed, _LEAST_RETRY), _MOST_RETRY)
        return BusyError(
            f"{self._rows:,} rows wait for the model, and no more may",
            retry_after=round(seconds, 1),
        )

    def _run(self) -> None:
        self._prepare()
        goes_on = True
        while goes_on:
            # A loop that was closed before it could wake this thread must not keep others waiting.
            with contextlib.suppress(queue.Empty):
                goes_on = self._work.get(timeout=_PATIENCE)
            with self._asking:
                while batch := self._next():
                    self._deliver(batch, self._timed(batch))

    def _next(self) -> list[Waiting[T, R]]:
        """The next batch; if there is none the model is idle."""
        with self._lock:
            batch: list[Waiting[T, R]] = []
            rows = 0
            while self._waiting and (not batch or rows + self._waiting[0].rows <= self._limit):
                one = self._waiting.popleft()
                self._rows -= one.rows
                if not one.future.cancelled():
                    batch.append(one)
                    rows += one.rows
            self._idle = not batch
            return batch

    def _timed(self, batch: Sequence[Waiting[T, R]]) -> Sequence[R | Exception]:
        began, rows = time.perf_counter(), sum(one.rows for one in batch)
        self._due = began + STUCK + 10 * rows / self._speed
        found = self._answered(batch)
        self._due = float("inf")
        self._learn(rows, time.perf_counter() - began)
        return found

    def _answered(self, batch: Sequence[Waiting[T, R]]) -> Sequence[R | Exception]:
        try:
            return self._answer([one.asked for one in batch])
        except Exception as error:  # noqa: BLE001 - told to whoever waits, and the thread lives on
            return [error] * len(batch)

    def _learn(self, rows: int, seconds: float) -> None:
        self._speed += 0.1 * (rows / max(seconds, 1e-6) - self._speed)
        if seconds > self._latency:
            self._limit = max(1.0, min(self._limit, rows) / 2)
        elif rows >= self._limit / 2:
            self._limit = min(MOST_ROWS, self._limit * 1.5)

    def _deliver(
        self,
        batch: Sequence[Waiting[T, R]],
        answers: Sequence[R | Exception],
        here: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Tells all that wait, with one call into each of their loops."""
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[R], Any]]] = {}
        for one, answer in zip(batch, answers, strict=True):
            by_loop.setdefault(one.loop, []).append((one.future, answer))
        for loop, told in by_loop.items():
            if loop is here:
                _settle(told)
                continue
            try:
                loop.call_soon_threadsafe(_settle, told)
            except RuntimeError:  # the loop is closed, and nobody waits any more
                continue


def _settle(told: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in told:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
