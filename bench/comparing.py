"""How long it takes to compare two models: the paired bootstrap on one core."""

from __future__ import annotations

import json
import statistics as middle

from timing import ROUNDS, Bench, Figure

CASES, RESAMPLES = 100_000, 10_000
_FLOOR = 200  # resamples by the plain loop, whose time is then scaled: all would take minutes

_COMPARE = f"""
import json, os, time
for name in ("OPENBLAS", "OMP", "MKL"):
    os.environ[name + "_NUM_THREADS"] = "1"
import numpy as np
from windlass.models.statistics import compare
random = np.random.default_rng(0)
odds = random.normal(size={CASES})
labels = (random.random({CASES}) < 1 / (1 + np.exp(-odds))).astype(int)
ours, theirs = (1 / (1 + np.exp(-odds - random.normal(size={CASES}) / k)) for k in (3, 2))
told = {{}}
for name in ("log_loss", "auc", "f1"):
    given = [(each > 0.5).astype(int) if name == "f1" else each for each in (ours, theirs)]
    start = time.process_time()
    found = compare(name, labels, *given, resamples={RESAMPLES})
    told[name] = time.process_time() - start
    assert found.verdict == "pass" and "{RESAMPLES:,} resamples" in found.method, found
gains = np.log(np.where(labels, ours / theirs, (1 - ours) / (1 - theirs)))
start = time.process_time()
means = [gains[random.integers({CASES}, size={CASES})].mean() for _ in range({_FLOOR})]
told["floor"] = (time.process_time() - start) * {RESAMPLES / _FLOOR}
print(json.dumps(told))
"""


def comparing(bench: Bench) -> list[Figure]:
    """Seconds of one core for two models' gain; the floor is a plain loop over their losses."""
    rounds = [json.loads(bench.python(_COMPARE)) for _ in range(ROUNDS)]
    medians = {name: middle.median(told[name] for told in rounds) for name in rounds[0]}
    floor = medians.pop("floor")
    return [
        Figure(
            f"paired bootstrap of {name}, 10,000 × 100,000",
            seconds,
            "s",
            floor,
            3.0,
            f"{seconds / floor:.2f} × a plain loop",
        )
        for name, seconds in medians.items()
    ]
