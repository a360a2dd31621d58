"""Probabilities and quantiles against scipy's, intervals of proportions, and exact coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ScoreError
from windlass.models.statistics import distributions as ours
from windlass.models.statistics import exact_interval, paired_interval, wilson_interval

from .making import LAWS

stats = pytest.importorskip("scipy.stats")

N = 200


@LAWS
@given(st.floats(-30, 30))
def test_normal_probabilities(value: float) -> None:
    assert ours.normal_below(value) == pytest.approx(stats.norm.cdf(value), rel=1e-10, abs=1e-300)
    assert ours.two_sided(value) == pytest.approx(2 * stats.norm.sf(abs(value)), rel=1e-10)


def test_the_factor_of_an_interval() -> None:
    assert ours.margin_factor(0.95) == pytest.approx(1.959964, abs=1e-6)


@LAWS
@given(st.floats(1e-6, 1 - 1e-6), st.floats(0.5, 5e4), st.floats(0.5, 5e4))
def test_beta_probabilities(x: float, a: float, b: float) -> None:
    assert ours.beta_below(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-6, abs=1e-12)


@LAWS
@given(st.floats(0.001, 0.999), st.floats(0.5, 1e4), st.floats(0.5, 1e4))
def test_beta_quantiles_invert(probability: float, a: float, b: float) -> None:
    x = ours.beta_quantile(probability, a, b)
    assert x == pytest.approx(stats.beta.ppf(probability, a, b), rel=1e-6, abs=1e-9)


@LAWS
@given(st.integers(1, 100_000), st.floats(0, 1), st.floats(0.001, 0.999))
def test_binomial_probabilities(n: int, share: float, probability: float) -> None:
    successes = int(share * n)
    at_most = stats.binom.cdf(successes, n, probability)
    assert ours.binomial_at_most(successes, n, probability) == pytest.approx(at_most, abs=1e-9)
    exactly = stats.binom.pmf(successes, n, probability)
    assert ours.binomial_exactly(successes, n, probability) == pytest.approx(exactly, abs=1e-9)


def test_binomial_probabilities_at_the_ends() -> None:
    assert ours.binomial_at_most(-1, 5, 0.5) == 0
    assert ours.binomial_at_most(5, 5, 0.5) == 1
    assert ours.beta_below(0, 1, 1) == 0
    assert ours.beta_below(1, 1, 1) == 1


@LAWS
@given(st.integers(1, 2000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_intervals_of_a_proportion_are_those_of_scipy(n: int, share: float, level: float) -> None:
    successes = round(share * n)
    test = stats.binomtest(successes, n)
    for interval, method in ((wilson_interval, "wilson"), (exact_interval, "exact")):
        expected = test.proportion_ci(level, method=method)
        assert interval(successes, n, level) == pytest.approx(
            (expected.low, expected.high), abs=1e-8
        )


@pytest.mark.parametrize("interval", [wilson_interval, exact_interval])
def test_no_proportion(interval: object) -> None:
    for successes, n in ((0, 0), (3, 2), (-1, 2)):
        with pytest.raises(ScoreError, match="no proportion"):
            interval(successes, n)  # type: ignore[operator]
    with pytest.raises(ScoreError, match="no proportion"):
        paired_interval(2, 2, 3)


def test_the_coverage_of_wilsons_interval_is_nominal_on_average() -> None:
    """Exactly, by going through all outcomes of 200 cases; the exact one's is never below."""
    wilson: list[float] = []
    exact: list[float] = []
    for interval, found in ((wilson_interval, wilson), (exact_interval, exact)):
        low, high = np.transpose([interval(k, N) for k in range(N + 1)])
        for share in np.linspace(0.02, 0.98, 49):
            chances = stats.binom.pmf(np.arange(N + 1), N, share)
            found.append(float(chances @ ((low <= share) & (share <= high))))
    assert np.mean(wilson) == pytest.approx(0.95, abs=0.005)
    assert min(wilson) > 0.92
    assert min(exact) >= 0.95


@pytest.mark.parametrize("gained", [0.01, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("lost", [0.01, 0.05, 0.1])
def test_the_coverage_of_the_paired_interval(gained: float, lost: float) -> None:
    """Exactly, over all outcomes of 200 cases: never two points under, nor far over."""
    differing = np.arange(N + 1)
    chances = stats.binom.pmf(differing, N, gained + lost)
    covered = 0.0
    for count in differing[chances > 1e-9].tolist():
        ups = np.arange(count + 1)
        of_ups = stats.binom.pmf(ups, count, gained / (gained + lost))
        inside = [_holds(up, count - up, gained - lost) for up in ups.tolist()]
        covered += float(chances[count] * (of_ups @ inside))
    assert 0.93 <= covered <= (0.975 if gained + lost >= 0.05 else 0.995)


def _holds(gained: int, lost: int, true: float) -> bool:
    low, high = paired_interval(gained, lost, N)
    return low <= true <= high


def test_intervals_of_none_and_all() -> None:
    assert wilson_interval(0, 10)[0] == 0
    assert wilson_interval(10, 10)[1] == 1
    assert exact_interval(0, 10)[0] == 0
    assert exact_interval(10, 10)[1] == 1
    assert exact_interval(0, 10)[1] == pytest.approx(1 - 0.025 ** (1 / 10))
    assert math.isclose(paired_interval(0, 0, 100)[1], -paired_interval(0, 0, 100)[0])
