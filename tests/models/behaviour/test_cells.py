"""What cells say: expectations, changes, conditions; and back to text."""

from __future__ import annotations

import contextlib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import DefinitionError, ModelError
from windlass.models.behaviour.cells import changed, value_of
from windlass.models.behaviour.changes import (
    Change,
    Condition,
    parse_changes,
    parse_conditions,
)
from windlass.models.behaviour.expectations import (
    KINDS,
    Bound,
    Label,
    Moves,
    Near,
    Same,
    parse_expectation,
    parse_number,
)
from windlass.models.fields import Field

NUMBERS = st.floats(-1e12, 1e12)
POSITIVE = st.floats(0, 1e12)
TEXTS = st.text(min_size=1, max_size=12).map(str.strip).filter(bool)
EXPECTATIONS = {
    "minimum": st.builds(Near, NUMBERS, POSITIVE)
    | st.builds(Bound, st.sampled_from(["<", "<=", ">", ">="]), NUMBERS),
    "invariance": st.builds(Same, st.none() | POSITIVE),
    "directional": st.builds(Moves, st.sampled_from(["up", "down"]), POSITIVE, st.booleans()),
}


@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), EXPECTATIONS[kind])))
def test_expectations_come_back_from_their_text(both: tuple[object, object]) -> None:
    kind, expectation = both
    text = expectation.text()  # type: ignore[attr-defined]
    assert parse_expectation(kind, f" {text} ") == expectation  # type: ignore[arg-type]


@given(
    st.lists(
        st.builds(Change, TEXTS, st.just("="), TEXTS)
        | st.builds(Change, TEXTS, st.sampled_from("+-*"), NUMBERS.map(repr)),
        unique_by=lambda change: change.column,
    )
)
def test_changes_come_back_from_their_text(changes: list[Change]) -> None:
    assert list(parse_changes("; ".join(each.text() for each in changes))) == changes


@given(
    st.lists(st.builds(Condition, TEXTS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), TEXTS))
)
def test_conditions_come_back_from_their_text(conditions: list[Condition]) -> None:
    assert list(parse_conditions("; ".join(each.text() for each in conditions))) == conditions


@given(st.text(max_size=20), st.sampled_from(KINDS), st.booleans())
def test_any_text_is_read_or_refused_in_words(text: str, kind: str, comma: bool) -> None:
    for parse in (
        lambda: parse_expectation(kind, text, comma=comma),  # type: ignore[arg-type]
        lambda: parse_changes(text, comma=comma),
        lambda: parse_conditions(text),
        lambda: parse_number(text, comma=comma),
    ):
        with contextlib.suppress(DefinitionError):  # and nothing else
            parse()


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("minimum", "late", Label("late")),
        ("minimum", "30 +- 10", Near(30, 10)),
        ("minimum", "30% +/- 5%", Near(0.3, 0.05)),
        ("minimum", "≤ 5", Bound("<=", 5)),
        ("invariance", "Same", Same()),
        ("invariance", "same ± 0.01", Same(0.01)),
        ("directional", "UP > 5%", Moves("up", 0.05)),
        ("directional", "down>=0", Moves("down", 0, or_just=True)),
    ],
)
def test_people_write_as_they_like(kind: str, text: str, expected: object) -> None:
    assert parse_expectation(kind, text) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("minimum", "", "nothing is expected"),
        ("minimum", "< much", "holds no number"),
        ("minimum", "30±", "holds no number"),
        ("minimum", "3±-1", "below zero"),
        ("minimum", "0,3±1", "decimal point"),
        ("invariance", "up", "same, or same±0.01"),
        ("directional", "same", "up, down"),
        ("directional", "up>-1", "below zero"),
        ("directional", "up>1e999", "too large"),
    ],
)
def test_what_is_no_expectation_is_told(kind: str, text: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_expectation(kind, text)  # type: ignore[arg-type]
    assert told in str(caught.value)


def test_changes_set_or_compute() -> None:
    assert parse_changes('rain=+0.5; carrier=UA;wind = *1.1\ntemp==-5; "a;b"="x ""y"""') == (
        Change("rain", "+", "0.5"),
        Change("carrier", "=", "UA"),
        Change("wind", "*", "1.1"),
        Change("temp", "=", "-5"),
        Change("a;b", "=", 'x "y"'),
    )
    assert parse_changes("rain=+0,5", comma=True)[0].number == 0.5
    for wrong in ("rain", "rain=", "=5", "rain>5", "carrier=+UA", "a=1; a=2", 'a="x'):
        with pytest.raises(DefinitionError):
            parse_changes(wrong)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Field("a", "number", "float64"), "1.5", 1.5),
        (Field("a", "number", "float64", missing=True), "<missing>", None),
        (Field("a", "integer", "int8"), "7", 7),
        (Field("a", "boolean", "bool"), "Yes", True),
        (Field("a", "text", "object"), "NO", "NO"),
        (Field("a", "category", "category", categories=(1, 2)), "2", 2),
        (
            Field("a", "time", "datetime64[us]"),
            "2013-03-01T06:30+01:00",
            "2013-03-01T05:30:00.000000",
        ),
    ],
)
def test_text_becomes_a_value_of_its_column(field: Field, text: str, expected: object) -> None:
    assert value_of(field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        (Field("a", "number", "float64"), "1,5", "decimal point"),
        (Field("a", "number", "float64"), "<missing>", "it never was in the reference"),
        (Field("a", "integer", "int8"), "1.5", "whole numbers, and not 1.5"),
        (Field("a", "integer", "int8"), "300", "cannot hold 300"),
        (Field("a", "boolean", "bool"), "maybe", "neither true nor false"),
        (Field("a", "category", "category", categories=("JFK", "LGA")), "JKF", "'JFK'"),
        (Field("a", "time", "datetime64[us]"), "noon", "is no time"),
    ],
)
def test_what_a_column_cannot_hold_is_told(field: Field, text: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        value_of(field, text)
    assert told in str(caught.value)


@pytest.mark.parametrize("dtype", ["uint8", "UInt8"])
def test_no_number_comes_out_at_the_other_end_of_its_range(dtype: str) -> None:
    table = pd.DataFrame({"hour": pd.Series([3, 7], dtype=dtype)})
    fields = {"hour": Field("hour", "integer", dtype)}
    assert changed(table, parse_changes("hour=*36.4"), fields)["hour"].tolist() == [109, 255]
    for text in ("hour=-4", "hour=+249", "hour=*100", "hour=+1e30"):
        with pytest.raises(ModelError, match=f"'hour' is of {dtype}, which cannot hold"):
            changed(table, parse_changes(text), fields)
