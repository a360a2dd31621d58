"""A first pipeline: fit a line to noisy points in several ways at once, and keep the best.

    windlass run pipeline.py:training -p count=500

Called in Python, ``training(count=500)``, it just runs and leaves no record.
"""

import random
from typing import NamedTuple

from windlass import each, either, pipeline, step

Point = tuple[float, float]


class Split(NamedTuple):
    """Points to fit a line to, and points to test it with."""

    train: list[Point]
    test: list[Point]


class Line(NamedTuple):
    """The line y = slope * x + start."""

    slope: float
    start: float


@step
def measure(count: int) -> list[Point]:
    """Makes noisy points around y = 3x + 1."""
    xs = [2 * i / count - 1 for i in range(count)]
    return [(x, 3 * x + 1 + random.gauss(0, 0.1)) for x in xs]


@step
def split(points: list[Point]) -> Split:
    """Keeps every fourth point for the test."""
    return Split([p for i, p in enumerate(points) if i % 4], points[::4])


@step
def fit(points: list[Point], rate: float) -> tuple[float, float]:
    """Fits a line by gradient descent; returns its slope and start."""
    slope = start = 0.0
    for _ in range(100):
        errors = [slope * x + start - y for x, y in points]
        slope -= rate * sum(e * x for e, (x, _) in zip(errors, points, strict=True)) / len(points)
        start -= rate * sum(errors) / len(points)
    return slope, start


@step
def score(line: tuple[float, float], points: list[Point]) -> float:
    """The mean squared error of a line; lower is better."""
    slope, start = line
    return sum((slope * x + start - y) ** 2 for x, y in points) / len(points)


@step
def pick(lines: list[tuple[float, float]], scores: list[float]) -> Line:
    """The line with the lowest error."""
    return Line(*lines[scores.index(min(scores))])


@step
def is_good(scores: list[float]) -> bool:
    """Whether the best line is good enough to be used."""
    return min(scores) < 0.05


@step
def accept(slope: float, start: float) -> str:
    """Says what was found."""
    return f"y = {slope:.2f}x + {start:.2f}"


@step
def reject(scores: list[float]) -> str:
    """Says why nothing was."""
    return f"no line fits: the lowest error is {min(scores):.3f}"


@pipeline
def training(count: int = 200) -> str:
    """Measures, fits at three learning rates side by side, and accepts the best fit if good."""
    parts = split(measure(count))
    lines = fit.map(parts.train, rate=each([0.01, 0.1, 0.5]))
    scores = score.map(each(lines), parts.test)
    best = pick(lines, scores)
    return either(is_good(scores), lambda: accept(best.slope, best.start), lambda: reject(scores))
