"""Whether a model is better than another, not worse, or good enough, on the same labelled cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import numpy as np

from windlass.errors import ScoreError, UndefinedError
from windlass.models.statistics.cases import Array, Cases, read_cases
from windlass.models.statistics.distributions import margin_factor
from windlass.models.statistics.finding import Finding, Verdict, judge, judge_within
from windlass.models.statistics.intervals import RESAMPLES, Interval, interval_of
from windlass.models.statistics.means import Means
from windlass.models.statistics.power import cases_needed
from windlass.models.statistics.scores import Score, find_score

_FEW = 20  # groups or cases that bear on a score below which an interval is rough


class Options(TypedDict, total=False):
    """What every comparison takes.

    Attributes:
        classes: All classes in the order of the columns of probabilities; if left out, those that
            occur, sorted.
        positive: The class that is looked for; if left out, the second of two.
        weights: How much each case counts, (n,), not negative.
        groups: What each case belongs to, such as its day, (n,): groups are resampled whole.
        level: How often intervals hold the true value: 0.95. The risk of a false verdict to either
            side is half of what is left.
        resamples: Of the bootstrap: 10,000.
        seed: Of the bootstrap: 0. The same gives the same.
    """

    classes: Sequence[Any] | None
    positive: object
    weights: object
    groups: object
    level: float
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """How sure intervals are, and how they are drawn: see `Options`."""

    level: float = 0.95
    resamples: int = RESAMPLES
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise ScoreError(f"{self.level:g} is no level", hint="It lies between 0 and 1: 0.95.")
        if self.resamples < 100:
            raise ScoreError(f"{self.resamples} resamples are too few", hint="Take 10,000.")


def split_options(options: Options) -> tuple[dict[str, Any], Sampling]:
    """Those that belong to the cases, and those of sampling."""
    names = Sampling.__dataclass_fields__
    sampling: dict[str, Any] = {key: value for key, value in options.items() if key in names}
    return {k: v for k, v in options.items() if k not in names}, Sampling(**sampling)


def compare(
    score: str | Score,
    labels: object,
    candidate: object,
    champion: object,
    *,
    threshold: float = 0.0,
    **options: Unpack[Options],
) -> Finding:
    """By how much a candidate is better than a champion, judged against a threshold.

    Args:
        score: A score or its name.
        labels: Of the cases, (n,).
        candidate: The candidate's predictions for them: labels or numbers (n,), or probabilities
            (n,) or (n, classes), as the score needs.
        champion: Those of the champion.
        threshold: What the gain must exceed: 0 to be better, -margin not to be worse.
        **options: See `Options`.

    Returns:
        The gain, positive if the candidate is better, whichever way the score goes. Where the score
        has no value, or there are not two cases, the verdict is inconclusive and a note says so.

    Raises:
        ScoreError: These are not as they must be.
    """
    found = find_score(score)
    of_cases, sampling = split_options(options)
    cases, read = read_cases(found.needs, labels, [candidate, champion], **of_cases)
    return compare_cases(found, cases, read[0], read[1], threshold, sampling)


def is_better(
    score: str | Score,
    labels: object,
    candidate: object,
    champion: object,
    *,
    by: float = 0.0,
    **options: Unpack[Options],
) -> Finding:
    """Whether a candidate is better than a champion, by more than `by`: superiority.

    Arguments and errors are those of `compare`.
    """
    return compare(score, labels, candidate, champion, threshold=by, **options)


def is_not_worse(
    score: str | Score,
    labels: object,
    candidate: object,
    champion: object,
    *,
    margin: float,
    **options: Unpack[Options],
) -> Finding:
    """Whether a candidate is worse than a champion by less than a margin: non-inferiority.

    The margin is what one would give up for the candidate's other merits, in the score's unit. It
    is set before looking. Arguments and errors are those of `compare`.

    Source: Walker & Nowacki 2011.
    """
    if not margin >= 0:
        raise ScoreError(f"a margin of {margin:g}", hint="It is what may be lost: 0 or more.")
    return compare(score, labels, candidate, champion, threshold=-margin, **options)


def measure(
    score: str | Score,
    labels: object,
    predictions: object,
    *,
    threshold: float | None = None,
    **options: Unpack[Options],
) -> Finding:
    """A model's score with its interval, judged against a threshold if there is one.

    Args:
        score: A score or its name.
        labels: Of the cases, (n,).
        predictions: The model's, as the score needs.
        threshold: What must be exceeded; gone below, where lower is better; the distance from zero
            that must be kept to, where zero is best.
        **options: See `Options`.

    Raises:
        ScoreError: These are not as they must be.
    """
    found = find_score(score)
    of_cases, sampling = split_options(options)
    cases, [read] = read_cases(found.needs, labels, [predictions], **of_cases)
    try:
        means = found.build(cases, read)
    except UndefinedError as error:
        return without_value(found.name, cases, threshold, sampling, error.message)
    finding, interval = describe(found.name, cases, means, sampling)
    if threshold is None or interval is None:
        return undecided(finding, threshold)
    return _judged_value(finding, interval, found, threshold)


def compare_cases(
    score: Score,
    cases: Cases,
    candidate: Array,
    champion: Array,
    threshold: float,
    sampling: Sampling,
) -> Finding:
    """The same as `compare` for cases and predictions that have been read."""
    try:
        means = score.gain(cases, candidate, champion)
    except UndefinedError as error:
        finding = without_value(score.name, cases, threshold, sampling, error.message)
        return replace(finding, gain=True)
    if score.needs != "labels" and np.array_equal(candidate, champion):
        # Equal labels may yet differ in other cases; equal numbers are the same model.
        means = replace(means, low=None, high=None)
    finding, interval = describe(score.name, cases, means, sampling)
    finding = undecided(replace(finding, gain=True), threshold)
    return finding if interval is None else _judged_gain(finding, interval, threshold)


def describe(
    name: str, cases: Cases, means: Means, sampling: Sampling
) -> tuple[Finding, Interval | None]:
    """A value with its interval, not judged; without one where there are not two rows."""
    counted = cases.counted(means)
    finding = Finding(what=name, estimate=counted.estimate, n=len(cases), level=sampling.level)
    if math.isnan(counted.estimate):
        note = f"{name} has no value where only cases without weight bear on it"
        return replace(finding, estimate=None, notes=(note,)), None
    if cases.rows < 2:
        return finding.noted("one case or group alone tells nothing of how others differ"), None
    interval = interval_of(
        counted, level=sampling.level, resamples=sampling.resamples, seed=sampling.seed
    )
    found = replace(
        finding,
        low=interval.low,
        high=interval.high,
        method=interval.method,
        notes=(*interval.notes, *_rough(cases, means)),
    )
    return found, interval


def without_value(
    name: str, cases: Cases, threshold: float | None, sampling: Sampling, note: str
) -> Finding:
    """What is found where a score has no value."""
    finding = Finding(what=name, estimate=None, n=len(cases), level=sampling.level, notes=(note,))
    return undecided(finding, threshold)


def undecided(finding: Finding, threshold: float | None) -> Finding:
    """A finding that is inconclusive, if it was to be judged."""
    verdict: Verdict | None = None if threshold is None else "inconclusive"
    return replace(finding, threshold=threshold, verdict=verdict)


def _judged_gain(finding: Finding, interval: Interval, threshold: float) -> Finding:
    verdict = judge(finding.low, finding.high, threshold)
    distance = abs(interval.estimate - threshold)
    needed = needed_for(finding, interval.error, distance) if verdict == "inconclusive" else None
    return replace(finding, p=interval.p(threshold), verdict=verdict, cases_needed=needed)


def _judged_value(finding: Finding, interval: Interval, score: Score, threshold: float) -> Finding:
    if score.better == "zero":
        return judged_near(finding, interval.error, 0.0, threshold)
    low, high = finding.low, finding.high
    verdict = (
        judge(low, high, threshold)
        if score.better == "higher" or low is None or high is None
        else judge(-high, -low, -threshold)
    )
    distance = abs(interval.estimate - threshold)
    needed = needed_for(finding, interval.error, distance) if verdict == "inconclusive" else None
    p = interval.p(threshold)
    return replace(finding, threshold=threshold, p=p, verdict=verdict, cases_needed=needed)


def judged_near(finding: Finding, error: float, center: float, tolerance: float) -> Finding:
    """A finding judged by how far from where it is best its value may be."""
    verdict = judge_within(finding.low, finding.high, center, tolerance)
    distance = abs(tolerance - abs((finding.estimate or 0.0) - center))
    needed = needed_for(finding, error, distance) if verdict == "inconclusive" else None
    return replace(finding, threshold=tolerance, verdict=verdict, cases_needed=needed)


def needed_for(finding: Finding, error: float, distance: float) -> int | None:
    """About how many cases would decide at this distance from the threshold; None: no number."""
    if finding.low is None or error == 0:
        return None
    needed = cases_needed(distance, error * math.sqrt(finding.n), level=finding.level)
    return None if needed is None else max(finding.n + 1, needed)


def error_of(finding: Finding) -> float:
    """The standard error that an interval's width speaks of."""
    width = (finding.high or 0.0) - (finding.low or 0.0)
    return width / 2 / margin_factor(finding.level)


def _rough(cases: Cases, means: Means) -> list[str]:
    notes = []
    if means.support < _FEW:
        notes.append(f"only {means.support:,.0f} cases bear on it: the interval is rough")
    if cases.groups is not None and cases.rows < _FEW:
        notes.append(f"there are only {cases.rows} groups: the interval is rough")
    return notes
