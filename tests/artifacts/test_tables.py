"""pandas values come back to the dtype, index, zone, category and NaN."""

from __future__ import annotations

import datetime as dt
import decimal
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.tables import (
    FrameFormat,
    IndexFormat,
    PandasScalarFormat,
    SeriesFormat,
)
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .pandas_strategies import arrays, frames, indexes, labels, object_array, same
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
LAWS = settings(max_examples=120, deadline=None, suppress_health_check=SLOW)
FRAMES, SERIES, INDEXES = FrameFormat(), SeriesFormat(), IndexFormat()


@LAWS
@given(frames())
def test_frames_come_back_exactly(frame: pd.DataFrame) -> None:
    again = back(FRAMES, frame)
    same(again, frame)
    pd.testing.assert_frame_equal(again, frame, check_freq=True, check_exact=True)
    assert again.attrs == frame.attrs
    assert content(FRAMES, again) == content(FRAMES, frame)
    to_text(FRAMES.summary(frame))
    assert FRAMES.preview(frame).media_type == "text/html"


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("cell", ["a", b"a", True, 3, 1.5, dt.date(2013, 1, 1)])
def test_cells_of_every_class_come_back_among_what_misses(cell: Any, missing: Any) -> None:
    for cells in ([missing, cell], [cell, missing], [cell], [missing], [float("nan"), missing]):
        frame = pd.DataFrame({"cells": object_array(cells)}, dtype=object)
        again = back(FRAMES, frame)
        same(again, frame)
        again.iloc[0, 0] = "written"  # what is loaded is the user's own
        assert again.iloc[0, 0] == "written"


@LAWS
@given(arrays, st.data())
def test_series_come_back_exactly(array: Any, data: st.DataObject) -> None:
    series = pd.Series(array, dtype=array.dtype, name=data.draw(labels))
    series.index = data.draw(indexes(len(series)))
    again = back(SERIES, series)
    same(again, series)
    assert content(SERIES, again) == content(SERIES, series)
    to_text(SERIES.summary(series))
    assert SERIES.preview(series).data


@LAWS
@given(st.integers(0, 5).flatmap(indexes))
def test_indexes_come_back_exactly(index: pd.Index[Any]) -> None:
    again = back(INDEXES, index)
    same(again, index)
    assert content(INDEXES, again) == content(INDEXES, index)
    to_text(INDEXES.summary(index))
    assert INDEXES.preview(index).data


@LAWS
@given(arrays)
def test_the_content_of_a_slice_is_that_of_its_values(array: Any) -> None:
    series = pd.Series(array, dtype=array.dtype)
    doubled = pd.Series(
        array.take(np.arange(2 * len(array)) % max(len(array), 1)), dtype=array.dtype
    )
    assert content(SERIES, doubled[: len(series)]) == content(SERIES, series)


@settings(LAWS, max_examples=30)
@given(arrays.filter(lambda array: len(array) > 1), st.data())
def test_a_changed_cell_changes_the_content(array: Any, data: st.DataObject) -> None:
    series = pd.Series(array, dtype=array.dtype)
    places = data.draw(st.permutations(range(len(array))))
    moved = pd.Series(array.take(np.array(places)), dtype=array.dtype)
    equal = [repr(a) == repr(b) for a, b in zip(series.array, moved.array, strict=True)]
    assert (content(SERIES, moved) == content(SERIES, series)) == all(equal)


BASE: Any = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def _with(**changes: Any) -> Any:
    frame = BASE.copy()
    for name, value in changes.items():
        setattr(frame, name, value)
    return frame


CHANGES = {
    "as it is": BASE,
    "a cell": pd.DataFrame({"a": [1, 3], "b": ["x", "y"]}),
    "a width": BASE.astype({"a": "int32"}),
    "a sign": BASE.astype({"a": "uint64"}),
    "nullable": BASE.astype({"a": "Int64"}),
    "text as objects": BASE.astype({"b": object}),
    "text of NA": BASE.astype({"b": "string"}),
    "text of Arrow": BASE.astype({"b": pd.ArrowDtype(pa.large_string())}),
    "text of another Arrow": BASE.astype({"b": pd.ArrowDtype(pa.string())}),
    "categories": BASE.astype({"b": pd.CategoricalDtype(["x", "y"])}),
    "an unused category": BASE.astype({"b": pd.CategoricalDtype(["x", "y", "z"])}),
    "categories turned round": BASE.astype({"b": pd.CategoricalDtype(["y", "x"])}),
    "ordered categories": BASE.astype({"b": pd.CategoricalDtype(["x", "y"], ordered=True)}),
    "a label": BASE.rename(columns={"a": "c"}),
    "a label's type": BASE.rename(columns={"a": 0}),
    "the labels' name": _with(columns=pd.Index(["a", "b"], name="n")),
    "the order of columns": BASE[["b", "a"]],
    "an index": _with(index=[5, 6]),
    "an index that is no range": _with(index=pd.Index([0, 1])),
    "the index's name": _with(index=pd.RangeIndex(2, name="n")),
    "attributes": _with(attrs={"unit": "m"}),
    "flags": BASE.set_flags(allows_duplicate_labels=False),
    "moments": pd.DataFrame({"a": pd.to_datetime([1, 2]), "b": ["x", "y"]}),
    "moments of a zone": pd.DataFrame({"a": pd.to_datetime([1, 2], utc=True), "b": ["x", "y"]}),
    "rows": BASE[:1],
    "no rows": BASE[:0],
}


