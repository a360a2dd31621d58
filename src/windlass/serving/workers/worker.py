"""One worker of a server: told by its supervisor what to load, and when to answer by it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from windlass.errors import ServingError
from windlass.serving.app.application import Application
from windlass.serving.deployment import Deployment
from windlass.serving.releases import read_release
from windlass.serving.server import (
    HttpServer,
    LateStores,
    application,
    deployments,
    note,
    on_signals,
)
from windlass.serving.settings import ServerSettings
from windlass.serving.workers.channel import Channel, Document

_SECONDS = 5.0


class Worker:
    """What a worker process does.

    Args:
        listener: The socket that it accepts from.
        control: Its end of the channel to the supervisor.
    """

    def __init__(self, listener: socket.socket, control: socket.socket) -> None:
        self._listener = listener
        self._deployments: dict[str, Deployment] = {}
        self._told, self._complete = threading.Event(), threading.Event()
        self._settings: ServerSettings | None = None
        self._stores: LateStores | None = None
        self._app: Application | None = None
        self._server: HttpServer | None = None
        self._known_troubles: Sequence[str] = ()
        self._ended = False
        self._channel = Channel(control, self._handle, self._orphaned)

    def run(self) -> None:
        """Serves, from when all models are loaded until it is told to end."""
        self._told.wait()
        self._complete.wait()
        if self._settings is None or self._ended:
            return
        self._app = application(
            self._settings, self._deployments, gather=self._gather, troubles=self._troubles
        )
        self._server = HttpServer(self._app)
        on_signals(self._server.stop)
        if not self._ended:  # else it was told so a moment ago
            self._server.run(self._listener)
        for deployment in self._deployments.values():
            deployment.close()
        if self._stores is not None:
            self._stores.close()

    def end(self) -> None:
        """Ends it where it does not serve yet; where it does, its server sees to it."""
        self._ended = True
        self._told.set()
        self._complete.set()

    def _handle(self, question: str, told: Document) -> Document | None:
        match question:
            case "settings":
                self._settings = ServerSettings.read(told)
                self._stores = LateStores(self._settings.stack)
                self._deployments = deployments(self._settings, self._stores)
                self._told.set()
            case "prepare":
                release = read_release(Path(told["folder"]))
                self._deployments[release.model].prepare(release, told["generation"])
            case "commit":
                self._deployments[told["model"]].commit(told["generation"])
                if all(each.live for each in self._deployments.values()):
                    self._complete.set()
            case "ping":
                return self._ping(told["troubles"])
            case "counters":
                return {} if self._app is None else self._app.counters.snapshot()
        return None

    async def _gather(self) -> Iterable[Document]:
        """The counters of all workers, by way of the supervisor."""
        told = await asyncio.to_thread(self._channel.ask, "counters", None, _SECONDS)
        found: list[Document] = told["counters"]
        return found

    def _troubles(self) -> Sequence[str]:
        return self._known_troubles

    def _ping(self, troubles: Sequence[str]) -> Document:
        """Is told what is wrong with the whole server; says, by its event loop, that it lives."""
        self._known_troubles = troubles
        if self._settings is not None and self._stores is not None:
            note(self._settings, self._deployments, self._stores)
        for deployment in self._deployments.values():
            deployment.tidy()
            if deployment.is_stuck:  # no thread can be ended: it takes another process
                raise ServingError(f"{deployment.name} answers no more: its model hangs")
        if self._server is not None:
            self._server.wait_for_loop()
        return {}

    def _orphaned(self) -> None:
        """The supervisor is gone: what was accepted is answered, and no more."""
        os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Runs the worker whose sockets are told by their descriptors."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    listener, control = (socket.socket(fileno=int(word)) for word in sys.argv[1:])
    worker = Worker(listener, control)
    on_signals(worker.end)
    worker.run()


if __name__ == "__main__":
    main()
