"""Columns of pandas, read and made again to the dtype."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from windlass.models.tables.column import (
    NA,
    NAN,
    NONE,
    Column,
    of_labels,
    of_numbers,
    of_objects,
    unfit,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def read_series(series: pd.Series[Any], name: str) -> Column:
    """The column of a series.

    Raises:
        ModelError: It holds what no model takes.
    """
    import numpy as np

    array: Any = series.array
    dtype: Any = series.dtype
    text = dtype_text(dtype)
    if isinstance(dtype, np.dtype):
        values = series.to_numpy()
        return (of_objects if dtype.kind == "O" else of_numbers)(name, text, values)
    match type(dtype).__name__:
        case "CategoricalDtype":
            return of_labels(name, "category", text, array.codes, array.categories.tolist())
        case "StringDtype":
            places, labels = series.factorize()
            return of_labels(name, "text", text, places, labels.tolist())
        case "DatetimeTZDtype":
            return of_numbers(name, text, np.asarray(array, f"M8[{dtype.unit}]"))
        case "ArrowDtype":
            from windlass.models.tables.arrow_columns import read_arrow

            return read_arrow(array.__arrow_array__(), name, text)
        case _ if hasattr(dtype, "numpy_dtype"):  # the nullable numbers and booleans
            zero = dtype.numpy_dtype.type(0)
            values = array.to_numpy(dtype=dtype.numpy_dtype, na_value=zero)
            return of_numbers(name, text, values, array.isna())
    hint = "Make it dense: .sparse.to_dense()." if "Sparse" in text else "Make it text or numbers."
    raise unfit(name, f"is of the dtype {text}", hint)


def make_array(column: Column, dtype: str) -> Any:
    """The array of pandas or NumPy that a column is in a dtype.

    Args:
        column: Of a kind that the dtype can hold, and with the categories that it declares.
        dtype: As `dtype_text` told it.
    """
    import numpy as np
    import pandas as pd

    if found := _CATEGORY.fullmatch(dtype):
        index = pd.Index(list(column.labels), dtype=_plain_dtype(found["of"]))
        made = pd.CategoricalDtype(index, ordered=found["ordered"] is not None)
        return pd.Categorical.from_codes(column.values, dtype=made)
    if found := _ARROW.fullmatch(dtype):
        from windlass.models.tables.arrow_columns import make_arrow

        make: Any = pd.arrays.ArrowExtensionArray
        return make(make_arrow(column, found["type"]))
    known = _plain_dtype(dtype)
    make_it = _numpy_array if isinstance(known, np.dtype) else _extension
    return make_it(column, known)


def _numpy_array(column: Column, dtype: np.dtype[Any]) -> Any:
    import numpy as np

    if dtype.kind == "O":
        return _objects(column)
    if dtype.kind == "f":
        return np.where(column.missing, np.nan, column.values).astype(dtype)
    return column.values.astype(dtype)


def _extension(column: Column, dtype: Any) -> Any:
    import pandas as pd

    if isinstance(dtype, pd.StringDtype):
        return pd.Series(_objects(column), dtype=dtype).array
    if isinstance(dtype, pd.DatetimeTZDtype):
        moments = pd.DatetimeIndex(column.values.astype(f"M8[{dtype.unit}]"))
        return moments.tz_localize("UTC").tz_convert(dtype.tz).array
    return dtype.construct_array_type()(_filled(column, dtype.numpy_dtype), column.missing)


def _filled(column: Column, dtype: Any) -> Any:
    """The values with zeros where they are null, as masked arrays keep them."""
    import numpy as np

    return np.where(column.missing, 0, column.values).astype(dtype)


def _objects(column: Column) -> Any:
    """The n cells as objects, each null as it was."""
    import numpy as np
    import pandas as pd

    nulls = {NONE: None, NAN: np.nan, NA: pd.NA}
    made = np.empty(len(column), object)
    made[:] = column.cells()
    for code, null in nulls.items():
        made[column.null == code] = null
    return made


def dtype_text(dtype: Any) -> str:
    """A dtype of pandas or NumPy as a text of which `make_array` makes it again.

    It is pandas' own but where that tells too little: of text its storage and its null, of
    categories what they are and whether they are in order.
    """
    match type(dtype).__name__:
        case "CategoricalDtype":
            of = dtype_text(dtype.categories.dtype)
            return f"category[{of}, ordered]" if dtype.ordered else f"category[{of}]"
        case "StringDtype":
            name = "string" if repr(dtype.na_value) == "<NA>" else "str"
            return f"{name}[{dtype.storage}]"
        case "ArrowDtype":
            return f"arrow[{dtype.pyarrow_dtype}]"
    return str(dtype)


_CATEGORY = re.compile(r"category\[(?P<of>.*?)(?P<ordered>, ordered)?\]")
_ARROW = re.compile(r"arrow\[(?P<type>.*)\]")
_STRING = re.compile(r"(?P<name>str|string)\[(?P<storage>\w+)\]")


def _plain_dtype(text: str) -> Any:
    import numpy as np
    import pandas as pd

    found = _STRING.fullmatch(text)
    if found is None:
        return pd.api.types.pandas_dtype(text)
    make: Any = pd.StringDtype
    if found["name"] == "string":
        return make(found["storage"])
    return make(found["storage"], na_value=np.nan)
