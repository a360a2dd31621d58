"""Corrections for many tests: laws, other sources, and what they keep to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ScoreError
from windlass.models.statistics import (
    Finding,
    benjamini_hochberg,
    compare,
    compare_slices,
    decide_together,
    holm,
)
from windlass.models.statistics.multiple import CORRECTIONS, Correction

from .making import LAWS, binary

P_VALUES = st.lists(st.floats(0, 1), max_size=30)
CASES = binary(np.random.default_rng(0), 1200, noise=0.3, other=1.5)
SLICES = np.array(["north", "south", "east", "west"])[np.arange(1200) % 4]
FAST: dict[str, Any] = {"resamples": 1000}


@LAWS
@given(P_VALUES)
def test_holms_steps_are_those_of_the_paper(p: list[float]) -> None:
    """Rejecting by stepping down through the sorted p-values, as Holm wrote it."""
    adjusted = holm(p)
    for risk in (0.01, 0.05, 0.2):
        rejected = set()
        for step, place in enumerate(np.argsort(p, kind="stable")):
            if p[place] * (len(p) - step) > risk:
                break
            rejected.add(int(place))
        assert set(np.flatnonzero(adjusted <= risk)) == rejected


@LAWS
@given(P_VALUES.filter(len))
def test_benjamini_and_hochbergs_are_those_of_scipy(p: list[float]) -> None:
    stats = pytest.importorskip("scipy.stats")
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p), atol=1e-12)


@pytest.mark.parametrize("correct", CORRECTIONS.values())
@LAWS
@given(p=P_VALUES, seed=st.integers(0, 100))
def test_laws_of_corrections(correct: Any, p: list[float], seed: int) -> None:
    adjusted = correct(p)
    assert ((adjusted >= np.array(p) - 1e-15) & (adjusted <= 1)).all()
    order = np.random.default_rng(seed).permutation(len(p))
    np.testing.assert_array_equal(correct(np.array(p)[order]), adjusted[order])
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()  # the order of p-values is kept
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()
    assert (holm(p) <= np.minimum(1, np.array(p) * len(p)) + 1e-15).all()  # never above Bonferroni


@pytest.mark.parametrize("p", [[0.5, 1.5], [-0.1], [float("nan")]])
def test_no_p_value(p: list[float]) -> None:
    for correct in CORRECTIONS.values():
        with pytest.raises(ScoreError, match="not between 0 and 1"):
            correct(p)


def test_the_risk_of_any_false_verdict_is_kept_to() -> None:
    """20 true nulls, 2,000 times: without a correction most have a false one."""
    p = np.random.default_rng(0).random((2000, 20))
    plain = (p <= 0.05).any(axis=1).mean()
    kept = np.mean([(holm(row) <= 0.05).any() for row in p])
    assert plain > 0.6
    assert kept <= 0.05 + 3 * (0.05 * 0.95 / 2000) ** 0.5


def test_the_share_of_false_verdicts_is_kept_to() -> None:
    """40 tests, ten of which find something: of what is found, at most 5 % is false on average."""
    random = np.random.default_rng(1)
    stats = pytest.importorskip("scipy.stats")
    shift = np.r_[np.full(10, 3.5), np.zeros(30)]
    p = 2 * stats.norm.sf(np.abs(random.normal(size=(2000, 40)) + shift))
    found = np.array([benjamini_hochberg(row) <= 0.05 for row in p])
    share = (found[:, 10:].sum(axis=1) / np.maximum(1, found.sum(axis=1))).mean()
    assert 0.02 <= share <= 0.05
    by_holm = np.array([holm(row) <= 0.05 for row in p])
    assert found[:, :10].mean() > by_holm[:, :10].mean()


@pytest.mark.parametrize("correction", CORRECTIONS)
def test_slices_are_judged_together(correction: Correction) -> None:
    labels, ours, theirs = CASES
    worse = np.where(SLICES == "west", 1 - theirs, ours)
    found = compare_slices("log_loss", labels, worse, theirs, SLICES, correction=correction, **FAST)
    assert list(found) == ["east", "north", "south", "west"]
    assert found["west"].verdict == "fail"
    assert found["north"].verdict == "pass"
    north = SLICES == "north"
    alone = compare("log_loss", labels[north], worse[north], theirs[north], **FAST)
    assert found["north"].estimate == alone.estimate
    assert found["north"].n == 300
    assert found["north"].p is not None
    assert alone.p is not None
    assert found["north"].p >= alone.p
    assert f"allow for 4 tests ({correction})" in found["north"].notes[-1]


def test_slices_by_name_may_overlap_or_be_empty_or_tell_nothing() -> None:
    labels, ours, theirs = CASES
    ones = labels == 1
    slices = {"ones": ones, "all": np.full(1200, True), "none": np.full(1200, False)}
    found = compare_slices("auc", labels, ours, theirs, slices, groups=np.arange(1200) // 3, **FAST)
    assert found["all"].verdict == "pass"
    for name, note in (("none", "no case is in this slice"), ("ones", "no value")):
        assert found[name].verdict == "inconclusive"
        assert note in found[name].notes[0]
        assert found[name].threshold == 0.0
        assert found[name].gain
    assert "allow for 1 tests" in found["all"].notes[-1]


def test_as_many_resamples_are_drawn_as_many_slices_need() -> None:
    labels = CASES.labels
    random = np.random.default_rng(0)
    # Right where the other model is wrong, in every case: as sure as it gets with ten cases.
    found = compare_slices(
        "mae", labels, labels + random.random(1200) / 9, labels + 1.0, np.arange(1200) // 30,
        resamples=100,
    )  # fmt: skip
    assert len(found) == 40
    assert {each.verdict for each in found.values()} == {"pass"}


@pytest.mark.parametrize(
    ("slices", "told"),
    [
        (SLICES[:5], "must be one for each of the 1,200 cases"),
        ({"few": np.array([True])}, "slice 'few' has the shape"),
        ({"not bool": np.zeros(1200)}, "the type float64"),
    ],
)
def test_bad_slices(slices: Any, told: str) -> None:
    with pytest.raises(ScoreError, match=told):
        compare_slices("auc", *CASES, slices)


def test_a_verdict_that_is_taken_back_says_how_many_cases_it_would_need() -> None:
    found = Finding(
        what="s", gain=True, estimate=0.1, low=0.01, high=0.19, n=100, p=0.03, threshold=0.0
    )
    together = decide_together(dict.fromkeys("abcd", found))
    assert {each.verdict for each in together.values()} == {"inconclusive"}
    # (2.50 + 0.84)² sd² / 0.1², where 1.96 sd / √100 = 0.09 and 5 % / 4 is left for each
    assert together["a"].cases_needed == pytest.approx(235, abs=2)
    assert decide_together({"a": found})["a"].verdict == "pass"


def test_what_has_no_p_value_does_not_count() -> None:
    findings = {
        "a": Finding(what="s", gain=True, estimate=0.1, n=9, p=0.04, threshold=0.0, verdict="pass"),
        "b": Finding(what="s", gain=True, estimate=None, n=0, verdict="inconclusive"),
        "c": Finding(what="z", estimate=2.0, n=9, p=0.03),
    }
    found = decide_together(findings)
    assert found["a"].p == pytest.approx(0.06)
    assert found["a"].verdict == "inconclusive"
    assert found["a"].cases_needed is None  # without an interval there is no telling
    assert found["b"] == findings["b"]
    assert found["c"].p == pytest.approx(0.06)
    assert found["c"].verdict is None
    with pytest.raises(ScoreError, match="There are holm, benjamini-hochberg"):
        decide_together(findings, correction="bonferroni")  # type: ignore[arg-type]
