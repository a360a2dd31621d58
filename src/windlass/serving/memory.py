"""Memory of a server that lives through a hundred models: what stays, and what is freed.

Python's garbage collector looks through all objects again and again. Those of the modules alone,
which are never garbage, take it 70 ms, in which no request is answered: it made a fourth of the
99th percentile. And the C library keeps what is freed for its own next use. After a large model has
been swapped out it may be all that the process has grown by, for months.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import threading
from collections.abc import Callable

_kept = threading.Event()
_YOUNG = 5_000
"""New objects after which Python looks through them. By its own number, 700, those that wait to be
noted were looked through twelve times a second under load, and were no garbage. Far more would let
a model that makes cycles hold many of its arrays at once."""


def keep() -> None:
    """Takes all that is there by now for what stays. Only a process of our own may be told so."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    _kept.set()


def give_back() -> None:
    """Gives back what is free; where the C library cannot, that of Python's cycles alone.

    In a server of our own all that stays is looked through once, since a model that has been freed
    may have held cycles.
    """
    if _kept.is_set():
        gc.unfreeze()
        keep()
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    """The C library's ``malloc_trim(3)``; it takes milliseconds, and no lock of Python's."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc: musl, macOS, Windows
        return lambda _: None
    return found
