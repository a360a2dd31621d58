"""Tables of every kind that a model takes, of all three libraries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

LAWS = settings(deadline=None, max_examples=60)
"""Tables of pandas are slow to make, and slower when the machine is busy."""

Cells = st.SearchStrategy[Any]
Make = Callable[[list[Any]], Any]

_floats = st.floats(width=32)
_text = st.text(max_size=4)
_moments = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))
_labels = st.sampled_from(["u", "v", "w"])
_small = st.integers(-128, 127)
_cents = st.integers(-999, 999).map(lambda n: Decimal(n) / 100)
_missing = st.sampled_from([None, np.nan, pd.NA])


def _array(dtype: Any) -> Make:
    return lambda cells: pd.array(cells, dtype=dtype)


def _numpy(dtype: str) -> Make:
    return lambda cells: np.array(cells, dtype)


def _objects(cells: list[Any]) -> Any:
    made = np.empty(len(cells), object)
    made[:] = cells
    return made


def _times(unit: str, zone: str | None) -> Make:
    def make(cells: list[Any]) -> Any:
        index = pd.DatetimeIndex(np.array(cells, f"M8[{unit}]"))
        return (index if zone is None else index.tz_localize("UTC").tz_convert(zone)).array

    return make


def _categories(categories: list[Any], ordered: bool = False) -> Make:
    return lambda cells: pd.Categorical(cells, categories, ordered=ordered)


PANDAS: Mapping[str, tuple[Cells, Make]] = {
    "float64": (_floats, _numpy("f8")),
    "float32": (_floats, _numpy("f4")),
    "int64": (_small, _numpy("i8")),
    "int8": (_small, _numpy("i1")),
    "uint64": (st.integers(0, 2**64 - 1), _numpy("u8")),
    "bool": (st.booleans(), _numpy("?")),
    "Int16": (_small | st.none(), _array("Int16")),
    "UInt64": (st.integers(0, 2**64 - 1) | st.none(), _array("UInt64")),
    "Float32": (_floats.filter(lambda v: v == v) | st.none(), _array("Float32")),
    "boolean": (st.booleans() | st.none(), _array("boolean")),
    "str": (_text | st.none(), _array("str")),
    "string": (_text | st.none(), _array("string")),
    "string[python]": (_text | st.none(), _array(pd.StringDtype("python"))),
    "texts": (_text | _missing, _objects),
    "flags": (st.booleans() | _missing, _objects),
    "whole": (_small | _missing, _objects),
    "reals": (_floats | st.none(), _objects),
    "category": (_labels | st.none(), _categories(["w", "v", "u", "t"])),
    "ordered": (_labels | st.none(), _categories(["w", "v", "u", "t"], ordered=True)),
    "numbered": (st.integers(0, 2) | st.none(), _categories([2, 0, 1])),
    "seconds": (_moments | st.none(), _times("s", None)),
    "nanoseconds": (_moments | st.none(), _times("ns", None)),
    "zoned": (_moments | st.none(), _times("us", "Europe/Berlin")),
    "offset": (_moments | st.none(), _times("ms", "+05:30")),
    "arrow whole": (_small | st.none(), _array(pd.ArrowDtype(pa.int16()))),
    "arrow text": (_text | st.none(), _array(pd.ArrowDtype(pa.string()))),
    "arrow time": (_moments | st.none(), _array(pd.ArrowDtype(pa.timestamp("us", "UTC")))),
}

POLARS: Mapping[str, tuple[Cells, Any]] = {
    "f8": (_floats | st.none(), pl.Float64),
    "f4": (_floats | st.none(), pl.Float32),
    "i8": (_small | st.none(), pl.Int64),
    "u1": (st.integers(0, 255) | st.none(), pl.UInt8),
    "bool": (st.booleans() | st.none(), pl.Boolean),
    "text": (_text | st.none(), pl.String),
    "category": (_labels | st.none(), pl.Categorical),
    "enum": (_labels | st.none(), pl.Enum(["w", "v", "u", "t"])),
    "date": (_moments.map(lambda each: each.date()) | st.none(), pl.Date),
    "time": (_moments | st.none(), pl.Datetime("us")),
    "zoned": (
        _moments.map(lambda each: each.replace(tzinfo=dt.UTC)) | st.none(),
        pl.Datetime("ms", "Europe/Berlin"),
    ),
    "decimal": (_cents | st.none(), pl.Decimal(9, 2)),
    "nothing": (st.none(), pl.Null),
}

ARROW: Mapping[str, tuple[Cells, pa.DataType]] = {
    "double": (_floats | st.none(), pa.float64()),
    "float": (_floats | st.none(), pa.float32()),
    "int32": (_small | st.none(), pa.int32()),
    "bool": (st.booleans() | st.none(), pa.bool_()),
    "string": (_text | st.none(), pa.string()),
    "large": (_text | st.none(), pa.large_string()),
    "dictionary": (_labels | st.none(), pa.dictionary(pa.int8(), pa.string())),
    "date32": (_moments.map(lambda each: each.date()) | st.none(), pa.date32()),
    "time": (_moments | st.none(), pa.timestamp("ns")),
    "zoned": (_moments | st.none(), pa.timestamp("us", "UTC")),
    "decimal": (_cents | st.none(), pa.decimal128(9, 2)),
    "nothing": (st.none(), pa.null()),
}

_rows = st.integers(1, 8)


@st.composite
def _cells(draw: st.DrawFn, kinds: Mapping[str, tuple[Cells, Any]]) -> list[tuple[str, Any, Any]]:
    rows, names = (
        draw(_rows),
        draw(st.lists(st.sampled_from(list(kinds)), min_size=1, max_size=5, unique=True)),
    )
    drawn = [(name, draw(st.lists(kinds[name][0], min_size=rows, max_size=rows))) for name in names]
    return [(name, cells, kinds[name][1]) for name, cells in drawn]


def pandas_table(columns: list[tuple[str, Any, Any]]) -> pd.DataFrame:
    arrays = {name: make(cells) for name, cells, make in columns}
    return pd.DataFrame({n: pd.Series(array, dtype=array.dtype) for n, array in arrays.items()})


def _polars_table(columns: list[tuple[str, Any, Any]]) -> pl.DataFrame:
    return pl.DataFrame([pl.Series(name, cells, dtype) for name, cells, dtype in columns])


def _arrow_table(columns: list[tuple[str, Any, Any]]) -> pa.Table:
    made = {
        name: pa.array(cells, kind.value_type).dictionary_encode().cast(kind)
        if pa.types.is_dictionary(kind)
        else pa.array(cells, kind)
        for name, cells, kind in columns
    }
    return pa.table(made)


pandas_tables = _cells(PANDAS).map(pandas_table)
tables = st.one_of(
    pandas_tables, _cells(POLARS).map(_polars_table), _cells(ARROW).map(_arrow_table)
)


def same(one: Any, other: Any) -> None:
    """Fails unless two tables are the same to the dtype, and each null is the same null."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
        for name in one.columns:
            assert repr(one[name].dtype) == repr(other[name].dtype)
            assert list(map(repr, one[name])) == list(map(repr, other[name]))
    elif isinstance(one, pl.DataFrame):
        assert one.schema == other.schema
        assert list(map(repr, one.rows())) == list(map(repr, other.rows()))
    else:
        assert one.schema == other.schema
        assert repr(one.to_pylist()) == repr(other.to_pylist())
