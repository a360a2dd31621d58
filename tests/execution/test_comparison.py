"""Comparing values: what differs is found, and what is the same is not."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from windlass import pipeline, step
from windlass.execution import comparison
from windlass.execution.comparison import outputs
from windlass.execution.comparison.arrays import compare_arrays
from windlass.execution.comparison.tables import as_table, compare_tables

NUMBERS = st.lists(st.floats(allow_infinity=False) | st.none(), min_size=1, max_size=30)


def tables(old: Any, new: Any) -> dict[str, Any]:
    first, second = as_table(old), as_table(new)
    assert first is not None
    assert second is not None
    return compare_tables(first, second)


def columns(old: Any, new: Any) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in tables(old, new)["columns"]}


def test_elements_that_differ_are_counted_and_measured() -> None:
    old = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, np.nan]])
    new = np.array([[1.0, np.nan, 3.5], [4.0, 4.0, 6.0]])
    told = compare_arrays(old, new)
    assert (told["differing"], told["largest"], told["at"]) == (3, 1.0, [1, 1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (np.array([1, 2], np.uint8), np.array([2, 1], np.uint8)),  # no wrap-around
        (np.array([True, False]), np.array([False, True])),
        (np.array([1j, 0]), np.array([0, 0j])),
    ],
)
def test_arrays_of_every_kind_of_number(old: Any, new: Any) -> None:
    assert compare_arrays(old, new)["largest"] == 1.0


@pytest.mark.parametrize("new", [np.zeros((2, 2)), np.array(["a", "b", "c", "d"]), np.zeros(0)])
def test_arrays_that_cannot_be_subtracted(new: Any) -> None:
    told = compare_arrays(np.zeros(4), new)
    assert told["largest"] is None
    assert told["shape"] == [[4], list(new.shape)]


def test_empty_arrays_of_two_dtypes() -> None:
    told = compare_arrays(np.zeros(0), np.zeros(0, np.int32))
    assert (told["differing"], told["dtype"]) == (0, ["float64", "int32"])


@given(NUMBERS, st.integers(0, 29))
def test_one_cell_that_differs_is_found(cells: list[float | None], place: int) -> None:
    old = pd.DataFrame({"x": pd.Series(cells, dtype="float64"), "y": 1})
    assert tables(old, old.copy())["columns"] == []
    new = old.copy()
    place %= len(cells)
    new.loc[place, "x"] = 0.5 if old.loc[place, "x"] != 0.5 else 0.25
    found = columns(old, new)
    assert list(found) == ["x"]
    assert found["x"]["cells"] == 1


def test_columns_that_came_and_went_and_changed_their_type() -> None:
    old = pd.DataFrame({"a": [1, 2], "b": [1, 2]})
    new = pd.DataFrame({"b": ["1", "2"], "c": [1, 2]})
    told = tables(old, new)
    assert (told["added"], told["removed"]) == (["c"], ["a"])
    (column,) = told["columns"]
    assert column["dtype"][0] == "int64"
    assert column["cells"] is None


def test_nulls_categories_moments_and_objects() -> None:
    day = datetime.date(2024, 1, 1)
    old = pd.DataFrame(
        {
            "null": [1.0, None],
            "kind": pd.Categorical(["a", "a"]),
            "when": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "day": [day, day],
            "odd": [{1}, object],
            "list": [[1], [2]],
        }
    )
    others: dict[str, Any] = {"odd": [{2}, object], "list": [[1], [3]]}
    new = old.assign(
        **others,
        null=[1.0, 2.0],
        kind=pd.Categorical(["a", "b"]),
        when=pd.to_datetime(["2024-01-01", "2024-01-03"]),
        day=[day, day + datetime.timedelta(1)],
    )
    found = columns(old, new)
    assert found["null"]["statistics"]["nulls"] == [1, 0]
    assert found["kind"]["statistics"]["most"] == [[["a", 2]], [["a", 1], ["b", 1]]]
    assert found["when"]["statistics"]["max"][1].startswith("2024-01-03")
    assert found["day"]["statistics"]["max"] == ["2024-01-01", "2024-01-02"]
    assert found["odd"]["cells"] == 1
    assert "list" in found


def test_tables_of_other_libraries() -> None:
    polars = pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    for make in (polars.DataFrame, arrow.table, pd.DataFrame):
        found = columns(
            make({"x": [1, 2, 3], "y": [1, 1, 1]}), make({"x": [1, 2, 6], "y": [1, 1, 1]})
        )
        assert list(found) == ["x"]
        assert found["x"]["statistics"]["mean"] == [2.0, 3.0]


def test_empty_tables_and_what_is_no_table() -> None:
    empty = pd.DataFrame({"x": pd.Series([], dtype="float64"), "when": pd.to_datetime([])})
    full = pd.DataFrame({"x": [1.0], "when": pd.to_datetime(["2024-01-01"])})
    assert columns(empty, full)["x"]["statistics"]["mean"] == [None, 1.0]
    assert as_table([1, 2]) is None


@step
def fit(x: float) -> Ridge:
    return Ridge(alpha=x).fit([[0.0], [1.0], [2.0]], [0, 1, 2])


@step
def frames(x: float) -> list[pd.DataFrame]:
    return [pd.DataFrame({"a": [x]}), pd.DataFrame({"a": [1.0]})]


@step
def named(x: float) -> dict[str, NDArray[np.float64]]:
    return {"same": np.zeros(3), "other": np.full(3, x)}


@step
def mixed(x: float) -> dict[str, Any]:
    return {"x": x, "array": np.zeros(3)}


@step
def series(x: float) -> pd.Series[float]:
    return pd.Series([x, 1.0])


@step
def prose(x: float) -> str:
    return f"first\nthe value is {x}\nlast"


@step
def either_type(x: float) -> object:
    return x if x > 0.5 else str(x)


@step
def longer(x: float) -> list[NDArray[np.float64]]:
    return [np.zeros(2)] * int(10 * x)


@pipeline
def everything(x: float) -> str:
    for each in (fit, frames, named, mixed, series, either_type, longer):
        each(x)
    return prose(x)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """How the outputs of two runs differ, by node."""
    return {each["node"]: each for each in compared(tmp_path_factory.mktemp("home"))}


def compared(home: Path) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(home))
        runs = [everything.options(in_process=True).run(x) for x in (0.1, 0.9)]
        stores = runs[0].job.stores
        told = comparison.compare_runs(stores, runs[0].row, runs[1].row, only=["outputs"])
    entries: list[dict[str, Any]] = told["outputs"]
    return entries


def test_of_a_model_the_settings_that_differ_are_told(found: dict[str, Any]) -> None:
    told = [(each["name"], each["before"], each["after"]) for each in found["fit"]["summary"]]
    assert told == [("parameters.alpha", 0.1, 0.9)]


def test_of_a_list_and_a_dict_the_parts_that_differ_are_compared(found: dict[str, Any]) -> None:
    (part,) = found["frames"]["parts"]
    assert (part["part"], part["kind"], part["columns"][0]["cells"]) == ("[0]", "table", 1)
    (part,) = found["named"]["parts"]
    assert (part["part"], part["differing"]) == ("other", 3)
    assert "parts" not in found["longer"]
    assert found["longer"]["summary"][0] == {"name": "length", "before": 1, "after": 9}


def test_what_differs_between_the_parts_is_told_too(found: dict[str, Any]) -> None:
    assert '-  "x": 0.1,' in found["mixed"]["diff"]
    assert '+  "x": 0.9,' in found["mixed"]["diff"]


def test_texts_series_and_types(found: dict[str, Any]) -> None:
    assert found["prose"]["diff"] == [" first", "-the value is 0.1", "+the value is 0.9", " last"]
    assert found["series"]["columns"][0]["name"] == "value"
    assert found["either_type"]["kind"] == "type"


def test_what_is_large_is_read_only_where_that_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "READ", 8)
    told = {each["node"]: each for each in compared(tmp_path)}
    assert "--data" in told["series"]["note"]
    assert told["series"]["kind"] == "summary"
