"""A model inside an application of the user's own: called from Python, or mounted in it.

model = windlass.load("delay@champion")
model.predict(table)                            # always by the version that is the champion now

app.mount("/models", windlass.asgi("delay@champion"))     # of FastAPI or Starlette
"""

from __future__ import annotations

import functools
import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from windlass.errors import ConfigError
from windlass.models.tables import library_of, rows_of
from windlass.provenance.project import find_project
from windlass.serving.deployment import Deployment
from windlass.serving.following import INTERVAL, Follower
from windlass.serving.server import (
    LateStores,
    application,
    deployments,
    followers,
    note,
    tidy,
    troubles_of,
)
from windlass.serving.settings import ServerSettings, named_models
from windlass.serving.tending import begin
from windlass.stacks.stack import load_stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.serving.app.application import Application


class LoadedModel:
    """A model in this process, which follows its alias: see `load`.

    Args:
        deployment: What answers.
        follower: What brings into service what the alias names.
        interval: Seconds between two looks at the alias; None for none.
    """

    def __init__(self, deployment: Deployment, follower: Follower, interval: float | None) -> None:
        self._deployment, self._stop = deployment, threading.Event()
        follower.start()
        if interval is not None:
            told = (weakref.ref(self), follower, deployment.tidy, self._stop, interval)
            threading.Thread(target=_follow, args=told, daemon=True).start()

    def __repr__(self) -> str:
        return f"<model {self._deployment.name}@{self._deployment.alias}, version {self.version}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def version(self) -> int:
        """The number of the version that answers now."""
        return int(self._deployment.versions()[0])

    def predict(self, table: Any) -> NDArray[Any]:
        """Labels of a classifier, else numbers: one for each row.

        Args:
            table: n rows: a table, an array, or arrays by the names of the columns.

        Raises:
            SignatureError: The rows are not what it takes.
            ModelError: It cannot predict them.
        """
        return self.outputs(table)["predict"]

    def predict_proba(self, table: Any) -> NDArray[Any]:
        """(n, classes) probabilities, in the order of its classes; raises as `predict` does.

        Raises:
            ModelError: It gives none.
        """
        found = self.outputs(table)
        if "predict_proba" not in found:
            raise ConfigError(f"{self._deployment.name} gives no probabilities")
        return found["predict_proba"]

    def outputs(self, table: Any) -> dict[str, NDArray[Any]]:
        """All that it gives, by the method that does; raises as `predict` does."""
        rows = rows_of(table) if library_of(table) is not None else _length(table)
        return dict(self._deployment.predict(table, rows, secrets.token_hex(12)).outputs)

    def close(self) -> None:
        """Ends its threads; what was noted is written."""
        self._stop.set()
        self._deployment.close()


def load(
    name: str, *, stack: str | None = None, follow: float | None = INTERVAL, log: bool = False
) -> LoadedModel:
    """A model of the project around the working directory, as it is in production.

    It is loaded as a server loads it: checked, and warmed up by its golden examples. When another
    version is promoted it is loaded beside, and swapped in.

    Args:
        name: ``delay@champion``; of ``delay`` that is meant, too; or ``delay@3``.
        stack: A stack of ``windlass.toml``; else the default one.
        follow: Seconds between two looks at the alias; None to stay with what it names now.
        log: Whether predictions are logged and counted as a server does.

    Raises:
        NotFoundError: There is no such model, version or alias.
        ModelError: It cannot be loaded here.
    """
    settings = _settings((name,), stack, log=log)
    stores = LateStores(settings.stack)
    (served,) = deployments(settings, stores).values()
    (follower,) = followers(settings, stores, lambda _: lambda: [served])
    return LoadedModel(served, follower, follow)


def asgi(
    *names: str,
    stack: str | None = None,
    hosts: Sequence[str] = (),
    follow: float | None = INTERVAL,
    log: bool = True,
) -> Application:
    """An ASGI application that serves models: to be mounted in another one, or run by any server.

    Args:
        names: ``delay@champion``; of ``delay`` that is meant, too.
        stack: A stack of ``windlass.toml``; else the default one.
        hosts: Names by which it may be asked, beside those of this machine.
        follow: Seconds between two looks at the aliases; None to stay with what they name now.
        log: Whether predictions are logged and counted.

    Raises:
        NotFoundError: There is no such model, version or alias.
        ModelError: One cannot be loaded here.
    """
    settings = _settings(names, stack, log=log, hosts=tuple(hosts))
    stores = LateStores(settings.stack)
    served = deployments(settings, stores)
    following = followers(settings, stores, lambda model: lambda: [served[model]])
    for follower in following:
        follower.start()
    if follow is not None:
        tasks = (lambda: note(settings, served, stores), lambda: tidy(served))
        begin(following, threading.Event(), tasks, follow)
    return application(settings, served, troubles=functools.partial(troubles_of, following))


def _settings(
    names: Sequence[str], stack: str | None, *, log: bool, hosts: tuple[str, ...] = ()
) -> ServerSettings:
    found = load_stack(stack, find_project(Path.cwd()))
    return ServerSettings(tuple(named_models(names).items()), found, log=log, hosts=hosts)


def _length(arrays: Any) -> int:
    return len(next(iter(arrays.values()), ())) if isinstance(arrays, dict) else len(arrays)


def _follow(
    owner: weakref.ref[LoadedModel],
    follower: Follower,
    tidy: Callable[[], None],
    stop: threading.Event,
    interval: float,
) -> None:
    """Follows until the model is closed, or nobody has it any more."""
    while not stop.wait(interval) and owner() is not None:
        follower.try_look()
        tidy()
