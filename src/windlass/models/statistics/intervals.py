"""Intervals for a score, and for the difference of a score between two models.

The studentized bootstrap (bootstrap-t): each resample's distance from the estimate is counted in
standard errors *of that resample*, and the quantiles of these distances give the bounds. So it
follows skewed losses. Where differences have heavy tails or are rare, it comes out too narrow;
therefore a side never reaches less far than that of the normal interval. Together they held in
simulation where each alone, percentiles and BCa did not: see docs/statistics.md. Means of zeros and
ones have closed forms.

Sources: Efron & Tibshirani 1993, chapters 12 and 14; DiCiccio & Efron 1996; Hall 1992.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from windlass.models.statistics.distributions import margin_factor, two_sided
from windlass.models.statistics.means import FloatArray, Means, first, gradient
from windlass.models.statistics.proportions import paired_error, paired_interval, wilson_interval
from windlass.models.statistics.resampling import resampled_means

RESAMPLES = 10_000

_WIDEST = 12  # columns beyond which the value is linearized: its products would be too many
_NOTHING = 1e-12  # an influence below this is rounding
_UNDEFINED = 0.2  # of the resamples, from which on an interval says nothing

Tail: TypeAlias = Callable[[float], float]
"""From a hypothetical true value to its two-sided p-value."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What is known of a value from the cases at hand.

    Args:
        estimate: The value on these.
        low: The least true value that they are compatible with; None if they can't tell.
        high: The greatest.
        error: The standard error.
        p: From a hypothetical true value to its two-sided p-value.
        method: How it was found.
        notes: What a reader should know.
    """

    estimate: float
    low: float | None
    high: float | None
    error: float
    p: Tail
    method: str
    notes: tuple[str, ...] = ()


def interval_of(
    means: Means, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The interval for a score or a difference, by the method that fits it.

    Args:
        means: It; at least two rows, and a value on all cases.
        level: How often such intervals hold the true value.
        resamples: Of the bootstrap.
        seed: Of the bootstrap: the same gives the same interval.
    """
    if means.function is first and means.low is not None:
        column = means.columns[:, 0]
        if not (column % 1).any():
            return _of_proportion(means, level) if means.low == 0 else _of_pairs(means, level)
    return bootstrap_interval(means, level=level, resamples=resamples, seed=seed)


