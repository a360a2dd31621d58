"""Coverage of the bootstrap's intervals, by simulation; their laws; where little is known.

500 trials a scenario: the coverage seen of intervals of 95 % is then within 1.0 points of the true
one (one standard deviation). All seeds are fixed. docs/statistics.md has more methods and trials.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.models.statistics import intervals
from windlass.models.statistics.cases import read_cases
from windlass.models.statistics.intervals import bootstrap_interval, interval_of
from windlass.models.statistics.means import Means, mean_of
from windlass.models.statistics.scores import find_score

from .making import LAWS, Array, binary

TRIALS = 500
RESAMPLES = 300

Random = np.random.Generator


def of_score(name: str, labels: Array, *predictions: Array) -> Means:
    """A model's score, or the gain of one over another."""
    score = find_score(name)
    cases, read = read_cases(score.needs, labels, predictions)
    return score.build(cases, read[0]) if len(read) == 1 else score.gain(cases, *read)


def losses(n: int) -> Callable[[Random], Means]:
    return lambda random: of_score("log_loss", *binary(random, n))


def skewed(n: int) -> Callable[[Random], Means]:
    return lambda random: mean_of(random.lognormal(0, 1, n), 0)


def skewed_gain(n: int) -> Callable[[Random], Means]:
    def make(random: Random) -> Means:
        return mean_of(np.exp(random.normal(size=n)) - np.exp(random.normal(size=n) / 2))

    return make


def heavy_gain(n: int) -> Callable[[Random], Means]:
    def make(random: Random) -> Means:
        shared = random.normal(size=n)
        ours, theirs = (np.exp(shared + random.normal(size=n) / 2) for _ in range(2))
        return mean_of(ours - theirs)

    return make


def area(n: int, *, gain: bool) -> Callable[[Random], Means]:
    def make(random: Random) -> Means:
        labels = (random.random(n) < 0.3).astype(int)
        labels[:2] = 0, 1
        ranks = random.normal(size=n) + 1.5 * labels
        if not gain:
            return of_score("auc", labels, ranks)
        return of_score("auc", labels, *(ranks + random.normal(size=n) / 2 for _ in range(2)))

    return make


def f1(n: int) -> Callable[[Random], Means]:
    def make(random: Random) -> Means:
        labels = random.random(n) < 0.3
        return of_score("f1", labels, *(labels ^ (random.random(n) < 0.1) for _ in range(2)))

    return make


def r2(n: int) -> Callable[[Random], Means]:
    def make(random: Random) -> Means:
        labels = random.exponential(size=n)
        return of_score("r2", labels, labels + random.normal(size=n) / 2)

    return make


