"""Thresholds hold what they say: windows like the reference are off as rarely as stated."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import gammaincc
from scipy.stats import betabinom, binomtest, chi2_contingency

from windlass.models.profile import Profile
from windlass.models.tables import read_array
from windlass.monitoring.calibrating import Anchored, divergence, gamma_above, share_above
from windlass.monitoring.chi_square import chi_square
from windlass.monitoring.drifting import EFFECT, ColumnTest, Reference, decided

LAWS = settings(deadline=None, max_examples=60)
LEVEL = 0.02
COLUMNS = 20


def _rows(draw: np.random.Generator, n: int, shift: float = 0.0) -> dict[str, Any]:
    """Twenty columns: normal, with a heavy tail, half zeros, counts, categories, with gaps."""
    found: dict[str, Any] = {f"normal{i}": draw.normal(size=n) for i in range(8)}
    found["normal0"] += shift
    found |= {f"tail{i}": draw.pareto(2, size=n) for i in range(4)}
    found |= {f"zeros{i}": draw.exponential(size=n) * (draw.random(n) < 0.5) for i in range(2)}
    found |= {f"counts{i}": draw.poisson(3, size=n) for i in range(2)}
    letters = np.array(list("abcdef"), object)
    for i in range(2):
        found[f"letters{i}"] = letters[draw.choice(6, n, p=[0.5, 0.3, 0.1, 0.05, 0.04, 0.01])]
        found[f"gaps{i}"] = np.where(draw.random(n) < 0.1, np.nan, draw.normal(size=n))
    assert len(found) == COLUMNS
    return found


def _tested(reference: Reference, live: dict[str, Any], level: float) -> list[ColumnTest]:
    counts = {
        name: column.anchors.count(read_array(live[name], name))
        for name, column in reference.columns.items()
    }
    return reference.test(counts, level)


def _reference(draw: np.random.Generator, rows: int) -> Reference:
    return Reference(Profile.of(pd.DataFrame(_rows(draw, rows))))


def test_windows_like_the_reference_are_off_as_rarely_as_stated() -> None:
    """600 windows of twenty columns, of eight references: which of them it is is chance, too."""
    draw, windows, significant, off = np.random.default_rng(3), 0, 0, 0
    for _ in range(8):
        reference = _reference(draw, 4000)
        for _ in range(75):
            tests = _tested(reference, _rows(draw, 300), LEVEL)
            significant += any(test.adjusted <= LEVEL for test in tests)
            off += any(test.is_off for test in tests)
            windows += 1
    assert windows == 600
    # More would be found in less than one of a hundred such trials, if what is stated holds.
    assert binomtest(significant, windows, LEVEL, "greater").pvalue > 0.01
    assert off <= significant
    assert significant > 0  # and it is no test that never finds anything


def test_a_shift_of_a_stated_size_is_found() -> None:
    """A third of a standard deviation, among twenty columns, in a window of a thousand rows."""
    draw, found, wrong = np.random.default_rng(4), 0, 0
    reference = _reference(draw, 10_000)
    for _ in range(20):
        off = {t.column for t in _tested(reference, _rows(draw, 1000, shift=0.4), 0.01) if t.is_off}
        found += "normal0" in off
        wrong += len(off - {"normal0"})
    assert found >= 19
    assert wrong <= 1


def test_what_is_sure_and_small_is_let_pass() -> None:
    draw = np.random.default_rng(5)
    reference = _reference(draw, 100_000)
    [drift] = [
        test
        for test in _tested(reference, _rows(draw, 100_000, shift=0.05), 0.01)
        if (test.column, test.rule) == ("normal0", "drift")
    ]
    assert drift.adjusted < 1e-6
    assert 0.01 < drift.effect < EFFECT
    assert not drift.is_off


def test_p_values_of_windows_like_the_reference_are_uniform() -> None:
    draw, found = np.random.default_rng(6), []
    for _ in range(100):
        table = pd.DataFrame(draw.normal(size=(1000, 8)), columns=list("abcdefgh"))
        reference = Reference(Profile.of(table))
        live = {name: draw.normal(size=500) for name in map(str, table)}
        found += [each.p for each in _tested(reference, live, LEVEL) if each.rule == "drift"]
    for level in (0.05, 0.2, 0.5):
        share = float(np.mean(np.array(found) <= level))
        assert abs(share - level) < 0.03 + 0.15 * level, (level, share)


def test_many_rare_categories_that_luck_made_frequent_are_no_drift() -> None:
    """The most frequent of a thousand equally likely names are frequent by luck alone."""
    draw = np.random.default_rng(7)
    names = np.array([f"n{i}" for i in range(1000)], object)
    profile = Profile.of(pd.DataFrame({"x": names[draw.integers(1000, size=1000)]}))
    reference = Reference(profile)
    for _ in range(20):
        live = {"x": names[draw.integers(1000, size=2000)]}
        assert not any(test.is_off for test in _tested(reference, live, 0.05))


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_a_tiny_reference_is_no_reason_to_crash(rows: int) -> None:
    table = pd.DataFrame({"x": np.arange(float(rows)), "y": ["a"] * rows, "z": [np.nan] * rows})
    reference = Reference(Profile.of(table))
    live = {"x": np.arange(50.0), "y": np.array(["a"] * 50, object), "z": np.full(50, np.nan)}
    tests = _tested(reference, live, 0.01)
    assert not any(test.is_off for test in tests if test.column != "x")


@LAWS
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=9), st.integers(1, 10_000))
def test_the_divergence_is_that_of_the_books(counts: list[int], seed: int) -> None:
    one = np.array(counts) + 1
    other = np.random.default_rng(seed).integers(0, 50, len(one)) + np.eye(len(one), dtype=int)[0]
    found = float(divergence(one, other))
    assert found == pytest.approx(float(jensenshannon(one, other, base=2)) ** 2, abs=1e-12)
    assert divergence(one, np.stack([other, one])).tolist() == [found, pytest.approx(0, abs=1e-15)]


@LAWS
@given(st.floats(0.05, 3000), st.floats(1e-3, 5))
def test_the_gamma_tail_is_that_of_scipy(shape: float, times: float) -> None:
    x = shape * times
    assert gamma_above(shape, x) == pytest.approx(gammaincc(shape, x), rel=1e-7, abs=1e-13)


@LAWS
@given(st.integers(1, 3000), st.integers(0, 3000), st.floats(0.5, 500), st.floats(0.5, 5000))
def test_the_tail_of_a_share_is_that_of_scipy(
    rows: int, seen: int, alpha: float, beta: float
) -> None:
    seen = min(seen, rows)
    found = share_above(seen, rows, alpha, beta)
    if seen * (alpha + beta) <= rows * alpha:
        assert found == 1
    else:
        assert found == pytest.approx(betabinom.sf(seen - 1, rows, alpha, beta), rel=1e-4, abs=1e-9)


@LAWS
@given(st.lists(st.integers(0, 300), min_size=2, max_size=9), st.integers(0, 10_000))
def test_chi_square_is_that_of_scipy(counts: list[int], seed: int) -> None:
    """On cells with rows enough; those with few are one cell."""
    one, other = np.array(counts), np.random.default_rng(seed).integers(0, 300, len(counts))
    found = chi_square(one, other)
    rows = one.sum(), other.sum()
    if found is None:
        return
    full = (one + other) * min(rows) / sum(rows) >= 5
    table = np.stack([one, other])
    pooled = table[:, ~full].sum(axis=1, keepdims=True)
    cells = [pooled] * bool(pooled.any()) + [table[:, full]]
    want = chi2_contingency(np.hstack(cells), correction=False)
    assert found.freedom == want.dof
    assert found.statistic == pytest.approx(want.statistic, rel=1e-9, abs=1e-9)
    assert found.p == pytest.approx(want.pvalue, rel=1e-6, abs=1e-12)


def test_thresholds_and_p_values_are_two_ways_to_say_one_thing() -> None:
    column = Profile.of(pd.DataFrame({"x": np.random.default_rng(0).normal(size=3000)})).inputs["x"]
    chance = Anchored.of(column).chance(500)
    levels = (0.01, 1e-3, 1e-5, 1e-8)
    thresholds = [chance.threshold(level) for level in levels]
    assert all(one < other for one, other in pairwise(thresholds))
    for level, threshold in zip(levels[1:], thresholds[1:], strict=True):
        assert chance.p(threshold) == pytest.approx(level, rel=0.02)
    drawn = float(np.quantile(chance.drawn, 0.99))
    assert thresholds[0] == pytest.approx(drawn, rel=0.1)  # that of the resamples themselves


def test_tests_of_a_window_are_decided_together() -> None:
    lone = ColumnTest("a", "drift", 0.5, 0.004)
    assert [each.is_off for each in decided([lone], 0.01)] == [True]
    crowd = [lone, *(ColumnTest(f"b{i}", "drift", 0.5, 0.5) for i in range(99))]
    assert not any(each.is_off for each in decided(crowd, 0.01))
    assert decided([], 0.01) == []
