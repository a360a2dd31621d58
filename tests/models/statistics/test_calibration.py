"""Calibration: known miscalibration is found, none is not, and intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from windlass.errors import ScoreError
from windlass.models.statistics import (
    calibration_error,
    calibration_line,
    reliability,
    spiegelhalter,
)

from .making import Array, sigmoid

FAST = 1000


def cases(seed: int, n: int, slope: float = 1.0, shift: float = 0.0) -> tuple[Array, Array]:
    """Labels, and probabilities whose true log-odds are `shift` + `slope` times those given."""
    random = np.random.default_rng(seed)
    odds = random.normal(size=n)
    labels = (random.random(n) < sigmoid(shift + slope * odds)).astype(int)
    labels[:2] = 0, 1
    return labels, sigmoid(odds)


def test_the_table_of_reliability() -> None:
    labels, given = cases(0, 1000)
    table = reliability(labels, given, bins=10)
    assert [each.count for each in table] == [100] * 10
    assert [each.predicted for each in table] == sorted(each.predicted for each in table)
    first = np.sort(given)[:100]
    assert table[0].predicted == pytest.approx(first.mean())
    assert table[0].observed == pytest.approx(labels[given <= first[-1]].mean())
    assert all(each.low < each.observed < each.high for each in table)


def test_ties_are_in_one_bin() -> None:
    given = np.repeat([0.2, 0.6], [90, 10])
    table = reliability(np.arange(100) % 2, given, bins=10)
    assert [each.count for each in table] == [90, 10]
    assert len(reliability(np.arange(100) % 2, np.full(100, 0.5))) == 1
    with pytest.raises(ScoreError, match="0 bins"):
        reliability([0, 1], [0.5, 0.5], bins=0)


def test_the_plain_error_stands_in_a_note() -> None:
    labels, given = cases(0, 1500, slope=0.5)
    plain = sum(
        each.count / 1500 * abs(each.predicted - each.observed)
        for each in reliability(labels, given)
    )
    found = calibration_error(labels, given, resamples=FAST)
    assert found.notes[0] == f"{plain:.4g} if its bias by chance is left in"
    assert found.estimate is not None
    assert found.estimate < plain


def test_the_error_holds_what_is_true_and_is_not_moved_by_chance() -> None:
    """True probabilities have no error; a plain bootstrap would never say so."""
    zeros, covered, wrong = 0, 0, 0
    odds = np.sort(np.random.default_rng(0).normal(size=300_000)).reshape(15, -1)
    true = float(np.abs((sigmoid(0.4 * odds) - sigmoid(odds)).mean(axis=1)).mean())
    for seed in range(150):
        found = calibration_error(*cases(seed, 1000), resamples=200, seed=seed)
        zeros += found.low == 0
        found = calibration_error(*cases(seed, 1000, slope=0.4), resamples=200, seed=seed)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= true <= found.high
        wrong += found.low > 0
    assert zeros / 150 >= 0.93
    assert 0.90 <= covered / 150 <= 0.995
    assert wrong / 150 > 0.95


def test_verdicts_on_the_error() -> None:
    labels, given = cases(0, 5000)
    verdicts = [
        calibration_error(labels, given, threshold=threshold, resamples=FAST).verdict
        for threshold in (0.03, 0.005)
    ]
    assert verdicts == ["pass", "inconclusive"]
    off = calibration_error(*cases(0, 5000, slope=0.3), threshold=0.03, resamples=FAST)
    assert off.verdict == "fail"
    one = calibration_error([1], [0.7], threshold=0.1)
    assert (one.verdict, one.low) == ("inconclusive", None)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.4)])
def test_the_line_is_the_one_that_the_cases_were_made_by(slope: float, shift: float) -> None:
    line = calibration_line(*cases(1, 20_000, slope, shift), tolerance=0.1, resamples=FAST)
    assert line.slope.low is not None
    assert line.slope.high is not None
    assert line.slope.low < slope < line.slope.high
    assert line.slope.verdict == ("pass" if slope == 1 else "fail")
    if slope == 1:  # else the intercept at a slope of one is another
        assert line.intercept.low is not None
        assert line.intercept.high is not None
        assert line.intercept.low < shift < line.intercept.high
        assert line.intercept.verdict == ("pass" if shift == 0 else "fail")


def test_the_line_is_that_of_scikit_learn() -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    labels, given = cases(2, 500, 0.7, 0.3)
    odds = np.log(given / (1 - given))
    weights = np.random.default_rng(0).random(500)
    for each in (None, weights):
        line = calibration_line(labels, given, weights=each, resamples=FAST)
        fit = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
        fit.fit(odds[:, None], labels, sample_weight=each)
        assert line.slope.estimate == pytest.approx(fit.coef_[0, 0], rel=1e-4)


def test_the_lines_intervals_hold() -> None:
    covered = {"slope": 0, "intercept": 0}
    for seed in range(200):
        line = calibration_line(*cases(seed, 300), resamples=300, seed=seed)
        for name, true, found in (
            ("slope", 1.0, line.slope),
            ("intercept", 0.0, line.intercept),
        ):
            assert found.low is not None
            assert found.high is not None
            covered[name] += found.low <= true <= found.high
    assert all(0.92 <= count / 200 <= 0.985 for count in covered.values())


@pytest.mark.parametrize(
    ("labels", "given"),
    [
        ([0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4]),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]),
    ],
)
def test_where_there_is_no_line(labels: list[int], given: list[float]) -> None:
    slope = calibration_line(labels, given, tolerance=0.2).slope
    assert (slope.estimate, slope.verdict) == (None, "inconclusive")
    assert "no slope" in slope.notes[0]


def test_spiegelhalters_z_is_normal_where_probabilities_are_true() -> None:
    stats = pytest.importorskip("scipy.stats")
    values = [spiegelhalter(*cases(seed, 300)).estimate for seed in range(300)]
    assert stats.kstest(values, "norm").pvalue > 0.01
    found = spiegelhalter(*cases(0, 3000, slope=0.5))
    assert found.p is not None
    assert found.p < 0.001
    assert found.verdict is None


def test_spiegelhalters_z_has_limits() -> None:
    assert spiegelhalter([0, 1], [0.0, 1.0]).estimate is None
    with pytest.raises(ScoreError, match="knows no weights"):
        spiegelhalter([0, 1], [0.2, 0.7], weights=[1, 2])


def test_of_several_classes_the_surest_is_judged() -> None:
    random = np.random.default_rng(0)
    given = random.dirichlet([1, 1, 1], 3000)
    drawn = (random.random((3000, 1)) > given.cumsum(axis=1)).sum(axis=1)
    labels = np.array(["a", "b", "c"])[drawn]
    assert calibration_error(labels, given, threshold=0.05, resamples=FAST).verdict == "pass"
    turned = np.roll(given, 1, axis=1)
    assert calibration_error(labels, turned, threshold=0.05, resamples=FAST).verdict == "fail"
    of_one = reliability(labels, given, positive="b", bins=1)
    assert of_one[0].observed == pytest.approx((labels == "b").mean())
    assert of_one[0].predicted == pytest.approx(given[:, 1].mean())
