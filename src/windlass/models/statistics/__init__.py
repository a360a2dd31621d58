"""Statistics of release tests: how sure it is that a model is better, or good enough.

Of numpy alone; it knows nothing of versions, tables or records.

- `scores`: what can be measured, by name; each is a function of means (`means`), built in
  `classification`, `ranking` and `regression` from checked `cases`
- `intervals`, `resampling`, `proportions`: how sure a score or a difference is
- `comparing`: better, not worse, good enough, with three verdicts (`finding`)
- `permuting`: tests by exchange, and McNemar's
- `multiple`: many tests at once, slices
- `calibration`: whether probabilities are true
- `power`: how many cases are enough

How each is done, and why so, stands in docs/statistics.md.
"""

from windlass.models.statistics.calibration import (
    Bin,
    CalibrationLine,
    calibration_error,
    calibration_line,
    reliability,
    spiegelhalter,
)
from windlass.models.statistics.comparing import (
    Options,
    compare,
    is_better,
    is_not_worse,
    measure,
)
from windlass.models.statistics.finding import Finding, Verdict, overall
from windlass.models.statistics.multiple import (
    benjamini_hochberg,
    compare_slices,
    decide_together,
    holm,
)
from windlass.models.statistics.permuting import mcnemar, permutation_test
from windlass.models.statistics.power import (
    PowerRow,
    cases_needed,
    power,
    power_table,
    sd_of_disagreement,
)
from windlass.models.statistics.proportions import exact_interval, paired_interval, wilson_interval
from windlass.models.statistics.scores import (
    SCORES,
    Score,
    find_score,
    score_of_cases,
    score_value,
)

__all__ = [
    "SCORES",
    "Bin",
    "CalibrationLine",
    "Finding",
    "Options",
    "PowerRow",
    "Score",
    "Verdict",
    "benjamini_hochberg",
    "calibration_error",
    "calibration_line",
    "cases_needed",
    "compare",
    "compare_slices",
    "decide_together",
    "exact_interval",
    "find_score",
    "holm",
    "is_better",
    "is_not_worse",
    "mcnemar",
    "measure",
    "overall",
    "paired_interval",
    "permutation_test",
    "power",
    "power_table",
    "reliability",
    "score_of_cases",
    "score_value",
    "sd_of_disagreement",
    "spiegelhalter",
    "wilson_interval",
]
