"""What a model of late flights must pass to be promoted: ``windlass test delay``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from windlass import release

if TYPE_CHECKING:
    from windlass.models.version import Version

test_it_is_not_worse_than_the_champion = release.not_worse_than_champion("log_loss", margin=0.002)
test_it_beats_baselines = release.beats_a_baseline("average_precision")
test_no_airport_is_worse_off = release.slices(by=["origin"], score="log_loss", margin=0.01)
test_nothing_odd_breaks_it = release.stable()
test_one_flight_or_many = release.no_skew()
test_golden_examples = release.golden_examples()


@pytest.mark.capability("ranking")
def test_its_likeliest_tenth_is_late_twice_as_often(candidate: Version) -> None:
    holdout = candidate.holdout()
    chance = candidate.predict_proba(holdout)[:, 1]
    tenth = holdout["late"][chance >= sorted(chance)[int(0.9 * len(chance))]]
    assert tenth.mean() > 2 * holdout["late"].mean()
