"""Rows as a model of ONNX takes them.

Where all columns are numbers, they are one matrix: a single tensor is the quickest to send, to read
and to run. Where some are text, or the model picks columns by their names, each column is an input
of its own, (n, 1), under its name. `windlass.models.adapters.onnx_session` reads both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ConversionError
from windlass.models.problems import told
from windlass.models.tables import as_matrix, library_of, make_table, read_columns, rows_of, take
from windlass.models.tables.column import Column
from windlass.models.tensors import INPUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST = 10_000
"""Rows on which a converted model is compared; more take time, and tell little that is new."""


def some_rows(rows: Any) -> Any:
    """Rows evenly out of all, where they are many."""
    import numpy as np

    count = rows_of(rows)
    if count <= MOST:
        return rows
    places = np.linspace(0, count - 1, MOST).astype(int)
    return rows[places] if library_of(rows) == "numpy" else take(rows, places)


def in_single_precision(rows: Any) -> Any:
    """The same rows with every number rounded to a float32, in the dtype that it had."""
    import numpy as np

    def rounded(values: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            return values.astype(np.float32).astype(values.dtype)

    library = library_of(rows)
    if library == "numpy":
        return rounded(rows) if rows.dtype.kind == "f" else rows
    assert library is not None
    columns = [
        replace(column, values=rounded(column.values)) if column.kind == "number" else column
        for column in read_columns(rows)
    ]
    dtypes = {column.name: column.dtype for column in columns}
    return make_table(columns, library, dtypes, getattr(rows, "index", None))


def as_inputs(rows: Any, *, by_column: bool) -> dict[str, NDArray[Any]]:
    """Arrays by the names of the inputs: numbers, or text.

    Args:
        rows: As the model takes them.
        by_column: Whether each column is an input of its own, even where all are numbers.

    Raises:
        ConversionError: ONNX has no way to take them.
    """
    if isinstance(rows, Mapping) or library_of(rows) is None:
        raise ConversionError("it takes neither a table nor a single array")
    if library_of(rows) == "numpy":
        return {INPUT: _numbers(rows)}
    columns = read_columns(rows)
    if times := [column.name for column in columns if column.kind == "time"]:
        raise ConversionError(
            f"ONNX knows no times, which {told(times, ', ')} holds",
            hint="Make numbers of them before the model: hours, days, seconds.",
        )
    if not by_column and not any(map(_is_text, columns)):
        return {INPUT: as_matrix(rows)}
    return {
        column.name: (_texts(column) if _is_text(column) else column.numbers()).reshape(-1, 1)
        for column in columns
    }


def _is_text(column: Column) -> bool:
    return column.kind in ("text", "category")


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "biuf":
        raise ConversionError(f"it takes an array of {array.dtype}, and not of numbers")
    return array


def _texts(column: Column) -> NDArray[Any]:
    import numpy as np

    if column.missing.any():
        raise ConversionError(
            f"a text of the column '{column.name}' is missing, for which ONNX has no sign",
            hint="Fill it before the model: a text of its own, such as 'missing'.",
        )
    cells = column.cells()
    if any(type(cell) is not str for cell in cells):
        raise ConversionError(
            f"the categories of the column '{column.name}' are no text, as ONNX takes them",
            hint="Give the column as whole numbers, or its categories as text.",
        )
    return np.array(cells, str)
