"""Whether a classifier treats groups alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from windlass.errors import ModelError, ScoreError
from windlass.models.release.found import Found, checked, judged_somewhere
from windlass.models.release.labelled import Labelled, classes_of, of_holdout
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.release.slicing import groups_of
from windlass.models.statistics.cases import read_cases
from windlass.models.statistics.comparing import error_of, needed_for
from windlass.models.statistics.finding import Finding, judge_within
from windlass.models.statistics.proportions import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

    Mask: TypeAlias = NDArray[np.bool_]

Measure: TypeAlias = Literal[
    "equal_opportunity", "equalized_odds", "demographic_parity", "predictive_parity", "accuracy"
]

AT_MOST = 0.1
LEAST = 100
"""Cases below which a group is told and not judged."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share whose difference between groups is looked at.

    Args:
        name: What it is.
        among: Of which cases, from whether each is positive and is predicted so.
        which: Which of these count.
    """

    name: str
    among: Callable[[Mask, Mask], Mask]
    which: Callable[[Mask, Mask], Mask]


_FOUND = Rate("true positive rate", lambda true, _: true, lambda _, told: told)
_ALARMS = Rate("false positive rate", lambda true, _: ~true, lambda _, told: told)
_CHOSEN = Rate("share predicted positive", lambda true, _: true | ~true, lambda _, told: told)
_PRECISION = Rate("precision", lambda _, told: told, lambda true, _: true)
_RIGHT = Rate("accuracy", lambda true, _: true | ~true, lambda true, told: true == told)

RATES: Mapping[str, Sequence[Rate]] = {
    "equal_opportunity": (_FOUND,),
    "equalized_odds": (_FOUND, _ALARMS),
    "demographic_parity": (_CHOSEN,),
    "predictive_parity": (_PRECISION,),
    "accuracy": (_RIGHT,),
}


def fair(
    groups: str | Sequence[str],
    measure: Measure = "equal_opportunity",
    at_most: float = AT_MOST,
    *,
    positive: object = None,
    least: int = LEAST,
    level: float = 0.95,
    capability: str = "fairness",
) -> TestFunction:
    """A test that a classifier treats the groups of a column alike.

    For each group, a rate is compared with that among all other rows. It passes where the interval
    of the difference lies within `at_most` of zero; intervals are those of Newcombe, at a level
    that allows for how many there are (Bonferroni). A group with fewer than `least` cases that bear
    on the rate is told and not judged.

    Args:
        groups: Columns of the holdout, which the model need not take.
        measure: ``equal_opportunity`` compares true positive rates, ``equalized_odds`` these and
            false positive rates, ``demographic_parity`` how often the positive class is predicted,
            ``predictive_parity`` precision, ``accuracy`` how often it is right.
        at_most: The greatest difference, in (0, 1).
        positive: The class that is looked for; None for the greater of two.
        least: Cases that a group must have to be judged.
        level: How often all intervals together hold the true differences.
        capability: What of the model it is about.

    Raises:
        ScoreError: There is no such measure, or a number is not between 0 and 1.

    Sources: Hardt, Price & Srebro 2016; Newcombe 1998 for the interval. No model with errors can
    satisfy all measures at once where groups differ in what is to be predicted (Chouldechova 2017):
    choose the one that those concerned would.
    """
    if measure not in RATES:
        raise ScoreError(f"there is no measure '{measure}'", hint=f"There are {', '.join(RATES)}.")
    if not (0 < at_most < 1 and 0 < level < 1):
        raise ScoreError(
            f"a difference of at most {at_most:g}, at a level of {level:g}",
            hint="Both lie between 0 and 1.",
        )
    columns = [groups] if isinstance(groups, str) else list(groups)

    def test(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        true, told = _positives(candidate, rows, positive)
        found = _compared(rows, columns, RATES[measure], true, told, at_most, least, level)
        evidence(*judged_somewhere(found, "groups", rows.data))

    about = f"It treats each {' and each '.join(columns)} alike."
    return ready(test, about, capability, "model.7")


def _positives(version: Version, rows: Labelled, positive: object) -> tuple[Mask, Mask]:
    """Which of n rows are positive, and which are predicted so."""
    classes = classes_of(version.predictor)
    if not classes:
        raise ModelError(
            f"{version.name} is no classifier, and rates are of classes",
            hint="Compare its errors by group: release.slices(by=[…], score='mae', …).",
        )
    if positive is None and len(classes) == 2:
        positive = sorted(classes)[1]
    if positive not in classes:
        raise ModelError(
            f"{positive!r} is none of the classes" if positive is not None else "which class?",
            hint=f"Name the one that is looked for, positive=…: {', '.join(map(repr, classes))}.",
        )
    predicted = version.predict(rows.table)
    # A label that is missing, or none of the classes, would count as one that is not positive.
    read_cases("labels", rows.labels, [predicted], classes=classes)
    return rows.labels == positive, predicted == positive


def _compared(
    rows: Labelled,
    columns: Sequence[str],
    rates: Sequence[Rate],
    true: Mask,
    told: Mask,
    at_most: float,
    least: int,
    level: float,
) -> list[Found]:
    wanted = f"within {at_most:g} of the others"
    pairs = [
        (f"{column} = {name}", rate, rate.among(true, told), rate.which(true, told), mask)
        for column in columns
        for name, mask in _groups(rows, column).items()
        for rate in rates
    ]
    large = [_is_large(among, mask, least) for _, _, among, _, mask in pairs]
    each = 1 - (1 - level) / max(1, sum(large))
    return [
        Found(
            _difference(rate.name, which[among & mask], which[among & ~mask], at_most, each),
            part,
            rows.data,
            wanted=wanted,
        )
        if judged
        else _too_small(part, rate.name, int((among & mask).sum()), least, rows.data)
        for (part, rate, among, which, mask), judged in zip(pairs, large, strict=True)
    ]


def _groups(rows: Labelled, column: str) -> dict[str, Mask]:
    """The groups of a column; of two only one, since the other is all that is not it."""
    found = groups_of(rows, column)
    return dict(list(found.items())[:1]) if len(found) == 2 else found


def _is_large(among: Mask, mask: Mask, least: int) -> bool:
    return bool(min((among & mask).sum(), (among & ~mask).sum()) >= max(1, least))


def _too_small(part: str, name: str, count: int, least: int, data: str | None) -> Found:
    text = f"{name}: of {count:,} cases, or of so many others, fewer than {least}: not judged"
    return replace(checked(name, text, None, n=count, data=data), part=part)


def _difference(name: str, ours: Mask, others: Mask, at_most: float, level: float) -> Finding:
    gap, low, high = newcombe(ours, others, level)
    finding = Finding(
        what=f"difference in {name}",
        estimate=gap,
        low=low,
        high=high,
        level=level,
        n=len(ours),
        threshold=at_most,
        verdict=judge_within(low, high, 0.0, at_most),
        method="Newcombe's interval",
    )
    if finding.verdict != "inconclusive":
        return finding
    needed = needed_for(finding, error_of(finding), abs(at_most - abs(gap)))
    return replace(finding, cases_needed=needed)


def newcombe(ours: Mask, others: Mask, level: float) -> tuple[float, float, float]:
    """The difference of two shares of different cases, and its interval.

    Source: Newcombe 1998, method 10: from the intervals of Wilson of both.
    """
    first, second = float(ours.mean()), float(others.mean())
    low, high = wilson_interval(int(ours.sum()), len(ours), level)
    least, most = wilson_interval(int(others.sum()), len(others), level)
    gap = first - second
    return (
        gap,
        gap - math.hypot(first - low, most - second),
        gap + math.hypot(high - first, second - least),
    )
