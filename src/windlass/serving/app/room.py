"""What large requests may take of a process: memory for their bodies, and one thread to read them.

To read eight megabytes of JSON takes about a second. On the event loop nobody else would be
answered in that time; in a thread of their own large bodies wait for each other, and small requests
for none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import ParamSpec, TypeVar

from windlass.errors import BusyError

P = ParamSpec("P")
R = TypeVar("R")

LARGE = 65_536
"""Bytes from which a body is read beside the event loop: to read fewer takes a millisecond."""


class Room:
    """The room that there is for large requests.

    Args:
        most: Bytes of their bodies that may be held at once.
    """

    def __init__(self, most: int) -> None:
        self.held = 0
        self._most = most

    def take(self, size: int) -> None:
        """Takes room for a part of a body, to be given back by `leave`.

        Raises:
            BusyError: There is none.
        """
        if self.held and self.held + size > self._most:
            raise BusyError("there is no room for another large body now", retry_after=1.0)
        self.held += size

    def leave(self, size: int) -> None:
        """Gives back what was taken."""
        self.held -= size

    async def work(
        self, size: int, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """What a function gives: in the thread for large bodies, if this is one, else at once."""
        if size < LARGE:
            return work(*args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "bodies")


class Share:
    """What one request has of it.

    Args:
        room: Of all requests.
    """

    __slots__ = ("_size", "room")

    def __init__(self, room: Room) -> None:
        self.room, self._size = room, 0

    def take(self, size: int) -> None:
        """Takes more; raises as `Room.take` does."""
        self.room.take(size)
        self._size += size

    def leave(self) -> None:
        """Gives all of it back."""
        if self._size:
            self.room.leave(self._size)
            self._size = 0
