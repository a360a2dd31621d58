"""Tables of polars against pandera's schemas."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_checks.looking import breaches, evidence, failed, lines, passed


class Flights(pa.DataFrameModel):
    departure: float = pa.Field(ge=0)
    carrier: str


def schema(*checks: Any, **kwargs: Any) -> Any:
    """Of one column of whole numbers."""
    return pa.DataFrameSchema({"x": pa.Column(int, list(checks), **kwargs)}, name="Numbers")


def numbers(*values: Any) -> pl.DataFrame:
    return pl.DataFrame({"x": list(values)})


def test_a_report_tells_column_rule_count_and_rows() -> None:
    table = pl.DataFrame({"departure": [1.0, -4.0, -1.0], "carrier": ["UA", "B6", None]})
    told = failed(Annotated[pl.DataFrame, Flights], table)
    assert told.message == (
        "load → output breaks Flights:\n"
        "  departure  greater_than_or_equal_to(0)  2 of 3 rows: 1: -4.0, 2: -1.0\n"
        "  carrier    not null                     1 of 3 rows: 2"
    )
    assert told.checks[0]["library"] == "polars"


@pytest.mark.parametrize(
    ("made", "table", "told"),
    [
        (schema(), pl.DataFrame({"y": [1]}), ["x required there is no such column"]),
        (
            pa.DataFrameSchema({"x": pa.Column(int)}, strict=True),
            pl.DataFrame({"x": [1], "y": [1]}),
            ["y no other columns the schema does not know it"],
        ),
        (schema(), numbers("a"), ["x of type Int64 it is String"]),
        (schema(unique=True), numbers(1, 2, 1), ["x unique 2 of 3 rows: 0: 1, 2: 1"]),
        (
            schema(coerce=True),
            numbers("1", "a"),
            ["x coerced to Int64 1 of 2 rows: 1: 'a'; it is String"],
        ),
        (
            pa.DataFrameSchema({"x": pa.Column(int), "y": pa.Column(int)}, unique=["x", "y"]),
            pl.DataFrame({"x": [1, 2, 1], "y": [5, 5, 5]}),
            ["x, y unique together 2 of 3 rows: 0: x=1, y=5, 2: x=1, y=5"],
        ),
        (
            schema(pa.Check(lambda data: False, name="never")),
            numbers(1),
            ["x never it does not hold"],
        ),
        (
            pa.DataFrameSchema(
                checks=pa.Check(
                    lambda data: data.lazyframe.select(pl.col("x") < pl.col("y")), name="in order"
                )
            ),
            pl.DataFrame({"x": [1, 2], "y": [2, 1]}),
            ["in order 1 of 2 rows: 1: x=2, y=1"],
        ),
    ],
)
def test_each_kind_of_rule_is_told(made: Any, table: pl.DataFrame, told: list[str]) -> None:
    assert lines(Annotated[pl.DataFrame, made], table) == told


def test_a_check_that_raises_is_an_error_of_the_schema() -> None:
    def broken(data: Any) -> bool:
        raise KeyError("nothing")

    told = failed(Annotated[pl.DataFrame, schema(pa.Check(broken))], numbers(1))
    assert told.checks[0]["verdict"] == "error"
    assert 'broken  it could not be made: KeyError("nothing")' in told.message


def test_what_a_schema_makes_of_a_table_goes_on() -> None:
    found = passed(Annotated[pl.DataFrame, schema(coerce=True)], numbers("1", "2"))
    assert found.equals(numbers(1, 2))
    table = numbers(1)
    assert passed(Annotated[pl.DataFrame, schema()], table) is table


def test_a_lazy_frame_is_checked_by_its_data_and_stays_lazy() -> None:
    kind = Annotated[pl.LazyFrame, schema(pa.Check.ge(0))]
    assert lines(kind, numbers(1, -1).lazy()) == ["x greater_than_or_equal_to(0) 1 row: 1: -1"]
    found = passed(kind, numbers(1).lazy())
    assert isinstance(found, pl.LazyFrame)
    assert found.collect().equals(numbers(1))


def test_an_empty_table_passes() -> None:
    (told,) = evidence(Annotated[pl.DataFrame, schema(pa.Check.ge(0))], numbers().cast(pl.Int64))
    assert (told["verdict"], told["rows"]) == ("pass", 0)


def test_many_bad_rows_are_counted_and_few_of_them_kept() -> None:
    table = pl.DataFrame({f"c{n}": range(-200_000, 0) for n in range(5)})
    above = pa.Check(lambda data: data.lazyframe.select(pl.col("c0") > 0), name="above")
    made = pa.DataFrameSchema({"c0": pa.Column(int, pa.Check.ge(0))}, checks=above)
    told = failed(Annotated[pl.DataFrame, made], table)
    assert [each["rows"] for each in told.checks[0]["breaches"]] == [200_000] * 2
    assert len(json.dumps(told.checks)) < 10_000


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=20),
    st.integers(-5, 5),
)
def test_the_rows_that_are_told_are_those_that_break_the_rule(values: Any, low: int) -> None:
    made = pa.DataFrameSchema({"x": pa.Column(pl.Int64, pa.Check.ge(low))})
    table = pl.DataFrame({"x": values}, schema={"x": pl.Int64})
    below = [place for place, value in enumerate(values) if value is not None and value < low]
    null = [place for place, value in enumerate(values) if value is None]
    if not below and not null:
        assert passed(Annotated[pl.DataFrame, made], table) is table
        return
    found = {each["rule"]: each for each in breaches(Annotated[pl.DataFrame, made], table)}
    expected = {f"greater_than_or_equal_to({low})": below, "not null": null}
    for rule, rows in expected.items():
        assert found.get(rule, {"rows": 0})["rows"] == len(rows)
    for rule, each in found.items():
        assert [row for row, _ in each["examples"]] == [str(row) for row in expected[rule][:10]]