def test_every_change_changes_the_content() -> None:
    contents = {name: content(FRAMES, frame) for name, frame in CHANGES.items()}
    assert len(set(contents.values())) == len(contents)


def test_contents_know_no_blocks_and_no_order_in_memory() -> None:
    values = np.arange(12.0).reshape(4, 3)
    whole = pd.DataFrame(values, columns=["a", "b", "c"])
    apart = pd.DataFrame({name: values[:, at].copy() for at, name in enumerate("abc")})
    assert content(FRAMES, whole) == content(FRAMES, apart)
    assert content(FRAMES, whole[::2]) == content(
        FRAMES, apart.iloc[[0, 2]].set_axis(pd.RangeIndex(0, 4, 2))
    )


def test_missing_values_stay_what_they_are() -> None:
    arrays_: list[Any] = [
        pd.arrays.FloatingArray(np.array([np.nan, 0.0]), np.array([False, True])),
        object_array([None, "a"]),
        object_array([np.nan, "a"]),
        object_array([pd.NA, "a"]),
        object_array([pd.NaT, "a"]),
        np.array([np.nan, 0.0]),
    ]
    contents = set()
    for array in arrays_:
        series = pd.Series(array, dtype=array.dtype)
        same(back(SERIES, series), series)
        contents.add(content(SERIES, series))
    assert len(contents) == len(arrays_)


def test_one_nan_for_all_in_contents() -> None:
    quiet = np.array([0x7FF8000000000000, 0xFFF8000000000001], "u8").view("f8")
    assert content(SERIES, pd.Series(quiet)) == content(SERIES, pd.Series([np.nan, np.nan]))
    assert back(SERIES, pd.Series(quiet)).to_numpy().tobytes() == quiet.tobytes()


def test_a_frame_from_a_file_can_be_written_to_and_alters_nothing(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": [1.0, 2.0], "b": pd.array([1, None], dtype="Int64"), "c": ["x", "y"]}
    )
    again = back(FRAMES, frame, tmp_path)
    stored = (tmp_path / "blob").read_bytes()
    again.loc[0, "a"] = 9.0
    again.loc[1, "b"] = 7
    again["a"].to_numpy(copy=False)
    assert again["a"].tolist() == [9.0, 2.0]
    assert again["b"].tolist() == [1, 7]
    assert (tmp_path / "blob").read_bytes() == stored
    same(FRAMES.read(MemorySource(stored, tmp_path / "blob")), frame)


def test_numbers_are_read_in_the_memory_of_the_file(tmp_path: Path) -> None:
    numbers = np.arange(200_000)
    again = back(FRAMES, pd.DataFrame({"a": numbers * 0.5, "b": numbers}), tmp_path)
    for name in ("a", "b"):
        root: Any = again[name].to_numpy()
        while not isinstance(root, mmap.mmap):
            root = root.obj if isinstance(root, memoryview) else root.base


def test_a_wide_frame_comes_back_in_few_blocks() -> None:
    frame = pd.DataFrame(np.arange(600.0).reshape(3, 200))
    again = back(FRAMES, frame)
    pd.testing.assert_frame_equal(again, frame)
    assert again._mgr.nblocks == 1


def test_multi_indexes_keep_levels_that_no_row_uses() -> None:
    index = pd.MultiIndex.from_product([["a", "b"], pd.date_range("2020", periods=3)])
    frame = pd.DataFrame({"v": range(6)}, index=index).iloc[:2]
    same(back(FRAMES, frame), frame)
    turned = frame.T
    same(back(FRAMES, turned), turned)


class Thing:
    pass


BAD: list[tuple[Any, str]] = [
    (pd.DataFrame({"good": [1], "bad": [Thing()]}), "column 'bad'"),
    (pd.DataFrame({"good": [1]}, index=[Thing()]), "index"),
    (pd.DataFrame({"thin": pd.arrays.SparseArray([0, 1])}), "column 'thin'"),
    (pd.DataFrame({"long": np.zeros(2, np.longdouble)}), "column 'long'"),
    (
        pd.DataFrame({"half": pd.Series(["\ud800"], dtype="object").astype("string")}),
        "column 'half'",
    )
    if False
    else (_with(attrs={"thing": Thing()}), "attrs"),
    (pd.DataFrame({("a", 1): [{1: Thing()}]}), "column \\('a', 1\\)"),
    (
        pd.DataFrame(
            {"a": [1]},
            index=pd.DatetimeIndex(
                ["2020-01-02"], freq=pd.offsets.CustomBusinessDay(holidays=["2020-01-01"])
            ),
        ),
        "index: .*frequency",
    ),
]


