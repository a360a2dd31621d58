"""Points of a series, packed as the record keeps them, and thinned so that every peak stays.

A step may log millions of numbers. A row for each would cost a hundred bytes and a microsecond or
more; packed by thousands a point takes 24 bytes at most, and a curve is drawn without reading most
of them: a large part has an *outline* beside it, which holds its first and last point and the
least and the greatest of each of its stretches. An outline of outlines keeps the same extremes,
so that a curve of any length is thinned exactly. See docs/decisions/0023.
"""

from __future__ import annotations

import math
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from windlass.errors import CorruptError

PART = 4096
"""Most points of a part."""
OUTLINE = 128
"""Points of an outline; a part of not many more has none."""
NO_STEP = -(2**63)
"""Stands for the step of a point that was logged without one."""

_WIDTH = 24
_RAW, _ZLIB = b"\0", b"\1"
_WORTH = 0.9
"""Compressed bytes that are a larger share than this of the raw ones are not worth unpacking."""


@dataclass(slots=True)
class Points:
    """Numbers in the order in which they were logged, each with its step and its time.

    Args:
        steps: Where in the series each stands, such as an epoch; `NO_STEP` outside one.
        values: The numbers.
        times: Seconds since 1970, UTC.
    """

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, some: slice) -> Points:
        return Points(self.steps[some], self.values[some], self.times[some])

    def add(self, value: float, step: int | None, time: float) -> None:
        """Adds a point at the end."""
        self.steps.append(NO_STEP if step is None else step)
        self.values.append(value)
        self.times.append(time)

    def extend(self, more: Points) -> None:
        """Adds points at the end."""
        self.steps += more.steps
        self.values += more.values
        self.times += more.times

    def at(self, places: Iterable[int]) -> Points:
        """The points at some places."""
        chosen = list(places)
        return Points(
            array("q", [self.steps[place] for place in chosen]),
            array("d", [self.values[place] for place in chosen]),
            array("d", [self.times[place] for place in chosen]),
        )

    def told_steps(self) -> list[int | None]:
        """The steps, None for those that have none."""
        return [None if step == NO_STEP else step for step in self.steps]


def pack(points: Points) -> bytes:
    """Points as bytes: steps, values and times, little-endian, compressed if that is worth it."""
    body = b"".join(_bytes(column) for column in (points.steps, points.values, points.times))
    packed = zlib.compress(body, 1)
    return _ZLIB + packed if len(packed) < _WORTH * len(body) else _RAW + body


def unpack(data: bytes) -> Points:
    """The points of `pack`.

    Raises:
        CorruptError: The bytes are not such.
    """
    kind, body = bytes(data[:1]), bytes(data[1:])
    try:
        body = zlib.decompress(body) if kind == _ZLIB else body
    except zlib.error as error:
        raise _damaged() from error
    if kind not in (_RAW, _ZLIB) or len(body) % _WIDTH:
        raise _damaged()
    size = len(body) // 3
    return Points(
        _array("q", body[:size]), _array("d", body[size : 2 * size]), _array("d", body[2 * size :])
    )


def thinned(points: Points, most: int) -> Points:
    """At most so many of the points: the first and last, and of each stretch both extremes.

    Stretches have equally many points. What is not a number is never an extreme; as the first or
    the last point it stays.
    """
    if len(points) <= most:
        return points
    return points.at(extremes(points.values, max(1, (most - 2) // 2)))


def extremes(values: Sequence[float], stretches: int) -> list[int]:
    """The places of the first and the last value, and of both extremes of each stretch."""
    found = {0, len(values) - 1}
    size = len(values) / stretches
    is_plain = not math.isnan(sum(values))  # two infinities also make it so, and it takes longer
    for number in range(stretches):
        start, end = round(number * size), round((number + 1) * size)
        find = _ends if is_plain else _ends_of_numbers
        found.update(start + place for place in find(values[start:end]))
    return sorted(found)


def _ends(values: Sequence[float]) -> tuple[int, ...]:
    return (values.index(min(values)), values.index(max(values))) if values else ()


def _ends_of_numbers(values: Sequence[float]) -> tuple[int, ...]:
    """The same of values among which some are not a number."""
    places = [place for place, value in enumerate(values) if not math.isnan(value)]
    key = values.__getitem__
    return (min(places, key=key), max(places, key=key)) if places else ()


def outline(points: Points) -> bytes | None:
    """The outline of a part; None if it has so few points that they are their own."""
    return pack(thinned(points, OUTLINE)) if len(points) > 2 * OUTLINE else None


def span(values: Sequence[float]) -> tuple[float | None, float | None]:
    """The least and the greatest of values; None where there is none that is a number."""
    if math.isnan(sum(values)):
        values = [value for value in values if not math.isnan(value)]
    return min(values, default=None), max(values, default=None)


def _bytes(column: array[int] | array[float]) -> bytes:
    if sys.byteorder == "little":
        return column.tobytes()
    turned = column[:]
    turned.byteswap()
    return turned.tobytes()


def _array(kind: str, data: bytes) -> array[Any]:
    found = array(kind)
    found.frombytes(data)
    if sys.byteorder != "little":
        found.byteswap()
    return found


def _damaged() -> CorruptError:
    return CorruptError(
        "points of a metric in the record are damaged",
        hint="Bring the record back from a backup; it can be checked by: windlass doctor",
    )
