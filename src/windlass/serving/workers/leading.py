"""A server of several processes: the one that leads follows the aliases, and answers no request."""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Callable

from windlass.serving.beacon import beacons_of
from windlass.serving.following import Follower, Party
from windlass.serving.releases import Release
from windlass.serving.server import LateStores, followers, on_signals, troubles_of
from windlass.serving.settings import ServerSettings
from windlass.serving.tending import followed
from windlass.serving.workers.channel import Document
from windlass.serving.workers.supervisor import Supervisor


class AllWorkers:
    """All workers together, as whoever follows the alias of a model knows them.

    Args:
        supervisor: Who leads them.
    """

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._release: Release | None = None

    def prepare(self, release: Release, number: int) -> None:
        """Lets every worker load a release; raises if one cannot."""
        self._supervisor.prepare(release, number)
        self._release = release

    def commit(self, number: int) -> None:
        """Lets every worker swap."""
        assert self._release is not None
        self._supervisor.commit(self._release, number)


class Leader:
    """Answers what workers ask: the counters of all, and what is wrong.

    Args:
        settings: What is served.
        listener: The socket that workers accept from.
    """

    def __init__(self, settings: ServerSettings, listener: socket.socket) -> None:
        told = settings.document()
        self.supervisor = Supervisor(listener, settings.workers, told, self._handle, self.troubles)
        self.following: list[Follower] = []

    def _handle(self, question: str, _told: Document) -> Document | None:
        if question == "counters":
            return {"counters": self.supervisor.ask_all("counters")}
        return None

    def troubles(self) -> list[str]:
        """What is wrong with the server beside its models."""
        found = troubles_of(self.following)
        lacking = self.supervisor.lacking
        return [*found, f"{lacking} workers are missing"] if lacking else found


def lead(
    settings: ServerSettings,
    listener: socket.socket,
    address: str,
    on_start: Callable[[], None],
) -> None:
    """Serves by several processes until a signal ends it."""
    stores = LateStores(settings.stack)
    leader = Leader(settings, listener)
    supervisor = leader.supervisor

    def parties(_model: str) -> Callable[[], list[Party]]:
        workers = AllWorkers(supervisor)
        return lambda: [workers]

    leader.following = followers(settings, stores, parties)
    living = functools.partial(_living, supervisor)
    beacons = beacons_of(settings, stores, leader.following, address, living)
    stop = threading.Event()
    on_signals(stop.set)
    try:
        supervisor.start()
        for each in leader.following:
            each.start()
        on_start()
        with followed(leader.following, stop, (supervisor.tend, beacons.tell), settings.follow):
            stop.wait()
    finally:
        supervisor.stop()
        beacons.tell(end=True)
        stores.close()


def _living(supervisor: Supervisor) -> int:
    return len(supervisor.workers)
