"""Tests by exchange against other sources, and their false alarms."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.models.statistics import mcnemar, permutation_test, score_value
from windlass.models.statistics.permuting import _mcnemar_p

from .making import LAWS, Array, binary

stats = pytest.importorskip("scipy.stats")

FAST: dict[str, Any] = {"resamples": 4000}


def exact_p(name: str, labels: Array, ours: Array, theirs: Array) -> float:
    """By going through all exchanges."""
    gain = score_value(name, labels, ours) - score_value(name, labels, theirs)
    extreme = 0
    for swap in itertools.product([False, True], repeat=len(labels)):
        one, two = np.where(swap, theirs, ours), np.where(swap, ours, theirs)
        moved = score_value(name, labels, one) - score_value(name, labels, two)
        extreme += abs(moved) >= abs(gain) * (1 - 1e-9)
    return float(extreme / 2 ** len(labels))


@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_p_values_are_those_of_all_exchanges(name: str) -> None:
    random = np.random.default_rng(0)
    labels = random.normal(size=9)
    ours, theirs = labels + random.normal(size=9) / 3, labels + random.normal(size=9)
    found = permutation_test(name, labels, ours, theirs, **FAST)
    assert found.p == pytest.approx(exact_p(name, labels, ours, theirs), abs=0.03)


def test_p_values_of_f1_are_those_of_all_exchanges() -> None:
    labels = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 1])
    ours, theirs = labels.copy(), 1 - labels
    ours[:2] = 1 - ours[:2]
    theirs[:4] = 1 - theirs[:4]
    found = permutation_test("f1", labels, ours, theirs, **FAST)
    assert found.p == pytest.approx(exact_p("f1", labels, ours, theirs), abs=0.03)


@pytest.mark.parametrize("n", [80, 5000])
def test_p_values_of_means_are_those_of_scipy(n: int) -> None:
    cases = binary(np.random.default_rng(4), n, 0.5, 0.55)
    losses = [(each - cases.labels) ** 2 for each in (cases.theirs, cases.ours)]
    expected = stats.permutation_test(
        losses,
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=999,
        batch=200,
        rng=0,
    ).pvalue
    found = permutation_test("brier", *cases, **FAST)
    assert found.p == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("name", ["log_loss", "auc", "f1"])
def test_false_alarms_are_as_many_as_stated(name: str) -> None:
    alarms = 0
    for trial in range(400):
        labels, ours, theirs = binary(np.random.default_rng(trial), 120)
        if name == "f1":
            ours, theirs = (ours > 0.5).astype(int), (theirs > 0.5).astype(int)
        found = permutation_test(name, labels, ours, theirs, resamples=300, seed=trial)
        alarms += found.verdict != "inconclusive"
    assert 0.02 <= alarms / 400 <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5


def test_groups_are_exchanged_whole() -> None:
    """Fewer exchanges are possible, so that the same difference is less surprising."""
    labels, ours, theirs = binary(np.random.default_rng(1), 600, 0.5, 1.5)
    plain = permutation_test("log_loss", labels, ours, theirs, **FAST)
    few = permutation_test("log_loss", labels, ours, theirs, groups=np.arange(600) % 4, **FAST)
    assert plain.p is not None
    assert few.p is not None
    assert plain.p < 0.05 < few.p
    assert few.p == pytest.approx(2 / 16, abs=0.02)  # 2 of 16 ways
    assert plain.verdict == "pass"
    assert few.verdict == "inconclusive"


def test_models_that_are_alike_and_those_without_value() -> None:
    labels, ours, _ = binary(np.random.default_rng(1), 50)
    same = permutation_test("log_loss", labels, ours, ours, **FAST)
    assert (same.p, same.verdict) == (1.0, "inconclusive")
    none = permutation_test("auc", np.ones(5, int), ours[:5], ours[5:10], **FAST)
    assert (none.p, none.verdict, none.gain) == (None, "inconclusive", True)


@LAWS
@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemars_p_values(gained: int, lost: int) -> None:
    if gained + lost == 0:
        assert _mcnemar_p(0, 0, False) == 1
        return
    exact = stats.binomtest(gained, gained + lost).pvalue
    assert _mcnemar_p(gained, lost, True) == pytest.approx(exact, abs=1e-9)
    point = stats.binom.pmf(gained, gained + lost, 0.5)
    expected = exact - point if gained != lost else 1.0
    assert _mcnemar_p(gained, lost, False) == pytest.approx(expected, abs=1e-9)
    assert _mcnemar_p(gained, lost, False) == pytest.approx(_mcnemar_p(lost, gained, False))


def test_mcnemars_risk_is_nearer_to_what_it_states_by_the_mid_p() -> None:
    """Exactly, over all outcomes of 60 differing cases."""
    chances = stats.binom.pmf(np.arange(61), 60, 0.5)
    risks = {
        exact: float(chances @ [_mcnemar_p(k, 60 - k, exact) <= 0.05 for k in range(61)])
        for exact in (True, False)
    }
    assert risks[True] <= 0.05
    assert risks[True] <= risks[False] <= 0.055


def test_mcnemars_finding() -> None:
    labels = np.array(["a", "b"] * 100)
    ours, theirs = labels.copy(), labels.copy()
    ours[:4], theirs[50:70] = "c", "c"
    found = mcnemar(labels, ours, theirs)
    assert found.estimate == pytest.approx(16 / 200)
    assert found.verdict == "pass"
    assert found.notes == ("20 cases only the candidate gets right, 4 only the champion",)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.high
    assert found.method == "McNemar's test, mid-p"
    assert mcnemar(labels, theirs, ours).verdict == "fail"
    exact = mcnemar(labels, ours, theirs, exact=True)
    assert exact.p is not None
    assert found.p is not None
    assert exact.p > found.p
    assert mcnemar(labels, ours, ours).p == 1
