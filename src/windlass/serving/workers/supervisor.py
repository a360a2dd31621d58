"""The process that leads the workers: it starts them, swaps them together, and replaces the dead.

All workers accept from one socket, which lives as long as this process: a request that comes while
a worker is missing waits for another. A swap has two phases, as a commit of databases has: each
worker loads the release and says so; then each is told to answer by it. One that does not say so
in time leaves rotation: it stops accepting, and another takes its place.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from windlass.errors import ServingError
from windlass.serving.releases import Release
from windlass.serving.workers.channel import Channel, Document

PREPARE, COMMIT, PING = 600.0, 5.0, 5.0
"""Seconds that a worker has to load a release, to swap, and to show that it lives."""
_DRAIN, _SHORT = 30.0, 1.0
"""Seconds that a worker has to end, and one that nobody is answered by."""
_log = logging.getLogger(__name__)


class WorkerProcess:
    """A worker, as its supervisor knows it.

    Args:
        number: Which one, from 1.
        listener: The socket that it accepts from.
        settings: What it is told to serve, as JSON.
        handle: Answers what it asks.
    """

    def __init__(
        self,
        number: int,
        listener: socket.socket,
        settings: Document,
        handle: Callable[[str, Document], Document | None],
    ) -> None:
        self.number, self.is_gone = number, False
        self.is_preparing = False
        """Whether it loads a release, which may keep it from all else for a while."""
        ours, theirs = socket.socketpair()
        fds = (listener.fileno(), theirs.fileno())
        self.process = subprocess.Popen(
            [sys.executable, "-m", "windlass.serving.workers.worker", *map(str, fds)],
            pass_fds=fds,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the supervisor, which lets them drain
        )
        theirs.close()
        self.channel = Channel(ours, handle, self._end)
        try:
            self.channel.ask("settings", settings, PREPARE)
        except ServingError:
            self.stop(_SHORT)
            raise

    def __repr__(self) -> str:
        return f"<worker {self.number}, process {self.process.pid}>"

    @property
    def lives(self) -> bool:
        """Whether its process does, and talks."""
        return not self.is_gone and self.process.poll() is None

    def prepare(self, release: Release, number: int) -> None:
        """Lets it load a release and warm it up; raises if it cannot."""
        told = {"folder": str(release.folder), "generation": number, "model": release.model}
        self.is_preparing = True
        try:
            self.channel.ask("prepare", told, PREPARE)
        finally:
            self.is_preparing = False

    def commit(self, model: str, number: int) -> bool:
        """Lets it swap; False if it did not, and is out of rotation."""
        try:
            self.channel.ask("commit", {"model": model, "generation": number}, COMMIT)
        except ServingError as error:
            _log.error("%r leaves rotation: %s", self, error.message)
            self.is_gone = True
            # It may take its time to answer what it has accepted; nobody is to wait for that.
            threading.Thread(target=self.stop, daemon=True).start()
            return False
        return True

    def stop(self, seconds: float = _DRAIN) -> None:
        """Lets it answer what it has accepted, and end; kills it if it does not."""
        self._end(seconds)
        self.channel.close()

    def _end(self, seconds: float = _DRAIN) -> None:
        self.is_gone = True
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Supervisor:
    """Leads several workers.

    Args:
        listener: The socket that all accept from.
        count: How many workers there are to be.
        settings: What each is told to serve, as JSON.
        handle: Answers what workers ask.
        troubles: What is wrong with the whole server, which workers are told.
    """

    def __init__(
        self,
        listener: socket.socket,
        count: int,
        settings: Mapping[str, Any],
        handle: Callable[[str, Document], Document | None],
        troubles: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._listener, self._count, self._troubles = listener, count, troubles
        self._settings, self._handle = settings, handle
        self._swapping = threading.RLock()
        self._workers: list[WorkerProcess] = []
        self._current: dict[str, tuple[Release, int]] = {}
        self._next: dict[str, tuple[Release, int]] = {}
        """What is prepared and not committed yet, by model."""
        self._numbers = 0
        self.restarts = 0
        """How many workers were replaced."""

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that live."""
        return [each for each in self._workers if each.lives]

    @property
    def lacking(self) -> int:
        """How many workers are missing."""
        return self._count - len(self.workers)

    def start(self) -> None:
        """Starts all workers, which serve nothing yet.

        Raises:
            ServingError: One does not start.
        """
        with ThreadPoolExecutor(self._count) as pool:
            self._workers = list(pool.map(lambda _: self._new(), range(self._count)))

    def prepare(self, release: Release, number: int) -> None:
        """Lets every worker load a release; raises if one that lives cannot."""
        with self._swapping, ThreadPoolExecutor(self._count) as pool:
            told = {each: pool.submit(each.prepare, release, number) for each in self.workers}
            trouble = {each: error for each, one in told.items() if (error := one.exception())}
        for worker, error in trouble.items():
            if worker.lives:  # one that died is replaced; one that cannot load it keeps all from it
                raise error
        if not self.workers:
            raise ServingError("no worker lives that could load a release")
        self._next[release.model] = (release, number)

    def commit(self, release: Release, number: int) -> None:
        """Lets every worker swap; one that does not leaves rotation."""
        with self._swapping, ThreadPoolExecutor(self._count) as pool:
            self._current[release.model] = (release, number)
            self._next.pop(release.model, None)
            list(pool.map(lambda each: each.commit(release.model, number), self.workers))

    def tend(self) -> None:
        """Replaces workers that are dead, or say nothing; to be called every second or so."""
        with ThreadPoolExecutor(self._count) as pool:
            list(pool.map(self._look_at, self.workers))
        for _ in range(self.lacking):
            try:
                self._replace()
            except ServingError as error:
                _log.error("a worker cannot be started: %s", error.message)
                return  # tried again at the next look

    def stop(self) -> None:
        """Lets all workers answer what they have accepted, and end."""
        workers, self._workers = self._workers, []
        with ThreadPoolExecutor(max(1, len(workers))) as pool:
            list(pool.map(lambda each: each.stop(), workers))

    def ask_all(self, question: str, seconds: float = 2.0) -> list[Document]:
        """The answers of all workers that give one in time."""
        with ThreadPoolExecutor(self._count) as pool:
            told = [pool.submit(each.channel.ask, question, {}, seconds) for each in self.workers]
        return [each.result() for each in told if each.exception() is None]

    def state(self) -> list[Mapping[str, Any]]:
        """What is known of each worker."""
        return [
            {"worker": each.number, "process": each.process.pid, "lives": each.lives}
            for each in self._workers
        ]

    def _look_at(self, worker: WorkerProcess) -> None:
        try:
            worker.channel.ask("ping", {"troubles": self._troubles()}, PING)
        except ServingError as error:
            # Some loaders let no other thread run: all workers would be ended in each swap.
            if worker.is_preparing and worker.lives:
                return
            _log.error("%r is replaced: %s", worker, error.message)
            worker.stop(_SHORT)

    def _replace(self) -> None:
        with self._swapping:  # it must not miss a swap
            self._workers = self.workers
            worker = self._new()
            try:
                self._bring_up(worker)
            except ServingError:
                worker.stop(_SHORT)
                raise
            self._workers.append(worker)
            self.restarts += 1

    def _bring_up(self, worker: WorkerProcess) -> None:
        for release, number in self._current.values():
            worker.prepare(release, number)
            worker.commit(release.model, number)
        for release, number in self._next.values():
            with contextlib.suppress(ServingError):  # it leaves rotation if that is committed
                worker.prepare(release, number)

    def _new(self) -> WorkerProcess:
        self._numbers += 1
        return WorkerProcess(self._numbers, self._listener, self._settings, self._handle)
