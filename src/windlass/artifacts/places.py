"""Where in a value its cause of trouble is, in words such as ``['model'][2]``."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from windlass.artifacts.formats.collections import parts_of

_SHOWN = 8


def place_of(value: object, culprit: object) -> str:
    """Where a part is in a value; empty if it is the value itself, or is not found."""
    return _place(value, culprit, set())


def _place(value: Any, culprit: object, seen: set[int]) -> str:
    if value is culprit or id(value) in seen:
        return ""
    seen.add(id(value))
    for name, part in parts_of(value):
        found = _place(part, culprit, seen)
        if found or part is culprit:
            return _step_to(value, name) + found
    return ""


def _step_to(value: object, name: str) -> str:
    if isinstance(value, dict):
        return f"['{name}']"
    is_many = isinstance(value, list | tuple | deque | set | frozenset)
    return f"[{name}]" if is_many else f".{name}"


def deep_place(value: object) -> str:
    """Where a value holds itself, or else the first steps to what lies deepest in it."""
    path, deepest, seen = [_Level(value, "")], [""], {id(value)}
    above = {id(value)}
    while path:
        name, part = next(path[-1].parts, (None, None))
        if name is None:
            above.discard(id(path.pop().value))
            continue
        step = _step_to(path[-1].value, name)
        if id(part) in above:
            return _told([*(level.step for level in path[1:]), step])
        if id(part) in seen:
            continue
        seen.add(id(part))
        above.add(id(part))
        path.append(_Level(part, step))
        if len(path) > len(deepest):
            deepest = [level.step for level in path]
    return _told(deepest[1:])


class _Level:
    """A container on the way to a part: how one came there, and which of its parts are left."""

    def __init__(self, value: object, step: str) -> None:
        self.value = value
        self.step = step
        self.parts: Iterator[tuple[str, Any]] = iter(parts_of(value))


def _told(steps: list[str]) -> str:
    return "".join(steps[:_SHOWN]) + ("…" if len(steps) > _SHOWN else "")
