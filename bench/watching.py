"""How long it takes to tell whether millions of rows have drifted, and how much memory.

    python bench/watching.py 3000000 1000      # rows and columns; by itself, without a project

Rows come in pieces, as a server's do: each is counted in the bins of the release and forgotten. The
floor sorts the same pieces, which any exact count in bins does in one way or another.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
from timing import QUICK, Bench, Figure

from windlass.models.profile import Profile
from windlass.monitoring.drifting import Reference
from windlass.serving.exchange import Batch, Requests
from windlass.serving.observing.counting import count_rows
from windlass.serving.observing.counts import Counts
from windlass.serving.observing.joining import joined
from windlass.serving.observing.known import Known

PIECE = 10_000
MINUTES = 10.0
"""That 3,000,000 rows of 1,000 columns may take."""


def drift(_: Bench | None, rows: int = 300_000, columns: int = 100) -> list[Figure]:
    """Counting rows of many columns, the verdict on them, and the memory that grows meanwhile."""
    rows = rows // 10 if QUICK else rows
    draw = np.random.default_rng(0)
    names = [f"x{number}" for number in range(columns)]
    sample = {name: draw.normal(size=20_000) for name in names}
    profile = Profile.of(sample)
    reference, known = Reference(profile), Known.of(None, profile)
    total, counting, sorting, grown, start = Counts(), 0.0, 0.0, 0, 0
    process = psutil.Process()
    for place, piece in enumerate(_pieces(draw, names, rows)):
        began = time.perf_counter()
        for array in piece.values():
            np.sort(array)
        sorting += time.perf_counter() - began
        began = time.perf_counter()
        total += _counted(piece, known)
        counting += time.perf_counter() - began
        resident = process.memory_info().rss
        start = resident if place == min(5, rows // PIECE - 1) else start
        grown = max(grown, resident - start) if start else 0
    began = time.perf_counter()
    off = {test.column for test in reference.test(total.columns, 0.01) if test.is_off}
    verdict = time.perf_counter() - began
    assert off == {"x0"}, off  # the one that has moved
    size = f"{rows:,} × {columns:,}"
    bar = MINUTES * 60 * rows * columns / 3e9
    return [
        Figure(f"counting {size} values", counting, "s", sorting, bar),
        Figure(f"the verdict on {columns:,} columns", verdict, "s", None, 10 * columns / 1000 + 1),
        Figure("memory that grows meanwhile", grown / 1e6, "MB", None, 50.0),
    ]


def _pieces(draw: np.random.Generator, names: list[str], rows: int) -> Iterator[dict[str, Any]]:
    for _ in range(rows // PIECE):
        values = draw.standard_normal((len(names), PIECE))
        values[0] += 0.5
        yield dict(zip(names, values, strict=True))


def _counted(piece: dict[str, Any], known: Known) -> Counts:
    batch = Batch("1", Requests(("r",), (PIECE,), (0.0,), 0.01, 0.01), piece, {})
    [one] = joined([batch], lambda _: 0.0)
    return count_rows(one, known)[0]


if __name__ == "__main__":
    for figure in drift(None, *map(int, sys.argv[1:3])):
        mark = "kept" if figure.kept else "MISSED"
        floor = "" if figure.floor is None else f"  floor {figure.floor:.3g}"
        print(f"{figure.what:45} {figure.measured:9.3g} {figure.unit}{floor}  {mark}")
