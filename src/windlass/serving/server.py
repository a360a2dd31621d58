"""A server of models over HTTP: one process of it, or one that leads several."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, RecordError, ServingError, StoreError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.serving.app.application import Application, Gather
from windlass.serving.app.counters import Counters, Gauge
from windlass.serving.beacon import beacons_of
from windlass.serving.bringing import Brought, brought, describe_brought
from windlass.serving.deployment import Deployment
from windlass.serving.following import Follower, Party, Recorded, Source
from windlass.serving.observing.observer import observe
from windlass.serving.settings import ServerSettings
from windlass.serving.tending import followed
from windlass.stacks.models import ModelSettings
from windlass.stacks.settings import load_settings
from windlass.stacks.stack import Stack

_BACKLOG = 2048
_DRAIN = 8
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

            from windlass.serving.app.wire import BoundedProtocol
        except ImportError:
            raise ConfigError(
                "a server needs uvicorn, which is not installed",
                hint="Install it: pip install 'windlass[serve]'",
            ) from None
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            access_log=False,
            lifespan="off",
            log_level="warning",
            server_header=False,
            proxy_headers=False,  # who asks is told by the connection alone: see `guard`
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


def on_signals(do: Callable[[], object]) -> None:
    """Has the signals that end a process do something, until uvicorn takes them for itself.

    Uvicorn raises the signal that ended it once more when all is answered, and notes come then.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: do())


class LateStores:
    """The stores of a server, opened as soon as they can be reached: it may start without them.

    Args:
        stack: Which.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._stores: Stores | None = None

    def __call__(self) -> Stores:
        """They.

        Raises:
            RecordError: The record cannot be reached now.
            WindlassError: They cannot be opened.
        """
        with self._lock:
            if self._stores is None:
                self._stores = open_stores(self._stack)
                # Whoever asks here asks again soon, and is to tell at once that it is gone.
                self._stores.records.patience = 0.0
            return self._stores

    def close(self) -> None:
        """Closes what was opened."""
        if self._stores is not None:
            self._stores.records.close()


def deployments(settings: ServerSettings, stores: LateStores) -> dict[str, Deployment]:
    """The deployments of a process, with nothing loaded yet.

    Args:
        settings: What is served.
        stores: Where what is noted goes.
    """
    found = {
        model: Deployment(model, which, limits=settings.limits) for model, which in settings.models
    }
    note(settings, found, stores)
    return found


def note(settings: ServerSettings, served: Mapping[str, Deployment], stores: LateStores) -> None:
    """Lets notes be taken of what is asked, if that is wanted and the record can be reached.

    Args:
        settings: What is served.
        served: The deployments, by the names of their models.
        stores: Where what is noted goes.
    """
    wanting = [each for each in served.values() if each.observer is None]
    if not settings.log or not wanting:
        return
    said = load_settings(settings.stack.project).models
    try:
        for each in wanting:
            told = said.get(each.name, ModelSettings())
            each.observer = observe(stores(), each.name, told, describe=describe_brought(settings))
    except StoreError as error:  # this disk is full, say: it serves, and looks again
        _warn_once(error.message)
    except RecordError:  # its followers tell of it
        return


@functools.lru_cache(64)
def _warn_once(message: str) -> None:
    _log.warning("%s", message)


def application(
    settings: ServerSettings,
    served: Mapping[str, Deployment],
    *,
    gather: Gather | None = None,
    troubles: Callable[[], Sequence[str]] = tuple,
) -> Application:
    """What answers HTTP for deployments.

    Args:
        settings: How they are served.
        served: By the names of their models.
        gather: Gives the counters of all workers; None if this is the only one.
        troubles: What is wrong beside the models.
    """
    counters = Counters()
    for name, each in served.items():
        waiting = functools.partial(_waiting, each)
        told = Gauge("windlass_rows_waiting", "Rows that wait.", waiting, {"model": name})
        counters.watch(told)
    token = os.environ.get(settings.token) or None
    return Application(
        served,
        hosts=settings.hosts,
        token=token,
        counters=counters,
        gather=gather,
        troubles=troubles,
    )


def _waiting(deployment: Deployment) -> float:
    found = deployment.state()["waiting_rows"]
    return float(found) if isinstance(found, int) else 0.0


def followers(
    settings: ServerSettings,
    stores: LateStores,
    parties: Callable[[str], Callable[[], Sequence[Party]]],
) -> list[Follower]:
    """Who bring into service what the aliases name.

    Args:
        settings: What is served.
        stores: Where it is recorded.
        parties: Who serve a model, by its name.
    """
    folder, own = settings.stack.project.cache / "releases", brought(settings)
    found = []
    for model, which in settings.models:
        source: Source = Recorded(stores, model, which, folder)
        last: Path | None = folder / f"{model}@{which}.json"
        if own is not None and settings.stands_alone:
            source, last = Brought(own), None
        found.append(Follower(source, parties(model), last, brought=own, wait=settings.wait))
    return found


def serve(settings: ServerSettings, tell: Callable[[str], None]) -> None:
    """Serves models until a signal ends it.

    Args:
        settings: What is served, and how.
        tell: Takes a line for whoever watches.

    Raises:
        ConfigError: The address cannot be listened at, or uvicorn is not installed.
        WindlassError: A model cannot be served.
    """
    on_signals(sys.exit)  # while models are loaded: nobody was given an answer yet
    with listen(settings.host, settings.port) as listener:
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        if settings.workers > 1:
            from windlass.serving.workers.leading import lead

            lead(settings, listener, address, lambda: tell(address))
        else:
            _serve_here(settings, listener, address, lambda: tell(address))


def _serve_here(
    settings: ServerSettings,
    listener: socket.socket,
    address: str,
    on_start: Callable[[], None],
) -> None:
    stores = LateStores(settings.stack)
    served = deployments(settings, stores)
    following = followers(settings, stores, lambda model: lambda: [served[model]])
    beacons = beacons_of(settings, stores, following, address, lambda: 1)
    stop = threading.Event()
    try:
        for each in following:
            each.start()
        troubles = functools.partial(troubles_of, following)
        server = HttpServer(application(settings, served, troubles=troubles), on_start)
        tasks = (lambda: note(settings, served, stores), lambda: tidy(served), beacons.tell)
        on_signals(server.stop)
        with followed(following, stop, tasks, settings.follow):
            server.run(listener)
    finally:
        for deployment in served.values():
            deployment.close()
        beacons.tell(end=True)
        stores.close()


def tidy(served: Mapping[str, Deployment]) -> None:
    """Frees what deployments need no longer."""
    for deployment in served.values():
        deployment.tidy()


def troubles_of(following: Sequence[Follower]) -> list[str]:
    """Why what aliases name is not in service, or cannot be told."""
    return [str(each.trouble["why"]) for each in following if each.trouble]
