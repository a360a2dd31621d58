"""Probabilities and quantiles, of plain numbers: what scipy would be needed for otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300
_TERMS = 10_000


def normal_below(value: float) -> float:
    """The probability that a standard normal number is at most this."""
    return 0.5 * math.erfc(-value / math.sqrt(2))  # exact far into the lower tail, unlike 1 + erf


def normal_quantile(probability: float) -> float:
    """The number that a standard normal one is below with a probability in (0, 1)."""
    return _NORMAL.inv_cdf(probability)


def two_sided(z: float) -> float:
    """The probability that a standard normal number is at least this far from zero."""
    return min(1.0, 2 * normal_below(-abs(z)))


def margin_factor(level: float) -> float:
    """How many standard errors a two-sided normal interval reaches to each side."""
    return normal_quantile((1 + level) / 2)


def binomial_at_most(successes: int, n: int, probability: float) -> float:
    """The probability of at most so many successes in n trials."""
    if successes < 0:
        return 0.0
    if successes >= n:
        return 1.0
    return beta_below(1 - probability, n - successes, successes + 1)


def binomial_exactly(successes: int, n: int, probability: float) -> float:
    """The probability of exactly so many successes in n trials; it lies in (0, 1)."""
    ways = math.lgamma(n + 1) - math.lgamma(successes + 1) - math.lgamma(n - successes + 1)
    failures = n - successes
    return math.exp(ways + successes * math.log(probability) + failures * math.log1p(-probability))


def beta_below(x: float, a: float, b: float) -> float:
    """The probability that a beta number of shapes a and b is at most x.

    Source: the continued fraction of Abramowitz & Stegun 1964, 26.5.8, by Lentz's method.
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the other tail is the one that converges
        return 1 - beta_below(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x)) / a
    return front / _fraction(lambda m: _beta_term(m, x, a, b))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The number that a beta one is below with a probability, by halving."""
    low, high = 0.0, 1.0
    while high - low > 1e-12 * max(high, 1e-12) and (middle := (low + high) / 2) not in (low, high):
        if beta_below(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_term(m: int, x: float, a: float, b: float) -> float:
    k, odd = divmod(m, 2)
    if odd:
        return -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
    return k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))


def _fraction(term: Callable[[int], float]) -> float:
    """1 + t₁ / (1 + t₂ / (1 + …))."""
    value, above, below = 1.0, 1.0, 0.0
    for m in range(1, _TERMS):
        below = 1 / (1 + term(m) * below or _TINY)
        above = 1 + term(m) / above or _TINY
        value *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return value
