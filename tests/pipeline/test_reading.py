"""Text from the command line as parameters: ``-p name=value``."""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parameter_types import (
    Color,
    Level,
    Model,
    Point,
    Positive,
    Row,
    Settings,
    Strict,
    UserId,
)

from windlass.errors import ParameterError
from windlass.pipeline.parameters import parse
from windlass.pipeline.samples import as_text, sample

LAWS = settings(deadline=None)
DAY = dt.date(2024, 1, 31)


class Off(enum.IntEnum):
    NOTHING = 0
    SOMETHING = 1


READ: list[tuple[Any, str, Any]] = [
    (int, "500", 500),
    (Off, "nothing", Off.NOTHING),
    (Off, "0", Off.NOTHING),
    (int, " -3 ", -3),
    (int, "1_000", 1000),
    (int, "1e6", 1_000_000),
    (float, "0.5", 0.5),
    (float, "3", 3.0),
    (float, "inf", math.inf),
    (complex, "1+2j", 1 + 2j),
    *((bool, text, True) for text in ("true", "True", "yes", "on", "1")),
    *((bool, text, False) for text in ("false", "NO", "off", "0")),
    (str, "500", "500"),
    (str, " a,b=c ", " a,b=c "),
    (str, "", ""),
    (bytes, "a", b"a"),
    (None, "none", None),
    (UserId, "3", 3),
    (Positive, "3", 3),
    (Color, "r", Color.RED),
    (Color, "RED", Color.RED),
    (Color, "blue", Color.BLUE),
    (Level, "2", Level.HIGH),
    (Level, "high", Level.HIGH),
    (Literal["a", "b"], "b", "b"),
    (Literal[1, 2], "2", 2),
    (Literal[True, None], "yes", True),
    (Literal[True, None], "none", None),
    (Literal[Color.RED], "RED", Color.RED),
    (dt.date, "2024-01-31", DAY),
    (dt.datetime, "2024-01-31T12:00", dt.datetime(2024, 1, 31, 12)),
    (dt.timedelta, "15m", dt.timedelta(minutes=15)),
    (Path, "data/a b.csv", Path("data/a b.csv")),
    (Decimal, "1.50", Decimal("1.50")),
    (Any, "500", 500),
    (Any, "text", "text"),
    (Any, "[1]", [1]),
    (int | None, "3", 3),
    *((int | None, text, None) for text in ("none", "null", "None", "")),
    (str | None, "none", "none"),
    (str | None, "a", "a"),
    (Path | None, "none", None),
    (str | int, "5", 5),
    (str | int, "five", "five"),
    (float | int, "5", 5),
    (float | int, "5.5", 5.5),
    (bool | int, "1", 1),
    (bool | int, "true", True),
    (str | dt.date, "2024-01-31", DAY),
    (Path | dt.date, "2024-01-31", DAY),
    (list[int] | int, "5", 5),
    (list[int] | int, "5,6", [5, 6]),
    (list[str] | str, "a", "a"),
    (list[str] | str, "a,b", ["a", "b"]),
    (list[int] | str, "a,b", "a,b"),
    (Settings | str, "name", "name"),
    (list[int], "4,6,8", [4, 6, 8]),
    (list[int], "[4,6,8]", [4, 6, 8]),
    (list[int], "4", [4]),
    (list[int], "", []),
    (list[str], "a, b", ["a", "b"]),
    (list[str], '["a,b"]', ["a,b"]),
    (list[dt.date], "2024-01-31", [DAY]),
    (list[Color], "RED,b", [Color.RED, Color.BLUE]),
    (list[int | None], "1,none", [1, None]),
    (list[Positive], "1,2", [1, 2]),
    (list, "1,a", [1, "a"]),
    (Sequence[float], "1,2", [1.0, 2.0]),
    (set[int], "1,1", {1}),
    (tuple[int, str], "1,2", (1, "2")),
    (tuple[float, ...], "1,2", (1.0, 2.0)),
    (list[list[int]], "[[1],[2]]", [[1], [2]]),
    (list[Path], "a,b", [Path("a"), Path("b")]),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (dict[int, float], '{"1": 2}', {1: 2.0}),
    (dict[dt.date, dict[int, str]], '{"2024-01-31": {"1": "a"}}', {DAY: {1: "a"}}),
    (dict, '{"1": 2}', {"1": 2}),
    (Mapping[Color, int], '{"RED": 1}', {Color.RED: 1}),
    (Settings, '{"depth": 3, "since": "2024-01-31"}', Settings(3, since=DAY)),
    (Point, "[1, 2]", Point(1, 2.0)),
    (Point, '{"x": 1}', Point(1)),
    (Row, '{"a": 1}', {"a": 1}),
    (Model, '{"depth": 3, "since": "2024-01-31"}', Model(depth=3, since=DAY)),
    (Strict, '{"since": "2024-01-31"}', Strict(since=DAY)),
    (list[Settings], '[{"depth": 3}]', [Settings(3)]),
]

