"""What a step yields: items that are stored one after another, never all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any


class Stream(Iterator[Any]):
    """An iterator that is on its way into the store, and what was seen of its items.

    Args:
        items: The iterator.
        check: Called with the place and the value of each item, before it is stored.

    Attributes:
        keep: Called with each item that passed; how the store makes artifacts of them for a map.
        kinds: How many items there were so far, by their types.
    """

    def __init__(
        self, items: Iterator[Any], check: Callable[[int, Any], None] | None = None
    ) -> None:
        self._items = items
        self._check = check
        self.keep: Callable[[Any], object] | None = None
        self.kinds: Counter[str] = Counter()

    @property
    def length(self) -> int:
        """How many items there were so far."""
        return self.kinds.total()

    def __next__(self) -> Any:
        """The next item."""
        item = next(self._items)
        if self._check is not None:
            self._check(self.length, item)
        self.kinds[type(item).__name__] += 1
        if self.keep is not None:
            self.keep(item)
        return item
