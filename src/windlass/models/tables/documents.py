"""Small tables and arrays as plain JSON that a person can read, and back exactly.

Floats are written by their shortest exact digits, times as ISO 8601 in UTC, NaN and infinities as
`windlass.values` writes them, and what is missing as null; among Python's objects a pandas NA is
``{"$type": "NA"}``. The dtypes stand beside: a table comes back to the dtype, of pandas with a new
index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.models.tables import Library, library_of, make_table, read_array, read_columns
from windlass.models.tables.column import NA, NAN, NONE, PRESENT, Column
from windlass.values import TYPE, Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY = 1000
"""Declared categories up to which all are kept; of more, only those that occur."""


def data_document(value: Any) -> dict[str, Json]:
    """The document of a table, an array, or arrays by their names.

    Raises:
        ModelError: It holds what no model takes.
    """
    if isinstance(value, Mapping):
        arrays: dict[str, Json] = {name: array_document(each) for name, each in value.items()}
        return {"kind": "arrays", "arrays": arrays}
    if library_of(value) == "numpy":
        return {"kind": "array", **array_document(value)}
    columns: list[Json] = [_column_document(column) for column in read_columns(value)]
    return {"kind": "table", "library": library_of(value), "columns": columns}


def read_data(document: Any) -> Any:
    """The table, array or arrays of a document that `data_document` made."""
    if document["kind"] == "arrays":
        return {name: read_array_document(each) for name, each in document["arrays"].items()}
    if document["kind"] == "array":
        return read_array_document(document)
    columns = [_column(each) for each in document["columns"]]
    dtypes = {column.name: column.dtype for column in columns}
    library: Library = document["library"]
    return make_table(columns, library, dtypes)


def array_document(array: NDArray[Any]) -> dict[str, Json]:
    """The document of an array of numbers, booleans or text.

    Raises:
        ModelError: It holds something else.
    """
    column = read_array(array.ravel(), "array")
    cells: list[Json] = _cells(column)
    return {"dtype": array.dtype.str, "shape": [*array.shape], "cells": cells}


def read_array_document(document: Any) -> NDArray[Any]:
    """The array of a document that `array_document` made."""
    import numpy as np

    dtype = np.dtype(document["dtype"])
    cells = [_cell(each, np.nan) for each in document["cells"]]
    made = np.empty(len(cells), object)
    made[:] = cells
    return made.astype(dtype).reshape(document["shape"])


def _column_document(column: Column) -> dict[str, Json]:
    if column.kind == "category" and len(column.labels) > MANY:
        counts = column.counts()
        used = [label for label, count in zip(column.labels, counts, strict=True) if count]
        column = column.with_labels(used)
    told: dict[str, Json] = {"name": column.name, "kind": column.kind, "dtype": column.dtype}
    if column.kind == "category":
        told["categories"] = list(column.labels)
    return {**told, "cells": _cells(column)}


def _cells(column: Column) -> list[Json]:
    import numpy as np

    if column.kind == "time":
        found = np.datetime_as_string(column.values).tolist()
    else:
        found = column.cells()
    nulls: dict[int, Json] = {NONE: None, NAN: values.encode(float("nan")), NA: {TYPE: "NA"}}
    return [
        values.encode(each) if code == PRESENT else nulls[int(code)]
        for each, code in zip(found, column.null, strict=True)
    ]


def _column(document: Any) -> Column:
    import numpy as np

    cells, kind = document["cells"], document["kind"]
    null = np.array([_null_code(each, kind) for each in cells], np.uint8)
    present = [
        _cell(each) if code == PRESENT else None for each, code in zip(cells, null, strict=True)
    ]
    name, dtype = document["name"], document["dtype"]
    if kind in ("category", "text"):
        labels = document["categories"] if kind == "category" else _distinct(present)
        places = {(type(label), label): place for place, label in enumerate(labels)}
        found = [places[type(each), each] if each is not None else -1 for each in present]
        return Column(name, kind, dtype, np.array(found, np.int64), null, tuple(labels))
    return Column(name, kind, dtype, _numbers(kind, present), null)


def _numbers(kind: str, cells: Sequence[Any]) -> NDArray[Any]:
    import numpy as np

    if kind == "time":
        times = np.array(["NaT" if each is None else each for each in cells], "M8")
        return (
            times
            if len(cells) and np.datetime_data(times.dtype)[0] != "generic"
            else times.astype("M8[us]")
        )
    if kind == "number":
        return np.array([0.0 if each is None else each for each in cells], np.float64)
    whole = [0 if each is None else each for each in cells]
    large = any(each >= 2**63 for each in whole)
    dtype: Any = np.bool_ if kind == "boolean" else np.uint64 if large else np.int64
    return np.array(whole, dtype)


def _distinct(cells: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(each for each in cells if each is not None))


def _null_code(cell: Any, kind: str) -> int:
    """What a cell of a document says is missing; a NaN among floats is a value."""
    if cell is None:
        return NONE
    if not isinstance(cell, dict):
        return PRESENT
    if cell[TYPE] == "NA":
        return NA
    return NAN if cell[TYPE] == "float" and cell["value"] == "nan" and kind != "number" else PRESENT


def _cell(cell: Any, missing: Any = None) -> Any:
    return missing if cell is None else values.decode(cell)
