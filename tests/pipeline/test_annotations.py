"""Annotations are evaluated one by one, wherever the names in them live."""

# ruff: noqa: UP007, UP045 (old spellings must work too)

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Optional, Union

import pytest

from windlass.pipeline.annotations import annotations_of, describe

if TYPE_CHECKING:
    from nowhere import Missing  # type: ignore[import-not-found]


def mixed(known: list[int], unknown: Missing, inside: dict[str, Missing]) -> float:
    return 0.0


def test_a_name_for_type_checkers_only_makes_just_that_one_any() -> None:
    assert annotations_of(mixed) == {
        "known": list[int],
        "unknown": Any,
        "inside": Any,
        "return": float,
    }


def test_what_annotated_adds_is_kept() -> None:
    def function(x: Annotated[int, "more than 0"]) -> None: ...

    assert annotations_of(function) == {"x": Annotated[int, "more than 0"], "return": type(None)}


def test_an_annotation_that_is_no_type_says_nothing() -> None:
    def function(x: Any, y: Any) -> None:
        del x, y

    function.__annotations__ = {"x": "not, a type!", "y": "Any.attribute"}

    assert annotations_of(function) == {"x": Any, "y": Any}


def test_classes_of_the_function_around_are_found() -> None:
    class Local: ...

    class Pair(NamedTuple):
        left: Local
        right: list[Local]

    def function(x: Local) -> Pair:
        return Pair(x, [x])

    assert annotations_of(function) == {"x": Local, "return": Pair}
    assert annotations_of(Pair) == {"left": Local, "right": list[Local]}


def _made() -> Callable[..., Any]:
    class Local: ...

    def closed_over(x: Local) -> Missing:
        return Local

    return closed_over


def test_a_closure_is_asked_when_the_function_around_has_ended() -> None:
    found = annotations_of(_made())

    assert found["x"].__name__ == "Local"
    assert found["return"] is Any


def test_fields_of_a_derived_dataclass() -> None:
    @dataclass
    class Base:
        rows: int

    @dataclass
    class Derived(Base):
        other: Derived | None = None

    assert annotations_of(Derived) == {"rows": int, "other": Optional[Derived]}


def test_a_decorated_function_keeps_its_own_names() -> None:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    assert annotations_of(decorate(mixed)) == annotations_of(mixed)


def test_a_default_of_none_makes_it_optional() -> None:
    def function(a: int = None, b: int | None = None, c: Any = None, d: int = 1) -> None:  # type: ignore[assignment] # noqa: RUF013
        del a, b, c, d

    found = annotations_of(function)

    assert [found[name] for name in "abcd"] == [Optional[int], Optional[int], Any, int]


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (None, "None"),
        (Optional[int], "int | None"),
        (Union[None, int, str], "int | str | None"),
        (list[Optional[str]], "list[str | None]"),
        (Sequence[float], "Sequence[float]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (tuple[()], "tuple[()]"),
        (Callable[[int], str], "Callable[[int], str]"),
        (Callable[..., None], "Callable[..., None]"),
        (Annotated[list[int], object()], "list[int]"),
        (Any, "Any"),
        ("Missing", "Missing"),
        (5, "Any"),
    ],
)
def test_described_as_a_person_would_write_it(annotation: Any, text: str) -> None:
    assert describe(annotation) == text
