"""Tables of pandas against pandera's schemas: what is told of those that break them."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_checks.looking import breaches, evidence, failed, lines, passed
from windlass.execution.data_checks.breaches import value_text


class Flights(pa.DataFrameModel):
    departure: float = pa.Field(ge=0)
    carrier: str


def flights(**columns: Any) -> pd.DataFrame:
    rows = {"departure": [1.0, -4.0, 3.0, -1.0], "carrier": ["UA", "B6", None, "AA"]}
    return pd.DataFrame({**rows, **columns})


def schema(*checks: Any, **kwargs: Any) -> Any:
    """Of one column of whole numbers."""
    return pa.DataFrameSchema({"x": pa.Column(int, list(checks), **kwargs)}, name="Numbers")


def numbers(*values: Any, **kwargs: Any) -> pd.DataFrame:
    return pd.DataFrame({"x": list(values)}, **kwargs)


def test_a_report_tells_column_rule_count_and_rows() -> None:
    told = failed(Annotated[pd.DataFrame, Flights], flights())
    assert told.message == (
        "load → output breaks Flights:\n"
        "  departure  greater_than_or_equal_to(0)  2 of 4 rows: 1: -4.0, 3: -1.0\n"
        "  carrier    not null                     1 of 4 rows: 2"
    )
    assert told.hint is not None
    (check,) = told.checks
    assert check["verdict"] == "fail"
    assert (check["check"], check["kind"], check["library"]) == ("Flights", "schema", "pandas")
    assert (check["border"], check["at"], check["values"], check["rows"]) == (
        *("output", "output", 1, 4),
    )
    assert check["breaches"][0] == {
        "rule": "greater_than_or_equal_to(0)",
        "column": "departure",
        "rows": 2,
        "examples": [["1", "-4.0"], ["3", "-1.0"]],
        "note": "",
        "error": False,
        "at": "output",
    }


def test_a_table_that_passes_leaves_its_evidence() -> None:
    table = flights().assign(departure=0.0, carrier="UA")
    assert passed(Annotated[pd.DataFrame, Flights], table) is table
    (told,) = evidence(Annotated[pd.DataFrame, Flights], table)
    assert (told["verdict"], told["rows"], told["breaches"]) == ("pass", 4, [])


@pytest.mark.parametrize(
    ("made", "table", "told"),
    [
        (schema(), pd.DataFrame({"y": [1]}), ["x required there is no such column"]),
        (
            pa.DataFrameSchema({"x": pa.Column(int)}, strict=True),
            pd.DataFrame({"x": [1], "y": [1]}),
            ["y no other columns the schema does not know it"],
        ),
        (
            pa.DataFrameSchema({"x": pa.Column(int), "y": pa.Column(int)}, ordered=True),
            pd.DataFrame({"y": [1], "x": [1]}),
            [f"{name} in the schema's order it stands elsewhere" for name in "yx"],
        ),
        (schema(), numbers("a"), ["x of type int64 1 of 1 row: 0: 'a'; it is str"]),
        (schema(unique=True), numbers(1, 2, 1), ["x unique 2 of 3 rows: 0: 1, 2: 1"]),
        (
            schema(coerce=True),
            numbers("1", "a"),
            ["x coerced to int64 1 of 2 rows: 1: 'a'; it is str"],
        ),
        (
            pa.DataFrameSchema({"x": pa.Column(int), "y": pa.Column(int)}, unique=["x", "y"]),
            pd.DataFrame({"x": [1, 2, 1], "y": [5, 5, 5]}),
            ["x, y unique together 2 of 3 rows: 0: x=1, y=5, 2: x=1, y=5"],
        ),
        (
            schema(pa.Check(lambda s: s.mean() < 0, name="mean below zero")),
            numbers(1),
            ["x mean below zero it does not hold"],
        ),
        (
            schema(pa.Check(lambda s: s < 2, error="must be small")),
            numbers(1, 2),
            ["x must be small 1 of 2 rows: 1: 2"],
        ),
        (
            schema(pa.Check(lambda x: x < 2, element_wise=True, name="small")),
            numbers(1, 2),
            ["x small 1 of 2 rows: 1: 2"],
        ),
        (
            pa.DataFrameSchema(checks=pa.Check(lambda t: t["x"] < t["y"], name="in order")),
            pd.DataFrame({"x": [1, 2], "y": [2, 1]}, index=["one", "two"]),
            ["in order 1 of 2 rows: two: x=2, y=1"],
        ),
        (
            pa.DataFrameSchema(checks=pa.Check(lambda t: t > 1, name="all large")),
            pd.DataFrame({"x": [1, 2], "y": [2, 2]}),
            ["all large 1 of 2 rows: 0: x=1, y=2"],
        ),
        (
            pa.DataFrameSchema(checks=pa.Check(lambda t: len(t) > 9, name="many rows")),
            numbers(1),
            ["many rows it does not hold"],
        ),
        (
            pa.DataFrameSchema({"x": pa.Column(int)}, index=pa.Index(int, pa.Check.ge(0))),
            numbers(1, 2, index=[0, -1]),
            ["Index greater_than_or_equal_to(0) 1 of 2 rows: -1: -1"],
        ),
        (
            pa.DataFrameSchema({"x.*": pa.Column(int, pa.Check.ge(0), regex=True)}),
            pd.DataFrame({"x1": [-1], "x2": [1]}),
            ["x1 greater_than_or_equal_to(0) 1 of 1 row: 0: -1"],
        ),
    ],
)
def test_each_kind_of_rule_is_told(made: Any, table: pd.DataFrame, told: list[str]) -> None:
    assert lines(Annotated[pd.DataFrame, made], table) == told


def test_levels_of_an_index_are_told_by_their_names() -> None:
    levels = pa.MultiIndex([pa.Index(int, pa.Check.ge(0), name="i"), pa.Index(str, name="j")])
    made = pa.DataFrameSchema({"x": pa.Column(int, pa.Check.ge(0))}, index=levels)
    index = pd.MultiIndex.from_tuples([(0, "p"), (-1, "q")], names=["i", "j"])
    found = lines(Annotated[pd.DataFrame, made], numbers(-5, 1, index=index))
    assert "x greater_than_or_equal_to(0) 1 of 2 rows: (0, 'p'): -5" in found
    assert "i greater_than_or_equal_to(0) 1 of 2 rows: (-1, 'q'): -1" in found


def test_a_column_of_another_type_is_told_once_and_not_what_follows() -> None:
    made = schema(pa.Check.ge(0), coerce=True)
    assert len(lines(Annotated[pd.DataFrame, made], numbers("a", "b"))) == 1
    assert len(lines(Annotated[pd.DataFrame, schema(pa.Check.ge(0))], numbers("a"))) == 1


def test_a_series_has_a_schema_too() -> None:
    made = pa.SeriesSchema(int, pa.Check.ge(0), name="x")
    told = lines(Annotated[pd.Series, made], pd.Series([1, -1], name="x"))
    assert told == ["x greater_than_or_equal_to(0) 1 of 2 rows: 1: -1"]


def test_a_check_that_raises_is_an_error_of_the_schema_and_no_verdict_on_the_data() -> None:
    def broken(column: pd.Series[int]) -> bool:
        raise KeyError("nothing")

    told = failed(Annotated[pd.DataFrame, schema(pa.Check(broken))], numbers(1))
    assert "cannot be checked by Numbers" in told.message
    assert 'broken  it could not be made: KeyError("nothing")' in told.message
    assert told.checks[0]["verdict"] == "error"
    both = failed(Annotated[pd.DataFrame, schema(pa.Check(broken), pa.Check.ge(5))], numbers(1))
    assert "breaks Numbers" in both.message
    assert [each["error"] for each in both.checks[0]["breaches"]] == [True, False]
    assert both.checks[0]["verdict"] == "fail"


def test_a_statistical_hypothesis_is_a_rule_of_the_whole() -> None:
    near_zero = pa.Hypothesis.one_sample_ttest(popmean=0, alpha=0.01)
    kind = Annotated[pd.DataFrame, schema(near_zero)]
    assert len(passed(kind, numbers(-1, 0, 1))) == 3
    (line,) = lines(kind, numbers(99, 100, 101))
    assert line.startswith("x ")
    assert line.endswith("it does not hold")


def test_a_long_rule_is_cut_in_the_report() -> None:
    made = schema(pa.Check.isin(range(1, 5_000)))
    assert len(failed(Annotated[pd.DataFrame, made], numbers(0)).message) < 300


def test_a_parser_that_raises_is_an_error_too() -> None:
    made = pa.DataFrameSchema(parsers=pa.Parser(lambda table: table["nothing"]))
    told = failed(Annotated[pd.DataFrame, made], numbers(1))
    assert told.checks[0]["verdict"] == "error"
    assert "KeyError" in told.message


@pytest.mark.parametrize(
    ("made", "after"),
    [
        (schema(coerce=True), numbers(1, 2)),
        (
            pa.DataFrameSchema({"x": pa.Column(str)}, parsers=pa.Parser(lambda t: t[t.x > "1"])),
            numbers("2", index=[1]),
        ),
        (
            pa.DataFrameSchema({"y": pa.Column(int, default=3)}, add_missing_columns=True),
            pd.DataFrame({"x": ["1", "2"], "y": [3, 3]}),
        ),
        (pa.DataFrameSchema({}, strict="filter"), pd.DataFrame(index=range(2))),
        (
            pa.DataFrameSchema({"x": pa.Column(str, pa.Check.eq("2"))}, drop_invalid_rows=True),
            numbers("2", index=[1]),
        ),
    ],
)
def test_what_a_schema_makes_of_a_table_goes_on(made: Any, after: pd.DataFrame) -> None:
    table = numbers("1", "2")
    found = passed(Annotated[pd.DataFrame, made], table)
    assert found.shape == after.shape
    assert found.to_dict("list") == after.to_dict("list")
    assert table.to_dict("list") == {"x": ["1", "2"]}


def test_a_check_that_changes_its_table_changes_no_other() -> None:
    def meddling(table: pd.DataFrame) -> bool:
        table["x"] = 0
        table.loc[:, "y"] = 1
        return True

    table = numbers(1, 2)
    made = pa.DataFrameSchema({"x": pa.Column(int)}, checks=pa.Check(meddling))
    assert passed(Annotated[pd.DataFrame, made], table) is table
    assert table.to_dict("list") == {"x": [1, 2]}


def test_an_empty_table_passes_and_lacks_what_it_lacks() -> None:
    assert len(passed(Annotated[pd.DataFrame, schema(pa.Check.ge(0))], numbers().astype(int))) == 0
    assert lines(Annotated[pd.DataFrame, schema()], pd.DataFrame()) == [
        "x required there is no such column"
    ]


@pytest.mark.parametrize("name", ["Länge 长度", "a\nb", "", 3, ("a", "b"), "x" * 500, "\x1b[31m"])
def test_a_name_may_be_anything(name: Any) -> None:
    made = pa.DataFrameSchema({name: pa.Column(int, pa.Check.ge(0))})
    table = pd.DataFrame({name: [-1]})
    if isinstance(name, tuple):
        table.columns = pd.MultiIndex.from_tuples([name])
    (line,) = lines(Annotated[pd.DataFrame, made], table)
    assert line.isprintable()
    assert "1 of 1 row: 0: -1" in line
    assert len(line) < 200


def test_values_may_be_anything() -> None:
    made = pa.DataFrameSchema({"x": pa.Column(object, pa.Check(lambda s: s.isna()))})
    values = ["long" * 99, "\x00\x1b[31m", float("inf"), pd.Timestamp("2013"), b"\xff"]
    found = breaches(Annotated[pd.DataFrame, made], pd.DataFrame({"x": values}, dtype=object))
    examples = [value for _, value in found[0]["examples"]]
    assert all(text.isprintable() and len(text) <= 60 for text in examples)
    assert examples[1:] == [
        *(r"'\x00\x1b[31m'", "inf", "2013-01-01 00:00:00", r"b'\xff'"),
    ]
    json.dumps(found).encode()


def test_a_value_without_a_text_is_told_by_its_class() -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError

    assert value_text(Unprintable()) == "a Unprintable"
    assert value_text("\udc80") == r"'\udc80'"


def test_a_million_bad_rows_are_counted_and_few_of_them_kept() -> None:
    table = pd.DataFrame({f"c{n}": np.arange(-1_000_000, 0) for n in range(5)})
    columns = {"c0": pa.Column(int, pa.Check.ge(0))}
    made = pa.DataFrameSchema(columns, checks=pa.Check(lambda t: t["c0"] > 0, name="above"))
    started = time.monotonic()
    told = failed(Annotated[pd.DataFrame, made], table)
    assert time.monotonic() - started < 30
    assert len(told.message) < 1_000
    assert len(json.dumps(told.checks)) < 10_000
    assert [each["rows"] for each in told.checks[0]["breaches"]] == [1_000_000] * 2
    assert all(check.n_failure_cases is None for check in made.checks)


def test_more_rules_than_a_page_are_counted() -> None:
    made = pa.DataFrameSchema({f"c{n}": pa.Column(int) for n in range(70)})
    told = failed(Annotated[pd.DataFrame, made], pd.DataFrame({"x": [1]}))
    assert len(told.message.splitlines()) == 22
    assert told.message.endswith("… and 50 more")
    assert (len(told.checks[0]["breaches"]), told.checks[0]["more"]) == (50, 20)


def test_what_pandera_is_told_to_leave_out_is_not_left_out() -> None:
    from pandera.config import ValidationDepth, config_context

    with config_context(validation_enabled=False):
        failed(Annotated[pd.DataFrame, schema(pa.Check.ge(0))], numbers(-1))
    with config_context(validation_depth=ValidationDepth.SCHEMA_ONLY):
        failed(Annotated[pd.DataFrame, schema(pa.Check.ge(0))], numbers(-1))


def test_each_table_of_a_list_is_told_by_its_place() -> None:
    kind = list[Annotated[pd.DataFrame, schema(pa.Check.ge(0))]]
    told = failed(kind, [numbers(1), numbers(-1), numbers(2, -2)])
    assert "output[1] breaks Numbers" in told.message
    assert "output[2] breaks Numbers" in told.message
    (check,) = told.checks
    assert (check["values"], check["rows"]) == (3, 4)
    assert [each["at"] for each in check["breaches"]] == ["output[1]", "output[2]"]


def test_a_table_where_anything_may_stand_must_be_one() -> None:
    assert lines(Annotated[Any, schema()], [1]) == ["a table of pandas it is a list"]
    assert passed(Annotated[pd.DataFrame | None, schema()], None) is None


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=20),
    st.integers(-5, 5),
)
def test_the_rows_that_are_told_are_those_that_break_the_rule(values: Any, low: int) -> None:
    made = pa.DataFrameSchema({"x": pa.Column(float, pa.Check.ge(low), nullable=False)})
    table = pd.DataFrame({"x": pd.array(values, dtype="float64")})
    below = [place for place, value in enumerate(values) if value is not None and value < low]
    null = [place for place, value in enumerate(values) if value is None]
    if not below and not null:
        assert passed(Annotated[pd.DataFrame, made], table) is table
        return
    found = {each["rule"]: each for each in breaches(Annotated[pd.DataFrame, made], table)}
    expected = {f"greater_than_or_equal_to({low})": below, "not null": null}
    assert {rule: each["rows"] for rule, each in found.items()} == {
        rule: len(rows) for rule, rows in expected.items() if rows
    }
    for rule, each in found.items():
        assert [row for row, _ in each["examples"]] == [str(row) for row in expected[rule][:10]]
