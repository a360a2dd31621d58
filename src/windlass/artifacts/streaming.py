"""A large object from S3 to a file: a few streams at once, each with a stretch of it.

What s3fs does by itself holds a part for every stream in memory, ten of fifty megabytes. Here
nothing is held but what has just come, and there are no more requests than streams.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

STREAMS = 4
LARGE = 32 << 20
"""Bytes from which several streams are worth their requests."""

_PIECE = 1 << 20
_TRIES = 5


def download(system: Any, key: str, path: Path) -> None:
    """Writes an object into a file.

    Args:
        system: S3's file system of fsspec.
        key: The bucket and the name of the object.
        path: A file that is there already.

    Raises:
        FileNotFoundError: There is no such object.
        OSError: It cannot be read.
    """
    size = int(system.info(key)["size"])
    if size < LARGE:
        system.get_file(key, str(path))
        return
    stretch = -(-size // STREAMS)
    file = os.open(path, os.O_WRONLY)
    try:
        os.truncate(file, size)
        with ThreadPoolExecutor(STREAMS) as pool:
            copy = partial(_copy, system, key, file)
            starts = range(0, size, stretch)
            list(pool.map(copy, starts, (min(start + stretch, size) for start in starts)))
    finally:
        os.close(file)


def _copy(system: Any, key: str, file: int, start: int, end: int) -> None:
    """Writes a stretch of an object; a stream that breaks is begun again where it broke."""
    for left in reversed(range(_TRIES)):
        try:
            for piece in _pieces(system, key, start, end):
                start += os.pwrite(file, piece, start)
        except Exception:  # whatever the network does: what cannot be mended comes again
            if not left:
                raise
        if start >= end:
            return
    raise OSError(f"the stream of {key} ended at byte {start}, before {end}")


def _pieces(system: Any, key: str, start: int, end: int) -> Iterator[bytes]:
    from fsspec.asyn import sync

    bucket, name, _ = system.split_path(key)
    stretch = f"bytes={start}-{end - 1}"
    body = system.call_s3("get_object", Bucket=bucket, Key=name, Range=stretch)["Body"]
    try:
        while piece := sync(system.loop, body.read, _PIECE):
            yield piece
    finally:
        body.close()
