"""What goes on beside the answers of a server: aliases are followed, tasks done now and then."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from windlass.serving.following import Follower

_TEND = 1.0
_END = 8.0
"""Seconds that a swap which goes on is waited for at the end."""
_log = logging.getLogger(__name__)


def begin(
    following: Sequence[Follower],
    stop: threading.Event,
    tasks: Sequence[Callable[[], object]],
    interval: float,
) -> list[threading.Thread]:
    """Lets aliases be followed, and tasks be done about every second, until it is to stop.

    Each has a thread of its own: one that waits for a database that is silent holds up no other.

    Args:
        following: Who follow them.
        stop: Tells when to stop.
        tasks: What is to be done.
        interval: Seconds between two looks at an alias.
    """

    def tend(task: Callable[[], object]) -> None:
        while not stop.wait(_TEND):
            try:
                task()
            except Exception:  # noqa: BLE001 - it must go on whatever happens
                _log.exception("the server could not be tended")

    threads = [
        threading.Thread(target=each.run, args=(stop, interval), daemon=True) for each in following
    ]
    threads += [threading.Thread(target=tend, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    return threads


@contextlib.contextmanager
def followed(
    following: Sequence[Follower],
    stop: threading.Event,
    tasks: Sequence[Callable[[], object]],
    interval: float,
) -> Iterator[None]:
    """The same while it is entered; arguments as for `begin`."""
    threads = begin(following, stop, tasks, interval)
    try:
        yield
    finally:
        stop.set()
        end = time.monotonic() + _END
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
