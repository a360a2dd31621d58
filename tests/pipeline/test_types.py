"""Edges: what fits what, and what is said of a value that does not."""

# ruff: noqa: UP006, UP007, UP044, UP045 (old spellings must work too)

from __future__ import annotations

import collections
import enum
import importlib
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    Never,
    NewType,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
    Union,
    cast,
)

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import typing_extensions

from windlass.errors import ParameterError
from windlass.pipeline.parameters import coerce
from windlass.pipeline.types import assignable, check, describe

T = TypeVar("T")


class Base: ...


class Derived(Base):
    def __call__(self) -> None: ...


class Box(Generic[T]): ...


class Boxes(list[Box[T]]): ...


class Speaks(Protocol):
    def speak(self) -> None: ...


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Split(typing.NamedTuple):
    train: int
    test: str


class Tree(typing.NamedTuple):
    children: list[Tree]


class Row(TypedDict):
    a: int
    b: typing.NotRequired[str]


class Wider(Row):
    c: float


@dataclass
class Settings:
    depth: int


UserId = NewType("UserId", int)
AdminId = NewType("AdminId", UserId)
Meters = NewType("Meters", float)
Feet = NewType("Feet", float)
Json = typing_extensions.TypeAliasType("Json", "dict[str, Json] | list[Json] | int | None")
Numbers = typing_extensions.TypeAliasType("Numbers", "list[Numbers] | int")
Lists = typing_extensions.TypeAliasType("Lists", list[T], type_params=(T,))
Floats = npt.NDArray[np.float64]

FITS: list[tuple[Any, Any]] = [
    (int, int),
    (bool, int),
    (int, float),
    (int, complex),
    (np.float64, float),
    (Derived, Base),
    (Derived, object),
    (int, Any),
    (Any, int),
    (T, int),
    (int, T),
    (Base, Speaks),
    (Speaks, Base),
    ("Missing", int),
    (int, "Missing"),
    (Never, int),
    (None, None),
    (None, type(None)),
    (int, Optional[int]),
    (int, Union[str, float]),
    (Optional[int], Union[int, str, None]),
    (list[int], list[float]),
    (list[int], list),
    (list, list[int]),
    (list[int], Sequence[int]),
    (list[int], Iterable[Optional[float]]),
    (list[Derived], Collection[Base]),
    (typing.List[int], list[int]),
    (str, Sequence[str]),
    (bytes, Iterable[int]),
    (range, Sequence[int]),
    (dict[str, int], Mapping[str, float]),
    (dict[str, int], Iterable[str]),
    (collections.Counter[str], Mapping[str, int]),
    (collections.OrderedDict[str, int], dict[str, int]),
    (dict, Mapping[str, int]),
    (set[int], Iterable[int]),
    (tuple[int, str], tuple[float, str]),
    (tuple[int, bool], tuple[int, ...]),
    (tuple[int, bool], Sequence[int]),
    (tuple[()], tuple[str, ...]),
    (tuple, tuple[int, str]),
    (tuple[int, str], tuple),
    (tuple[int, typing.Unpack[tuple[str, ...]]], tuple[int, str, str]),
    (Split, tuple[int, str]),
    (Split, tuple[Any, ...]),
    (Literal["a"], str),
    (Literal["a"], Literal["a", "b"]),
    (Literal[1], Union[Literal[2, 1], None]),
    (Literal[1], float),
    (bool, Literal[True, False]),
    (Color, Literal[Color.RED, Color.BLUE]),
    (Literal[Color.RED], Color),
    (Annotated[int, "rows"], int),
    (int, Annotated[float, {"not": "hashable"}]),
    (UserId, int),
    (int, UserId),
    (AdminId, UserId),
    (Json, Json),
    (list[int], Json),
    (dict[str, list[dict[str, int]]], Json),
    (Lists[int], list[int]),
    (list[int], Lists[float]),
    (Row, dict[str, Any]),
    (Row, Mapping[str, object]),
    (dict[str, int], Row),
    (Wider, Row),
    (Derived, Callable[[], None]),
    (Callable[[int], str], Callable[..., Any]),
    (type[Derived], type[Base]),
    (type[int], type),
    (type[Base], Callable[[], Base]),
    (Floats, np.ndarray),
    (np.ndarray, Floats),
    (Floats, npt.ArrayLike),
    (Box[int], Box[str]),  # whether Box is covariant is not known
    (Boxes[int], list[Any]),
    (Boxes[int], list[int]),
    (Iterator[int], Iterable[int]),
]

