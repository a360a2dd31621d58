"""One thread of a process that attends long steps: it measures the machine, and keeps curves live.

A step of a millisecond must not become slower. So beginning and ending one is an assignment; the
thread looks once a second whether the same step still runs, and only then does anything. It ends
when it finds none.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from windlass.tracking.journal import Journal
from windlass.tracking.machine import Usage, cpu_seconds

_NAME = "windlass-attendant"
_SHORT = 1.0
"""Seconds; of a step that takes no longer, nothing is measured."""
_LOOKS = 5.0
"""Most seconds from one look at the machine to the next."""


@contextmanager
def attended(
    journal: Journal, system_metrics: bool, flush: Callable[[], None] | None
) -> Iterator[None]:
    """Has a step attended while it runs.

    Args:
        journal: Its journal.
        system_metrics: Whether the machine is measured, into the journal.
        flush: Records what is new in the journal; None where that cannot be done from here.
    """
    outer = _attendant.step
    if system_metrics or flush is not None:
        _attendant.take(_Step(journal, system_metrics, flush))
    try:
        yield
    finally:
        _attendant.step = outer


@dataclass(eq=False, slots=True)
class _Step:
    """A step that runs, and when what is to be done for it next.

    Intervals grow with the time that it takes: a step of a month has about a thousand points, as
    has one of half an hour.
    """

    journal: Journal
    system_metrics: bool
    flush: Callable[[], None] | None
    began: float = field(default_factory=time.monotonic)
    cpu: float = field(default_factory=cpu_seconds)
    measured: float = 0.0
    flushed: float = 0.0
    usage: Usage | None = None

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def attend(self) -> None:
        """Does what is due."""
        age = self.age
        if self.system_metrics:
            self._measure(age)
        if self.flush is not None and age - self.flushed >= _clamped(age / 50, 2, 30):
            self.flush()
            self.flushed = age

    def pause(self) -> float:
        """Seconds until it wants to be attended again."""
        age = self.age
        return _SHORT - age if age < _SHORT else _clamped(age / 100, 1, _LOOKS)

    def _measure(self, age: float) -> None:
        if self.usage is None:
            self.usage = Usage(self.began, self.cpu)
        self.usage.look()
        if age - self.measured >= max(1.0, age / 100) or not self.measured:
            self.journal.add_metrics(self.usage.take())
            self.measured = age


class _Attendant:
    """The thread, while there is need of it."""

    def __init__(self) -> None:
        self.step: _Step | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def take(self, step: _Step) -> None:
        """Attends a step from now on."""
        with self._lock:
            self.step = step
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=_NAME, daemon=True)
                with contextlib.suppress(RuntimeError):  # as many threads as may be are there
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        pause = _SHORT
        while True:
            time.sleep(pause)
            with self._lock:
                step = self.step
                if step is None:
                    self._thread = None
                    return
            if step.age >= _SHORT:
                # Nothing here is worth a step's failure: of a full disk or a lost server it is told
                # where the step itself meets it.
                with contextlib.suppress(Exception):
                    step.attend()
            pause = step.pause()


def _clamped(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


_attendant = _Attendant()


def _after_fork() -> None:
    """A child has no such thread, and may have been forked while it held the lock."""
    global _attendant  # noqa: PLW0603
    _attendant = _Attendant()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
