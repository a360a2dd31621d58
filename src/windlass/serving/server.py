"""A server of models over HTTP: one process of it, or one that leads several."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from windlass.errors import ConfigError, ServingError
from windlass.execution.stores import open_stores
from windlass.serving.deployment import Deployment
from windlass.serving.following import Follower, Recorded
from windlass.serving.releases import Release
from windlass.serving.settings import ServerSettings

if TYPE_CHECKING:
    from windlass.serving.workers.supervisor import Supervisor

_BACKLOG = 2048
_DRAIN = 8
_TEND = 1.0
_log = logging.getLogger(__name__)


class HttpServer:
    """Uvicorn on a socket that is there already.

    Args:
        app: What answers.
        on_start: Called once it accepts requests.
    """

    def __init__(self, app: Any, on_start: Callable[[], None] = lambda: None) -> None:
        try:
            import uvicorn
        except ImportError:
            raise ConfigError(
                "a server needs uvicorn, which is not installed",
                hint="Install it: pip install 'windlass[serve]'",
            ) from None
        config = uvicorn.Config(
            app,
            access_log=False,
            lifespan="off",
            log_level="warning",
            server_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_DRAIN,
            timeout_keep_alive=75,  # longer than load balancers keep theirs, which is 60 at most
        )
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_start = on_start

    def run(self, listener: socket.socket) -> None:
        """Serves until a signal ends it; what was accepted is answered."""
        factory = self._server.config.get_loop_factory()
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._on_start)
        await self._server.serve(sockets=[listener])

    def wait_for_loop(self, seconds: float = 4.0) -> None:
        """Returns once the event loop has had a turn.

        Raises:
            ServingError: It has none in that time: something blocks it.
        """
        if self._loop is None or self._server.should_exit:
            return
        turned = threading.Event()
        self._loop.call_soon_threadsafe(turned.set)
        if not turned.wait(seconds):
            raise ServingError(f"the event loop is blocked for {seconds:g} s")

    def stop(self) -> None:
        """Lets it answer what was accepted, and end."""
        self._server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigError: The address is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"{host}:{port} cannot be listened at: {error.strerror}",
            hint="Is another server there? Choose a port: --port 8081; 0 takes any that is free.",
        ) from None
    listener.listen(_BACKLOG)
    return listener


def deployments(settings: ServerSettings, writer: str) -> dict[str, Deployment]:
    """The deployments of a process, with nothing loaded yet.

    Args:
        settings: What is served.
        writer: What tells the notes of this process from those of others.
    """
    return {
        model: Deployment(model, which, None, settings.limits) for model, which in settings.models
    }


def application(settings: ServerSettings, served: Iterable[Deployment], channel: Any) -> Any:
    """What answers HTTP for deployments."""
    raise NotImplementedError
