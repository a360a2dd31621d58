"""Columns are read from any library, and made again exactly; what no model takes is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from windlass.errors import ModelError
from windlass.models.tables import (
    array_columns,
    as_matrix,
    library_of,
    make_table,
    names_of,
    read_columns,
    take,
)

from .tables import LAWS, pandas_tables, same, tables


@LAWS
@given(tables)
def test_a_table_is_made_again_of_its_columns(table: Any) -> None:
    columns = read_columns(table)
    library = library_of(table)
    assert library is not None
    same(make_table(columns, library, {each.name: each.dtype for each in columns}), table)


@LAWS
@given(tables)
def test_what_is_missing_is_what_the_library_says(table: Any) -> None:
    frame = table if isinstance(table, pd.DataFrame) else table.to_pandas()
    for column in read_columns(table):
        assert column.missing.tolist() == frame[column.name].isna().tolist()


@LAWS
@given(pandas_tables)
def test_rows_are_taken_of_table_and_columns_alike(table: pd.DataFrame) -> None:
    rows = np.arange(len(table))[::-2]
    taken = read_columns(take(table, rows))
    for column, part in zip(read_columns(table), taken, strict=True):
        assert repr(column.take(rows).cells()) == repr(part.cells())


_LISTS: Any = pd.ArrowDtype(pa.list_(pa.int64()))
REFUSED: dict[str, tuple[Any, str]] = {
    "lists": ([[1], [2]], "holds objects of the type list"),
    "dicts": ([{"a": 1}, {}], "holds objects of the type dict"),
    "mixed": (np.array([1, "a"], object), "holds objects of the type int, str"),
    "huge": (np.array([2**70, 1], object), "past 64 bits"),
    "decimals": ([Decimal(1), Decimal(2)], "holds objects of the type Decimal"),
    "dates": ([dt.date(2020, 1, 1)] * 2, "holds objects of the type date"),
    "complex": (np.array([1j, 2]), "is of the dtype complex128"),
    "spans": (pd.to_timedelta([1, 2]), "is of the dtype timedelta64"),
    "periods": (pd.period_range("2020", periods=2), "is of the dtype period"),
    "sparse": (pd.arrays.SparseArray([0, 1]), "is of the dtype Sparse"),
    "bins": (pd.cut([1, 2], 2), "has categories of the type Interval"),
    "nested": (pd.Series([[1], [2]], dtype=_LISTS), "is of the type list"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_model_takes_is_refused_by_name(name: str) -> None:
    cells, told = REFUSED[name]
    table = pd.DataFrame({"good": [1, 2]})
    table["bad"] = cells
    with pytest.raises(ModelError, match=r"^the column 'bad' ") as caught:
        read_columns(table)
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"bad": [[1], [2]]}),
        pl.DataFrame({"bad": [{"a": 1}, {"a": 2}]}),
        pl.DataFrame({"bad": [dt.timedelta(1)]}),
        pl.DataFrame({"bad": [dt.time(1)]}),
        pl.DataFrame({"bad": pl.Series([object()], dtype=pl.Object)}),
        pa.table({"bad": pa.array([b"x"])}),
    ],
)
def test_types_of_polars_and_arrow_that_no_model_takes_are_refused(table: Any) -> None:
    with pytest.raises(ModelError, match=r"^the column 'bad' is of the d?type .* no model takes"):
        read_columns(table)


def test_names_must_be_texts_and_each_another() -> None:
    with pytest.raises(ModelError, match="the column 0 is no text"):
        names_of(pd.DataFrame(np.zeros((1, 2))))
    with pytest.raises(ModelError, match="two columns are named 'a'"):
        names_of(pd.DataFrame(np.zeros((1, 2)), columns=["a", "a"]))
    with pytest.raises(ModelError, match="a dict is no table"):
        names_of({"a": [1]})
    with pytest.raises(ModelError, match="no column 'b'"):
        read_columns(pd.DataFrame({"a": [1]}), ["b"])


def test_numbers_and_flags_become_a_matrix() -> None:
    table = pd.DataFrame({"a": pd.array([1, None], "Int64"), "b": [True, False]})
    np.testing.assert_array_equal(as_matrix(table), [[1, 1], [np.nan, 0]])
    with pytest.raises(ModelError, match="the column 'c' holds text"):
        as_matrix(table.assign(c="x"))


def test_an_array_is_taken_apart_by_its_second_axis() -> None:
    assert [each.name for each in array_columns("x", np.zeros((4, 2)))] == ["x[0]", "x[1]"]
    assert [len(each) for each in array_columns("x", np.zeros((4, 3, 2)))] == [24]
    assert [len(each) for each in array_columns("x", np.zeros((4, 300)))] == [1200]


def test_times_become_seconds_in_utc() -> None:
    times = pd.DatetimeIndex(["1970-01-01T01:00:00.5", "NaT"]).tz_localize("Europe/Berlin")
    column = read_columns(pd.DataFrame({"t": times}))[0]
    np.testing.assert_array_equal(column.numbers(), [0.5, np.nan])