def bootstrap_interval(
    means: Means, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The studentized bootstrap's interval; arguments as for `interval_of`."""
    if means.columns.shape[1] > _WIDEST:
        means = means.linearized()
    method = f"studentized bootstrap, {resamples:,} resamples, seed {seed}"
    error, floor = _errors_of(means.influence())
    if error == 0:
        return _of_no_difference(means, level)
    values, errors = _resampled(means, resamples, floor, np.random.default_rng(seed))
    lost = 1 - len(values) / resamples
    notes = (f"no value in {lost:.1%} of the resamples",) if lost else ()
    if lost > _UNDEFINED:
        return Interval(means.estimate, None, None, error, lambda _: 1.0, method, notes)
    distances = np.sort((values - means.estimate) / errors)
    return _joined(means, error, distances, level, method, notes)


def _errors_of(influence: FloatArray) -> tuple[float, float]:
    """The standard error, and the least that is believed of one found in a resample.

    A resample that happens to draw none of the few rows that matter would seem free of error. So
    none is taken for less than that of half a row with the greatest influence.
    """
    rows = len(influence)
    greatest = float(np.abs(influence).max())
    if greatest < _NOTHING:
        return 0.0, 0.0
    error = float(np.sqrt(np.mean(influence**2) / (rows - 1)))
    return error, greatest * float(np.sqrt(0.5 / rows / (rows - 1)))


def _resampled(
    means: Means, resamples: int, floor: float, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """The values in the resamples, where there is one, and their standard errors."""
    center = means.columns.mean(axis=0)
    rows, width = means.columns - center, len(center)
    left, right = np.triu_indices(width)
    drawn = resampled_means(np.hstack([rows, rows[:, left] * rows[:, right]]), resamples, random)
    moved, products = drawn[:, :width], drawn[:, width:]
    values = means.function(center + moved)
    there = np.isfinite(values)
    values, moved, products = values[there], moved[there], products[there]
    slopes = gradient(means.function, center + moved)
    twice = np.where(left == right, 1.0, 2.0)
    squares = np.einsum("ij,ij,ij,j->i", slopes[:, left], slopes[:, right], products, twice)
    variances = squares - np.einsum("ij,ij->i", slopes, moved) ** 2
    return values, np.sqrt(np.maximum(variances / (len(rows) - 1), floor**2))


def _joined(
    means: Means,
    error: float,
    distances: FloatArray,
    level: float,
    method: str,
    notes: tuple[str, ...],
) -> Interval:
    """The wider on each side of the studentized interval and the normal one."""
    estimate, tail = means.estimate, (1 - level) / 2
    least, most = np.quantile(distances, [tail, 1 - tail])
    normal = _normal_bounds(means, estimate, error, level)
    low = min(estimate - float(most) * error, normal[0])
    high = max(estimate - float(least) * error, normal[1])

    def p(value: float) -> float:
        distance = (estimate - value) / error
        above = len(distances) - np.searchsorted(distances, distance, side="left")
        below = np.searchsorted(distances, distance, side="right")
        drawn = 2 * (1 + float(min(above, below))) / (1 + len(distances))
        return min(1.0, max(drawn, _normal_p(means, estimate, error, value)))

    low, high = _inside(means, low), _inside(means, high)
    return Interval(estimate, low, high, error, p, method, notes)


def _normal_bounds(
    means: Means, estimate: float, error: float, level: float
) -> tuple[float, float]:
    """The normal interval; of a share, on the scale of log-odds, where it is nearer to normal."""
    reach = margin_factor(level) * error
    if not _is_share(means, estimate):
        return estimate - reach, estimate + reach
    odds = math.exp(reach / (estimate * (1 - estimate)))
    return estimate / (estimate + (1 - estimate) * odds), estimate / (
        estimate + (1 - estimate) / odds
    )


def _normal_p(means: Means, estimate: float, error: float, value: float) -> float:
    if not _is_share(means, estimate):
        return two_sided((estimate - value) / error)
    if not 0 < value < 1:
        return 0.0
    apart = math.log(estimate / (1 - estimate)) - math.log(value / (1 - value))
    return two_sided(apart * estimate * (1 - estimate) / error)


def _is_share(means: Means, estimate: float) -> bool:
    return (means.low, means.high) == (0, 1) and 0 < estimate < 1


def _inside(means: Means, value: float) -> float:
    low = -math.inf if means.low is None else means.low
    return float(max(low, min(math.inf if means.high is None else means.high, value)))


def _of_proportion(means: Means, level: float) -> Interval:
    n, successes = len(means.columns), float(means.columns.sum())
    low, high = wilson_interval(successes, n, level)
    share = successes / n

    def p(value: float) -> float:
        error = np.sqrt(value * (1 - value) / n)
        return two_sided((share - value) / error) if error else float(share == value)

    error = float(np.sqrt(share * (1 - share) / n))
    return Interval(share, low, high, error, p, "Wilson's interval")


def _of_pairs(means: Means, level: float) -> Interval:
    column = means.columns[:, 0]
    n, gained, lost = len(column), float((column > 0).sum()), float((column < 0).sum())
    low, high = paired_interval(gained, lost, n, level)
    middle, error = paired_error(gained, lost, n)

    def p(value: float) -> float:
        return two_sided((middle - value) / error)

    return Interval((gained - lost) / n, low, high, error, p, "Bonett and Price's interval")


def _of_no_difference(means: Means, level: float) -> Interval:
    """Where no row moves the value, as a score of 1, or two models that give the same.

    Resampling can say nothing then. If what was not seen in n cases happens in a share of them,
    that share is at most about 3 / n, at 95 %.

    Source: the rule of three, Hanley & Lippman-Hand 1983.
    """
    estimate, reach = means.estimate, 0.0
    if means.low is not None and means.high is not None:
        reach = float(1 - (1 - level) ** (1 / max(1, means.support)))
    low, high = _inside(means, estimate - reach), _inside(means, estimate + reach)
    note = "no case moves it: the interval is that of what was not seen in so many cases"
    error = reach / margin_factor(level)

    def p(value: float) -> float:
        return two_sided((estimate - value) / error) if error else float(value == estimate)

    return Interval(estimate, low, high, error, p, "rule of three", (note,))
