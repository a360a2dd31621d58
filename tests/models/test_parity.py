"""How far a converted model is from the one that it was made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from windlass.errors import ConversionError
from windlass.models.conversion.parity import TOLERANCE, parity_of
from windlass.models.conversion.rows import MOST, as_inputs, in_single_precision, some_rows

LAWS = settings(deadline=None, max_examples=50)
thousandths = st.integers(-(10**9), 10**9).map(lambda each: each / 1000)
numbers = of_numpy.arrays("f8", st.integers(1, 20), elements=thousandths)


@LAWS
@given(numbers)
def test_a_result_is_equal_to_itself_and_near_in_single_precision(native: np.ndarray) -> None:
    assert parity_of({"predict": native}, {"predict": native}).max_abs == 0
    found = parity_of({"predict": native}, {"predict": native.astype("f4")})
    assert found.holds
    assert found.max_rel is not None
    assert found.max_rel <= 2**-24 + 1e-12


@LAWS
@given(numbers, st.data())
def test_one_number_that_is_off_is_found(native: np.ndarray, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(native) - 1))
    scale = float(np.abs(native).max()) or 1.0
    given = native.copy()
    given[place] += 3 * TOLERANCE * scale
    found = parity_of({"predict": native}, {"predict": given})
    assert (found.beyond, found.holds, found.n) == (1, False, len(native))
    assert found.max_rel == pytest.approx(3 * TOLERANCE, rel=1e-3)


def test_missing_numbers_are_equal_to_missing_ones_alone() -> None:
    native = np.array([1.0, np.nan, np.inf])
    assert parity_of({"predict": native}, {"predict": native}).holds
    found = parity_of({"predict": native}, {"predict": np.array([1.0, 0.0, np.inf])})
    assert (found.beyond, found.max_abs, found.holds) == (1, None, False)
    wrong = parity_of({"predict": native}, {"predict": np.ones((3, 2))})
    assert not wrong.holds


def test_labels_are_compared_whatever_their_dtypes() -> None:
    proba = np.full((3, 2), 0.5)
    for native, given_labels in (
        (np.array([True, False, True]), np.array([1, 0, 1])),
        (np.array(["a", "b", "a"], object), np.array(["a", "b", "a"])),
    ):
        one = {"predict": native, "predict_proba": proba}
        other = {"predict": given_labels, "predict_proba": proba.astype("f4")}
        assert parity_of(one, other).holds
        other["predict"] = given_labels[[1, 1, 1]]
        assert parity_of(one, other).labels_differ == 2
        assert parity_of({"predict": native}, {"predict": given_labels}).labels_differ == 0


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_rows_are_one_matrix_of_numbers_or_a_column_each(make: type) -> None:
    table = make({"a": [1.1, 2.0], "n": [1, 2], "yes": [True, False]})
    matrix = as_inputs(table, by_column=False)
    assert list(matrix) == ["input"]
    assert matrix["input"].tolist() == [[1.1, 1, 1], [2, 2, 0]]
    columns = as_inputs(table, by_column=True)
    assert {name: array.shape for name, array in columns.items()} == dict.fromkeys(columns, (2, 1))
    rounded = in_single_precision(table)
    assert type(rounded) is type(table)
    assert list(rounded["a"]) == [np.float32(1.1), 2.0]
    assert list(rounded["n"]) == [1, 2]
    mixed = as_inputs(make({"a": [1.0], "w": ["x"]}), by_column=False)
    assert mixed["w"].tolist() == [["x"]]


def test_what_onnx_cannot_take_is_told() -> None:
    with pytest.raises(ConversionError, match="a text of the column 'w' is missing"):
        as_inputs(pd.DataFrame({"w": ["x", None]}), by_column=False)
    with pytest.raises(ConversionError, match="knows no times, which day holds"):
        as_inputs(pd.DataFrame({"day": pd.to_datetime(["2026-01-01"])}), by_column=False)
    with pytest.raises(ConversionError, match="categories of the column 'k' are no text"):
        as_inputs(pd.DataFrame({"k": pd.Categorical([1, 2])}), by_column=False)
    with pytest.raises(ConversionError, match="and not of numbers"):
        as_inputs(np.array(["x"]), by_column=False)
    with pytest.raises(ConversionError, match="neither a table nor a single array"):
        as_inputs({"a": np.ones(2), "b": np.ones(2)}, by_column=False)


def test_of_many_rows_some_are_taken_from_all_over() -> None:
    rows = np.arange(3 * MOST)
    assert some_rows(rows)[[0, -1]].tolist() == [0, 3 * MOST - 1]
    assert len(some_rows(pd.DataFrame({"a": rows}))) == MOST
    assert some_rows(rows[:5]) is not None
