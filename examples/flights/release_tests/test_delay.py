"""What a model of late flights must pass to be promoted: ``windlass test delay``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from windlass import release

if TYPE_CHECKING:
    import pandas as pd

    from windlass.models.version import Version

test_it_is_not_worse_than_the_champion = release.not_worse_than_champion("log_loss", margin=0.002)
test_no_airport_is_worse_off = release.slices(by=["origin"], score="log_loss", margin=0.01)
test_nothing_odd_breaks_it = release.stable()
test_one_flight_or_many = release.no_skew()
test_golden_examples = release.golden_examples()
test_it_is_small_and_quick = release.within(milliseconds=200, megabytes=5, calls=100)


@pytest.mark.capability("gain")
@pytest.mark.ml_test("model.5")
def test_it_beats_what_the_schedule_alone_tells(
    candidate: Version, holdout: pd.DataFrame, reference: pd.DataFrame
) -> None:
    from modelling import base_rates, judge  # noqa: PLC0415 - found once the candidate is

    model = judge(holdout["late"], candidate.predict_proba(holdout)[:, 1])
    schedule = judge(holdout["late"], base_rates(reference, holdout))
    assert model.average_precision > schedule.average_precision + 0.02


@pytest.mark.capability("ranking")
def test_its_likeliest_tenth_is_late_twice_as_often(
    candidate: Version, holdout: pd.DataFrame
) -> None:
    chance = candidate.predict_proba(holdout)[:, 1]
    tenth = holdout["late"][chance >= sorted(chance)[int(0.9 * len(chance))]]
    assert tenth.mean() > 1.9 * holdout["late"].mean()
