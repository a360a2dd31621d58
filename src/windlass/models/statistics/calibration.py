"""Whether probabilities are true: of cases given 0.7, seven in ten are positive.

With more than two classes, and none named as positive, what is judged is the probability of the
class that is most probable: how often it is the true one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from windlass.errors import ScoreError, UndefinedError
from windlass.models.statistics.cases import Cases, read_cases
from windlass.models.statistics.comparing import (
    Options,
    Sampling,
    describe,
    error_of,
    judged_near,
    split_options,
    undecided,
    without_value,
)
from windlass.models.statistics.distributions import two_sided
from windlass.models.statistics.finding import Finding
from windlass.models.statistics.means import FloatArray, Means, mean_of
from windlass.models.statistics.proportions import wilson_interval
from windlass.models.statistics.resampling import resampled_means

BINS = 15

_SUREST = 1e-7  # a probability nearer to 0 or 1 counts as this: log-odds have no end
_STEPS = 50
_HALVINGS = 30


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases with probabilities near one another.

    Args:
        count: How many.
        predicted: Their mean probability.
        observed: The share of positive ones among them.
        low: The least true share that this is compatible with (Wilson).
        high: The greatest.
    """

    count: int
    predicted: float
    observed: float
    low: float
    high: float


def reliability(
    labels: object, probabilities: object, *, bins: int = BINS, **options: Unpack[Options]
) -> list[Bin]:
    """The table behind a reliability diagram: bins of as equal counts as ties allow.

    Args:
        labels: Of the cases, (n,).
        probabilities: Of the positive class (n,), or of all (n, classes).
        bins: At most so many.
        **options: See `Options`; weights and groups are not used.

    Raises:
        ScoreError: These are not as they must be.
    """
    _, happened, given, sampling = _read(labels, probabilities, options)
    place = _bins(given, bins)
    found = []
    for at in range(int(place.max()) + 1):
        chosen = place == at
        count, positive = int(chosen.sum()), float(happened[chosen].sum())
        low, high = wilson_interval(positive, count, sampling.level)
        found.append(Bin(count, float(given[chosen].mean()), positive / count, low, high))
    return found


def calibration_error(
    labels: object,
    probabilities: object,
    *,
    threshold: float | None = None,
    bins: int = BINS,
    **options: Unpack[Options],
) -> Finding:
    """The expected calibration error: how far bins' observed shares are from those predicted.

    The mean distance over bins of equal counts is too large by chance alone, most where cases are
    few: it is never zero. So the bounds are the smallest and the largest miscalibration of the same
    shape under which, with the chance that the bootstrap shows, what is seen is not too rare; the
    estimate is the one under which it is in the middle. A note has the uncorrected value.

    Args:
        labels: Of the cases, (n,).
        probabilities: Of the positive class (n,), or of all (n, classes).
        threshold: What it must be below to pass.
        bins: At most so many.
        **options: See `Options`.

    Raises:
        ScoreError: These are not as they must be.

    Sources: Naeini, Cooper & Hauskrecht 2015 for the error; Bröcker & Smith 2007 and Kumar, Liang &
    Ma 2019 on its bias.
    """
    cases, happened, given, sampling = _read(labels, probabilities, options)
    place = _bins(given, bins)
    columns = (happened - given)[:, None] * (place[:, None] == np.arange(place.max() + 1))
    means = cases.counted(Means(columns, lambda m: m, len(cases)))
    finding = Finding(what="calibration_error", estimate=None, n=len(cases), level=sampling.level)
    if cases.rows < 2:
        return undecided(finding.noted("one case or group alone tells nothing"), threshold)
    seen, chance = _chance(means, sampling)
    finding = _scaled(finding, seen, chance, sampling)
    if threshold is None:
        return finding
    return judged_near(finding, error_of(finding), 0.0, threshold)


def _chance(means: Means, sampling: Sampling) -> tuple[FloatArray, FloatArray]:
    """The bins' distances (bins,), and how resampling moves them (resamples, bins)."""
    random = np.random.default_rng(sampling.seed)
    seen = means.function(means.columns.mean(axis=0))
    drawn = means.function(resampled_means(means.columns, sampling.resamples, random))
    return seen, drawn - seen


def _scaled(finding: Finding, seen: FloatArray, chance: FloatArray, sampling: Sampling) -> Finding:
    plain = float(np.abs(seen).sum())
    tail = (1 - sampling.level) / 2

    def scale(probability: float) -> float:
        """How many times what is seen gives as little as that with this probability."""

        def below(factor: float) -> float:
            return float((np.abs(factor * seen + chance).sum(axis=1) <= plain).mean())

        low, high = 0.0, 4.0
        for _ in range(_HALVINGS if below(0.0) > probability else 0):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) > probability else (low, middle)
        return low

    low, estimate, high = (plain * scale(p) for p in (1 - tail, 0.5, tail))
    note = f"{plain:.4g} if its bias by chance is left in"
    method = f"bootstrap, {sampling.resamples:,} resamples, seed {sampling.seed}"
    return replace(finding, estimate=estimate, low=low, high=high, method=method, notes=(note,))


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """How the log-odds of what happened follow those predicted.

    Args:
        intercept: 0 if the probabilities are right on average; above, if they are too low.
        slope: 1 if they are as spread as they should be; below, if they are too extreme.
    """

    intercept: Finding
    slope: Finding


