"""What a pipeline takes, and how a call's parameters are bound and refused."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter, deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from parameter_types import HERE, Color, Opaque, Settings

from windlass import values
from windlass.errors import ParameterError
from windlass.pipeline.parameters import Parameter, bind, named, parameters_of, schema


def training(
    rows: int,
    since: dt.date,
    depth: int = 6,
    *,
    color: Color = Color.RED,
    note: str = None,  # type: ignore[assignment]  # noqa: RUF013
) -> None:
    del rows, since, depth, color, note


TRAINING = parameters_of(training)
DAY = dt.date(2024, 1, 31)


def refusal(given: dict[str, Any], text: dict[str, str] | None = None) -> ParameterError:
    with pytest.raises(ParameterError) as caught:
        bind("training", TRAINING, given, text=text)
    return caught.value


def test_parameters_of_a_function() -> None:
    assert list(TRAINING.values()) == [
        Parameter("rows", int),
        Parameter("since", dt.date),
        Parameter("depth", int, required=False, default=6),
        Parameter("color", Color, required=False, default=Color.RED, positional=False),
        Parameter("note", str | None, required=False, default=None, positional=False),
    ]


def test_what_the_standard_library_collects_is_a_parameter_as_it_is() -> None:
    def pipeline(
        counts: Counter[str], last: deque[int], part: Fraction, rows: range = range(3)
    ) -> None:
        del counts, last, part, rows

    found = parameters_of(pipeline)
    given = {"counts": Counter("aba"), "last": deque([1], 2), "part": Fraction(1, 3)}
    bound = bind("p", found, given)

    assert bound == {**given, "rows": range(3)}
    for value in bound.values():
        again = values.decode(values.encode(value))
        assert (type(again), again) == (type(value), value)
    assert values.decode(schema(found))[3]["default"] == range(3)


def test_an_unannotated_parameter_takes_anything() -> None:
    def pipeline(x, y=1):  # type: ignore[no-untyped-def]
        del x, y

    found = parameters_of(pipeline)

    assert bind("p", found, {"x": None}, text={"y": "2"}) == {"x": None, "y": 2}


def test_defaults_are_filled_in_and_the_order_is_the_function_s() -> None:
    found = bind("training", TRAINING, {"since": "2024-01-31", "rows": 5.0})

    assert list(found.items()) == [
        ("rows", 5),
        ("since", DAY),
        ("depth", 6),
        ("color", Color.RED),
        ("note", None),
    ]


def test_text_and_python_values_together() -> None:
    found = bind("training", TRAINING, {"rows": 5}, text={"since": "2024-01-31", "color": "BLUE"})

    assert (found["since"], found["color"]) == (DAY, Color.BLUE)


def test_one_wrong_value() -> None:
    problem = refusal({"rows": "5", "since": DAY})

    assert problem.message == "training: the parameter 'rows' is the text '5', not an int"
    assert problem.hint == "It takes int, such as rows=4"
    assert problem.exit_code == 2


def test_an_unknown_name_close_to_one_that_there_is() -> None:
    problem = refusal({"rows": 5, "since": DAY, "dept": 3})

    assert problem.message == "training: there is no parameter 'dept'; did you mean 'depth'?"
    assert problem.hint == (
        "It takes rows (int), since (date), depth (int), color (Color), note (str | None)."
    )


def test_an_unknown_name_where_there_are_none() -> None:
    with pytest.raises(ParameterError, match="no parameter 'x'") as caught:
        bind("empty", {}, {"x": 1})

    assert caught.value.hint == "It takes none."


def test_all_that_are_missing_are_named_at_once() -> None:
    problem = refusal({})

    assert problem.message == "training: the parameters 'rows' and 'since' are missing"
    assert problem.hint == "Give rows (int), since (date)."


def test_all_that_is_wrong_is_told_at_once() -> None:
    problem = refusal({"rows": "5", "row": 1}, {"depth": "deep", "color": "green"})

    assert str(problem) == (
        "training: 5 things are wrong\n"
        "  there is no parameter 'row'; did you mean 'rows'? It takes rows (int), since (date), "
        "depth (int), color (Color), note (str | None).\n"
        "  the parameter 'since' is missing. Give since (date).\n"
        "  the parameter 'rows' is the text '5', not an int. It takes int, such as rows=4\n"
        "  the parameter 'depth' is the text 'deep', not an int. It takes int, such as -p depth=4\n"
        "  the parameter 'color' is the text 'green', not one of RED, BLUE. It takes Color, such "
        "as -p color=RED"
    )


def test_a_parameter_given_twice() -> None:
    problem = refusal({"rows": 5, "since": DAY}, {"rows": "6"})

    assert problem.message == "training: the parameter 'rows' is given twice"


def test_a_default_of_the_wrong_type() -> None:
    def pipeline(rows: int = 1.5) -> None:  # type: ignore[assignment]
        del rows

    with pytest.raises(ParameterError, match=r"'rows' is 1\.5, not an int"):
        bind("p", parameters_of(pipeline), {})


@dataclass
class Source:
    path: Path


class TestPaths:
    def test_a_path_that_there_is(self) -> None:
        assert bind("p", {"x": Parameter("x", Path)}, {"x": str(HERE)}) == {"x": HERE}

    def test_a_folder(self) -> None:
        assert bind("p", {"x": Parameter("x", Path)}, {}, text={"x": str(HERE.parent)})

    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            (Path, "none.csv"),
            (Path | None, "none.csv"),
            (list[Path], [HERE, "none.csv"]),
            (dict[str, Path], {"a": "none.csv"}),
            (Path, "n" * 5000),
            (Source, {"path": "none.csv"}),
        ],
    )
    def test_a_path_that_there_is_not(
        self, annotation: Any, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ParameterError, match=f"there is no such .* in {tmp_path}\n") as caught:
            bind("p", {"x": Parameter("x", annotation)}, {"x": value})

        assert caught.value.hint == "A Path is an input. Declare it as str if a step creates it."

    def test_a_default_that_there_is_not(self) -> None:
        parameter = Parameter("x", Path, required=False, default=Path("/none.csv"))

        with pytest.raises(ParameterError, match="folder\n"):
            bind("p", {"x": parameter}, {})

    def test_a_str_is_not_looked_for(self) -> None:
        assert bind("p", {"x": Parameter("x", str)}, {"x": "none.csv"}) == {"x": "none.csv"}


class TestNamed:
    def test_by_place_and_by_name(self) -> None:
        assert named("training", TRAINING, (5,), {"since": DAY, "odd": 1}) == {
            "rows": 5,
            "since": DAY,
            "odd": 1,
        }

    def test_too_many(self) -> None:
        with pytest.raises(ParameterError, match="takes 3 parameters by place, but 4 were given"):
            named("training", TRAINING, (5, DAY, 6, Color.RED), {})

    def test_twice(self) -> None:
        with pytest.raises(ParameterError, match="'rows' is given twice"):
            named("training", TRAINING, (5,), {"rows": 5})


class TestSchema:
    def test_what_stands_in_a_plan(self) -> None:
        def pipeline(rows: int, how: Settings = Settings(3), since: dt.date | None = None) -> None:  # noqa: B008
            del rows, how, since

        found = schema(parameters_of(pipeline))

        assert found == [
            {"name": "rows", "type": "int", "required": True},
            {
                "name": "how",
                "type": "Settings",
                "required": False,
                "default": values.encode(Settings(3)),
            },
            {"name": "since", "type": "date | None", "required": False, "default": None},
        ]
        assert json.loads(values.to_text(found)) == found

    def test_a_default_that_is_no_plain_data(self) -> None:
        parameter = Parameter("x", Opaque, required=False, default=Opaque())

        with pytest.raises(ParameterError, match="the default of the parameter 'x' cannot stand"):
            schema({"x": parameter})

    def test_it_is_the_same_each_time(self) -> None:
        assert schema(TRAINING) == schema(parameters_of(training))
