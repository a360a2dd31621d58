"""Laws that hold of all types: of fitting, of values, and of both together."""

# ruff: noqa: UP007, UP045 (old spellings must work too)

from __future__ import annotations

import collections
import enum
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Optional, TypeAlias, Union

from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.pipeline.types import assignable, check, describe

LAWS = settings(deadline=None)


class Base: ...


class Derived(Base): ...


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Split(NamedTuple):
    train: int
    test: Optional[str]


Values: TypeAlias = st.SearchStrategy[Any]
Typed: TypeAlias = tuple[Any, Values]
"""A type and what makes values of it."""

NAMES: dict[str, Any] = {
    name: thing for name, thing in globals().items() if isinstance(thing, type) or name == "Literal"
} | {"deque": collections.deque}

LEAVES: list[Typed] = [
    (int, st.integers()),
    (bool, st.booleans()),
    (float, st.floats()),
    (str, st.text(max_size=3)),
    (type(None), st.none()),
    (object, st.one_of(st.integers(), st.text(max_size=3), st.builds(Base))),
    (Base, st.sampled_from([Base(), Derived()])),
    (Derived, st.builds(Derived)),
    (Color, st.sampled_from(Color)),
    (Split, st.builds(Split, st.integers(), st.none() | st.text(max_size=3))),
    (Literal["a", 1], st.sampled_from(["a", 1])),
    (Literal[True], st.just(True)),
]


def _lists(item: Typed) -> list[Typed]:
    kind, values = item
    lists = st.lists(values, max_size=3)
    tuples = lists.map(tuple)
    return [
        (list[kind], lists),  # type: ignore[valid-type]
        (collections.deque[kind], lists.map(collections.deque)),  # type: ignore[valid-type]
        (tuple[kind, ...], tuples),  # type: ignore[valid-type]
        (Sequence[kind], lists | tuples),  # type: ignore[valid-type]
        (Collection[kind], lists | tuples),  # type: ignore[valid-type]
        (Iterable[kind], lists | tuples),  # type: ignore[valid-type]
        (Optional[kind], st.none() | values),
    ]


def _pairs(first: Typed, second: Typed) -> list[Typed]:
    (left, lefts), (right, rights) = first, second
    dicts = st.dictionaries(st.text(max_size=2), rights, max_size=3)
    return [
        (tuple[left, right], st.tuples(lefts, rights)),  # type: ignore[valid-type]
        (Union[left, right], lefts | rights),
        (dict[str, right], dicts),  # type: ignore[valid-type]
        (Mapping[str, right], dicts),  # type: ignore[valid-type]
    ]


def _larger(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    lists = inner.flatmap(lambda item: st.sampled_from(_lists(item)))
    pairs = st.tuples(inner, inner).flatmap(lambda both: st.sampled_from(_pairs(*both)))
    return lists | pairs


typed = st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=4)
kinds = typed.map(lambda item: item[0])
typed_values = typed.flatmap(lambda item: st.tuples(st.just(item[0]), item[1]))


@LAWS
@given(kinds)
def test_every_type_fits_itself(kind: Any) -> None:
    assert assignable(kind, kind)
    assert assignable(kind, object)
    assert assignable(kind, Union[str, kind])


@LAWS
@given(kinds, kinds, kinds)
def test_what_fits_is_passed_on(first: Any, second: Any, third: Any) -> None:
    if assignable(first, second) and assignable(second, third):
        assert assignable(first, third)


@LAWS
@given(kinds, kinds)
def test_a_container_fits_as_its_items_do(source: Any, target: Any) -> None:
    fits = assignable(source, target)

    assert assignable(list[source], Sequence[target]) == fits
    assert assignable(dict[str, source], Mapping[str, target]) == fits
    assert assignable(tuple[source, int], tuple[target, float]) == fits
    assert assignable(Optional[source], Optional[target]) == assignable(source, Optional[target])


@LAWS
@given(typed_values)
def test_a_value_is_of_its_type(item: tuple[Any, Any]) -> None:
    kind, value = item

    assert check(value, kind) is None


@LAWS
@given(typed_values, kinds)
def test_a_value_is_of_every_type_that_its_own_fits(item: tuple[Any, Any], target: Any) -> None:
    kind, value = item
    if assignable(kind, target):
        assert check(value, target) is None


@LAWS
@given(st.lists(st.integers(), max_size=20), st.lists(st.integers(), max_size=20))
def test_the_first_bad_item_is_named(before: list[int], after: list[int]) -> None:
    problem = check([*before, "bad", *after, None], list[int])

    assert problem == f"item {len(before)} is a str, not an int"


@LAWS
@given(kinds)
def test_a_description_is_python(kind: Any) -> None:
    again = eval(describe(kind), NAMES)

    assert assignable(kind, again)
    assert assignable(again, kind)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
)


@LAWS
@given(json_values, kinds)
def test_a_refusal_is_a_phrase(value: Any, kind: Any) -> None:
    problem = check(value, kind)

    assert problem is None or (problem.isprintable() and problem[0].islower())
    assert (problem is None) == (check(json.loads(json.dumps(value)), kind) is None)
