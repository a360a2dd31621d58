"""Resampled means: quick ways against the plain one, and laws of means."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.models.statistics.means import Means, average_of, gradient, mean_of, ratio
from windlass.models.statistics.resampling import (
    LARGE,
    _quick_length,
    _turned,
    resampled_means,
    signed_sums,
)

from .making import LAWS, Array

stats = pytest.importorskip("scipy.stats")


def plain_means(rows: Array, resamples: int, random: np.random.Generator) -> Array:
    """As one would write it in a line."""
    return np.stack(
        [rows[random.integers(len(rows), size=len(rows))].mean(axis=0) for _ in range(resamples)]
    )


@pytest.mark.parametrize("n", [50, LARGE, LARGE + 37, 20_011])
def test_resampled_means_have_the_distribution_of_plain_ones(n: int) -> None:
    """Of skewed rows, for small samples, and for large ones, that are turned; 20,011 is prime."""
    random = np.random.default_rng(n)
    rows = np.column_stack([random.lognormal(0, 1, n), random.normal(size=n)])
    drawn = resampled_means(rows, 4000, random)
    expected = plain_means(rows, 2000, random)
    assert drawn.shape == (4000, 2)
    for column in range(2):
        assert stats.ks_2samp(drawn[:, column], expected[:, column]).pvalue > 0.01
    errors = rows.std(axis=0) / np.sqrt(n)
    np.testing.assert_allclose(drawn.std(axis=0), errors, rtol=0.05)
    np.testing.assert_allclose(drawn.mean(axis=0), rows.mean(axis=0), atol=4 * errors.max() / 60)
    together, expected_together = (np.cov(each.T)[0, 1] for each in (drawn * n**0.5, rows))
    assert together == pytest.approx(expected_together, abs=0.15)


def test_rows_that_repeat_are_drawn_by_how_often_they_do() -> None:
    random = np.random.default_rng(1)
    rows = random.integers(0, 3, (5000, 2)).astype(float)
    drawn = resampled_means(rows, 4000, random)
    expected = plain_means(rows, 1000, random)
    for column in range(2):
        assert stats.ks_2samp(drawn[:, column], expected[:, column]).pvalue > 0.01
    # Counts are whole numbers of cases, whatever the way there.
    np.testing.assert_allclose(drawn * 5000, np.round(drawn * 5000), atol=1e-6)


def test_turns_are_sums_with_turned_factors() -> None:
    """The convolution, term by term."""
    random = np.random.default_rng(2)
    rows = random.normal(size=(LARGE, 2))
    factors = random.poisson(1, LARGE).astype(float)
    found = _turned(rows, 60, lambda size, count: factors[None, :], np.random.default_rng(3))
    shuffled = rows[np.random.default_rng(3).permutation(LARGE)]
    turns = min(-(-60 // 4), LARGE // 16)
    expected = [factors[np.arange(s, s + LARGE) % LARGE] @ shuffled for s in range(turns)]
    np.testing.assert_allclose(found[:turns], expected, atol=1e-8)
    assert found.shape == (60, 2)


def test_the_same_seed_gives_the_same() -> None:
    for n in (100, LARGE):
        rows = np.random.default_rng(0).normal(size=(n, 1))
        one, two = (resampled_means(rows, 500, np.random.default_rng(5)) for _ in range(2))
        other = resampled_means(rows, 500, np.random.default_rng(6))
        assert np.array_equal(one, two)
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("n", [100, LARGE + 1])
def test_signs_are_even(n: int) -> None:
    random = np.random.default_rng(n)
    rows = random.normal(size=(n, 1)) + 1
    sums = signed_sums(rows, 4000, random)[:, 0]
    size = np.sqrt((rows**2).sum())
    assert sums.mean() == pytest.approx(0, abs=4 * size / 60)
    assert sums.std() == pytest.approx(size, rel=0.05)
    exact = random.choice([-1.0, 1.0], (2000, n)) @ rows[:, 0]
    assert stats.ks_2samp(sums, exact).pvalue > 0.01


def test_memory_is_bounded() -> None:
    """10,000 resamples of 100,000 rows would fill 8 GB with their counts alone."""
    rows = np.random.default_rng(0).normal(size=(100_000, 2))
    tracemalloc.start()
    resampled_means(rows, 10_000, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


@LAWS
@given(st.integers(1, 300_000))
def test_lengths_that_are_quick_to_transform(least: int) -> None:
    found = _quick_length(least)
    assert least <= found <= 2 * least
    assert found <= least * 1.25 or least < 100
    for factor in (2, 3, 5):
        while found % factor == 0:
            found //= factor
    assert found == 1


@LAWS
@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=3))
def test_gradients_are_those_of_calculus(at: list[float]) -> None:
    a, b, c = at
    point = np.array([at, at])
    found = gradient(lambda m: m[..., 0] ** 2 / m[..., 1] - np.sqrt(m[..., 2]), point)
    expected = [2 * a / b, -(a**2) / b**2, -0.5 / np.sqrt(c)]
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-12)


def test_groups_and_weights_are_means_too() -> None:
    random = np.random.default_rng(0)
    rows, weights = random.random((60, 2)), random.random(60)
    means = Means(rows, lambda m: ratio(m[..., 0], m[..., 1]), 60)
    expected = np.average(rows[:, 0], weights=weights) / np.average(rows[:, 1], weights=weights)
    assert means.weighted(weights).estimate == pytest.approx(expected)
    grouped = means.weighted(weights).grouped(np.arange(60) // 7)
    assert grouped.columns.shape[0] == 9
    assert grouped.estimate == pytest.approx(expected)
    assert grouped.linearized().estimate == pytest.approx(expected)
    assert means.weighted(np.ones(60)).estimate == pytest.approx(means.estimate)


def test_a_part_without_value_is_left_out_of_an_average() -> None:
    there, lacking = mean_of(np.array([1.0, 3.0])), mean_of(np.array([1.0, np.nan]))
    assert average_of([there, lacking]).estimate == 2
    assert np.isnan(average_of([lacking, lacking]).estimate)
