"""A small process that outlives a step: it keeps the step's time, and can tell how it died.

What `windlass execute` does, it does in a child. Between the two is a pipe, on which the child says
when an attempt begins, with the step's timeout, and when all of it is told.
"""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass

from windlass.execution import orphans
from windlass.execution.crew import Death, timed_out
from windlass.execution.forkserver import kill_group
from windlass.execution.memory_kills import killed_for_memory
from windlass.execution.pool import how_it_ended

_TICK = 0.1
"""Seconds between two looks at a child whose own children keep the pipe open."""
_OVER = b"over"


@dataclass(frozen=True, slots=True)
class Child:
    """The process in which the attempt is made.

    Args:
        pipe: The descriptor on which it says how far it is.
    """

    pipe: int

    @contextlib.contextmanager
    def attempt(self, timeout: float | None) -> Iterator[None]:
        """Surrounds an attempt; a process that ends within it has died.

        Args:
            timeout: The seconds that it may take.
        """
        self._say(str(timeout or 0).encode())
        try:
            yield
        finally:
            self._say(_OVER)

    def _say(self, word: bytes) -> None:
        with contextlib.suppress(OSError):  # the step has closed it
            os.write(self.pipe, word + b"\n")


@dataclass(frozen=True, slots=True)
class End:
    """How the child ended.

    Args:
        code: The exit code that it chose.
        death: What happened to it, if it did not live to tell of its attempt.
        seconds: How long the attempt took.
    """

    code: int
    death: Death | None
    seconds: float


def outlive() -> Child | End:
    """Goes on in a child, and here when that has ended; it dies with this process."""
    pipe, written = os.pipe()
    here, before = os.getpid(), killed_for_memory()
    child = os.fork()
    if child == 0:
        os.close(pipe)
        os.setsid()  # a group of its own, so that all it starts can be killed with it
        orphans.die_with_parent(here)
        return Child(written)
    os.close(written)
    watch = _Watch(child, pipe)
    try:
        status = watch.wait()
    finally:
        kill_group(child)  # what it left behind; or itself, if this was interrupted
        os.close(pipe)
    return End(status, watch.death(status, killed_for_memory() > before), watch.seconds)


class _Watch:
    def __init__(self, child: int, pipe: int) -> None:
        self._child, self._pipe = child, pipe
        self._heard = b""
        self._began = 0.0
        self._timed_out = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began if self._began else 0.0

    def wait(self) -> int:
        """Listens until the child has ended; its exit status."""
        while True:
            is_silent = self._listen()
            ended, status = os.waitpid(self._child, 0 if is_silent else os.WNOHANG)
            if ended:
                self._listen()  # its last words
                return os.waitstatus_to_exitcode(status)

    def death(self, status: int, for_memory: bool) -> Death | None:
        if self._timed_out:
            return timed_out(self._timeout)
        if status >= 0 and (not self._words or self._is_over):
            return None
        if status < 0 and for_memory:
            hint = (
                "Let it take less at once; or run it where there is more, or with less beside it."
            )
            told = "its process was killed by the kernel: memory ran out"
            return Death(told, hint, kind="OutOfMemoryError")
        return Death(f"its process ended: {how_it_ended(status)}")

    def _listen(self) -> bool:
        """Hears what the child says; whether it will say nothing more. Ends what takes too long."""
        if select.select([self._pipe], [], [], _TICK)[0]:
            data = os.read(self._pipe, 4096)
            self._heard += data
            self._began = self._began or (time.monotonic() if self._words else 0.0)
            return not data
        if 0 < self._timeout < self.seconds and not self._is_over and not self._timed_out:
            self._timed_out = True
            kill_group(self._child)
        return False

    @property
    def _words(self) -> list[bytes]:
        return self._heard.split(b"\n")[:-1]

    @property
    def _timeout(self) -> float:
        return float(self._words[0]) if self._words else 0.0

    @property
    def _is_over(self) -> bool:
        return _OVER in self._words
