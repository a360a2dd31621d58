"""What an object holds, and what these hold, to the end."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

_LEAVES = (str, bytes, int, float, type, types.FunctionType, types.ModuleType)


def reachable(value: Any) -> Iterator[Any]:
    """An object and every object in its attributes and containers, each once."""
    yield from _reached(value, set())


def attributes_of(value: Any) -> dict[str, Any]:
    """The attributes of an object; none of one that has no place for any."""
    return dict(getattr(value, "__dict__", {}))


def items_of(value: Any) -> Iterator[Any]:
    """What a container holds, lists and tuples in it laid open."""
    for item in _contents(value):
        if isinstance(item, list | tuple):
            yield from items_of(item)
        else:
            yield item


def _reached(value: Any, seen: set[int]) -> Iterator[Any]:
    if id(value) in seen or isinstance(value, _LEAVES):
        return
    seen.add(id(value))
    yield value
    if type(value).__module__.startswith("pandas"):
        return
    for part in (*attributes_of(value).values(), *_contents(value)):
        yield from _reached(part, seen)


def _contents(value: Any) -> Iterator[Any]:
    import numpy as np

    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, np.ndarray) and value.dtype.hasobject and not value.dtype.names:
        yield from value.ravel().tolist()
