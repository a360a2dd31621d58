"""What MLflow allows: names, values, and how much in one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from windlass.natural import natural
from windlass.values import Json

T = TypeVar("T")

RUN, NODE, DIGEST = "windlass.run", "windlass.node", "windlass.digest"
"""Tags by which a run there is found again; and what it was told, when it was told all."""
SPOOLED = "windlass.spooled"
"""Of a run that a step started while the server was away: what it was called then."""
PARENT, RUN_NAME = "mlflow.parentRunId", "mlflow.runName"

METRICS_AT_ONCE = 1000
PARAMS_AT_ONCE = 100
_LONGEST_NAME = 250
_LONGEST_PARAM = 6000
_LONGEST_TAG = 5000
_FORBIDDEN = re.compile(r"[^\w.\- :/]")

STATUSES = {
    "running": "RUNNING",
    "succeeded": "FINISHED",
    "failed": "FAILED",
    "cancelled": "KILLED",
}


def plain_name(name: str) -> str:
    """A name of a metric or parameter as MLflow takes it: as it is, in nearly all cases.

    Names there are paths, too: none may begin with a slash, or climb.
    """
    allowed = _FORBIDDEN.sub("_", name)
    parts = [part if part.strip(". ") else "_" for part in allowed.split("/")]
    return "/".join(parts)[:_LONGEST_NAME]


def file_name(name: str) -> str:
    """A name as that of a file."""
    return _FORBIDDEN.sub("_", name).replace("/", "_").replace(":", "_").strip(". ") or "_"


def plain_params(params: Mapping[str, Json]) -> dict[str, str]:
    """Parameters as MLflow takes them: text is as it is, all else JSON."""
    return {plain_name(name): _text(value)[:_LONGEST_PARAM] for name, value in params.items()}


def plain_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as MLflow takes them."""
    return {plain_name(name): value[:_LONGEST_TAG] for name, value in tags.items()}


def milliseconds(seconds: float | None) -> int | None:
    """A time as MLflow has it."""
    return None if seconds is None else int(seconds * 1000)


def portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Items in their order, so many at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _text(value: Json) -> str:
    shown: Any = natural(value)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
