"""A value that would be written a thousand times as large as it is is refused, and at once."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifacts.box import Box
from windlass import pipeline, step, values
from windlass.artifacts.wording import words_for
from windlass.errors import DefinitionError, FormatError, ParameterError
from windlass.sharing import _Count

WORDS = "some so often that it would be"


@dataclasses.dataclass
class Pair:
    one: Any
    other: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    one: Any
    other: Any


class Both(NamedTuple):
    one: Any
    other: Any


class Model(pydantic.BaseModel):
    one: Any
    other: Any


TWICE: dict[str, Callable[[Any], Any]] = {
    "list": lambda part: [part, part],
    "tuple": lambda part: (part, part),
    "dict": lambda part: {"a": part, "b": part},
    "dict of numbers": lambda part: {1: part, 2: part},
    "deque": lambda part: deque([part, part]),
    "namespace": lambda part: SimpleNamespace(one=part, other=part),
    "dataclass": lambda part: Pair(part, part),
    "slots": lambda part: Slotted(part, part),
    "named tuple": lambda part: Both(part, part),
    "model": lambda part: Model(one=part, other=part),
    "by turns": lambda part: [{"a": (part, Pair(part, part))}],
}


def shared(twice: Callable[[Any], Any], part: Any = 1, depth: int = 60) -> Any:
    for _ in range(depth):
        part = twice(part)
    return part


@pytest.mark.parametrize("twice", TWICE.values(), ids=TWICE)
def test_parts_held_again_and_again_are_refused(twice: Any, tmp_path: Path) -> None:
    value = shared(twice, depth=25 if twice is TWICE["by turns"] else 60)
    with pytest.raises(FormatError, match=WORDS):
        values.dumps(value)
    with pytest.raises(FormatError, match=WORDS):
        values.encode(value)
    assert not values.is_plain(value)
    box = Box(tmp_path)
    for each in (value, [value], {"table": np.arange(3), "value": value}):
        with pytest.raises(FormatError, match=WORDS):
            box.save(each)
    assert len(words_for(value, 80)) <= 80


def test_they_can_be_pickled_which_can_say_the_same_again(tmp_path: Path) -> None:
    box = Box(tmp_path)
    again = box.there_and_back(shared(TWICE["list"], depth=40), allow_pickle=True)
    assert again[0] is again[1]


def test_what_is_shared_a_little_is_written_out() -> None:
    row = [*range(1000)]
    table = [row] * 200
    assert values.loads(values.dumps(table)) == table
    assert values.loads(values.dumps(shared(TWICE["tuple"], depth=9)))[0][0][1] is not None


def test_words_come_to_an_end() -> None:
    value: Any = 1
    for _ in range(6):
        value = [value] * 50
    assert words_for(value, 10_000).startswith("[[[[")


@step
def told(value: Any) -> int:
    return len(value)


@pipeline
def telling(value: Any) -> int:
    return told(value)


@pipeline
def telling_at_once() -> int:
    return told(shared(TWICE["list"]))


def test_a_parameter_or_a_constant_is_refused_too() -> None:
    with pytest.raises((ParameterError, FormatError), match=WORDS):
        telling.run(shared(TWICE["list"]))
    with pytest.raises(DefinitionError, match=WORDS):
        telling_at_once.graph()


def trees(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=1), inner, max_size=3),
        st.builds(Pair, inner, inner),
        inner.map(lambda part: [part, (part, part)]),
    )


def _brute(value: Any) -> int:
    parts: Any = ()
    if isinstance(value, list | tuple):
        parts = value
    elif isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, Pair):
        parts = (value.one, value.other)
    return len(parts) + sum(map(_brute, parts))


@given(st.recursive(st.none() | st.integers() | st.text(), trees, max_leaves=15))
def test_parts_are_counted_as_often_as_they_are_written(value: Any) -> None:
    count = _Count()
    assert count.below(value) == _brute(value)
    assert count.held <= _brute(value)
