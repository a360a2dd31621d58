"""Stored bytes as memory that a step may write to without altering what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.artifacts.format import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]


def open_memory(source: Source) -> Bytes:
    """The bytes of a source as one array.

    A file is mapped copy-on-write: nothing is read before it is used, the stored file can never
    be altered, and a step that works in place on its input does in a run what it does in a plain
    call. Read-only memory would make it fail there alone.
    """
    import numpy as np

    path = source.path()
    if path is None:
        return np.frombuffer(bytearray(source.bytes()), np.uint8)
    return np.asarray(np.memmap(path, np.uint8, mode="c"))


def bytes_of(array: NDArray[Any]) -> Bytes:
    """The memory of a C-contiguous array, uncopied."""
    import numpy as np

    if array.nbytes == 0:  # what has no bytes cannot be viewed as bytes
        return np.empty(0, np.uint8)
    return array.reshape(-1).view(np.uint8)
