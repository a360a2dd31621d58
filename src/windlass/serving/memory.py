"""What is freed goes back to the system: a server lives through a hundred models.

The C library keeps what is freed for its own next use. After a large model has been swapped out it
may be all that the process has grown by, for months.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Gives back what is free; where the C library cannot, it does nothing."""
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    """The C library's ``malloc_trim(3)``; it takes milliseconds, and no lock of Python's."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc: musl, macOS, Windows
        return lambda _: None
    return found
