"""Ready-made release tests, in a line each.

    from windlass import release

    test_better = release.better_than_champion(score="log_loss")
    test_slices = release.slices(by=["origin", "carrier"], score="log_loss", margin=0.02)
    test_stable = release.stable()

Each is a test that pytest collects, with fixtures of Windlass's plugin as its arguments; the name
of the variable is the test's. What they do can also be called from a test of one's own:
`compare`, `skews`, `stability`, …, whose findings ``evidence(…)`` takes.
"""

from __future__ import annotations

from windlass.models.release.baselines import beats_a_baseline
from windlass.models.release.budgets import within
from windlass.models.release.calibration import calibrated
from windlass.models.release.comparing import (
    better_than_champion,
    compare,
    not_worse_than_champion,
)
from windlass.models.release.fairness import fair
from windlass.models.release.features import features_are_of_use
from windlass.models.release.found import Found, checked
from windlass.models.release.leakage import no_leakage
from windlass.models.release.sameness import (
    golden_examples,
    no_skew,
    reproduced,
    reproducible,
    skews,
)
from windlass.models.release.slicing import slices
from windlass.models.release.stability import stability, stable

__all__ = [
    "Found",
    "beats_a_baseline",
    "better_than_champion",
    "calibrated",
    "checked",
    "compare",
    "fair",
    "features_are_of_use",
    "golden_examples",
    "no_leakage",
    "no_skew",
    "not_worse_than_champion",
    "reproduced",
    "reproducible",
    "skews",
    "slices",
    "stability",
    "stable",
    "within",
]
