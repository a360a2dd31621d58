"""How large a value becomes where each part is written as often as it is held.

JSON cannot say *the same again*. A list that holds one list twice, which holds another twice, and
so on, is sixty objects when it is sixty deep, and more in a document than any disk has room for.
Such a value is refused before anything is written, in a time that follows from its objects.
"""

from __future__ import annotations

import enum
import functools
from collections import deque
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, TypeAlias

from windlass.classes import held_by, is_plain_class
from windlass.errors import FormatError

_MOST = 10_000_000
"""Parts that are written whatever they share: some seconds' worth."""

_OFTEN = 100
"""How many times as large as it is a value of more may become."""

_LEAVES = frozenset({bool, int, float, str, bytes, type(None)})

Parts: TypeAlias = Callable[[Any], Collection[Any]]


def check_sharing(value: object) -> None:
    """Refuses a value that would become much too large.

    Raises:
        FormatError: It holds the same parts again and again.
    """
    if type(value) in _LEAVES:
        return
    count = _Count()
    written = count.below(value)
    if written > max(_MOST, _OFTEN * count.held):
        raise FormatError(
            f"a {type(value).__name__} holds {count.held:,} parts, some so often that it would be "
            f"written as {written:,}",
            hint="Hold a part once, and refer to it by a name or a number.",
        )


def parts_written(value: object) -> int:
    """As how many parts a value is written, each as often as it is held."""
    return _Count().below(value)


class _Count:
    """Counts parts, those of an object once for all the places that hold it."""

    def __init__(self) -> None:
        self.held = 0
        self._known: dict[int, int] = {}

    def below(self, value: Any) -> int:
        """How many parts a value is written as."""
        cls: Any = type(value)
        parts = _parts_by(cls)(value)
        self.held += len(parts)
        if _LEAVES.issuperset(map(type, parts)):
            return len(parts)
        return len(parts) + sum(self._once(part) for part in parts if type(part) not in _LEAVES)

    def _once(self, part: object) -> int:
        found = self._known.get(id(part))
        if found is None:
            self._known[id(part)] = 0  # while it is counted: what holds itself is told of later
            found = self._known[id(part)] = self.below(part)
        return found


@functools.lru_cache(maxsize=4096)
def _parts_by(cls: type) -> Parts:
    """What gives the parts of an instance of a class; of what is not plain, none."""
    if issubclass(cls, dict):
        return dict.values
    if issubclass(cls, list | tuple | set | frozenset | deque):
        return lambda value: value
    if cls is SimpleNamespace or (is_plain_class(cls) and not issubclass(cls, enum.Enum)):
        return held_by
    return lambda _: ()