DOES_NOT_FIT: list[tuple[Any, Any]] = [
    (str, int),
    (int, bool),
    (float, int),
    (np.int64, int),
    (np.float32, float),
    (Base, Derived),
    (object, int),
    (int, None),
    (int, Never),
    (None, int),
    (Optional[int], int),
    (Union[int, str], int),
    (int, Union[str, None]),
    (list[str], list[int]),
    (list[int], tuple[int, ...]),
    (Sequence[int], list[int]),
    (int, Sequence[int]),
    (str, Sequence[int]),
    (str, list[str]),
    (list[Optional[int]], list[int]),
    (dict[str, str], dict[str, int]),
    (dict[int, int], Mapping[str, int]),
    (dict[str, int], Iterable[int]),
    (collections.Counter[str], dict[str, str]),
    (tuple[int, str], tuple[int]),
    (tuple[int, str], tuple[str, int]),
    (tuple[int, ...], tuple[int, int]),
    (tuple[int, str], tuple[int, ...]),
    (tuple[int, str], Sequence[int]),
    (tuple[int, str], Split),
    (Split, tuple[int, int]),
    (Split, Iterable[int]),
    (str, Literal["a"]),
    (Literal["a", "c"], Literal["a", "b"]),
    (Literal[1], Literal[True]),
    (Literal["a"], int),
    (bool, Literal[True]),
    (Color, Literal[Color.RED]),
    (Color, int),
    (Meters, Feet),
    (UserId, str),
    (str, UserId),
    (str, Json),
    (list[str], Json),
    (Lists[str], list[int]),
    (list[str], Lists[int]),
    (int, Row),
    (Row, Wider),
    (Row, list[str]),
    (Base, Callable[[], None]),
    (type[Base], type[Derived]),
    (type[int], type[float]),
    (Floats, list[float]),
    (Floats, pd.DataFrame),
    (Box[int], Base),
]


@pytest.mark.parametrize(("source", "target"), FITS)
def test_fits(source: Any, target: Any) -> None:
    assert assignable(source, target)


@pytest.mark.parametrize(("source", "target"), DOES_NOT_FIT)
def test_does_not_fit(source: Any, target: Any) -> None:
    assert not assignable(source, target)


FINE: list[tuple[Any, Any]] = [
    (1, int),
    (True, int),
    (1, float),
    (1, complex),
    (np.float64(1), float),
    (None, None),
    (None, Optional[int]),
    ([], list[int]),
    ([1, None], list[Optional[int]]),
    ([1, 2.5], list[float]),
    ([(1, "a")], list[tuple[int, str]]),
    ((1, 2, 3), tuple[int, ...]),
    (Split(1, "a"), Split),
    (Tree([Tree([])]), Tree),
    ({"a": 1}, Row),
    ({"a": 1, "more": 2}, Row),
    ({"a": [1]}, dict[str, list[int]]),
    ({"a": [{"b": None}]}, Json),
    ([1], Lists[int]),
    (collections.Counter("a"), Mapping[str, int]),
    (pd.DataFrame(), pd.DataFrame),
    (np.zeros(2), Floats),
    (np.zeros(2), np.ndarray),
    (np.zeros(2), npt.ArrayLike),
    ("text", Sequence[str]),
    (range(10**15), Sequence[int]),
    (iter([1]), Iterator[str]),  # looking into it would use it up
    ({"a": 1}.keys(), Iterable[str]),
    (Base(), Speaks),
    (Base(), T),
    (1, "Missing"),
    (1, object),
    (1, UserId),
    (Box(), Box[int]),
    (Boxes[int](), Boxes[int]),
    (Derived, type[Base]),
    (Derived(), Callable[[], None]),
    (Settings(cast("int", "wrong")), Settings),  # its own affair
    (Color.RED, Literal[Color.RED]),
    (1, Annotated[int, {"not": "hashable"}]),
]

