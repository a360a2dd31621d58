"""Better, not worse, good enough: verdicts, what they cost in false alarms, and what they say."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ScoreError
from windlass.models.statistics import (
    Finding,
    compare,
    is_better,
    is_not_worse,
    measure,
    overall,
)
from windlass.models.statistics.finding import judge, judge_significance, judge_within

from .making import LAWS, Binary, binary

TRIALS = 1000
TOLERANCE = 3 * (0.05 * 0.95 / TRIALS) ** 0.5  # three standard deviations of a rate of 5 %

CASES = binary(np.random.default_rng(0), 2000, noise=0.3, other=0.9)
FAST: dict[str, Any] = {"resamples": 1000}


def verdict_rates(name: str, n: int, noise: float = 0.5, other: float = 0.5) -> dict[str, float]:
    """How often each verdict falls on whether one model is better than another."""
    fallen = {"pass": 0, "fail": 0, "inconclusive": 0}
    for trial in range(TRIALS):
        cases = binary(np.random.default_rng(trial), n, noise, other)
        ours, theirs = cases.ours, cases.theirs
        if name == "accuracy":
            ours, theirs = (ours > 0.5).astype(int), (theirs > 0.5).astype(int)
        found = is_better(name, cases.labels, ours, theirs, resamples=300, seed=trial)
        assert found.verdict is not None
        fallen[found.verdict] += 1
    return {verdict: count / TRIALS for verdict, count in fallen.items()}


@pytest.mark.parametrize("name", ["log_loss", "auc", "accuracy"])
def test_false_alarms_are_as_many_as_stated(name: str) -> None:
    """A/A: two models that are as good. Any verdict but inconclusive is false: 5 %, half each."""
    rates = verdict_rates(name, 200)
    assert 0.02 <= rates["pass"] + rates["fail"] <= 0.05 + TOLERANCE
    assert max(rates["pass"], rates["fail"]) <= 0.025 + TOLERANCE


def test_a_model_that_is_better_passes_and_the_other_way_round_fails() -> None:
    labels, ours, theirs = CASES
    for name in ("log_loss", "brier", "auc", "average_precision"):
        up, down = (
            is_better(name, labels, a, b, **FAST) for a, b in ((ours, theirs), (theirs, ours))
        )
        assert (up.verdict, down.verdict) == ("pass", "fail")
        assert up.estimate is not None
        assert down.estimate is not None
        assert up.estimate > 0
        assert down.estimate == pytest.approx(-up.estimate)
        assert up.p is not None
        assert up.p < 0.01
        assert up.gain


def test_a_margin_is_what_may_be_lost() -> None:
    labels, ours, theirs = CASES
    worse = compare("log_loss", labels, theirs, ours, **FAST)
    assert worse.estimate is not None
    assert worse.low is not None
    assert worse.high is not None
    wide = is_not_worse("log_loss", labels, theirs, ours, margin=-worse.low * 1.1, **FAST)
    amid = is_not_worse("log_loss", labels, theirs, ours, margin=-worse.estimate * 1.1, **FAST)
    tight = is_not_worse("log_loss", labels, theirs, ours, margin=-worse.high * 0.9, **FAST)
    assert [each.verdict for each in (wide, amid, tight)] == ["pass", "inconclusive", "fail"]
    assert amid.threshold == pytest.approx(worse.estimate * 1.1)
    assert amid.cases_needed is not None
    assert amid.cases_needed > 2000
    with pytest.raises(ScoreError, match="a margin of -1"):
        is_not_worse("log_loss", labels, theirs, ours, margin=-1)
    with pytest.raises(ScoreError, match="a margin of nan"):
        is_not_worse("log_loss", labels, theirs, ours, margin=float("nan"))


def test_better_by_something() -> None:
    labels, ours, theirs = CASES
    gain = compare("auc", labels, ours, theirs, **FAST)
    assert gain.low is not None
    assert gain.high is not None
    assert is_better("auc", labels, ours, theirs, by=gain.low / 2, **FAST).verdict == "pass"
    assert is_better("auc", labels, ours, theirs, by=2 * gain.high, **FAST).verdict == "fail"


def test_the_number_of_cases_that_it_asks_for_decides() -> None:
    """With a power of 80 %, if the effect is what it seems: asked of 60 samples of that size."""
    effect = compare("brier", *binary(np.random.default_rng(1), 200_000, 0.5, 0.6), **FAST)
    small = next(
        found
        for seed in range(100)
        if (
            found := is_better("brier", *binary(np.random.default_rng(seed), 500, 0.5, 0.6), **FAST)
        )
        and found.verdict == "inconclusive"
        and effect.estimate is not None
        and found.estimate == pytest.approx(effect.estimate, rel=0.05)
    )
    assert small.cases_needed is not None
    passed = [
        is_better(
            "brier", *binary(np.random.default_rng(seed), small.cases_needed, 0.5, 0.6), **FAST
        ).verdict
        for seed in range(1000, 1060)
    ]
    assert 0.62 <= passed.count("pass") / 60 <= 0.95


def test_a_model_against_itself() -> None:
    labels, ours, _ = CASES
    same = is_better("log_loss", labels, ours, ours)
    assert (same.estimate, same.low, same.high, same.verdict) == (0, 0, 0, "inconclusive")
    assert same.cases_needed is None
    assert "no case moves it" in same.notes[0]
    assert is_not_worse("auc", labels, ours, ours, margin=1e-6).verdict == "pass"
    # Equal labels are no proof that others would be equal, too.
    predicted = (ours > 0.5).astype(int)
    for name in ("accuracy", "f1"):
        few = is_not_worse(name, labels[:20], predicted[:20], predicted[:20], margin=0.01)
        assert few.verdict == "inconclusive"
        assert is_not_worse(name, labels, predicted, predicted, margin=0.01).verdict == "pass"


@pytest.mark.parametrize(
    ("name", "threshold", "verdict"),
    [
        ("auc", 0.6, "pass"),
        ("auc", 0.9, "fail"),
        ("log_loss", 0.9, "pass"),
        ("log_loss", 0.1, "fail"),
        ("log_loss", None, None),
    ],
)
def test_a_threshold_is_met_in_the_scores_own_direction(
    name: str, threshold: float | None, verdict: str | None
) -> None:
    found = measure(name, CASES.labels, CASES.ours, threshold=threshold, **FAST)
    assert (found.verdict, found.threshold, found.gain) == (verdict, threshold, False)
    assert found.low is not None
    assert found.high is not None
    assert found.estimate is not None
    near = measure(name, CASES.labels, CASES.ours, threshold=found.estimate * 1.002, **FAST)
    assert near.verdict == "inconclusive"
    assert near.cases_needed is not None


def test_a_bias_is_judged_by_its_distance_from_zero() -> None:
    random = np.random.default_rng(0)
    labels = random.normal(size=500)
    for shift in (0.3, -0.3):
        forecast = labels + shift + random.normal(size=500) / 10
        verdicts = [
            measure("bias", labels, forecast, threshold=threshold, **FAST).verdict
            for threshold in (0.1, 0.3, 0.5)
        ]
        assert verdicts == ["fail", "inconclusive", "pass"]


@pytest.mark.parametrize("options", [{}, {"groups": [7]}])
def test_one_case_tells_nothing(options: Any) -> None:
    found = measure("mae", [1.0], [2.0], threshold=3.0, **options)
    assert (found.estimate, found.low, found.verdict) == (1.0, None, "inconclusive")
    gain = compare("log_loss", [1], [0.7], [0.6], **options)
    assert gain.verdict == "inconclusive"
    assert "alone tells nothing" in gain.notes[0]


def test_few_cases_and_groups_are_told_of() -> None:
    labels = np.r_[np.ones(6, int), np.zeros(60, int)]
    ranks = labels + np.random.default_rng(0).normal(size=66)
    assert "only 6 cases bear on it: the interval is rough" in measure("auc", labels, ranks).notes
    days = np.arange(66) % 5
    found = measure("brier", labels, labels / 2, groups=days)
    assert found.notes == ("there are only 5 groups: the interval is rough",)


def test_cases_without_weight_leave_no_value() -> None:
    found = measure("precision", [1, 0, 1], [1, 0, 0], weights=[0, 1, 1], threshold=0.5)
    assert found.estimate in (None, 0.0)
    nothing = measure("recall", [1, 0, 0], [1, 0, 0], weights=[0, 1, 1], threshold=0.5)
    assert (nothing.estimate, nothing.verdict) == (None, "inconclusive")
    one_class = measure("auc", [1, 0, 0], [0.5, 0.2, 0.1], weights=[0, 1, 1], threshold=0.5)
    assert (one_class.estimate, one_class.verdict) == (None, "inconclusive")


def test_weights_change_what_is_measured() -> None:
    labels, ours, _ = CASES
    weights = np.where(labels == 1, 3.0, 1.0)
    plain, weighted = (
        measure("log_loss", labels, ours, weights=each, **FAST) for each in (None, weights)
    )
    assert plain.estimate != weighted.estimate
    alike = measure("log_loss", labels, ours, weights=np.full(2000, 7.0), **FAST)
    assert alike.estimate == pytest.approx(plain.estimate)
    assert alike.low == pytest.approx(plain.low, rel=0.01)


def test_a_finding_is_plain_json_and_repeats() -> None:
    labels, ours, theirs = CASES
    for name in ("log_loss", "auc"):
        one, two = (is_better(name, labels, ours, theirs, **FAST).document() for _ in range(2))
        assert json.loads(json.dumps(one, allow_nan=False)) == one == two
        assert set(one) >= {"estimate", "interval", "n", "threshold", "verdict", "p", "method"}
    predicted = (ours > 0.5).astype(int)
    for found in (
        measure("accuracy", labels, predicted, threshold=0.5),
        measure("recall", labels, labels, threshold=0.5),
        measure("mae", [1.0], [2.0]),
    ):
        assert json.loads(json.dumps(found.document(), allow_nan=False)) == found.document()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"estimate": 0.0123, "low": 0.0087, "high": 0.016, "n": 53_991, "gain": True},
            "s: 0.0123 better (95 % 0.0087 to 0.0160, 53,991 cases)",
        ),
        (
            {"estimate": -0.004, "low": -0.01, "high": 0.002, "n": 200, "gain": True},
            "s: 0.0040 worse (95 % -0.0020 to 0.0100, 200 cases)",
        ),
        (
            {"estimate": 1234.5, "low": 1100.0, "high": 1400.0, "n": 9, "cases_needed": 4000},
            "s: 1,234 (95 % 1,100 to 1,400, 9 cases); about 4,000 cases would decide",
        ),
        ({"estimate": 0.0, "low": 0.0, "high": 0.0, "n": 1}, "s: 0 (95 % 0 to 0, 1 case)"),
        ({"estimate": 0.25, "n": 5, "level": 0.9}, "s: 0.2500 (5 cases)"),
        ({"estimate": None, "n": 5}, "s: no value (5 cases)"),
    ],
)
def test_sentences(given: Any, told: str) -> None:
    assert Finding(what="s", **given).sentence() == told


@LAWS
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=2), st.floats(-1, 1))
def test_verdicts_are_by_the_whole_interval(bounds: list[float], threshold: float) -> None:
    low, high = sorted(bounds)
    verdict = judge(low, high, threshold)
    assert (verdict == "pass") == (low > threshold)
    assert (verdict == "fail") == (high < threshold)
    near = judge_within(low, high, 0.0, abs(threshold))
    assert (near == "pass") == (max(abs(low), abs(high)) < abs(threshold))


def test_verdicts_where_there_is_nothing_to_judge() -> None:
    assert judge(None, None, 0) == judge_within(None, None, 0, 1) == "inconclusive"
    assert judge_significance(0.1, 0.04, 0, 0.95) == "pass"
    assert judge_significance(-0.1, 0.04, 0, 0.95) == "fail"
    assert judge_significance(0.1, 0.06, 0, 0.95) == "inconclusive"
    assert judge_significance(0.0, 0.0, 0, 0.95) == "inconclusive"


@LAWS
@given(st.lists(st.sampled_from(["pass", "fail", "inconclusive"]), max_size=5))
def test_all_must_pass_and_one_fails_all(verdicts: list[Any]) -> None:
    found = overall(verdicts)
    assert (found == "fail") == ("fail" in verdicts)
    assert (found == "pass") == (bool(verdicts) and set(verdicts) == {"pass"})


@LAWS
@given(st.integers(0, 2**32))
def test_the_order_of_cases_does_not_matter_to_estimates(seed: int) -> None:
    random = np.random.default_rng(seed)
    order = random.permutation(2000)
    shuffled = Binary(*(each[order] for each in CASES))
    for name in ("auc", "log_loss"):
        one, two = (compare(name, *cases, resamples=100) for cases in (CASES, shuffled))
        assert one.estimate == pytest.approx(two.estimate, abs=1e-12)
