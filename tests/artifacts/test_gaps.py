"""How far two values are apart: by numbers where that can be told, else in words."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from windlass.artifacts.gaps import Gap, OpaqueError, UnlikeError, gap_between


@dataclass
class Scores:
    name: str
    values: list[float]


ONE = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]}, index=pd.Index([3, 4]))
ALIKE: list[tuple[Any, Any]] = [
    (1.0, 1.5),
    (2, 3),
    (Decimal("1.5"), Decimal(2)),
    (1 + 1j, 1 + 1.5j),
    ({"a": [1.0, (2.0, None)]}, {"a": [1.0, (2.5, None)]}),
    (Scores("x", [1.0]), Scores("x", [1.5])),
    (np.array([1.0, np.nan, np.inf]), np.array([1.5, np.nan, np.inf])),
    (np.float32(1), np.float32(1.5)),
    (np.array([[1, 2]]), np.array([[1, 5]])),
    (ONE, ONE.assign(a=[2.0, np.nan])),
    (pd.Series([1.0]), pd.Series([1.25])),
    (pl.DataFrame({"a": [1.0], "b": ["x"]}), pl.DataFrame({"a": [1.5], "b": ["x"]})),
    (pa.table({"a": [1.0]}), pa.table({"a": [1.5]})),
    (scipy.sparse.eye(3, format="csr"), 2 * scipy.sparse.eye(3, format="csr")),
]
UNLIKE: list[tuple[Any, Any, str]] = [
    (1, 1.0, "int → float"),
    ("a", "b", "'a' → 'b'"),
    (True, False, "True → False"),
    (1.0, math.inf, "1.0 → inf"),
    ([1], [1, 2], "1 → 2 items"),
    ({"a": 1}, {"b": 1}, "other names"),
    ({"a": [1, "x"]}, {"a": [1, "y"]}, "a: 1: 'x' → 'y'"),
    ({1}, {2}, "{1} → {2}"),
    (np.zeros(2), np.zeros(3), "shape 2 → 3"),
    (np.zeros(2), np.zeros(2, np.float32), "float64 → float32"),
    (np.array([np.nan]), np.array([1.0]), "some are numbers in one"),
    (np.array(["a", "b"]), np.array(["a", "c"]), "1 of 2 values differ"),
    (ONE, ONE[:1], "2 → 1 rows"),
    (ONE, ONE.rename(columns={"a": "c"}), "other columns"),
    (ONE, ONE.assign(b=["x", "y"]), "b: 1 of 2 values differ"),
    (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2), "datetime.date"),
    (Path("a"), Path("b"), "PosixPath('a')"),
]


@pytest.mark.parametrize(("then", "now"), ALIKE, ids=lambda value: type(value).__name__)
def test_numbers_apart_are_measured_wherever_they_are(then: Any, now: Any) -> None:
    gap = gap_between(then, now)
    assert gap.absolute > 0
    assert 0 < gap.relative <= 1
    assert gap.scaled <= gap.absolute
    assert gap_between(then, then) == Gap()
    assert gap_between(now, then) == gap


@pytest.mark.parametrize(("then", "now", "told"), UNLIKE)
def test_other_differences_are_told(then: Any, now: Any, told: str) -> None:
    with pytest.raises(UnlikeError) as caught:
        gap_between(then, now)
    assert told in str(caught.value)


def test_of_models_it_cannot_be_told() -> None:
    with pytest.raises(OpaqueError, match="LinearRegression"):
        gap_between([LinearRegression()], [LinearRegression()])


def test_large_whole_numbers_that_no_float_tells_apart_are_not_equal() -> None:
    with pytest.raises(UnlikeError):
        gap_between(np.array([2**53]), np.array([2**53 + 1]))


def test_whole_numbers_are_never_within_a_small_tolerance() -> None:
    for then, now in ((10**12, 10**12 + 1), (np.array([10**12]), np.array([10**12 + 1]))):
        assert not gap_between(then, now).within(1e-9)
    assert gap_between(1e12, 1e12 + 1).within(1e-9)


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    then, now = (torch.tensor([1.0, each], dtype=torch.bfloat16) for each in (2.0, 3.0))
    assert gap_between(then, now) == pytest.approx((1, 1 / 3, 1 / 3))


floats = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(floats, floats), min_size=1))
def test_an_array_is_as_far_apart_as_its_numbers(pairs: list[tuple[float, float]]) -> None:
    then, now = zip(*pairs, strict=True)
    one, many = gap_between(list(then), list(now)), gap_between(np.array(then), np.array(now))
    assert many == pytest.approx(one)
    assert many.within(1e-3) == all(
        math.isclose(*pair, abs_tol=1e-3, rel_tol=1e-3) for pair in pairs
    )