WRONG: list[tuple[Any, Any, str]] = [
    ("a", int, "it is a str, not an int"),
    (1.0, int, "it is a float, not an int"),
    (1, bool, "it is an int, not a bool"),
    (None, int, "it is None, not an int"),
    (1, None, "it is an int, not None"),
    (1.5, Optional[int], "it is a float, not an int or None"),
    (np.int64(1), int, "it is a numpy.int64, not an int; use int(…)"),
    ([1, 2, 3, "a"], list[int], "item 3 is a str, not an int"),
    ([1, 2, 3, np.int64(1)], list[int], "item 3 is a numpy.int64, not an int; use int(…)"),
    ([[1], [1, "a"]], list[list[int]], "item 1 of item 1 is a str, not an int"),
    (["a"], Optional[list[int]], "item 0 is a str, not an int"),
    ([1], list[Union[str, bytes]], "item 0 is an int, not a str or a bytes"),
    ((1, 2), tuple[int, str], "item 1 is an int, not a str"),
    ((1,), tuple[int, str], "it has 1 items, not 2"),
    ({1}, set[str], "an item is an int, not a str"),
    ({"a": 1, "b": "x"}, dict[str, int], "the value at 'b' is a str, not an int"),
    ({"a": 1, 2: 2}, dict[str, int], "the key 2 is an int, not a str"),
    ({"a": [1, None]}, dict[str, list[int]], "item 1 of the value at 'a' is None, not an int"),
    (Split(1, cast("str", 2)), Split, "field 'test' is an int, not a str"),
    ((1, "a"), Split, "it is a tuple, not a Split"),
    (Tree([cast("Tree", 1)]), Tree, "item 0 of field 'children' is an int, not a Tree"),
    ({"b": "x"}, Row, "it lacks the key 'a'"),
    ({"a": "x"}, Row, "the value at 'a' is a str, not an int"),
    ([{}], list[Row], "item 0 lacks the key 'a'"),
    (1, Row, "it is an int, not a Row"),
    ([1, [1.5]], Numbers, "item 0 of item 1 is a float, not a list[Numbers] or an int"),
    ("c", Literal["a", "b"], "it is 'c', not 'a' or 'b'"),
    (1, Literal[True], "it is 1, not True"),
    (Color.RED, Literal[Color.BLUE], "it is <Color.RED: 1>, not Color.BLUE"),
    (pd.Series(), pd.DataFrame, "it is a Series, not a DataFrame"),
    ([1], Floats, "it is a list, not a NDArray[numpy.float64]"),
    (Base, type[Derived], "it is the class Base, not a type[Derived]"),
    (1, typing.Type, "it is an int, not a type"),
    (1, type[Derived], "it is an int, not a type[Derived]"),
    (1, Callable[[], None], "it is an int, not a Callable[[], None]"),
    (None, Never, "it is None, not a Never"),
    ("ab", Sequence[int], "item 0 is a str, not an int"),
    (range(2), Sequence[str], "item 0 is an int, not a str"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "annotation"), FINE)
def test_a_value_of_its_type(value: Any, annotation: Any) -> None:
    assert check(value, annotation) is None


@pytest.mark.parametrize(("value", "annotation", "problem"), WRONG)
def test_a_value_of_another_type(value: Any, annotation: Any, problem: str) -> None:
    assert check(value, annotation) == problem


def test_two_classes_of_one_name_are_told_apart() -> None:
    class Split: ...

    assert check(Split(), globals()["Split"]) == f"it is a {__name__}.Split, not a Split"


AGAIN = """
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
from pydantic import BaseModel

@dataclass
class Plain:
    a: int = 1

class Child(Plain): ...

class Named(NamedTuple):
    a: int = 1

class Listed(Enum):
    a = 1

class Model(BaseModel):
    a: int = 1
"""


def test_an_instance_of_a_class_that_was_defined_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "classes_again.py").write_text(AGAIN)
    monkeypatch.syspath_prepend(tmp_path)
    module: Any = importlib.import_module("classes_again")
    old = [module.Plain(), module.Child(), module.Named(), module.Listed.a, module.Model()]
    new: Any = importlib.reload(module)
    kinds = [new.Plain, new.Plain, new.Named, new.Listed, new.Model]
    for value, kind in zip(old, kinds, strict=True):
        told = f"was made before the class {kind.__name__} was defined again; run again the cell"
        assert str(check(value, kind)).startswith(f"it {told}")
        assert str(check([value], list[kind])).startswith(f"item 0 {told}")  # type: ignore[valid-type]
        assert str(check(value, kind | None)).startswith(f"it {told}")
        if isinstance(value, tuple):
            assert type(coerce("p", kind, value)) is kind
            continue
        with pytest.raises(ParameterError, match=f"the parameter 'p' {told}"):
            coerce("p", kind, value)
    with pytest.raises(ParameterError, match=r"'p' is the Named .*, not a Plain"):
        coerce("p", new.Plain, new.Named())


def test_a_nested_name_is_given_in_full() -> None:
    class Outer:
        class Inner: ...

    assert describe(Outer.Inner) == "Outer.Inner"
