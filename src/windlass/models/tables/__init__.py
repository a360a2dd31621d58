"""Tables of pandas, polars, Arrow and NumPy: met by their values, none imported before.

columns = read_columns(table)                 # Columns, in NumPy's terms
table = make_table(columns, "pandas", dtypes) # a table of them, of the library that is wanted
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from windlass.errors import ModelError
from windlass.models.tables.column import PLURALS, Column, of_numbers, of_objects
from windlass.words import with_article

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Library: TypeAlias = Literal["pandas", "polars", "arrow", "numpy"]

WIDE = 256
"""Columns of an array of two axes up to which each is looked at by itself."""


def library_of(value: Any) -> Library | None:
    """Whose table or array a value is; None if it is none.

    Of NumPy it is any array, of pandas, polars and Arrow a table of named columns.
    """
    pandas, polars, arrow, numpy = (
        sys.modules.get(name) for name in ("pandas", "polars", "pyarrow", "numpy")
    )
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return "pandas"
    if polars is not None and isinstance(value, polars.DataFrame):
        return "polars"
    if arrow is not None and isinstance(value, arrow.Table | arrow.RecordBatch):
        return "arrow"
    return "numpy" if numpy is not None and isinstance(value, numpy.ndarray) else None


def table_library(table: Any) -> Library:
    """Whose table a value is.

    Raises:
        ModelError: It is no table.
    """
    found = library_of(table)
    if found is None:
        told = with_article(type(table).__name__)
        raise ModelError(
            f"{told} is no table", hint="Give a table of pandas, polars or Arrow, or an array."
        )
    return found


def names_of(table: Any) -> list[str]:
    """The names of a table's columns, in order.

    Raises:
        ModelError: It is no table of named columns, a name is no text, or two are the same.
    """
    library = table_library(table)
    if library == "numpy":
        raise ModelError("an array has no named columns", hint="Give a table: pd.DataFrame(…).")
    names = list(table.column_names if library == "arrow" else table.columns)
    for name in names:
        if not isinstance(name, str):
            raise ModelError(
                f"the name of the column {name!r} is no text",
                hint="Name the columns: table.columns = table.columns.map(str).",
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelError(f"two columns are named '{twice}'", hint="Rename one of them.")
    return [str(name) for name in names]


def rows_of(table: Any) -> int:
    """How many rows a table or an array has."""
    library = table_library(table)
    return int(table.num_rows if library == "arrow" else table.shape[0] if table.shape else 0)


def select(table: Any, names: Sequence[str]) -> Any:
    """The table of some of its columns, in the order of the names."""
    return table.select(list(names)) if table_library(table) != "pandas" else table[list(names)]


def take(table: Any, rows: NDArray[Any]) -> Any:
    """The table of some of its rows, by their places."""
    match table_library(table):
        case "pandas":
            return table.iloc[rows]
        case "polars":
            return table[rows.tolist()]
        case "arrow":
            return table.take(rows)
    return table[rows]


def read_columns(table: Any, names: Sequence[str] | None = None) -> list[Column]:
    """The columns of a table.

    Args:
        table: Of pandas, polars or Arrow.
        names: Those to read; None for all.

    Raises:
        ModelError: A column is not there, or holds what no model takes; or it is no table.
    """
    there = names_of(table)
    wanted = there if names is None else list(names)
    for name in wanted:
        if name not in there:
            raise ModelError(
                f"the table has no column '{name}'", hint=f"It has {', '.join(there) or 'none'}."
            )
    return [read_column(table, name) for name in wanted]


def read_column(table: Any, name: str) -> Column:
    """One column of a table, by its name.

    Raises:
        ModelError: It holds what no model takes.
    """
    match table_library(table):
        case "pandas":
            from windlass.models.tables.pandas_columns import read_series

            return read_series(table[name], name)
        case "polars":
            from windlass.models.tables.arrow_columns import read_polars

            return read_polars(table[name], name)
        case "arrow":
            from windlass.models.tables.arrow_columns import read_arrow

            return read_arrow(table.column(name), name)
    raise ModelError("an array has no named columns")


def read_array(array: NDArray[Any], name: str) -> Column:
    """The column that an array of one axis is.

    Raises:
        ModelError: It holds what no model takes.
    """
    import numpy as np

    if array.dtype.kind in "US":
        array = array.astype(np.str_).astype(object)
    return (of_objects if array.dtype.kind == "O" else of_numbers)(name, str(array.dtype), array)


def array_columns(name: str, values: ArrayLike) -> list[Column]:
    """The columns that an array is made of: ``name[0]``, ``name[1]``, … of one with two axes.

    One of a single axis is one column; and so are all elements of one that has more than two axes,
    or more than `WIDE` columns.

    Raises:
        ModelError: It holds what no model takes.
    """
    import numpy as np

    array = np.asarray(values)
    names = array_names(name, array)
    if names == [name]:
        return [read_array(array.ravel(), name)]
    return [read_array(array[:, at], each) for at, each in enumerate(names)]


def array_names(name: str, array: NDArray[Any]) -> list[str]:
    """The names of the columns that an array is made of: see `array_columns`."""
    if array.ndim == 2 and array.shape[1] <= WIDE:
        return [f"{name}[{at}]" for at in range(array.shape[1])]
    return [name]


def as_matrix(table: Any) -> NDArray[Any]:
    """A table's columns side by side: (n, columns) float64, NaN where a value is missing.

    Raises:
        ModelError: A column holds text, categories or times, or what no model takes.
    """
    import numpy as np

    if library_of(table) == "pandas":  # what a model takes by their places may have any names
        table = table.set_axis([str(name) for name in table.columns], axis=1)
    columns = read_columns(table)
    for column in columns:
        if column.kind not in ("number", "integer", "boolean"):
            raise ModelError(
                f"the column '{column.name}' holds {PLURALS[column.kind]}, where the model takes "
                "numbers",
                hint="Encode it before, or put what encodes it into the model.",
            )
    made = np.empty((rows_of(table), len(columns)), np.float64)
    for place, column in enumerate(columns):
        made[:, place] = column.numbers()
    return made


def make_table(
    columns: Sequence[Column], library: Library, dtypes: Mapping[str, str], index: Any = None
) -> Any:
    """A table of columns.

    Args:
        columns: Each of a kind that its dtype can hold.
        library: Whose table: pandas', polars' or Arrow's.
        dtypes: The dtype of each column, as text, by its name.
        index: The index, of a table of pandas.
    """
    if library == "pandas":
        import pandas as pd

        from windlass.models.tables.pandas_columns import make_array

        series = {c.name: _series(make_array(c, dtypes[c.name]), index) for c in columns}
        return pd.DataFrame(series, index=index, copy=False)
    if library == "polars":
        import polars as pl

        from windlass.models.tables.arrow_columns import make_polars

        return pl.DataFrame([make_polars(c, dtypes[c.name]) for c in columns])
    import pyarrow as pa

    from windlass.models.tables.arrow_columns import make_arrow

    arrays = [make_arrow(column, dtypes[column.name]) for column in columns]
    return pa.table(arrays, names=[column.name for column in columns])


def _series(array: Any, index: Any) -> Any:
    """A column that a frame takes as it is: pandas would look for text among objects."""
    import pandas as pd

    return pd.Series(array, index=index, dtype=array.dtype, copy=False)
