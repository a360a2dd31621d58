"""What steps log, as it is written into the record and read from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.records import points as packing
from windlass.records.points import Points

SYSTEM = "system/"
"""What the names of a machine's own metrics begin with: they are a node's, and not the run's."""


@dataclass(frozen=True, slots=True)
class Series:
    """What one attempt at a node logged under a name.

    Args:
        run: The run's id.
        node: The node, or the item of a map.
        attempt: Counted from 1.
        name: The metric's name.
        points: The numbers.
        before: How many of the series come before them, and are not told here.
    """

    run: str
    node: str
    attempt: int
    name: str
    points: Points
    before: int = 0

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What tells it from others."""
        return self.run, self.node, self.attempt, self.name


@dataclass(frozen=True, slots=True)
class Logged:
    """A figure, table or text that a step logged: an artifact, and where it belongs.

    Args:
        run: The run's id.
        node: The node, or the item of a map.
        attempt: Counted from 1.
        seq: Its place among those of its attempt.
        name: Its name; logged again under the same, it makes a series.
        kind: ``figure``, ``table`` or ``text``.
        content: The artifact.
        step: Where in a series it stands; None outside one.
        time: Seconds since 1970, UTC.
        artifact: The same, filled in when it is read for people.
    """

    run: str
    node: str
    attempt: int
    seq: int
    name: str
    kind: str
    content: str
    step: int | None
    time: float
    artifact: Artifact | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run logged under a name, in short; a number is None where it is not a number.

    Args:
        last: The newest value.
        low: The least.
        high: The greatest.
        count: How many points.
        series: How many series: of the items of a map, each has its own.
        node: Whose the newest is.
        time: When it was logged.
    """

    last: float | None
    low: float | None
    high: float | None
    count: int
    series: int
    node: str
    time: float


@dataclass(frozen=True, slots=True)
class Last:
    """The newest value that a node logged under a name."""

    node: str
    name: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """A series as it is drawn: some of its points, with all its peaks.

    Args:
        node: The node, or the item of a map.
        attempt: Of which attempt; of several the last is drawn.
        name: The metric's name.
        count: How many points there are.
        steps: The steps of those that are drawn; None for one that has none.
        values: Their numbers; None for what is not a number.
        times: Seconds since 1970, UTC.
    """

    node: str
    attempt: int
    name: str
    count: int
    steps: list[int | None]
    values: list[float | None]
    times: list[float]


def part_rows(series: Series, recorded: int, parts: int) -> list[dict[str, Any]]:
    """The rows of what is new in a series.

    Args:
        series: What was logged.
        recorded: How many of its points the record has.
        parts: In how many parts.
    """
    new = series.points[max(0, recorded - series.before) :]
    starts = range(0, len(new), packing.PART)
    return [
        _part_row(series, number, new[start : start + packing.PART])
        for number, start in enumerate(starts, parts)
    ]


def _part_row(series: Series, part: int, points: Points) -> dict[str, Any]:
    low, high = packing.span(points.values)
    steps = points.told_steps()
    return {
        "run": series.run,
        "node": series.node,
        "attempt": series.attempt,
        "name": series.name,
        "part": part,
        "count": len(points),
        "first_step": steps[0],
        "last_step": steps[-1],
        "first_time": points.times[0],
        "last_time": points.times[-1],
        "low": low,
        "high": high,
        "last": number(points.values[-1]),
        "outline": packing.outline(points),
        "points": packing.pack(points),
    }


def summary_row(part: Mapping[str, Any]) -> dict[str, Any]:
    """What a part of a series adds to the summary of its run."""
    same = {name: part[name] for name in ("run", "name", "last", "low", "high", "count", "node")}
    return {**same, "series": int(part["part"] == 0), "time": part["last_time"]}


def number(value: float) -> float | None:
    """A number as databases hold it: SQLite has no other word than NULL for what is none."""
    return None if math.isnan(value) else value


def is_system(name: str) -> bool:
    """Whether a metric is the machine's own."""
    return name.startswith(SYSTEM)
