"""Whether a candidate is good enough on every slice that matters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from windlass.errors import ModelError
from windlass.models.release.comparing import check_margin
from windlass.models.release.found import Found, judged_somewhere, told_only
from windlass.models.release.labelled import (
    Labelled,
    of_holdout,
    predictions,
    score_for,
)
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.statistics.comparing import Options, compare, measure
from windlass.models.statistics.finding import Finding
from windlass.models.statistics.intervals import RESAMPLES
from windlass.models.statistics.multiple import CORRECTIONS, Correction, decide_together
from windlass.models.statistics.scores import Score, find_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

_FINE = 16  # resamples for each that the smallest two-sided p-value must allow for

LEAST = 200
"""Cases below which a slice is told and not judged: of fewer, most margins cannot be shown."""


def slices(
    by: str | Sequence[str],
    score: str | Score | None = None,
    *,
    margin: float | None = None,
    limit: float | None = None,
    correction: Correction = "holm",
    least: int = LEAST,
    capability: str = "slices",
    **options: Unpack[Options],
) -> TestFunction:
    """A test that the candidate is good enough on each slice of the holdout.

    Each value of each column is a slice. With a `margin`, the candidate must not be worse there
    than the champion by that much; with a `limit`, its own score must be beyond that, and no
    champion is needed. p-values and verdicts allow for the number of slices that are judged. A
    slice with fewer than `least` cases is told and not judged; if there is no other, the test is
    inconclusive.

    Args:
        by: Columns of the holdout: text, categories, booleans, or whole numbers.
        score: A score or its name; None as for `compare`.
        margin: What may be lost on a slice, in the score's unit.
        limit: What the score must exceed; gone below, where lower is better.
        correction: ``holm`` or ``benjamini-hochberg``.
        least: Cases that a slice must have to be judged.
        capability: What of the model it is about.
        **options: As for `compare`.

    Raises:
        ModelError: Neither a margin nor a limit is given, or both; or there is no such correction.
    """
    _check(score, margin, limit, correction)
    columns = [by] if isinstance(by, str) else list(by)

    def judged(candidate: Version, champion: Version | None, holdout: Any) -> list[Found]:
        rows = of_holdout(candidate, holdout)
        versions = [candidate] if champion is None else [candidate, champion]
        found = score_for(score, candidate)
        given, classes = predictions(found.needs, rows.table, versions)
        told: Options = {**classes, **rows.options(options)}
        masks = slices_of(rows, columns)
        told["resamples"] = resamples_for(len(masks), told)
        judge = _judge(found, margin, limit)
        each = {
            name: judge(rows.labels[mask], [g[mask] for g in given], _part(told, mask))
            for name, mask in masks.items()
        }
        sign = 1.0 if limit is None else found.sign
        wanted = _wanted(found, margin, limit)
        return _decided(each, sign, correction, least, rows.data, wanted)

    def against(candidate: Version, champion: Version, holdout: Any, evidence: Evidence) -> None:
        evidence(*judged(candidate, champion, holdout))

    def alone(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        evidence(*judged(candidate, None, holdout))

    about = f"The candidate is good enough on each {' and each '.join(columns)}."
    return ready(against if limit is None else alone, about, capability, "model.6")


def slices_of(
    rows: Labelled, columns: Sequence[str], most: int = 200
) -> dict[str, NDArray[np.bool_]]:
    """Which of n rows are in each slice, (n,) of bool, by ``column = value``.

    Raises:
        ModelError: There is no such column, or it has so many values that they are no slices.
    """
    return {
        f"{column} = {value}": mask
        for column in columns
        for value, mask in groups_of(rows, column, most).items()
    }


def groups_of(rows: Labelled, column: str, most: int = 200) -> dict[str, NDArray[np.bool_]]:
    """Which of n rows have each value of a column; those that have none are ``missing``.

    Raises:
        ModelError: There is no such column, or it has so many values that they are no slices.
    """
    values = rows.column(column)
    names = np.array(["missing" if _is_missing(each) else str(each) for each in values.tolist()])
    found, places = np.unique(names, return_inverse=True)
    if len(found) > most:
        raise ModelError(
            f"the column '{column}' has {len(found):,} values, too many to be slices",
            hint="Slice by a column of few values; make numbers into ranges before.",
        )
    return {str(name): places == place for place, name in enumerate(found)}


def _is_missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 (only NaN and NaT are not themselves)


def _check(
    score: str | Score | None, margin: float | None, limit: float | None, correction: str
) -> None:
    if score is not None:
        find_score(score)
    if (margin is None) == (limit is None):
        raise ModelError(
            "slices are judged by a margin or by a limit, one of both",
            hint="margin=0.02 compares with the champion; limit=0.5 looks at the candidate alone.",
        )
    if margin is not None:
        check_margin(margin)
    if correction not in CORRECTIONS:
        raise ModelError(
            f"there is no correction '{correction}'", hint=f"There are {', '.join(CORRECTIONS)}."
        )


def _judge(score: Score, margin: float | None, limit: float | None) -> Any:
    def by_margin(labels: Any, given: Sequence[Any], options: Options) -> Finding:
        return compare(score, labels, given[0], given[1], threshold=-(margin or 0.0), **options)

    def by_limit(labels: Any, given: Sequence[Any], options: Options) -> Finding:
        return measure(score, labels, given[0], threshold=limit, **options)

    return by_margin if limit is None else by_limit


def _wanted(score: Score, margin: float | None, limit: float | None) -> str:
    if limit is None:
        return f"worse by less than {margin:g}"
    words = {"higher": "above", "lower": "below", "zero": "nearer to zero than"}
    return f"{words[score.better]} {limit:g}"


def _part(options: Options, mask: NDArray[np.bool_]) -> Options:
    """The options for some of the cases."""
    per_case: Mapping[str, Any] = {
        key: np.asarray(value)[mask]
        for key, value in options.items()
        if key in ("weights", "groups") and value is not None
    }
    return {**options, **per_case}  # type: ignore[typeddict-item]


def resamples_for(tests: int, options: Options) -> int:
    """As many resamples as the smallest p-value among so many tests needs, or more."""
    told = options.get("resamples", RESAMPLES)
    return max(told, math.ceil(_FINE * tests / (1 - options.get("level", 0.95))))


def together(
    found: Mapping[str, Finding], sign: float, correction: Correction
) -> dict[str, Finding]:
    """Findings with p-values and verdicts that allow for their number.

    Args:
        found: By their parts.
        sign: -1 if a lower estimate is better.
        correction: The way to allow for it.
    """
    turned = decide_together(
        {name: _turned(each, sign) for name, each in found.items()}, correction=correction
    )
    return {name: _with_decision(found[name], each) for name, each in turned.items()}


def _with_decision(finding: Finding, decided: Finding) -> Finding:
    return replace(
        finding,
        p=decided.p,
        verdict=decided.verdict,
        cases_needed=decided.cases_needed,
        notes=decided.notes,
    )


def _turned(finding: Finding, sign: float) -> Finding:
    if finding.estimate is None or finding.threshold is None:
        return finding
    return replace(finding, estimate=sign * finding.estimate, threshold=sign * finding.threshold)


def _decided(
    found: Mapping[str, Finding],
    sign: float,
    correction: Correction,
    least: int,
    data: str | None,
    wanted: str,
) -> list[Found]:
    large = {name: each for name, each in found.items() if each.n >= least}
    decided = together(large, sign, correction) if large else {}
    told = [
        Found(decided[name], name, data, wanted=wanted)
        if name in decided
        else Found(
            told_only(each).noted(f"fewer than {least} cases: not judged"),
            name,
            data,
            text=f"{told_only(each).sentence()}, fewer than {least}: not judged",
        )
        for name, each in found.items()
    ]
    return judged_somewhere(told, "slices", data)
