"""Tests of whether two models are alike on the same cases: by exchange, and of their labels.

If it does not matter which model a prediction comes from, exchanging the two models' predictions of
any cases changes nothing but chance. How many exchanges give as great a difference is the p-value.

Sources: Good 2005; Dietterich 1998 on McNemar's test for classifiers; Fagerland, Lydersen & Laake
2013 for its mid-p version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from windlass.errors import UndefinedError
from windlass.models.statistics.cases import Array, Cases, read_cases
from windlass.models.statistics.comparing import Options, Sampling, split_options, without_value
from windlass.models.statistics.distributions import binomial_at_most, binomial_exactly
from windlass.models.statistics.finding import Finding, judge_significance
from windlass.models.statistics.means import FloatArray
from windlass.models.statistics.proportions import paired_interval
from windlass.models.statistics.resampling import signed_sums
from windlass.models.statistics.scores import Score, find_score

_ROUNDING = 1e-9  # relative: an exchange that gives the same difference should count as such


def permutation_test(
    score: str | Score,
    labels: object,
    candidate: object,
    champion: object,
    **options: Unpack[Options],
) -> Finding:
    """Whether two models differ in a score: the paired permutation test.

    The score is recomputed after each exchange; areas under curves to first order. With groups, the
    predictions of whole groups are exchanged.

    Args:
        score: A score or its name.
        labels: Of the cases, (n,).
        candidate: The candidate's predictions for them.
        champion: Those of the champion.
        **options: See `Options`; `resamples` exchanges are drawn.

    Returns:
        The gain and its p-value; the verdict is ``pass`` where the candidate is significantly
        better, ``fail`` where it is significantly worse.

    Raises:
        ScoreError: These are not as they must be.
    """
    found = find_score(score)
    of_cases, sampling = split_options(options)
    cases, read = read_cases(found.needs, labels, [candidate, champion], **of_cases)
    try:
        gain, drawn = _exchanged(found, cases, read[0], read[1], sampling)
    except UndefinedError as error:
        return replace(without_value(found.name, cases, 0.0, sampling, error.message), gain=True)
    # An exchange after which there is no value might be as extreme as any.
    extreme = ~(np.abs(drawn) < abs(gain) * (1 - _ROUNDING))
    p = (1 + int(extreme.sum())) / (1 + len(drawn))
    method = f"permutation, {sampling.resamples:,} exchanges, seed {sampling.seed}"
    return _tested(found.name, cases, gain, p, method, sampling.level)


def mcnemar(
    labels: object,
    candidate: object,
    champion: object,
    *,
    exact: bool = False,
    level: float = 0.95,
    classes: Sequence[Any] | None = None,
) -> Finding:
    """Whether one model predicts more labels rightly than another: McNemar's test.

    Only cases that one of them gets right tell. Of these, each is the one's or the other's with
    probability one half if the two are as good: a binomial test.

    Args:
        labels: Of the cases, (n,).
        candidate: The labels that the candidate predicts.
        champion: Those of the champion.
        exact: Never reject too often, and so too seldom; else the mid-p version, which counts the
            outcome itself by half and keeps nearer to what it states.
        level: 1 less the risk of a false verdict.
        classes: All classes; None: those that occur.

    Returns:
        The gain in accuracy with its interval, and the p-value.

    Raises:
        ScoreError: These are not as they must be.
    """
    cases, read = read_cases("labels", labels, [candidate, champion], classes=classes)
    right, other = (each == cases.labels for each in read)
    gained, lost = int((right & ~other).sum()), int((other & ~right).sum())
    p = _mcnemar_p(gained, lost, exact)
    gain = (gained - lost) / len(cases)
    method = f"McNemar's test, {'exact' if exact else 'mid-p'}"
    finding = _tested("accuracy", cases, gain, p, method, level)
    low, high = paired_interval(gained, lost, len(cases), level)
    note = f"{gained:,} cases only the candidate gets right, {lost:,} only the champion"
    return replace(finding, low=low, high=high).noted(note)


def _mcnemar_p(gained: int, lost: int, exact: bool) -> float:
    differing, fewer = gained + lost, min(gained, lost)
    if differing == 0:
        return 1.0
    p = 2 * binomial_at_most(fewer, differing, 0.5)
    return min(1.0, p if exact else p - binomial_exactly(fewer, differing, 0.5))


def _exchanged(
    score: Score, cases: Cases, candidate: Array, champion: Array, sampling: Sampling
) -> tuple[float, FloatArray]:
    """The gain, and that after exchanges (resamples,)."""
    random = np.random.default_rng(sampling.seed)
    if score.needs == "ranks":
        gain = cases.counted(score.gain(cases, candidate, champion))
        rows = gain.estimate + gain.influence()
        return gain.estimate, signed_sums(rows[:, None], sampling.resamples, random)[:, 0] / len(
            rows
        )
    ours = cases.counted(score.loss_or_gain(cases, candidate))
    theirs = cases.counted(score.loss_or_gain(cases, champion))
    middle = (ours.columns + theirs.columns).mean(axis=0) / 2
    halves = (ours.columns - theirs.columns) / 2
    moved = signed_sums(halves, sampling.resamples, random) / len(halves)
    drawn = score.sign * (ours.function(middle + moved) - theirs.function(middle - moved))
    return score.sign * (ours.estimate - theirs.estimate), drawn


def _tested(name: str, cases: Cases, gain: float, p: float, method: str, level: float) -> Finding:
    return Finding(
        what=name,
        gain=True,
        estimate=gain,
        n=len(cases),
        level=level,
        threshold=0.0,
        p=p,
        verdict=judge_significance(gain, p, 0.0, level),
        method=method,
    )
