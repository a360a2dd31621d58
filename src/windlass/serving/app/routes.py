"""Which path is answered by what, and who may ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from windlass.serving.app import describing
from windlass.serving.app.call import Call
from windlass.serving.app.inferring import infer
from windlass.serving.app.predicting import feedback, predict
from windlass.serving.app.reply import Reply

Access: TypeAlias = Literal["anyone", "admin"]
Handler: TypeAlias = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path.

    Args:
        method: Its method; one that answers GET answers HEAD too.
        path: Its path, ``{model}`` and ``{version}`` standing for their names.
        access: Who may ask: ``anyone`` who reaches the server, or ``admin``: this machine, and who
            has the token. Every route says so.
        handler: What answers.
        asks: Whether it asks a model, which then notes what fails, too.
    """

    method: str
    path: str
    access: Access
    handler: Handler
    asks: bool = False

    @property
    def name(self) -> str:
        """What counters call it."""
        return self.handler.__name__


_MODEL, _VERSION = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v2/health/live", "anyone", describing.live),
    Route("GET", "/v2/health/ready", "anyone", describing.ready),
    Route("GET", "/v2", "anyone", describing.server),
    Route("GET", "/v2/", "anyone", describing.server),
    Route("GET", _MODEL, "anyone", describing.model),
    Route("GET", _VERSION, "anyone", describing.model),
    Route("GET", f"{_MODEL}/ready", "anyone", describing.model_ready),
    Route("GET", f"{_VERSION}/ready", "anyone", describing.model_ready),
    Route("POST", f"{_MODEL}/infer", "anyone", infer, asks=True),
    Route("POST", f"{_VERSION}/infer", "anyone", infer, asks=True),
    Route("POST", "/v2/repository/index", "admin", describing.index),
    Route("POST", "/v2/repository/models/{model}/load", "admin", describing.load),
    Route("POST", "/v2/repository/models/{model}/unload", "admin", describing.load),
    Route("POST", "/models/{model}/predict", "anyone", predict, asks=True),
    Route("POST", "/models/{model}/versions/{version}/predict", "anyone", predict, asks=True),
    Route("POST", "/models/{model}/feedback", "anyone", feedback),
    Route("GET", "/openapi.json", "anyone", describing.openapi),
    Route("GET", "/metrics", "admin", describing.metrics),
    Route("GET", "/state", "admin", describing.state),
)

Methods: TypeAlias = Mapping[str, Route]


def _table(routes: tuple[Route, ...]) -> dict[str, dict[str, Route]]:
    table: dict[str, dict[str, Route]] = {}
    for route in routes:
        table.setdefault(route.path, {})[route.method] = route
    return table


_TABLE = _table(ROUTES)
_FIXED = {path: methods for path, methods in _TABLE.items() if "{" not in path}
_MODEL_AT = {"v2": 3, "models": 2}
_LONGEST = 200
"""Letters of a path: of a model's name there are 64 at most."""


class Place(NamedTuple):
    """Where a path leads.

    Args:
        methods: What answers there, by method.
        model: The name in the path; None if it has none.
        version: The same.
    """

    methods: Methods
    model: str | None = None
    version: str | None = None


def find(path: str) -> Place | None:
    """Where a path leads; None for nowhere. Names are as they were sent, and mean nothing yet."""
    return _find(path) if len(path) <= _LONGEST else None


@lru_cache(1024)  # the same few are asked all the time
def _find(path: str) -> Place | None:
    if path in _FIXED:
        return Place(_FIXED[path])
    if not path.startswith("/"):
        return None
    parts = path.split("/", 8)
    at = 4 if path.startswith("/v2/repository/models/") else _MODEL_AT.get(parts[1], 0)
    if not 0 < at < len(parts):
        return None
    version = None
    model, parts[at] = parts[at], "{model}"
    if len(parts) > at + 2 and parts[at + 1] == "versions":
        version, parts[at + 2] = parts[at + 2], "{version}"
    methods = _TABLE.get("/".join(parts))
    return None if methods is None else Place(methods, model, version)
