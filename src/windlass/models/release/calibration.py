"""Whether probabilities are true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from windlass.errors import ScoreError
from windlass.models.release.found import Found
from windlass.models.release.labelled import of_holdout, predictions
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.statistics.calibration import calibration_error, calibration_line
from windlass.models.statistics.comparing import Options

if TYPE_CHECKING:
    from windlass.models.version import Version

AT_MOST = 0.02
"""The default bound: two points of a hundred, less than most decisions would notice."""


def calibrated(
    at_most: float = AT_MOST, *, capability: str = "calibration", **options: Unpack[Options]
) -> TestFunction:
    """A test that the expected calibration error is below a bound.

    The error is corrected for its bias by chance; the intercept and the slope of the calibration
    line stand beside it, not judged. See `windlass.models.statistics.calibration`.

    Args:
        at_most: The bound, in (0, 1).
        capability: What of the model it is about.
        **options: As for `windlass.release.compare`.

    Raises:
        ScoreError: The bound is no such number.
    """
    if not 0 < at_most < 1:
        raise ScoreError(f"a calibration error of {at_most:g}", hint="It lies between 0 and 1.")

    def test(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        [given], classes = predictions("probabilities", rows.table, [candidate])
        told: Options = {**classes, **rows.options(options)}
        error = calibration_error(rows.labels, given, threshold=at_most, **told)
        line = calibration_line(rows.labels, given, **told)
        evidence(
            Found(error, data=rows.data, wanted=f"below {at_most:g}"),
            *(Found(each, data=rows.data) for each in (line.intercept, line.slope)),
        )

    about = "Of cases given a probability of 0.7, seven in ten are positive."
    return ready(test, about, capability)
