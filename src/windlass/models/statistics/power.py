"""Power: how surely a comparison of two models on so many cases finds a difference that is there.

For the difference of a mean between two models on the same cases, by the normal approximation of
Walker & Nowacki 2011 and of Connor 1987 for proportions. A *pass* is what is asked for: that the
interval of the difference lies wholly above the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from windlass.errors import ScoreError
from windlass.models.statistics.distributions import (
    margin_factor,
    normal_below,
    normal_quantile,
)

POWER = 0.8
EFFECTS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
CASES = (500, 1_000, 5_000, 10_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True)
class PowerRow:
    """A row of the table.

    Args:
        effect: The true difference.
        powers: By number of cases: the probability that the comparison passes.
        needed: The number of cases for a power of 80 %; None if no number gives it.
    """

    effect: float
    powers: dict[int, float]
    needed: int | None


def power(
    effect: float, n: float, sd: float, *, threshold: float = 0.0, level: float = 0.95
) -> float:
    """The probability that a comparison passes.

    Args:
        effect: The true difference, positive if better.
        n: How many cases.
        sd: The standard deviation of the cases' differences: see `sd_of_disagreement`.
        threshold: What must be exceeded: 0 for better, -margin for not worse.
        level: That of the interval.

    Raises:
        ScoreError: `n` or `sd` is not positive, or `level` not between 0 and 1.
    """
    _check(n, sd, level)
    return normal_below((effect - threshold) * math.sqrt(n) / sd - margin_factor(level))


def cases_needed(
    effect: float,
    sd: float,
    *,
    threshold: float = 0.0,
    level: float = 0.95,
    wanted: float = POWER,
) -> int | None:
    """How many cases a comparison needs in order to pass with a probability.

    Args:
        effect: The true difference, positive if better.
        sd: The standard deviation of the cases' differences.
        threshold: What must be exceeded.
        level: That of the interval.
        wanted: The probability.

    Returns:
        The number; None if no number is enough, as the effect is not above the threshold.

    Raises:
        ScoreError: `sd` is not positive, or `level` or `wanted` not between 0 and 1.
    """
    _check(1, sd, level)
    _check(1, sd, wanted)
    distance = effect - threshold
    if distance <= 0:
        return None
    reach = max(0.0, margin_factor(level) + normal_quantile(wanted))
    needed = (reach * sd / distance) ** 2
    return max(2, math.ceil(needed * (1 - 1e-12))) if math.isfinite(needed) else None


def sd_of_disagreement(gained: float, lost: float) -> float:
    """The standard deviation of a difference in accuracy.

    Args:
        gained: The share of cases that only the first model gets right.
        lost: The share that only the second does.

    Raises:
        ScoreError: These are no shares of one whole.
    """
    if min(gained, lost) < 0 or gained + lost > 1:
        raise ScoreError(
            f"{gained:g} and {lost:g} are no shares of all cases",
            hint="Give the shares that only the one and only the other model gets right.",
        )
    return math.sqrt(gained + lost - (gained - lost) ** 2)


def power_table(
    sd: float,
    *,
    effects: Sequence[float] = EFFECTS,
    cases: Sequence[int] = CASES,
    threshold: float = 0.0,
    level: float = 0.95,
) -> list[PowerRow]:
    """The power by effect and number of cases, and the cases needed for 80 %.

    Raises:
        ScoreError: As for `power`.
    """
    return [
        PowerRow(
            effect,
            {n: power(effect, n, sd, threshold=threshold, level=level) for n in cases},
            cases_needed(effect, sd, threshold=threshold, level=level),
        )
        for effect in effects
    ]


def _check(n: float, sd: float, level: float) -> None:
    if not (n > 0 and sd > 0 and math.isfinite(sd) and 0 < level < 1):
        raise ScoreError(
            f"no power for {n:g} cases, a standard deviation of {sd:g} and a level of {level:g}",
            hint="The first two must be positive, and the level between 0 and 1, such as 0.95.",
        )
