"""Values of pandas of every kind, and whether two of them are the same."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

Arrays = st.SearchStrategy[Any]
_text = st.text(max_size=4)
_moments = st.integers(-(2**35), 2**35) | st.none()  # pandas prints the years 1 to 9999 only


def _array(items: Arrays, dtype: Any) -> Arrays:
    return st.lists(items, max_size=6).map(lambda cells: pd.array(cells, dtype=dtype))


def _numpy(items: Arrays, dtype: str) -> Arrays:
    return st.lists(items, max_size=6).map(lambda cells: np.array(cells, dtype=dtype))


def _objects(items: Arrays) -> Arrays:
    return st.lists(items, max_size=6).map(object_array)


def object_array(cells: list[Any]) -> Any:
    array = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        array[place] = cell
    return array


def _moments_in(unit: str, zone: str | None) -> Arrays:
    def make(cells: list[int | None]) -> Any:
        missing = np.iinfo(np.int64).min  # what NumPy takes for NaT
        values = np.array([missing if c is None else c for c in cells], "i8").view(f"M8[{unit}]")
        index = pd.DatetimeIndex(values)
        return (index if zone is None else index.tz_localize("UTC").tz_convert(zone)).array

    return st.lists(_moments, max_size=6).map(make)


_ints = st.integers(-128, 127)
_maybe_int = _ints | st.none()
_floats = st.floats(width=32)
_numbers = st.one_of(
    _numpy(_floats, "f8"),
    _numpy(_floats, "f4"),
    _numpy(st.floats(width=16), "f2"),
    _numpy(_ints, "i8"),
    _numpy(_ints, "i1"),
    _numpy(_ints, ">i4"),
    _numpy(st.integers(0, 2**64 - 1), "u8"),
    _numpy(st.booleans(), "?"),
    _numpy(st.complex_numbers(), "c16"),
)
_moment_arrays = st.one_of(
    *(_moments_in(unit, None) for unit in ("s", "ms", "us", "ns")),
    _moments_in("ns", "UTC"),
    _moments_in("us", "Europe/Berlin"),
    _moments_in("s", "+05:30"),
    _numpy(_moments.map(lambda v: np.timedelta64("NaT" if v is None else v, "us")), "m8[us]"),
)
_maybe_text = _text | st.none()
_nullable = st.one_of(
    *(_array(_maybe_int, dtype) for dtype in ("Int8", "Int64")),
    _array(st.integers(0, 9) | st.none(), "UInt16"),
    _array(_floats.filter(lambda v: v == v) | st.none(), "Float64"),
    _array(st.booleans() | st.none(), "boolean"),
    *(
        _array(_maybe_text, pd.StringDtype(storage, na_value=na))
        for storage in ("python", "pyarrow")
        for na in (pd.NA, np.nan)
    ),
    _array(_maybe_int, pd.ArrowDtype(pa.int16())),
    _array(st.lists(_ints, max_size=2) | st.none(), pd.ArrowDtype(pa.list_(pa.int64()))),
    _array(_maybe_text, pd.ArrowDtype(pa.string())),
)
_categories = st.one_of(
    st.lists(_text, min_size=1, max_size=4, unique=True),
    st.lists(_ints, min_size=1, max_size=4, unique=True),
    st.just(pd.date_range("2020-01-01", periods=3, tz="Asia/Tokyo")),
    st.just(pd.interval_range(0, 3)),
)


@st.composite
def _category_arrays(draw: st.DrawFn) -> Any:
    categories: Any = draw(_categories)
    codes: Any = draw(st.lists(st.integers(-1, len(categories) - 1), max_size=6))
    return pd.Categorical.from_codes(codes, categories, ordered=draw(st.booleans()))


@st.composite
def _spans(draw: st.DrawFn) -> Any:
    starts: Any = draw(st.lists(st.floats(-9, 9) | st.just(np.nan), max_size=6))
    closed: Any = draw(st.sampled_from(["left", "right", "both", "neither"]))
    return pd.arrays.IntervalArray.from_arrays(starts, [s + 1 for s in starts], closed=closed)


@st.composite
def _periods(draw: st.DrawFn) -> Any:
    freq = draw(st.sampled_from(["M", "W-TUE", "2h", "Q-NOV", "D"]))
    ordinals = draw(st.lists(st.integers(0, 500), max_size=6))
    make: Any = pd.arrays.PeriodArray
    return make(np.array(ordinals, "i8"), dtype=pd.PeriodDtype(freq))


class Colour(enum.Enum):
    RED = 1


_plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.dates(),
    st.datetimes(),
    st.decimals(allow_nan=False),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=1), st.none(), max_size=2),
    st.sampled_from([pd.NA, pd.NaT, np.float32(0.5), np.str_("x"), np.arange(3), Colour.RED]),
    st.sampled_from([pd.Timestamp("2020", tz="Asia/Tokyo"), pd.Timedelta(5), pd.Period("2020-01")]),
    st.just(pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021"), closed="both")),
)
_missing = st.sampled_from([None, np.nan, pd.NA, pd.NaT])
_object_arrays = st.one_of(
    _objects(_plain),
    *(_objects(cells) for cells in (_text, st.binary(), st.integers(), st.floats(), st.dates())),
    _missing.flatmap(lambda missing: _objects(_text | st.just(missing))),
    _missing.flatmap(lambda missing: _objects(st.booleans() | st.just(missing))),
    _objects(_text | _missing),
    _objects(st.none() | _numpy(_floats, "f4")),
)
arrays: Arrays = st.one_of(
    _numbers,
    _moment_arrays,
    _nullable,
    _category_arrays(),
    _spans(),
    _periods(),
    _object_arrays,
)
labels = st.one_of(st.none(), _text, _ints, st.tuples(_text, _ints), st.just(dt.date(2020, 1, 1)))


def _fit(array: Any, rows: int) -> Any:
    """An array as long as a frame: repeated and cut, or one of missing values."""
    if len(array) == 0:
        return np.full(rows, np.nan)
    return array.take(np.arange(rows) % len(array))


def _as_index(array: Any) -> Any:
    return pd.Index(array, dtype=array.dtype)


# pandas itself makes no index of half floats, and cannot look one up in the other byte order.
_index_numbers = _numbers.filter(lambda array: array.dtype != "f2" and array.dtype.isnative)
_hashable = st.one_of(_index_numbers, _moment_arrays, _category_arrays(), _spans(), _periods())


@st.composite
def indexes(draw: st.DrawFn, rows: int) -> Any:
    kind = draw(st.sampled_from(["range", "plain", "multi", "freq"]))
    if kind == "range":
        start, step = draw(_ints), draw(st.integers(1, 5))
        return pd.RangeIndex(start, start + rows * step, step, name=draw(labels))
    if kind == "freq":
        freq = draw(st.sampled_from(["D", "2h", "B", "MS", "W-WED"]))
        zone = draw(st.sampled_from([None, "Europe/Berlin"]))
        return pd.date_range("2020-03-25", periods=rows, freq=freq, tz=zone, name=draw(labels))
    if kind == "plain":
        return _as_index(_fit(draw(_hashable), rows)).rename(draw(labels))
    levels = [_fit(draw(_hashable), rows) for _ in range(2)]
    return pd.MultiIndex.from_arrays(levels, names=[draw(labels), draw(labels)])


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows, width = draw(st.integers(0, 5)), draw(st.integers(0, 4))
    columns = {
        number: pd.Series(array, dtype=array.dtype)
        for number, array in enumerate(_fit(draw(arrays), rows) for _ in range(width))
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(rows))
    frame.columns = draw(indexes(width))
    frame.index = draw(indexes(rows))
    frame.attrs = draw(st.dictionaries(_text, _ints, max_size=1))
    return frame


def same(left: Any, right: Any) -> None:
    """Fails unless two values of pandas are the same, down to the classes of the cells."""
    assert type(left) is type(right)
    if isinstance(left, pd.DataFrame):
        same(left.columns, right.columns)
        same(left.index, right.index)
        for number in range(left.shape[1]):
            same_array(left.iloc[:, number].array, right.iloc[:, number].array)
    elif isinstance(left, pd.Series):
        assert repr(left.name) == repr(right.name)
        same(left.index, right.index)
        same_array(left.array, right.array)
    elif isinstance(left, pd.MultiIndex):
        assert repr(left.names) == repr(right.names)
        for one, two in zip(left.levels, right.levels, strict=True):
            same(one, two)
        assert [list(code) for code in left.codes] == [list(code) for code in right.codes]
    else:
        assert repr(left.name) == repr(right.name)
        assert getattr(left, "freq", None) == getattr(right, "freq", None)
        same_array(left.array, right.array)


def same_array(left: Any, right: Any) -> None:
    assert type(left) is type(right)
    assert left.dtype == right.dtype
    assert repr(left.dtype) == repr(right.dtype)
    if isinstance(left, pd.Categorical):
        same(left.categories, right.categories)
        assert list(left.codes) == list(right.codes)
        return
    assert len(left) == len(right)
    for one, two in zip(left, right, strict=True):
        assert type(one) is type(two)
        assert repr(one) == repr(two)
