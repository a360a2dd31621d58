"""How plain values are told to people."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from windlass import values
from windlass.words import document_text


class Kind(enum.Enum):
    ONE = 1


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Settings:
    depth: int
    names: tuple[str, ...] = ("a",)
    kind: Kind = Kind.ONE


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Settings(3), "Settings(depth=3, names=('a',), kind=Kind.ONE)"),
        (Pair(1, "it's"), 'Pair(left=1, right="it\'s")'),
        ({"a": [1, 2.5, None, True]}, "{'a': [1, 2.5, None, True]}"),
        ((), "()"),
        ((1, "b"), "(1, 'b')"),
        ({"x"}, "{'x'}"),
        (dt.date(2020, 1, 2), "2020-01-02"),
        (dt.datetime(2020, 1, 2, 3, tzinfo=ZoneInfo("UTC")), "2020-01-02T03:00:00 UTC"),
        (decimal.Decimal("1.50"), "1.50"),
        (float("inf"), "inf"),
        (Counter("aab"), "counter(items=[['a', 2], ['b', 1]])"),
        (deque([1], 3), "deque(maxlen=3, items=[1])"),
        (dt.timedelta(1), "timedelta(days=1, seconds=0, microseconds=0)"),
    ],
)
def test_documents_are_told_as_their_author_would_write_them(value: Any, told: str) -> None:
    assert document_text(values.encode(value)) == told
