"""Functions as checks: what they may return and raise, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_checks.looking import breaches, evidence, failed, lines, passed
from windlass import Check
from windlass.words import with_article

TABLE = pd.DataFrame({"x": [1, -2, 3], "y": [4.0, 5.0, np.nan]})


def answering(answer: Any) -> Any:
    """A check that gives this answer."""
    return Check(lambda value: answer, name="told")


@pytest.mark.parametrize(
    "answer",
    [
        *(None, True, np.True_, [], (), pd.Series([True, True]), pl.Series([True])),
        *(
            np.array([True, True]),
            [True, True],
            TABLE.notna() | TABLE.isna(),
            pd.Series(dtype=bool),
        ),
    ],
)
def test_what_passes(answer: Any) -> None:
    table = TABLE.copy()
    assert passed(Annotated[pd.DataFrame, answering(answer)], table) is table


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (False, ["it returned False"]),
        (np.False_, ["it returned False"]),
        ("too few rows", ["too few rows"]),
        (["no rows", "no columns"], ["no rows", "no columns"]),
        (TABLE["x"] > 0, ["1 of 3 rows: 1: x=-2, y=5.0"]),
        (pd.array([True, None, True], "boolean"), None),
        (pd.Series([True, None, True], dtype="boolean"), ["1 of 3 rows: 1: x=-2, y=5.0"]),
        (np.array([True, True, False]), ["1 of 3 rows: 2: x=3, y=nan"]),
        ([True, False, False], ["2 of 3 rows: 1: x=-2, y=5.0, 2: x=3, y=nan"]),
        (pl.Series([True, None, False]), ["2 of 3 rows: 1: x=-2, y=5.0, 2: x=3, y=nan"]),
        (TABLE > 0, ["x 1 of 3 rows: 1: -2", "y 1 of 3 rows: 2: nan"]),
        (TABLE.groupby("x").size() > 1, None),
        (pd.Series([True, False], index=["UA", "B6"]), ["1 of 3 rows: B6: False"]),
    ],
)
def test_what_fails(answer: Any, told: list[str] | None) -> None:
    found = lines(Annotated[pd.DataFrame, answering(answer)], TABLE)
    assert found if told is None else found == told


@pytest.mark.parametrize("answer", [3, 1.0, {}, pd.Series([1, 2]), [1, 2], np.array([[True]]), pl])
def test_an_answer_that_is_no_word_on_the_value_is_an_error(answer: Any) -> None:
    told = failed(Annotated[pd.DataFrame, answering(answer)], TABLE)
    assert told.checks[0]["verdict"] == "error"
    assert f"it returned {with_article(type(answer).__name__)}" in told.message


def test_a_check_says_what_it_promises() -> None:
    def no_future(table: pd.DataFrame) -> pd.Series[bool]:
        """No flight departs in the future.

        More of it.
        """
        return table["x"] > 0

    told = failed(Annotated[pd.DataFrame, no_future], TABLE)
    assert "load → output breaks no_future:" in told.message
    assert "  No flight departs in the future.  1 of 3 rows: 1: x=-2, y=5.0" in told.message


def asserting(value: int) -> None:
    assert value > 3, "it is small"


def bare(value: int) -> None:
    assert value > 3


def refusing(value: int) -> None:
    raise ValueError("no such day\nin that month")


def yielding(value: int) -> Iterator[str]:
    if value < 3:
        yield "below three"
    if value < 2:
        yield "below two"


def schema_within(value: pd.DataFrame) -> None:
    pa.DataFrameSchema({"x": pa.Column(int, pa.Check.ge(0))}).validate(value, lazy=True)


def test_what_a_check_raises_or_yields() -> None:
    assert lines(Annotated[int, asserting], 1)[0].startswith("it is small")
    (line,) = lines(Annotated[int, bare], 1)
    assert line.startswith("assert ")
    assert "test_functions.py:" in line
    assert lines(Annotated[int, refusing], 1)[0].startswith("no such day (")
    assert lines(Annotated[int, yielding], 1) == ["below three", "below two"]
    assert passed(Annotated[int, asserting, bare, yielding], 4) == 4


def test_a_schema_that_a_function_asks_tells_its_rows() -> None:
    assert lines(Annotated[pd.DataFrame, schema_within], TABLE) == [
        "x greater_than_or_equal_to(0) 1 of 3 rows: 1: -2"
    ]


def test_any_other_exception_is_an_error_of_the_check_and_tells_where() -> None:
    def broken(table: pd.DataFrame) -> bool:
        return bool(table["nothing"].all())

    told = failed(Annotated[pd.DataFrame, broken], TABLE)
    assert "cannot be checked by broken" in told.message
    assert "KeyError: 'nothing' (test_functions.py:" in told.message
    assert told.checks[0]["verdict"] == "error"


def test_what_stops_a_process_is_no_verdict() -> None:
    def stopping(value: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        passed(Annotated[int, stopping], 1)


def test_every_check_is_made_and_all_that_fails_is_told_at_once() -> None:
    kind = Annotated[pd.DataFrame, answering("one"), answering(None), answering("three")]
    told = failed(kind, TABLE)
    assert [check["verdict"] for check in told.checks] == ["fail", "pass", "fail"]
    assert "one" in told.message
    assert "three" in told.message


def meddle_pandas(table: pd.DataFrame) -> None:
    table["x"] = 0
    table.loc[0, "y"] = 9.0
    table.columns = ["p", "q"]


def meddle_polars(table: pl.DataFrame) -> None:
    table.insert_column(0, pl.Series("z", [1, 2]))
    table[0, "x"] = 9


def meddle_list(value: list[Any]) -> None:
    value.append(value[0].pop())


@pytest.mark.parametrize(
    ("value", "check"),
    [
        (TABLE.copy(), meddle_pandas),
        (pl.DataFrame({"x": [1, 2]}), meddle_polars),
        ([{"a": 1, "b": 2}.copy(), {}], lambda value: value[0].clear()),
        ([[1], [2]], meddle_list),
    ],
)
def test_a_check_that_changes_what_it_is_given_changes_nothing_else(value: Any, check: Any) -> None:
    before = str(value)
    assert passed(Annotated[Any, check], value) is value
    assert str(value) == before


def test_an_array_is_not_to_be_written_to() -> None:
    def meddling(array: np.ndarray[Any, Any]) -> None:
        array[0] = 9

    array = np.zeros(3)
    assert "read-only" in failed(Annotated[Any, meddling], array).message
    assert array.sum() == 0
    array[0] = 1  # which others still can


def test_evidence_counts_values_and_their_rows() -> None:
    (told,) = evidence(list[Annotated[pd.DataFrame, answering(True)]], [TABLE, TABLE])
    assert (told["kind"], told["values"], told["rows"]) == ("function", 2, 6)
    (told,) = evidence(Annotated[int, answering(True)], 3)
    assert (told["values"], told["rows"], told["library"]) == (1, None, None)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.sampled_from(["pandas", "polars", ""]))
def test_the_rows_that_are_told_are_those_that_are_not_true(truths: Any, library: str) -> None:
    of: Any = {"pandas": pd.Series, "polars": pl.Series}.get(library, np.array)
    table = pd.DataFrame({"x": range(len(truths))})
    wrong = [place for place, truth in enumerate(truths) if not truth]
    kind = Annotated[pd.DataFrame, answering(of(truths))]
    if not wrong:
        assert passed(kind, table) is table
        return
    (breach,) = breaches(kind, table)
    assert breach["rows"] == len(wrong)
    assert breach["examples"] == [[str(row), f"x={row}"] for row in wrong[:10]]
