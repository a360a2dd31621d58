"""Truth values, one a row, as the libraries have them."""

from __future__ import annotations

from typing import Any

from windlass.execution.data_checks.rows import library_of

_BOOLEANS = ("bool", "boolean", "bool[pyarrow]", "Boolean")


def wrong_in(answer: Any) -> Any:
    """Which of some truth values are not true, as an array; None if they are none.

    Of a table, which of its rows are not true throughout. What is unknown is not true.
    """
    import numpy as np

    if hasattr(answer, "columns") and library_of(answer):
        parts = [wrong_in(column) for column in columns_of(answer)]
        is_known = bool(parts) and all(part is not None for part in parts)
        return np.logical_or.reduce(parts) if is_known else None
    if library_of(answer) in ("pandas", "polars"):
        return _of_series(answer)
    if not isinstance(answer, list | tuple | np.ndarray):
        return None
    array = np.asarray(answer)
    return ~array if array.dtype == np.bool_ and array.ndim == 1 else None


def columns_of(table: Any) -> list[Any]:
    """The columns of a table of truth values, in order."""
    if library_of(table) == "polars":
        return list(table.get_columns())
    return [table.iloc[:, place] for place in range(table.shape[1])]


def _of_series(series: Any) -> Any:
    if str(getattr(series, "dtype", "")) not in _BOOLEANS:
        return None
    if library_of(series) == "polars":
        return ~series.fill_null(value=False).to_numpy()
    return ~series.astype("boolean").fillna(value=False).to_numpy(dtype=bool)
