"""Batches, and what is known of the version that answers them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from windlass.models.profile import Profile
from windlass.models.signature import signature_of
from windlass.serving.exchange import Batch, Requests
from windlass.serving.observing.known import Known
from windlass.serving.observing.observer import Pace

QUICK = Pace(drain=0.02, save=0.05, segment=60.0, upkeep=3600.0, patience=0.3)
CLASSES = ("late", "on time")


def rows(n: int, seed: int = 0) -> dict[str, Any]:
    """n rows of a model's input, by column."""
    draw = np.random.default_rng(seed)
    origin = draw.choice(np.array(["JFK", "LGA", None], object), n)
    return {"distance": draw.normal(size=n), "origin": origin, "hour": draw.integers(24, size=n)}


def outputs(n: int, seed: int = 0) -> dict[str, Any]:
    """What a model gave for them."""
    late = np.random.default_rng(seed + 1).random(n)
    labels = np.where(late > 0.5, *CLASSES).astype(object)
    return {"predict": labels, "predict_proba": np.column_stack([late, 1 - late])}


def batch(
    sizes: Sequence[int],
    *,
    at: float | None = None,
    version: str = "1",
    seed: int = 0,
    name: str = "r",
) -> Batch:
    """Requests of some sizes, answered together."""
    when, n = time.time() if at is None else at, sum(sizes)
    asked = Requests(
        tuple(f"{name}{seed}-{i}" for i in range(len(sizes))),
        tuple(sizes),
        tuple(5.0 + 0.001 * i for i in range(len(sizes))),
        5.0 + 0.001 * len(sizes),
        when,
    )
    return Batch(version, asked, rows(n, seed), outputs(n, seed))


def request(name: str, rows: int, when: float) -> Requests:
    """One request, answered by itself."""
    return Requests((name,), (rows,), (5.0,), 5.0, when)


def reference() -> Profile:
    """The profile of the version."""
    import pandas as pd

    return Profile.of(pd.DataFrame(rows(2000, 99)), outputs(2000, 99))


def known() -> Known:
    """What is known of the version."""
    import pandas as pd

    table = pd.DataFrame(rows(200, 99))
    return Known.of(signature_of(table, outputs(200, 99), classes=CLASSES), reference())


def segments(root: Path, kind: str = "predictions") -> list[Path]:
    """The segments that were published."""
    return sorted((root / "delay" / kind).rglob("*.parquet"))


def read(root: Path, kind: str = "predictions") -> pa.Table:
    """All rows that were published."""
    return pa.concat_tables([pq.read_table(path) for path in segments(root, kind)])
