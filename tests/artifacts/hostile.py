"""Bytes that someone altered: what every format must name, and none may run or die of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from windlass.artifacts.format import Format
from windlass.errors import ArtifactError

from .roundtrip import MemorySource


def altered(data: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """The bytes cut short, and with some of them changed: most where the head has ended."""
    rng = np.random.default_rng(seed)
    for end in (0, 1, *rng.integers(1, len(data), count // 4)):
        yield data[:end]
    body = data.find(b"\n") + 1
    for number in range(count - count // 4):
        changed = bytearray(data)
        for place in rng.integers(body if number % 4 else 0, len(data), 1 + number % 2):
            changed[place] = int(rng.integers(0, 256))
        yield bytes(changed)


def refusals(fmt: Format[Any], data: bytes, count: int = 200) -> int:
    """How many of the altered bytes a format refuses; any other way of failing is an error."""
    refused = 0
    for bad in altered(data, count):
        try:
            fmt.read(MemorySource(bad))
        except ArtifactError:
            refused += 1
    return refused


def survives(module: str, format_name: str, make: str) -> str:
    """Reads altered bytes in a process of its own, which C++ may end; returns what it told.

    Args:
        module: Of the format.
        format_name: Its class.
        make: Code that makes ``value``.
    """
    code = (
        f"import sys; sys.path[:0] = {[str(Path(__file__).parents[1]), *filter(None, sys.path)]}\n"
        "from artifacts.hostile import refusals\n"
        "from artifacts.roundtrip import written\n"
        f"from windlass.artifacts.formats.{module} import {format_name}\n"
        f"{make}\n"
        f"print('refused', refusals({format_name}(), written({format_name}(), value)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)
    last = done.stdout.strip().splitlines()[-1:] or [""]
    return last[0] if done.returncode == 0 else f"died of {done.returncode}: {done.stderr[-900:]}"