@pytest.mark.parametrize(("frame", "where"), BAD, ids=[where for _, where in BAD])
def test_what_cannot_be_stored_is_named(frame: Any, where: str) -> None:
    with pytest.raises(FormatError, match=where):
        written(FRAMES, frame)


def test_subclasses_are_left_to_other_formats() -> None:
    class Geo(pd.DataFrame):
        pass

    class Line(pd.Series):
        pass

    assert not FRAMES.accepts(Geo())
    assert not SERIES.accepts(Line(dtype=float))
    assert FRAMES.accepts(BASE)
    assert SERIES.accepts(BASE["a"])
    assert INDEXES.accepts(BASE.index)


SCALARS = [
    pd.Timestamp("2020-01-02 03:04:05.123456789"),
    pd.Timestamp("2020", tz="Europe/Berlin").as_unit("s"),
    pd.Timestamp("2020", tz=dt.timezone(dt.timedelta(hours=1), "here")),
    pd.Timedelta(1, "s"),
    pd.Period("2020-01", "M"),
    pd.Interval(0, 1.5, "left"),
    pd.NaT,
    pd.NA,
]


@pytest.mark.parametrize("scalar", SCALARS, ids=repr)
def test_scalars_come_back(scalar: Any) -> None:
    again = back(PandasScalarFormat(), scalar)
    assert type(again) is type(scalar)
    assert repr(again) == repr(scalar)
    assert getattr(again, "unit", None) == getattr(scalar, "unit", None)
    assert PandasScalarFormat().preview(scalar).data == str(scalar)
    to_text(PandasScalarFormat().summary(scalar))


def test_summaries_tell_of_columns_but_not_of_all() -> None:
    facts: Any = FRAMES.summary(CHANGES["moments"])
    assert (facts["rows"], facts["columns"], facts["index"]) == (2, 2, "RangeIndex")
    assert facts["fields"][0]["min"].startswith("1970-01-01")
    wide: Any = FRAMES.summary(pd.DataFrame(np.zeros((1, 300))))
    assert len(wide["fields"]) == 50
    assert len(to_text(wide)) < 10_000


def test_moments_that_pandas_cannot_print_are_stored_all_the_same() -> None:
    index = pd.DatetimeIndex(np.array([-62167219201, 2**40], "M8[s]"), tz="UTC")
    frame = pd.DataFrame({"a": index}, index=index)
    again = back(FRAMES, frame)
    assert again["a"].array.asi8.tolist() == [-62167219201, 2**40]
    assert content(FRAMES, again) == content(FRAMES, frame)
    to_text(FRAMES.summary(frame))
    assert "2 rows" in str(FRAMES.preview(frame).data)


def test_previews_escape_what_they_show() -> None:
    page = FRAMES.preview(pd.DataFrame({"<b>": ["<script>"]})).data
    assert isinstance(page, str)
    assert "<script>" not in page
    assert "<b>" not in page


def test_decimals_and_dates_keep_digits_and_classes() -> None:
    cells = [decimal.Decimal("1.10"), None, decimal.Decimal("NaN"), decimal.Decimal("1E+5")]
    series = pd.Series(object_array(cells), dtype=object)
    same(back(SERIES, series), series)


def test_bytes_that_are_no_table_are_named() -> None:
    with pytest.raises(CorruptError, match="not an Arrow file"):
        FRAMES.read(MemorySource(b"nothing of the kind"))
    data = written(FRAMES, BASE)
    for old, new in ((b'"numpy"', b'"humpy"'), (b'"<i8"', b'"<i9"'), (b'"fields"', b'"fjords"')):
        with pytest.raises(FormatError, match="pandas that is installed"):
            FRAMES.read(MemorySource(data.replace(old, new)))
    with pytest.raises(FormatError, match="pandas that is installed"):
        PandasScalarFormat().read(MemorySource(b"Timestamp {}"))


_CONTENT = """
import pandas as pd
from artifacts.roundtrip import content
from windlass.artifacts.formats.tables import FrameFormat
cells = [{"b": 1, "a": {2, 1, 30}}, ("x", frozenset(["p", "q", "r"]))]
frame = pd.DataFrame({"k": pd.Categorical(["u", "v"]), "o": pd.Series(cells, dtype=object)})
print(content(FrameFormat(), frame))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
