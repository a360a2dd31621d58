"""Python values as parameters: what is taken, what it becomes, what is refused and how."""

from __future__ import annotations

import datetime as dt
import pathlib
import subprocess
import sys
import textwrap
import zoneinfo
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parameter_types import (
    Bounds,
    Checked,
    Color,
    Level,
    Listed,
    Model,
    Opaque,
    Point,
    Positive,
    Row,
    Settings,
    Short,
    Strict,
    Told,
    UserId,
)

from windlass.errors import ParameterError
from windlass.pipeline.parameters import coerce

LAWS = settings(deadline=None)
DAY = dt.date(2024, 1, 31)
NOON = dt.datetime(2024, 1, 31, 12)
ZONED = dt.datetime(2024, 1, 31, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Zurich"), fold=1)
OPAQUE = Opaque()
SETTINGS = Settings(3)
MODEL = Model(depth=3)

TAKEN: list[tuple[Any, Any, Any]] = [
    (int, 3, 3),
    (int, 3.0, 3),
    (int, np.int64(3), 3),
    (int, Level.LOW, 1),
    (float, 3, 3.0),
    (float, np.float32(0.5), 0.5),
    (complex, 1, 1 + 0j),
    (bool, True, True),
    (bool, np.True_, True),
    (str, "3", "3"),
    (str, np.str_("a"), "a"),
    (bytes, bytearray(b"a"), b"a"),
    (None, None, None),
    (Any, OPAQUE, OPAQUE),
    (object, OPAQUE, OPAQUE),
    ("Missing", OPAQUE, OPAQUE),
    (UserId, 3, 3),
    (Told, 3, 3),
    (Color, Color.RED, Color.RED),
    (Color, "r", Color.RED),
    (Color, "RED", Color.RED),
    (Level, 1, Level.LOW),
    (Literal["a", 1], "a", "a"),
    (Literal[Color.RED], "r", Color.RED),
    (dt.date, DAY, DAY),
    (dt.date, "2024-01-31", DAY),
    (dt.date, pd.Timestamp("2024-01-31"), DAY),
    (dt.datetime, "2024-01-31T12:00", NOON),
    (dt.datetime, DAY, dt.datetime(2024, 1, 31)),
    (dt.datetime, ZONED, ZONED),
    (dt.datetime, pd.Timestamp("2024-01-31T12:00"), NOON),
    (dt.time, "12:30", dt.time(12, 30)),
    (dt.timedelta, "90s", dt.timedelta(seconds=90)),
    (dt.timedelta, "1.5 h", dt.timedelta(minutes=90)),
    (dt.timedelta, "1:30:15", dt.timedelta(hours=1, minutes=30, seconds=15)),
    (dt.timedelta, "2d", dt.timedelta(days=2)),
    (dt.timedelta, "90", dt.timedelta(seconds=90)),
    (dt.timedelta, "P1DT2H", dt.timedelta(days=1, hours=2)),
    (dt.timedelta, 90, dt.timedelta(seconds=90)),
    (dt.timedelta, pd.Timedelta("1h"), dt.timedelta(hours=1)),
    (Path, "a/b", Path("a/b")),
    (pathlib.PurePosixPath, "a", pathlib.PurePosixPath("a")),
    (int | None, None, None),
    (int | None, 3, 3),
    (float | int, 3, 3),
    (int | float, 3, 3),
    (int | str, "3", "3"),
    (bool | int, 1, 1),
    (dt.date | str, "2024-01-31", "2024-01-31"),
    (dt.date | None, "2024-01-31", DAY),
    (list[str] | list[int], [1], [1]),
    (list[float], [1, 2.5], [1.0, 2.5]),
    (list[float], (1, 2), [1.0, 2.0]),
    (list[int], range(3), [0, 1, 2]),
    (list[int], {1: 2}.keys(), [1]),
    (list, [1, "a"], [1, "a"]),
    (tuple[int, str], [1, "a"], (1, "a")),
    (tuple[int, ...], [1, 2, 3], (1, 2, 3)),
    (tuple[()], [], ()),
    (set[int], [1, 2, 1], {1, 2}),
    (frozenset[int], {1}, frozenset({1})),
    (Sequence[float], [1], [1.0]),
    (Sequence[float], (1,), (1.0,)),
    (Collection[int], {1}, {1}),
    (Iterable[int], range(2), [0, 1]),
    (dict[str, float], {"a": 1}, {"a": 1.0}),
    (Mapping[str, dt.date], {"a": "2024-01-31"}, {"a": DAY}),
    (dict, {"a": 1}, {"a": 1}),
    (list[Color], ["r", Color.BLUE], [Color.RED, Color.BLUE]),
    (Point, Point(1, 2), Point(1, 2)),
    (Point, [1], Point(1, 0.0)),
    (Point, {"x": 1, "y": 2}, Point(1, 2.0)),
    (Row, {"a": 1.0}, {"a": 1}),
    (Settings, SETTINGS, SETTINGS),
    (Settings, {"depth": 3}, SETTINGS),
    (Settings, {"depth": 3, "since": "2024-01-31"}, Settings(3, since=DAY)),
    (Settings, {"depth": 1, "inner": {"depth": 2}}, Settings(1, inner=Settings(2))),
    (Model, MODEL, MODEL),
    (Model, {"depth": 3, "since": "2024-01-31"}, Model(depth=3, since=DAY)),
    (list[Model], [{"depth": 3}], [MODEL]),
    (Checked, {"depth": 3}, Checked(3)),
    (Positive, 3, 3),
    (list[Positive], [1, 2.0], [1, 2]),
    (Listed, 3, [3]),
    (Decimal, "1.5", Decimal("1.5")),
    (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
    (Opaque, OPAQUE, OPAQUE),
    (type[Exception], ValueError, ValueError),
    (Callable[[int], int], abs, abs),
]

REFUSED: list[tuple[Any, Any, str]] = [
    (int, "3", "x is the text '3', not an int"),
    (int, True, "x is True, not an int"),
    (int, 2.5, "x is 2.5, not an int"),
    (int, 1e300, "x is 1e+300, not an int"),
    (int, float("nan"), "x is nan, not an int"),
    (int, None, "x is None, not an int"),
    (int, pd.DataFrame(), "x is a DataFrame, not an int"),
    (float, "0.5", "x is the text '0.5', not a float"),
    (float, True, "x is True, not a float"),
    (float, 10**400, "x is too large for a float"),
    (complex, True, "x is True, not a complex"),
    (bool, 1, "x is 1, not a bool"),
    (bool, "true", "x is the text 'true', not a bool"),
    (str, 3, "x is 3, not a str"),
    (str, Path("a"), "x is a PosixPath, not a str"),
    (bytes, "a", "x is the text 'a', not a bytes"),
    (None, 3, "x is 3, not None"),
    (Color, "green", "x is the text 'green', not one of RED, BLUE"),
    (Level, True, "x is True, not one of LOW, HIGH"),
    (Literal["a", 1], True, "x is True, not 'a' or 1"),
    (dt.date, "31.1.2024", "x is the text '31.1.2024', not a date such as 2024-01-31"),
    (dt.date, 1706659200, "x is 1706659200, not a date"),
    (dt.date, NOON, "x is 2024-01-31 12:00:00, which has a time of day; a date has none"),
    (dt.timedelta, "soon", "x is the text 'soon', not a duration such as 90s, 15m, 2h or 1:30:00"),
    (dt.timedelta, True, "x is True, not a timedelta"),
    (dt.timedelta, 1e300, "x is 1e+300, which is no duration"),
    (dt.date, pd.NaT, "x is NaT, not a date"),
    (dt.datetime, pd.NaT, "x is NaT, not a datetime"),
    (dt.timedelta, pd.NaT, "x is NaT, not a timedelta"),
    (Path, "", "x is the text '', not a Path"),
    (Path, 3, "x is 3, not a Path"),
    (int | None, "3", "x is the text '3', not an int or None"),
    (int | Color, "green", "x is the text 'green', not an int or a Color"),
    (list[int] | None, [1, "a"], "item 1 of x is the text 'a', not an int"),
    (Positive | None, -1, "x is -1, which should be greater than 0"),
    (list[int], "1,2", "x is the text '1,2', not a list[int]"),
    (list[int], {1}, "x is the set {1}, not a list[int]"),
    (Sequence[str], "ab", "x is the text 'ab', not a Sequence[str]"),
    (list[int], [1, True], "item 1 of x is True, not an int"),
    (list[list[int]], [[1], [2, "a"]], "item 1 of item 1 of x is the text 'a', not an int"),
    (tuple[int, str], [1], "x has 1 items, not 2"),
    (set[Any], [[1]], "x is the list [[1]]: unhashable type: 'list'"),
    (dict[str, int], [1], "x is the list [1], not a dict[str, int]"),
    (dict[str, int], {1: 1}, "the key 1 of x is 1, not a str"),
    (dict[str, int], {"a": "b"}, "the value at 'a' of x is the text 'b', not an int"),
    (Point, [1, 2, 3], "x has 3 items, not 2"),
    (Point, {"z": 1}, "x has no field 'z'"),
    (Row, {"b": "a"}, "x lacks the field 'a'"),
    (Settings, {"dept": 3}, "x has no field 'dept'; did you mean 'depth'?"),
    (Settings, {}, "x lacks the field 'depth'"),
    (Settings, {"depth": "3"}, "field 'depth' of x is the text '3', not an int"),
    (Settings, {"depth": 1, "inner": {"depth": True}},
     "field 'depth' of field 'inner' of x is True, not an int"),
    (Settings, 3, "x is 3, not a Settings"),
    (Bounds, {"low": 2, "high": 1}, "x is the dict {'high': 1, 'low': 2}: low is above high"),
    (Model, {"depth": 0}, "field 'depth' of x is 0, which should be greater than 0"),
    (Model, {}, "x lacks the field 'depth'"),
    (Strict, {"since": "2024-01-31"},
     "field 'since' of x is the text '2024-01-31', which should be a valid date"),
    (Checked, {"depth": 0}, "field 'depth' of x is 0, which should be greater than 0"),
    (Short, "long", "x is the text 'long': string should have at most 3 characters"),
    (Positive, 0, "x is 0, which should be greater than 0"),
    (Positive, "1", "x is the text '1', not an int"),
    (list[Positive], [1, 0], "item 1 of x is 0, which should be greater than 0"),
    (Opaque, 3, "x is 3, not an Opaque"),
    (type[Exception], int, "x is a type, not a type[Exception]"),
    (Callable[[int], int], 3, "x is 3, not a Callable[[int], int]"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "value", "made"), TAKEN)
def test_taken(annotation: Any, value: Any, made: Any) -> None:
    found = coerce("x", annotation, value)

    assert found == made
    assert type(found) is type(made)


@pytest.mark.parametrize(("annotation", "value", "message"), REFUSED)
def test_refused(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        coerce("x", annotation, value)

    assert caught.value.message.replace("the parameter 'x'", "x") == message


def test_all_that_pydantic_finds_is_told() -> None:
    with pytest.raises(ParameterError) as caught:
        coerce("x", Model, {"depth": 0, "color": 1})

    assert caught.value.message == (
        "field 'depth' of the parameter 'x' is 0, which should be greater than 0; "
        "field 'color' of it is 1, which should be 'r' or 'b'"
    )


@pytest.mark.parametrize(
    ("annotation", "value", "hint"),
    [
        (int, "3", "It takes int, such as x=4"),
        (list[float] | None, 3, "It takes list[float] | None, such as x=[0.1, 0.5]"),
        (Settings, 3, "It takes Settings, such as x={'depth': 4}"),
        (dict[str, dt.date], 3, "It takes dict[str, date], such as x={'a': '2024-01-31'}"),
        (tuple[int, Color], 3, "It takes tuple[int, Color], such as x=[4, 'RED']"),
    ],
)
def test_the_hint_gives_an_example(annotation: Any, value: Any, hint: str) -> None:
    with pytest.raises(ParameterError) as caught:
        coerce("x", annotation, value)

    assert caught.value.hint == hint


@LAWS
@given(st.integers() | st.floats() | st.text() | st.booleans() | st.none() | st.dates())
def test_what_was_made_is_taken_again(value: Any) -> None:
    for kind in (int, float, str, bool, dt.date, dt.datetime, Path, list[int], int | None):
        try:
            made = coerce("x", kind, value)
        except ParameterError:
            continue
        again = coerce("x", kind, made)
        assert again == made or again != again
        assert type(again) is type(made)


def test_the_zone_of_a_time_is_kept() -> None:
    assert coerce("x", dt.datetime, ZONED).tzinfo is ZONED.tzinfo


def test_pydantic_is_not_imported_for_plain_values() -> None:
    program = """
        import sys, datetime as dt, enum, pathlib
        from dataclasses import dataclass
        from typing import Annotated, Literal, NamedTuple
        from windlass.errors import ParameterError
        from windlass.pipeline.parameters import coerce, parse

        @dataclass
        class Settings:
            depth: int

        class Point(NamedTuple):
            x: int

        for annotation, value in [
            (int, 3), (float, 3), (dt.date, "2024-01-31"), (pathlib.Path, "a"), (list[int], [1]),
            (Settings, {"depth": 3}), (Point, [1]), (Literal["a"], "a"), (int | None, None),
            (Annotated[int, "rows"], 3), (dict[str, list[float]], {"a": [1]}),
        ]:
            coerce("x", annotation, value)
        parse("x", list[int], "1,2")
        parse("x", Settings, '{"depth": 3}')
        try:
            coerce("x", int, "3")
        except ParameterError:
            pass
        assert not {"pydantic", "numpy"} & set(sys.modules), sorted(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)
