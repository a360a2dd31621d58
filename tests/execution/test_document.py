"""A run as JSON: values as a person, or another program, would write them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from windlass import values
from windlass.execution.document import last_values
from windlass.natural import natural
from windlass.records.tracked import Last


class Colour(enum.Enum):
    RED = "r"


@dataclasses.dataclass
class Settings:
    depth: int
    since: dt.date


class Pair(NamedTuple):
    left: int
    right: Colour


class Model(BaseModel):
    name: str
    when: dt.date


DAY = dt.date(2013, 1, 2)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (10**400, hex(10**400)),
        (math.inf, "inf"),
        ("text", "text"),
        (b"\x00\xff", "AP8="),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (DAY, "2013-01-02"),
        (dt.datetime(2013, 1, 2, 3, tzinfo=dt.UTC), "2013-01-02T03:00:00+00:00"),
        (dt.datetime(2013, 1, 2, tzinfo=ZoneInfo("Asia/Tokyo")), "2013-01-02T00:00:00[Asia/Tokyo]"),
        (dt.timedelta(days=1, microseconds=500_000), "PT86400.5S"),
        (dt.timedelta(seconds=-3), "-PT3S"),
        (dt.timezone(dt.timedelta(hours=1)), "UTC+01:00"),
        (Path("a/b"), "a/b"),
        (Colour.RED, "RED"),
        ((1, DAY), [1, "2013-01-02"]),
        ({2, 1}, [1, 2]),
        ({"a": [DAY]}, {"a": ["2013-01-02"]}),
        ({1: "x", None: DAY}, {"1": "x", "null": "2013-01-02"}),
        ({1: "x", "1": "y"}, [[1, "x"], ["1", "y"]]),
        ({"$type": "date"}, {"$type": "date"}),
        (Settings(3, DAY), {"depth": 3, "since": "2013-01-02"}),
        (Pair(1, Colour.RED), {"left": 1, "right": "RED"}),
        (Model(name="n", when=DAY), {"name": "n", "when": "2013-01-02"}),
    ],
)
def test_values_are_told_as_people_write_them(value: Any, told: Any) -> None:
    document = natural(values.encode(value))
    assert document == told
    json.dumps(document, allow_nan=False)


def test_metrics_are_their_last_values_and_never_infinite() -> None:
    def metric(name: str, value: float | None) -> Last:
        return Last("n", name, value)

    told = last_values(
        [metric("a", 1.0), metric("b", math.inf), metric("a", 2.0), metric("c", None)]
    )
    assert told == {"a": 2.0, "b": None, "c": None}
