"""What the standard library collects, with tables in it, by itself and as a parameter."""

from __future__ import annotations

import json
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from windlass import values
from windlass.artifacts.reading import preview
from windlass.errors import FormatError
from windlass.natural import natural

from .box import Box

TABLE = np.arange(3)


@dataclass
class Holder:
    part: Any


PLAIN: list[Any] = [
    Counter("abca"),
    OrderedDict(b=1, a=2),
    defaultdict(list, {"a": [1]}),
    deque([1, "b", None], 5),
    range(2, 10, 3),
    slice(None, 3),
    Fraction(1, 3),
    bytearray(b"abc"),
    SimpleNamespace(a=1, b=[2]),
    zoneinfo.ZoneInfo("Europe/Berlin"),
]
HOLDING: list[Any] = [
    Counter({"a": TABLE}),
    OrderedDict(a=TABLE, b=1),
    defaultdict(list, {"a": [TABLE]}),
    deque([TABLE, 1], 3),
    SimpleNamespace(a=TABLE, b=SimpleNamespace(c=TABLE)),
    slice(TABLE, None),
]


def _name(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("value", PLAIN, ids=_name)
def test_plain_ones_are_json_wherever_they_stand(value: Any, box: Box) -> None:
    saved = box.save(value).artifact
    assert saved.format == "json"
    assert not saved.pickled
    assert values.to_text(dict(saved.summary))
    assert preview(saved.content, box.store, box).data
    assert natural(values.encode(value)) != values.encode(value)
    json.dumps(natural(values.encode(value)))
    for holder in ([value], Holder(value), {"a": (value,)}, {"table": TABLE, "a": value}):
        again = box.there_and_back(holder)
        found = _inside(again)
        assert type(found) is type(value)
        assert found == value
        assert getattr(found, "maxlen", None) == getattr(value, "maxlen", None)
        assert getattr(found, "default_factory", None) == getattr(value, "default_factory", None)
    beside = box.save({"table": TABLE, "a": value})
    assert [child.format for child in beside.children] == ["numpy.array"]


def _inside(holder: Any) -> Any:
    if isinstance(holder, Holder):
        return holder.part
    found = holder["a"] if isinstance(holder, dict) else holder[0]
    return found[0] if isinstance(found, tuple) else found


@pytest.mark.parametrize("value", HOLDING, ids=_name)
def test_those_with_tables_in_them_are_collections(value: Any, box: Box) -> None:
    saved = box.save(value)
    again = box.load(saved.artifact.content)
    assert saved.artifact.format == "collection"
    assert {child.format for child in saved.children} == {"numpy.array"}
    assert type(again) is type(value)
    assert repr(again) == repr(value)
    assert box.save(again).artifact.content == saved.artifact.content
    assert saved.artifact.summary["parts"]
    assert "array" in str(preview(saved.artifact.content, box.store, box).data)


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (deque([1, object()]), r"^\[1\]: no format"),
        (OrderedDict(a=object()), r"^\['a'\]: no format"),
        (SimpleNamespace(a=object()), r"^\.a: no format"),
        ({"x": defaultdict(lambda: 1)}, "filled by"),
        (defaultdict(lambda: 1), "filled by"),
    ],
)
def test_what_cannot_be_stored_in_them_is_told_with_its_place(
    value: Any, place: str, box: Box
) -> None:
    with pytest.raises(FormatError, match=place):
        box.save(value)


@pytest.mark.parametrize("make", [Counter, OrderedDict, lambda it: defaultdict(int, it)])
def test_much_is_told_shortly(make: Any, box: Box) -> None:
    saved = box.save(make({f"key {number}": number for number in range(5000)})).artifact
    assert saved.summary == {"length": 5000}
    small = box.save(make({"a": 1})).artifact
    assert "{'a': 1}" in str(small.summary["value"])
