"""A server of models over HTTP: one process of it, or one that leads several."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from windlass.errors import ConfigError, RecordError, ServingError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.serving.app.application import Application, Gather
from windlass.serving.app.counters import Counters, Gauge
from windlass.serving.beacon import beacons_of
from windlass.serving.deployment import Deployment
from windlass.serving.following import Follower, Party, Recorded
from windlass.serving.observing.observer import observe
from windlass.serving.settings import ServerSettings
from windlass.stacks.models import ModelSettings
from windlass.stacks.settings import load_settings
from windlass.stacks.stack import Stack

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
    with contextlib.suppress(RecordError):
        for each in wanting:
            each.observer = observe(stores(), each.name, said.get(each.name, ModelSettings()))


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
    folder = settings.stack.project.cache / "releases"
    return [
        Follower(
            Recorded(stores, model, which, folder),
            parties(model),
            folder / f"{model}@{which}.json",
        )
        for model, which in settings.models
    ]


def serve(settings: ServerSettings, tell: Callable[[str], None]) -> None:
    """Serves models until a signal ends it.

    Args:
        settings: What is served, and how.
        tell: Takes a line for whoever watches.

    Raises:
        ConfigError: The address cannot be listened at, or uvicorn is not installed.
        WindlassError: A model cannot be served.
    """
    listener = listen(settings.host, settings.port)
    # Uvicorn raises the signal that ended it once more when all is answered; notes come then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
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
    stop = threading.Event()
    try:
        for each in following:
            each.start()
        server = HttpServer(application(settings, served), on_start)

        beacons = beacons_of(settings, stores, following, address, lambda: 1)

        def tend() -> None:
            note(settings, served, stores)
            for deployment in served.values():
                deployment.tidy()
            for beacon in beacons:
                beacon.tell()

        with followed(following, stop, tend, settings.follow):
            server.run(listener)
        for beacon in beacons:
            beacon.tell(end=True)
    finally:
        for deployment in served.values():
            deployment.close()
        stores.close()


@contextlib.contextmanager
def followed(
    following: Sequence[Follower],
    stop: threading.Event,
    tend: Callable[[], object],
    interval: float,
) -> Iterator[None]:
    """Lets aliases be followed, and what is to be tended be tended, while it is entered."""

    def tending() -> None:
        while not stop.wait(_TEND):
            try:
                tend()
            except Exception:  # noqa: BLE001 - it must go on whatever happens
                _log.exception("the server could not be tended")

    threads = [
        threading.Thread(target=each.run, args=(stop, interval), daemon=True) for each in following
    ]
    threads.append(threading.Thread(target=tending, daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_DRAIN)
