"""Power: the table against simulation, and its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ScoreError
from windlass.models.statistics import cases_needed, power, power_table, sd_of_disagreement
from windlass.models.statistics.finding import judge
from windlass.models.statistics.proportions import paired_interval

from .making import LAWS

TRIALS = 4000


@pytest.mark.parametrize("threshold", [0.0, -0.02])
@pytest.mark.parametrize("n", [200, 1000])
def test_entries_of_the_table_are_those_of_simulation(n: int, threshold: float) -> None:
    """Means of n skewed differences: how often the interval lies above the threshold."""
    random = np.random.default_rng(n)
    [row] = power_table(0.2, effects=[0.02], cases=[n], threshold=threshold)
    gains = 0.02 + 0.2 * (random.gamma(4, 0.5, (TRIALS, n)) - 2)
    errors = gains.std(axis=1, ddof=1) / np.sqrt(n)
    seen = (gains.mean(axis=1) - 1.96 * errors > threshold).mean()
    assert row.powers[n] == pytest.approx(seen, abs=0.04)


def test_the_power_of_a_gain_in_accuracy_is_that_of_simulation() -> None:
    gained, lost, n = 0.08, 0.05, 1500
    expected = power(gained - lost, n, sd_of_disagreement(gained, lost))
    drawn = np.random.default_rng(0).multinomial(n, [gained, lost, 1 - gained - lost], TRIALS)
    passed = [judge(*paired_interval(up, down, n), 0.0) == "pass" for up, down, _ in drawn]
    assert np.mean(passed) == pytest.approx(expected, abs=0.03)


@LAWS
@given(
    st.floats(0.001, 0.2), st.floats(0.01, 2), st.sampled_from([0.0, -0.05]), st.floats(0.3, 0.99)
)
def test_the_cases_needed_are_the_first_that_are_enough(
    effect: float, sd: float, threshold: float, wanted: float
) -> None:
    needed = cases_needed(effect, sd, threshold=threshold, wanted=wanted)
    assert needed is not None
    assert needed >= 2
    assert power(effect, needed, sd, threshold=threshold) >= wanted - 1e-9
    if needed > 2:
        assert power(effect, needed - 1, sd, threshold=threshold) < wanted


@LAWS
@given(st.floats(-0.1, 0.1), st.integers(10, 10**6), st.floats(0.01, 1))
def test_laws_of_power(effect: float, n: int, sd: float) -> None:
    found = power(effect, n, sd)
    assert 0 <= found <= 1
    assert power(effect + 0.01, n, sd) >= found
    assert power(effect, n, sd, threshold=-0.01) == pytest.approx(power(effect + 0.01, n, sd))
    assert power(effect, n, sd, level=0.99) <= found
    if effect > 0:
        assert power(effect, 2 * n, sd) >= found


def test_no_number_of_cases_shows_what_is_not_there() -> None:
    assert cases_needed(0.0, 0.1) is None
    assert cases_needed(-0.02, 0.1, threshold=-0.02) is None
    assert power(0.0, 10**6, 0.1) == pytest.approx(0.025)


def test_the_table() -> None:
    table = power_table(0.3)
    assert [row.effect for row in table] == sorted(row.effect for row in table)
    for row in table:
        assert list(row.powers) == [500, 1_000, 5_000, 10_000, 50_000, 100_000]
        assert list(row.powers.values()) == sorted(row.powers.values())
        assert row.needed == cases_needed(row.effect, 0.3)
    assert power_table(0.3, effects=[0.0])[0].needed is None


def test_nothing_that_power_can_be_told_of() -> None:
    for n, sd, level in ((0, 1, 0.9), (10, 0, 0.9), (10, 1, 1), (10, float("inf"), 0.9)):
        with pytest.raises(ScoreError, match="no power for"):
            power(0.1, n, sd, level=level)
    with pytest.raises(ScoreError, match="no power"):
        cases_needed(0.1, 1, wanted=1.0)
    for gained, lost in ((-0.1, 0.1), (0.6, 0.6)):
        with pytest.raises(ScoreError, match="no shares of all cases"):
            sd_of_disagreement(gained, lost)