AREA = 0.5 * math.erfc(-1.5 / 2)  # of normal ranks that are 1.5 apart
SCENARIOS = {
    "log_loss, gain, n = 200": (losses(200), 0.0),
    "skewed losses, mean, n = 200": (skewed(200), math.exp(0.5)),
    "skewed losses, gain, n = 200": (skewed_gain(200), math.exp(0.5) - math.exp(0.125)),
    "heavy tails, gain, n = 200": (heavy_gain(200), 0.0),
    "auc, n = 200": (area(200, gain=False), AREA),
    "auc, gain, n = 200": (area(200, gain=True), 0.0),
    "f1, gain, n = 200": (f1(200), 0.0),
    "r2, n = 200": (r2(200), 0.75),
    "log_loss, gain, n = 50": (losses(50), 0.0),
    "log_loss, gain, n = 2,500, turned": (losses(2500), 0.0),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_coverage_is_within_two_points_of_95(name: str) -> None:
    make, true = SCENARIOS[name]
    trials = 300 if "turned" in name else TRIALS
    covered = 0
    for trial in range(trials):
        found = bootstrap_interval(
            make(np.random.default_rng(trial)), resamples=RESAMPLES, seed=trial
        )
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= true <= found.high
    assert 0.93 <= covered / trials <= 0.97


def test_groups_that_belong_together_widen_the_interval() -> None:
    """Days that are hard for one model: resampling cases would take each for new evidence."""
    covered = {"groups": 0, "cases": 0}
    for trial in range(200):
        random = np.random.default_rng(trial)
        days = np.repeat(np.arange(40), 10)
        gains = mean_of(random.normal(size=40)[days] + random.normal(size=400))
        for name, means in (("groups", gains.grouped(days)), ("cases", gains)):
            found = bootstrap_interval(means, resamples=400, seed=trial)
            assert found.low is not None
            assert found.high is not None
            covered[name] += found.low <= 0 <= found.high
    assert 0.92 <= covered["groups"] / 200 <= 0.98
    assert covered["cases"] / 200 < 0.75


@LAWS
@given(st.integers(0, 2**32), st.sampled_from([30, 200]), st.sampled_from([0.8, 0.95]))
def test_p_values_and_bounds_say_the_same(seed: int, n: int, level: float) -> None:
    """What lies in the interval has a p-value above its risk, and what lies outside does not."""
    random = np.random.default_rng(seed)
    means = mean_of(random.lognormal(0, 1, n))
    found = bootstrap_interval(means, level=level, resamples=999, seed=1)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.estimate < found.high
    width, least = found.high - found.low, 2 / 1000
    for bound, outwards in ((found.low, -1), (found.high, 1)):
        assert found.p(bound - outwards * width / 50) >= 1 - level - least
        assert found.p(bound + outwards * width / 50) <= 1 - level + least


@LAWS
@given(st.floats(0.01, 100), st.floats(-50, 50))
def test_intervals_follow_units(scale: float, shift: float) -> None:
    values = np.random.default_rng(0).normal(size=100)
    one = bootstrap_interval(mean_of(values), resamples=500)
    two = bootstrap_interval(mean_of(scale * values + shift), resamples=500)
    assert one.low is not None
    assert one.high is not None
    assert two.low == pytest.approx(scale * one.low + shift, abs=1e-6)
    assert two.high == pytest.approx(scale * one.high + shift, abs=1e-6)


def plain_area(labels: Array, ranks: Array) -> float:
    """How often a positive case is above a negative one, by looking at all pairs."""
    above = ranks[labels == 1][:, None] - ranks[labels == 0]
    return float(((above > 0) + (above == 0) / 2).mean())


def test_first_order_terms_are_enough_for_areas() -> None:
    """Against areas that are computed anew for each resample."""
    random = np.random.default_rng(3)
    labels = (random.random(400) < 0.3).astype(int)
    ours, theirs = (random.normal(size=400) + 1.5 * labels for _ in range(2))
    metrics = pytest.importorskip("sklearn.metrics")
    for name, score in (
        ("auc", plain_area),
        ("average_precision", metrics.average_precision_score),
    ):
        means = of_score(name, labels, ours, theirs)
        values, _ = intervals._resampled(means, 4000, 0.0, np.random.default_rng(0))
        exact = []
        for _ in range(200):
            drawn = random.integers(400, size=400)
            one, two = (score(labels[drawn], ranks[drawn]) for ranks in (ours, theirs))
            exact.append(one - two)
        assert values.std() == pytest.approx(np.std(exact), rel=0.1)
        np.testing.assert_allclose(
            np.quantile(values, [0.05, 0.5, 0.95]),
            np.quantile(exact, [0.05, 0.5, 0.95]),
            atol=0.3 * float(np.std(exact)),
        )


def test_many_columns_are_taken_to_first_order() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 12, 600)
    ours = np.where(random.random(600) < 0.7, labels, random.integers(0, 12, 600))
    theirs = np.where(random.random(600) < 0.5, labels, random.integers(0, 12, 600))
    means = of_score("f1", labels, ours, theirs)
    assert means.columns.shape[1] > intervals._WIDEST
    found = bootstrap_interval(means, resamples=1000)
    assert found.estimate == pytest.approx(means.estimate)
    assert found.low is not None
    assert 0 < found.low < found.estimate


def test_shares_stay_shares() -> None:
    labels = np.r_[np.zeros(40, int), np.ones(10, int)]
    ranks = labels + np.random.default_rng(0).normal(size=50) / 2
    found = interval_of(of_score("auc", labels, ranks))
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.estimate < found.high <= 1
    assert found.p(1.5) == found.p(-0.5) == found.p(0.0) < 0.01


def test_where_no_case_moves_it_the_interval_is_that_of_what_was_not_seen() -> None:
    labels = np.r_[np.zeros(60, int), np.ones(30, int)]
    found = interval_of(of_score("recall", labels, labels))
    assert (found.estimate, found.high) == (1, 1)
    assert found.low == pytest.approx(0.05 ** (1 / 30))
    assert found.p(1.0) == 1 > found.p(0.5)
    assert "no case moves it" in found.notes[0]
    exact = interval_of(mean_of(np.zeros(50)))
    assert (exact.low, exact.high, exact.p(0), exact.p(0.1)) == (0, 0, 1, 0)


def test_resamples_without_value_are_told_of_and_too_many_say_nothing() -> None:
    def of_positives(count: int) -> Means:
        labels = np.r_[np.ones(count, int), np.zeros(100 - count, int)]
        return of_score("recall", labels, np.arange(100) % 2)

    few = bootstrap_interval(of_positives(3), resamples=1000)
    assert few.low is not None
    assert few.notes[0].startswith("no value in ")
    none = bootstrap_interval(of_positives(1), resamples=1000)
    assert none.low is None or none.notes
