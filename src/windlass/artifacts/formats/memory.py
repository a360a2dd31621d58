"""Stored bytes as memory that a step may write to without altering what is stored."""

from __future__ import annotations

import errno
import mmap
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.artifacts.format import Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes: TypeAlias = NDArray[np.uint8]

MAPPED = 1 << 20
"""Bytes from which a file is mapped and not read; a mapping costs a file descriptor."""


def open_memory(source: Source) -> Bytes:
    """The bytes of a source as one array.

    A file is mapped copy-on-write: nothing is read before it is used, the stored file can never
    be altered, and a step that works in place on its input does in a run what it does in a plain
    call. Read-only memory would make it fail there alone.
    """
    import numpy as np

    path = source.path()
    if path is None or path.stat().st_size < MAPPED:
        return np.frombuffer(bytearray(source.bytes()), np.uint8)
    return np.frombuffer(_mapped(path), np.uint8)


def bytes_of(array: NDArray[Any]) -> Bytes:
    """The memory of a C-contiguous array, uncopied."""
    import numpy as np

    if array.nbytes == 0:  # what has no bytes cannot be viewed as bytes
        return np.empty(0, np.uint8)
    return array.reshape(-1).view(np.uint8)


def _mapped(path: Path) -> mmap.mmap:
    try:
        return _map(path)
    except OSError as error:
        if error.errno != errno.EMFILE or not _allow_more_files():
            raise
    return _map(path)


def _map(path: Path) -> mmap.mmap:
    options: Any = {"trackfd": False} if sys.version_info >= (3, 13) else {}
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY, **options)


def _allow_more_files() -> bool:
    """Raises this process's own limit of open files to what it may have, if it may have more."""
    try:
        import resource
    except ImportError:
        return False
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return True
