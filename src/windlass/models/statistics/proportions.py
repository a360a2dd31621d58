"""Intervals for proportions, and for the difference of two proportions of the same cases."""

from __future__ import annotations

import math

from windlass.errors import ScoreError
from windlass.models.statistics.distributions import beta_quantile, margin_factor


def wilson_interval(successes: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """An interval for a proportion, whose coverage is `level` on average.

    Args:
        successes: How many, of
        n: cases; at least one.
        level: How often such intervals hold the true value.

    Raises:
        ScoreError: There are no cases, or more successes than cases.

    Source: Wilson 1927; Brown, Cai & DasGupta 2001 recommend it.
    """
    _check(successes, n)
    z = margin_factor(level)
    share, spread = successes / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    # At none and all, the bounds are none and all: rounding should not have it otherwise.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    return low, 1.0 if successes == n else min(1.0, middle + half)


def exact_interval(successes: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """An interval for a proportion, whose coverage is never below `level`: a wide one.

    Raises:
        ScoreError: There are no cases, or more successes than cases.

    Source: Clopper & Pearson 1934.
    """
    _check(successes, n)
    tail = (1 - level) / 2
    failures = n - successes
    low = beta_quantile(tail, successes, failures + 1) if successes else 0.0
    return low, beta_quantile(1 - tail, successes + 1, failures) if failures else 1.0


def paired_error(gained: float, lost: float, n: float) -> tuple[float, float]:
    """The difference of two proportions of the same cases, and its standard error.

    Both are drawn a little towards no difference, as if there were a case more of either kind:
    that is what lets the plain interval around it hold in small samples.

    Args:
        gained: Cases in which the first has a success and the second has none.
        lost: Those the other way round.
        n: All cases.

    Source: Bonett & Price 2012, recommended by Fagerland, Lydersen & Laake 2014.
    """
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    return up - down, math.sqrt((up + down - (up - down) ** 2) / (n + 2))


def paired_interval(
    gained: float, lost: float, n: float, level: float = 0.95
) -> tuple[float, float]:
    """An interval for the difference of two proportions of the same cases: see `paired_error`.

    Raises:
        ScoreError: There are no cases, or more differ than there are.
    """
    _check(gained + lost, n)
    middle, error = paired_error(gained, lost, n)
    half = margin_factor(level) * error
    return max(-1.0, middle - half), min(1.0, middle + half)


def _check(some: float, n: float) -> None:
    if not 0 <= some <= n or n <= 0:
        raise ScoreError(
            f"{some:g} of {n:g} cases is no proportion",
            hint="There must be at least one case, and no more that count than there are.",
        )
