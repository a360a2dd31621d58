"""Pipelines of tables and arrays, apart from the others: most tests need no pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from windlass import pipeline, step


@step
def table(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"name": [f"n{i}" for i in range(rows)], "value": range(rows)})


@step
def zeros(size: int) -> NDArray[np.float64]:
    return np.zeros(size)


@pipeline
def tabular(rows: int = 3) -> pd.DataFrame:
    return table(rows)


@pipeline
def heavy(size: int = 2_000_000) -> NDArray[np.float64]:
    return zeros(size)