REFUSED: list[tuple[Any, str, str]] = [
    (int, "abc", "x is the text 'abc', not an int"),
    (int, "1.5", "x is the text '1.5', not an int"),
    (int, "inf", "x is the text 'inf', not an int"),
    (int, "", "x is the text '', not an int"),
    (int, "true", "x is the text 'true', not an int"),
    (float, "1,5", "x is the text '1,5', not a float"),
    (bool, "maybe", "x is the text 'maybe', not a bool"),
    (bool, "2", "x is the text '2', not a bool"),
    (None, "0", "x is the text '0', not None"),
    (Color, "green", "x is the text 'green', not one of RED, BLUE"),
    (Literal["a", "b"], "c", "x is the text 'c', not 'a' or 'b'"),
    (dt.date, "tomorrow", "x is the text 'tomorrow', not a date such as 2024-01-31"),
    (int | None, "abc", "x is the text 'abc', not an int or None"),
    (int | bool, "abc", "x is the text 'abc', not an int or a bool"),
    (Positive, "0", "x is 0, which should be greater than 0"),
    (Positive, "a", "x is the text 'a', not an int"),
    (list[int], "4,x", "item 1 of x is the text 'x', not an int"),
    (list[int], "4,,6", "item 1 of x is the text '', not an int"),
    (list[int], '["4"]', "item 0 of x is the text '4', not an int"),
    (list[int], "[4,", "x is the text '[4,', which is not JSON: expecting value at character 4"),
    (list[list[int]], "1,2", "x is the text '1,2', which is not JSON: extra data at character 2"),
    (tuple[int, int], "1", "x has 1 items, not 2"),
    (tuple[int, int], "[1]", "x has 1 items, not 2"),
    (dict[int, int], '{"a": 1}', "the key 'a' of x is the text 'a', not an int"),
    (dict[str, int], '{"a": "b"}', "the value at 'a' of x is the text 'b', not an int"),
    (dict[str, int], "a=1",
     "x is the text 'a=1', which is not JSON: expecting value at character 1"),
    (dict[str, int], "[1]", "x is the list [1], not a dict[str, int]"),
    (Settings, '{"dept": 3}', "x has no field 'dept'; did you mean 'depth'?"),
    (Model, '{"depth": 0}', "field 'depth' of x is 0, which should be greater than 0"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "text", "value"), READ)
def test_read(annotation: Any, text: str, value: Any) -> None:
    found = parse("x", annotation, text)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("annotation", "text", "message"), REFUSED)
def test_refused(annotation: Any, text: str, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse("x", annotation, text)

    assert caught.value.message.replace("the parameter 'x'", "x") == message


def test_json_that_is_too_deep() -> None:
    with pytest.raises(ParameterError, match="which is not JSON: too deep"):
        parse("x", list[int], "[" * 100_000)


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [
        (int, "It takes int, such as -p x=4"),
        (list[int], "It takes list[int], such as -p x=4,6,8"),
        (tuple[dt.date, int], "It takes tuple[date, int], such as -p x=2024-01-31,4"),
        (bool | None, "It takes bool | None, such as -p x=true"),
        (Settings, "It takes Settings, such as -p x='{\"depth\": 4}'"),
        (list[list[int]], "It takes list[list[int]], such as -p x='[[4, 6, 8]]'"),
    ],
)
def test_the_hint_gives_an_example(annotation: Any, hint: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse("x", annotation, "\0{")

    assert caught.value.hint == hint


SCALARS: list[Any] = [int, float, bool, dt.date, dt.datetime, dt.timedelta, dt.time, Color, Level]
kinds: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*SCALARS, Settings, Point, Row, Literal["a", "b"], UserId]),
    lambda inner: inner.flatmap(
        lambda kind: st.sampled_from(
            [list[kind], set[Color], tuple[kind, int], dict[str, kind], kind | None]  # type: ignore[valid-type]
        )
    ),
    max_leaves=3,
)


@LAWS
@given(kinds)
def test_every_example_is_taken(annotation: Any) -> None:
    example = as_text(sample(annotation))

    parse("x", annotation, example.removeprefix("'").removesuffix("'"))


@LAWS
@given(st.integers() | st.floats(allow_nan=False) | st.dates() | st.datetimes() | st.booleans())
def test_what_str_writes_is_read(value: Any) -> None:
    assert parse("x", type(value), str(value)) == value


@LAWS
@given(st.lists(st.integers()))
def test_lists_are_read_with_commas_and_as_json(value: list[int]) -> None:
    assert parse("x", list[int], ",".join(map(str, value))) == value
    assert parse("x", list[int], str(value)) == value


@LAWS
@given(st.text())
def test_text_stays_as_it_is(value: str) -> None:
    assert parse("x", str, value) == value
    assert parse("x", str | None, value) == value
