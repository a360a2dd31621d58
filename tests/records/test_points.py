"""Points: packed and unpacked they are the same, and thinned they keep their extremes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import CorruptError
from windlass.records.points import (
    OUTLINE,
    PART,
    Points,
    extremes,
    outline,
    pack,
    span,
    thinned,
    unpack,
)

STEPS = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
POINTS = st.lists(st.tuples(st.floats(), STEPS, st.floats(0, 2e9)), min_size=1, max_size=300)


def made(told: list[tuple[float, int | None, float]]) -> Points:
    points = Points()
    for value, step, time in told:
        points.add(value, step, time)
    return points


def same(one: Points, other: Points) -> bool:
    return repr(one) == repr(other)


@given(told=POINTS)
def test_packed_points_are_unpacked_as_they_were(
    told: list[tuple[float, int | None, float]],
) -> None:
    points = made(told)
    again = unpack(pack(points))
    assert same(again, points)
    assert again.told_steps() == [step for _, step, _ in told]


def test_smooth_points_are_compressed() -> None:
    points = made([(1.0, step, 5.0) for step in range(PART)])
    assert len(pack(points)) < 24 * PART / 3


@pytest.mark.parametrize("data", [b"", b"\x05abc", b"\x00" + b"x" * 25, b"\x01garbage"])
def test_damaged_bytes_are_told_of(data: bytes) -> None:
    if data == b"":
        data = b"\x02"
    with pytest.raises(CorruptError, match="are damaged"):
        unpack(data)


@given(told=POINTS, most=st.integers(4, 400))
def test_thinned_they_keep_first_last_and_extremes(
    told: list[tuple[float, int | None, float]], most: int
) -> None:
    points = made(told)
    few = thinned(points, most)
    assert len(few) <= max(most, 4)
    assert same(few[:1], points[:1])
    assert same(few[-1:], points[-1:])
    assert span(few.values) == span(points.values)
    places = list(zip(points.steps, map(repr, points.values), points.times, strict=True))
    for step, value, time in zip(few.steps, map(repr, few.values), few.times, strict=True):
        assert (step, value, time) in places


@given(values=st.lists(st.floats(), min_size=1, max_size=100), stretches=st.integers(1, 60))
def test_every_stretch_keeps_its_own(values: list[float], stretches: int) -> None:
    found = extremes(values, stretches)
    assert found == sorted(set(found))
    size = len(values) / stretches
    for number in range(stretches):
        part = range(round(number * size), round((number + 1) * size))
        numbers = [values[place] for place in part if not math.isnan(values[place])]
        kept = [values[place] for place in found if place in part]
        assert {min(numbers), max(numbers)} <= set(kept) if numbers else True


def test_an_outline_of_outlines_has_the_extremes_of_the_whole() -> None:
    points = made([(math.sin(at * 7.1) * at, at, float(at)) for at in range(20_000)])
    parts = [points[start : start + PART] for start in range(0, len(points), PART)]
    drawn = Points()
    for part in parts:
        told = outline(part)
        assert told is not None
        drawn.extend(unpack(told))
    assert len(drawn) <= OUTLINE * len(parts)
    assert span(thinned(drawn, 100).values) == span(points.values)


def test_few_points_are_their_own_outline() -> None:
    assert outline(made([(1.0, 0, 0.0)] * (2 * OUTLINE))) is None
