"""polars values come back to the dtype, whatever else the process has seen."""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal
from polars.testing.parametric import dataframes, series

from windlass.artifacts.formats.polars_dtypes import decode_dtype, encode_dtype
from windlass.artifacts.formats.polars_tables import (
    LazyFrameFormat,
    PolarsFrameFormat,
    PolarsSeriesFormat,
)
from windlass.errors import FormatError
from windlass.values import to_text

from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

LAWS = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
FRAMES, SERIES = PolarsFrameFormat(), PolarsSeriesFormat()
HUGE = 2**100
REFUSED = [dtype for dtype in (pl.Object, getattr(pl, "Extension", None)) if dtype is not None]

ALL = pl.DataFrame(
    [
        pl.Series("int128", [1, None, -HUGE], pl.Int128),
        pl.Series("uint128", [1, None, HUGE], pl.UInt128),
        pl.Series("huge in lists", [[HUGE], None, []], pl.List(pl.Int128)),
        pl.Series(
            "huge in a struct", [{"a": HUGE}, None, {"a": None}], pl.Struct({"a": pl.Int128})
        ),
        pl.Series("half", [1.5, None, float("nan")], pl.Float16),
        pl.Series("categorical", ["b", None, "a"], pl.Categorical),
        pl.Series("own", ["b", None, "a"], pl.Categorical(pl.Categories("mine", "here", pl.UInt8))),
        pl.Series("enum", ["b", None, "a"], pl.Enum(["a", "b", "unused"])),
        pl.Series("decimal", [decimal.Decimal("1.10"), None, None], pl.Decimal(20, 2)),
        pl.Series("array", [[[1], [2]], None, [[3], [4]]], pl.Array(pl.Int8, (2, 1))),
        pl.Series("enums", [["a"], None, []], pl.List(pl.Enum(["a"]))),
        pl.Series(
            "struct",
            [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
            pl.Struct({"a": pl.Int16, "b": pl.Categorical}),
        ),
        pl.Series("map", [{"a": 1}, None, {}], pl.Map(pl.String, pl.Int64)),
        pl.Series("time", [dt.time(1, 2, 3, 4), None, None]),
        pl.Series("date", [dt.date(2020, 1, 1), None, None]),
        pl.Series("duration", [dt.timedelta(1), None, None], pl.Duration("ms")),
        pl.Series("zone", [dt.datetime(2020, 1, 1), None, None], pl.Datetime("ns", "Asia/Tokyo")),
        pl.Series("null", [None, None, None], pl.Null),
        pl.Series("binary", [b"a", None, b""], pl.Binary),
        pl.Series("boolean", [True, None, False]),
    ]
)


@pytest.mark.parametrize("column", ALL.get_columns(), ids=ALL.columns)
def test_every_dtype_comes_back(column: pl.Series, tmp_path: Path) -> None:
    for again in (back(SERIES, column), back(SERIES, column, tmp_path)):
        assert again.name == column.name
        assert again.dtype == column.dtype
        assert_series_equal(again, column)
    assert content(SERIES, back(SERIES, column)) == content(SERIES, column)
    to_text(SERIES.summary(column))
    assert SERIES.preview(column).media_type == "text/html"


def test_a_frame_of_all_dtypes_comes_back(tmp_path: Path) -> None:
    again = back(FRAMES, ALL, tmp_path)
    assert again.schema == ALL.schema
    assert_frame_equal(again, ALL)
    to_text(FRAMES.summary(ALL))
    assert FRAMES.preview(ALL).data


_generated: st.SearchStrategy[pl.DataFrame] = dataframes(
    max_cols=4, max_size=5, excluded_dtypes=REFUSED, allow_null=True, allow_chunks=True
)


@LAWS
@given(_generated)
def test_frames_come_back_exactly(frame: pl.DataFrame) -> None:
    again = back(FRAMES, frame)
    assert again.schema == frame.schema
    assert_frame_equal(again, frame, categorical_as_str=True)
    assert content(FRAMES, again) == content(FRAMES, frame)


@LAWS
@given(series(min_size=1, max_size=5, excluded_dtypes=REFUSED))
def test_contents_know_no_chunks_and_slices(column: pl.Series) -> None:
    wanted = content(SERIES, column)
    assert content(SERIES, column[:1].append(column[1:])) == wanted
    assert content(SERIES, pl.concat([column, column])[len(column) :]) == wanted


def test_contents_of_categories_know_nothing_of_the_process() -> None:
    first = content(SERIES, pl.Series(["q1", "q2", None], dtype=pl.Categorical))
    pl.Series(["q0", "q2", "q9"], dtype=pl.Categorical)
    again = pl.Series(["q2", "q1", "q2", None], dtype=pl.Categorical).filter(
        pl.Series([False, True, True, True])
    )
    assert content(SERIES, again) == first


CHANGES = {
    "as it is": pl.Series("a", ["x", "y"]),
    "a cell": pl.Series("a", ["x", "z"]),
    "a missing cell": pl.Series("a", ["x", None]),
    "an empty cell": pl.Series("a", ["x", ""]),
    "the name": pl.Series("b", ["x", "y"]),
    "binary": pl.Series("a", [b"x", b"y"]),
    "categorical": pl.Series("a", ["x", "y"], pl.Categorical),
    "enum": pl.Series("a", ["x", "y"], pl.Enum(["x", "y"])),
    "an unused category": pl.Series("a", ["x", "y"], pl.Enum(["x", "y", "z"])),
    "categories turned round": pl.Series("a", ["x", "y"], pl.Enum(["y", "x"])),
    "numbers": pl.Series("a", [1, 2]),
    "narrow numbers": pl.Series("a", [1, 2], pl.Int8),
    "moments": pl.Series("a", [1, 2], pl.Datetime("us")),
    "coarser moments": pl.Series("a", [1, 2], pl.Datetime("ms")),
    "moments of a zone": pl.Series("a", [1, 2], pl.Datetime("us", "UTC")),
    "lists": pl.Series("a", [["x"], ["y"]]),
    "other lists": pl.Series("a", [["x", "y"], []], pl.List(pl.String)),
    "empty": pl.Series("a", [], pl.String),
}


def test_every_change_changes_the_content() -> None:
    contents = {name: content(SERIES, column) for name, column in CHANGES.items()}
    assert len(set(contents.values())) == len(contents)
    frames = [ALL, ALL[:, ::-1], ALL[:2], ALL[:, :2], ALL.rename({"date": "day"}), pl.DataFrame()]
    assert len({content(FRAMES, frame) for frame in frames}) == len(frames)


@pytest.mark.parametrize("dtype", ALL.dtypes, ids=str)
def test_dtypes_are_plain_json(dtype: Any) -> None:
    document = encode_dtype(dtype)
    to_text(document)
    assert decode_dtype(document) == dtype


def test_empty_frames_come_back() -> None:
    for frame in (pl.DataFrame(), ALL[:0]):
        again = back(FRAMES, frame)
        assert again.schema == frame.schema
        assert again.shape == frame.shape
        FRAMES.summary(frame)
        FRAMES.preview(frame)


@pytest.mark.parametrize("columns", [{"": [1]}, {"": [1], "column_0": [2]}, {"a": [1], "": ["x"]}])
def test_a_column_without_a_name_stays_without(columns: dict[str, Any]) -> None:
    frame = pl.DataFrame(columns)
    assert back(FRAMES, frame).columns == list(columns)
    assert_frame_equal(back(FRAMES, frame), frame)
    named = frame.rename({"": "column_1"})
    assert content(FRAMES, named) != content(FRAMES, frame)
    series = pl.Series("", ["b", "a"], pl.Categorical)
    assert back(SERIES, series).name == ""


@pytest.mark.parametrize("height", [0, 1, 3])
def test_rows_without_columns_are_counted(height: int) -> None:
    frame = pl.DataFrame(height=height)
    assert back(FRAMES, frame).shape == (height, 0)
    assert content(FRAMES, back(FRAMES, frame)) == content(FRAMES, frame)
    assert content(FRAMES, pl.DataFrame(height=2)) != content(FRAMES, frame)


def test_objects_and_lazy_frames_are_refused() -> None:
    frame = pl.DataFrame([pl.Series("good", [1]), pl.Series("bad", [object()], pl.Object)])
    with pytest.raises(FormatError, match="column 'bad'"):
        written(FRAMES, frame)
    with pytest.raises(FormatError, match="LazyFrame") as caught:
        written(LazyFrameFormat(), ALL.lazy())
    assert "collect()" in str(caught.value)
    with pytest.raises(FormatError, match="never stored"):
        LazyFrameFormat().read(MemorySource(b""))


def test_subclasses_are_left_to_other_formats() -> None:
    class Mine(pl.DataFrame):
        pass

    assert not FRAMES.accepts(Mine())
    assert FRAMES.accepts(ALL)
    assert SERIES.accepts(ALL["date"])


def test_damaged_tables_are_named() -> None:
    data = written(FRAMES, ALL).replace(b'"Duration"', b'"Durativo"')
    with pytest.raises(FormatError, match="no dtype 'Durativo'"):
        FRAMES.read(MemorySource(data))
    data = written(SERIES, ALL["enum"]).replace(b'["enum"', b'{"enum"')
    with pytest.raises(FormatError, match="polars that is installed"):
        SERIES.read(MemorySource(data))


def test_a_dtype_of_a_newer_polars_is_named() -> None:
    with pytest.raises(FormatError, match="'Int4096'"):
        decode_dtype("Int4096")


_CONTENT = """
import polars as pl
from artifacts.roundtrip import content
from windlass.artifacts.formats.polars_tables import PolarsFrameFormat
frame = pl.DataFrame({"c": pl.Series(["v", "u"], dtype=pl.Categorical), "s": [{"a": 1}, {"a": 2}]})
print(content(PolarsFrameFormat(), frame))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
