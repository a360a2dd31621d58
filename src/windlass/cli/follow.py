"""Copies a file to standard output as it grows, until standard input is closed.

A program of its own, and not a thread: the process whose output it copies runs a user's step,
which may fork. It imports nothing of Windlass, so that it is there at once.
"""

from __future__ import annotations

import select
import sys
from typing import BinaryIO

_TICK = 0.05


def follow(path: str, start: int, out: BinaryIO) -> None:
    """Copies what is in a file from a position on, and what is added to it."""
    with open(path, "rb") as file:  # noqa: PTH123 (pathlib takes longer than all the rest)
        file.seek(start)
        last = False
        while True:
            while data := file.read(1 << 16):
                out.write(data)
                out.flush()
            if last:
                return
            last = bool(select.select([sys.stdin], [], [], _TICK)[0])


if __name__ == "__main__":
    follow(sys.argv[1], int(sys.argv[2]), sys.stdout.buffer)
