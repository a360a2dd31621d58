"""Many tests at once: p-values that allow for how many there are, and decisions over slices.

Of twenty slices in which nothing has changed, one will look worse at 5 %. Holm's method keeps the
risk of *any* false verdict to that; Benjamini and Hochberg's keeps the expected share of false ones
among those that are given, and finds more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, Unpack

import numpy as np
import numpy.typing as npt

from windlass.errors import ScoreError
from windlass.models.statistics.cases import Array, Cases, read_cases
from windlass.models.statistics.comparing import (
    Options,
    Sampling,
    compare_cases,
    error_of,
    needed_for,
    split_options,
)
from windlass.models.statistics.finding import Finding, judge_significance
from windlass.models.statistics.means import FloatArray
from windlass.models.statistics.scores import Score, find_score

Correction: TypeAlias = Literal["holm", "benjamini-hochberg"]
Slices: TypeAlias = Mapping[str, object] | Sequence[object] | npt.NDArray[np.generic]

_FINE = 8  # resamples for each that the smallest p-value must allow for


def holm(p: Sequence[float] | FloatArray) -> FloatArray:
    """Adjusted p-values (m,): rejecting those up to a level keeps the risk of any false one to it.

    Holds whatever the tests have to do with one another.

    Raises:
        ScoreError: One is not between 0 and 1.

    Source: Holm 1979.
    """
    values, order = _ordered(p)
    steps = values[order] * np.arange(len(values), 0, -1)
    return _back(np.minimum(1, np.maximum.accumulate(steps)), order)


def benjamini_hochberg(p: Sequence[float] | FloatArray) -> FloatArray:
    """Adjusted p-values (m,): of those up to q, a share of q is expected to be false.

    Holds for tests that are independent or positively dependent, as overlapping slices are.

    Raises:
        ScoreError: One is not between 0 and 1.

    Source: Benjamini & Hochberg 1995.
    """
    values, order = _ordered(p)
    steps = values[order] * len(values) / np.arange(1, len(values) + 1)
    return _back(np.minimum(1, np.minimum.accumulate(steps[::-1])[::-1]), order)


CORRECTIONS = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}


def compare_slices(
    score: str | Score,
    labels: object,
    candidate: object,
    champion: object,
    slices: Slices,
    *,
    threshold: float = 0.0,
    correction: Correction = "holm",
    **options: Unpack[Options],
) -> dict[str, Finding]:
    """By how much a candidate is better in each slice, judged for all slices together.

    Args:
        score: A score or its name.
        labels: Of the cases, (n,).
        candidate: The candidate's predictions.
        champion: The champion's.
        slices: The slice of each case, (n,), or by name which cases are in it, (n,) of bool each.
        threshold: What the gain must exceed in each slice.
        correction: ``holm`` or ``benjamini-hochberg``.
        **options: See `Options`; as many resamples are drawn as so many slices need, if that is
            more.

    Returns:
        By name, in sorted order: estimates and intervals of each slice alone, p-values and verdicts
        allowing for their number.

    Raises:
        ScoreError: These are not as they must be.
    """
    found = find_score(score)
    of_cases, sampling = split_options(options)
    cases, read = read_cases(found.needs, labels, [candidate, champion], **of_cases)
    masks = _masks(slices, len(cases))
    least = math.ceil(2 * _FINE * len(masks) / (1 - sampling.level))
    sampling = replace(sampling, resamples=max(sampling.resamples, least))
    findings = {
        name: _of_slice(found, cases, read, chosen, threshold, sampling)
        for name, chosen in masks.items()
    }
    return decide_together(findings, correction=correction)


def decide_together(
    findings: Mapping[str, Finding], *, correction: Correction = "holm"
) -> dict[str, Finding]:
    """Findings of several comparisons, with p-values and verdicts that allow for their number.

    Those without a p-value stay as they are and do not count.

    Raises:
        ScoreError: There is no such correction.
    """
    if correction not in CORRECTIONS:
        raise ScoreError(
            f"there is no correction '{correction}'", hint=f"There are {', '.join(CORRECTIONS)}."
        )
    tested = {name: found.p for name, found in findings.items() if found.p is not None}
    adjusted = dict(zip(tested, CORRECTIONS[correction](list(tested.values())), strict=True))
    note = f"p and verdict allow for {len(tested)} tests ({correction})"
    return {
        name: _decided(found, float(adjusted[name])).noted(note) if name in adjusted else found
        for name, found in findings.items()
    }


def _decided(finding: Finding, p: float) -> Finding:
    if finding.estimate is None or finding.threshold is None:
        return replace(finding, p=p)
    verdict = judge_significance(finding.estimate, p, finding.threshold, finding.level)
    needed = _needed(finding, p) if verdict == "inconclusive" else None
    return replace(finding, p=p, verdict=verdict, cases_needed=needed)


def _needed(finding: Finding, p: float) -> int | None:
    """The cases that would decide at the level that this test alone is left with."""
    if finding.p is None or finding.estimate is None or finding.threshold is None:
        return None
    stricter = replace(finding, level=1 - (1 - finding.level) * finding.p / p)
    distance = abs(finding.estimate - finding.threshold)
    return needed_for(stricter, error_of(finding), distance)


def _of_slice(
    score: Score,
    cases: Cases,
    read: Sequence[Array],
    chosen: npt.NDArray[np.bool_],
    threshold: float,
    sampling: Sampling,
) -> Finding:
    if not chosen.any():
        none = Finding(what=score.name, gain=True, estimate=None, n=0, level=sampling.level)
        return replace(
            none, threshold=threshold, verdict="inconclusive", notes=("no case is in this slice",)
        )
    ours, theirs = (each[chosen] for each in read)
    return compare_cases(score, cases.part(chosen), ours, theirs, threshold, sampling)


def _masks(slices: Slices, count: int) -> dict[str, npt.NDArray[np.bool_]]:
    if isinstance(slices, Mapping):
        masks = {str(name): np.asarray(mask) for name, mask in slices.items()}
        for name, mask in masks.items():
            if mask.shape != (count,) or mask.dtype != np.bool_:
                raise ScoreError(
                    f"slice '{name}' has the shape {mask.shape} and the type {mask.dtype}",
                    hint=f"It must say for each of the {count:,} cases whether it is in it.",
                )
        return dict(sorted(masks.items()))
    names = np.asarray(slices).astype(str)
    if names.shape != (count,):
        raise ScoreError(
            f"the slices have the shape {names.shape}",
            hint=f"There must be one for each of the {count:,} cases.",
        )
    return {str(name): names == name for name in np.unique(names)}


def _ordered(p: Sequence[float] | FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ScoreError("a p-value is not between 0 and 1", hint="Leave out tests without one.")
    return values, np.argsort(values, kind="stable")


def _back(values: FloatArray, order: npt.NDArray[np.intp]) -> FloatArray:
    found = np.empty_like(values)
    found[order] = values
    return found