def calibration_line(
    labels: object,
    probabilities: object,
    *,
    tolerance: float | None = None,
    **options: Unpack[Options],
) -> CalibrationLine:
    """The calibration intercept and slope, by logistic regression on the predicted log-odds.

    The intercept is that at a slope of one (*calibration in the large*). A p-value is that of the
    ideal, 0 or 1.

    Args:
        labels: Of the cases, (n,).
        probabilities: Of the positive class (n,), or of all (n, classes).
        tolerance: How far from the ideal both may be to pass; None: they are not judged.
        **options: See `Options`.

    Raises:
        ScoreError: These are not as they must be.

    Sources: Cox 1958; Van Calster et al. 2019.
    """
    cases, happened, given, sampling = _read(labels, probabilities, options)
    inside = np.clip(given, _SUREST, 1 - _SUREST)
    odds = np.log(inside / (1 - inside))
    one = np.ones((len(odds), 1))
    intercept = _fitted(cases, happened, one, odds, 0.0, "calibration_intercept", sampling)
    both = np.column_stack([odds, one])
    slope = _fitted(cases, happened, both, 0 * odds, 1.0, "calibration_slope", sampling)
    if tolerance is None:
        return CalibrationLine(intercept, slope)
    return CalibrationLine(_near(intercept, 0.0, tolerance), _near(slope, 1.0, tolerance))


def _fitted(
    cases: Cases,
    happened: FloatArray,
    inputs: FloatArray,
    offset: FloatArray,
    ideal: float,
    name: str,
    sampling: Sampling,
) -> Finding:
    """The first coefficient of a logistic regression, with the p-value of its ideal."""
    try:
        means = _coefficient(happened, inputs, offset, cases.weights)
    except UndefinedError as error:
        return without_value(name, cases, None, sampling, error.message)
    finding, interval = describe(name, cases, means, sampling)
    return finding if interval is None else replace(finding, p=interval.p(ideal))


def _near(finding: Finding, ideal: float, tolerance: float) -> Finding:
    return judged_near(finding, error_of(finding), ideal, tolerance)


def _coefficient(
    happened: FloatArray, inputs: FloatArray, offset: FloatArray, weights: FloatArray | None
) -> Means:
    """The first coefficient of a logistic regression, as a mean of cases' influences.

    Newton's steps from zero; the influences are those of an M-estimator (the sandwich of Huber
    1967), so that groups and weights need no more.
    """
    counts = np.ones(len(happened)) if weights is None else weights
    found = np.zeros(inputs.shape[1])
    for _ in range(_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(inputs @ found + offset, -700, 700)))
        scores = (happened - expected)[:, None] * inputs
        curvature = (inputs * (counts * expected * (1 - expected))[:, None]).T @ inputs
        if not np.linalg.cond(curvature) < 1e12:
            break
        step = np.linalg.solve(curvature, scores.T @ counts)
        found = found + step
        if np.abs(step).max() < 1e-10:
            influence = scores @ np.linalg.inv(curvature / len(happened))
            return mean_of(found[0] + influence[:, 0])
    raise UndefinedError(
        "the calibration line has no slope: the outcome is always the same, the probabilities "
        "are, or they tell the outcomes apart without fail"
    )


def spiegelhalter(labels: object, probabilities: object, **options: Unpack[Options]) -> Finding:
    """Spiegelhalter's z: whether the Brier score is what it should be if probabilities are true.

    Returns:
        z and its p-value. It can show that probabilities are wrong, never that they are right, and
        so has no verdict.

    Raises:
        ScoreError: Labels and probabilities are not as they must be, or weights or groups are
            given.

    Source: Spiegelhalter 1986.
    """
    cases, happened, given, sampling = _read(labels, probabilities, options)
    if cases.weights is not None or cases.groups is not None:
        raise ScoreError(
            "Spiegelhalter's z knows no weights and no groups",
            hint="calibration_line takes both.",
        )
    spread = ((1 - 2 * given) ** 2 * given * (1 - given)).sum()
    finding = Finding(what="spiegelhalter_z", estimate=None, n=len(cases), level=sampling.level)
    if spread <= 0:
        return finding.noted("every probability is 0, 1 or one half: z has no value")
    z = float(((happened - given) * (1 - 2 * given)).sum() / np.sqrt(spread))
    return replace(finding, estimate=z, p=two_sided(z), method="normal approximation")


def _read(
    labels: object, probabilities: object, options: Options
) -> tuple[Cases, FloatArray, FloatArray, Sampling]:
    """The cases, whether what was predicted happened, and with which probability it was."""
    of_cases, sampling = split_options(options)
    cases, [read] = read_cases("probabilities", labels, [probabilities], **of_cases)
    codes = cases.codes(cases.labels)
    if read.ndim == 1:
        return cases, (codes == cases.positive).astype(np.float64), np.clip(read, 0, 1), sampling
    chosen: Any = read.argmax(axis=1) if cases.positive is None else cases.positive
    given = read[np.arange(len(read)), chosen]
    return cases, (codes == chosen).astype(np.float64), np.clip(given, 0, 1), sampling


def _bins(given: FloatArray, bins: int) -> npt.NDArray[np.intp]:
    """The number of each case's bin, from 0 on; ties are in one."""
    if bins < 1:
        raise ScoreError(f"{bins} bins", hint="There must be one at least; 15 is usual.")
    edges = np.unique(np.quantile(given, np.arange(1, bins) / bins))
    return np.unique(np.searchsorted(edges, given, side="right"), return_inverse=True)[1]
