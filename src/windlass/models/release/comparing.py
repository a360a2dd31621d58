"""Whether a candidate is better than the champion, or not worse by more than a margin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from windlass.models.release.found import Found, told_only
from windlass.models.release.labelled import (
    Labelled,
    labelled,
    of_holdout,
    predictions,
    score_for,
)
from windlass.models.release.ready import Evidence, TestFunction, ready
from windlass.models.statistics import comparing, permuting
from windlass.models.statistics.comparing import Options
from windlass.models.statistics.scores import Score, find_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version


def compare(
    candidate: Version,
    champion: Version,
    holdout: Any = None,
    *,
    score: str | Score | None = None,
    threshold: float = 0.0,
    **options: Unpack[Options],
) -> Found:
    """By how much a version is better than another, judged against a threshold.

    Args:
        candidate: The one.
        champion: The other.
        holdout: n labelled rows; None for the candidate's.
        score: A score or its name; None for log loss of a classifier, else the root mean squared
            error.
        threshold: What the gain must exceed: 0 to be better, -margin not to be worse.
        **options: See `windlass.models.statistics.comparing.Options`; weights and groups may name
            a column of the rows.

    Returns:
        The gain, positive if the candidate is better, with its interval.

    Raises:
        ModelError: A model cannot give what the score needs, or there are no labels.
        SignatureError: The rows are not what a model takes.
        ScoreError: Labels or predictions are not as they must be.
    """
    return _compared(labelled(candidate, holdout), candidate, champion, score, threshold, options)[
        0
    ]


def better_than_champion(
    score: str | Score | None = None,
    *,
    by: float = 0.0,
    capability: str = "gain",
    **options: Unpack[Options],
) -> TestFunction:
    """A test that the candidate is better than the champion.

    It passes if the interval of the gain, by the paired bootstrap, lies above `by`. Beside it stand
    the p-value of a paired permutation test and, of labels, that of McNemar's test. Without a
    champion it is skipped.

    Args:
        score: As for `compare`.
        by: What the gain must exceed.
        capability: What of the model it is about.
        **options: As for `compare`.
    """
    _check(score)

    def test(candidate: Version, champion: Version, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        found = _compared(rows, candidate, champion, score, by, options)
        wanted = f"better by more than {by:g}" if by else "better"
        evidence(replace(found[0], wanted=wanted), *found[1:])

    return ready(test, "The candidate is better than the champion.", capability, "infra.4")


def not_worse_than_champion(
    score: str | Score | None = None,
    *,
    margin: float,
    capability: str = "gain",
    **options: Unpack[Options],
) -> TestFunction:
    """A test that the candidate is worse than the champion by less than a margin, if at all.

    Args:
        score: As for `compare`.
        margin: What may be lost, in the score's unit: what one would give up for the candidate's
            other merits. It is set before looking.
        capability: What of the model it is about.
        **options: As for `compare`.

    Raises:
        ScoreError: The margin is negative, or there is no such score.
    """
    _check(score)
    check_margin(margin)

    def test(candidate: Version, champion: Version, holdout: Any, evidence: Evidence) -> None:
        rows = of_holdout(candidate, holdout)
        found = _compared(rows, candidate, champion, score, -margin, options)
        evidence(replace(found[0], wanted=f"worse by less than {margin:g}"), *found[1:])

    about = f"The candidate is not worse than the champion by {margin:g} or more."
    return ready(test, about, capability, "infra.4")


def check_margin(margin: float) -> None:
    """Refuses a margin that is none.

    Raises:
        ScoreError: It is negative, or no number.
    """
    from windlass.errors import ScoreError

    if not margin >= 0:
        raise ScoreError(f"a margin of {margin:g}", hint="It is what may be lost: 0 or more.")


def _check(score: str | Score | None) -> None:
    """Refuses an unknown score when tests are collected."""
    if score is not None:
        find_score(score)


def _compared(
    rows: Labelled,
    candidate: Version,
    champion: Version,
    score: str | Score | None,
    threshold: float,
    options: Options,
) -> list[Found]:
    found = score_for(score, candidate)
    given, of_classes = predictions(found.needs, rows.table, [candidate, champion])
    told: Options = {**of_classes, **rows.options(options)}
    ours, theirs = given
    judged = comparing.compare(found, rows.labels, ours, theirs, threshold=threshold, **told)
    beside = [each(rows.labels, ours, theirs, told) for each in _beside(found)]
    facts = {"against": champion.name}
    return [
        Found(judged, data=rows.data, facts=facts),
        *(Found(told_only(f), data=rows.data, text=_by_p(f), facts=facts) for f in beside),
    ]


def _beside(score: Score) -> list[Callable[..., Any]]:
    def by_permutation(labels: Any, ours: Any, theirs: Any, options: Options) -> Any:
        return permuting.permutation_test(score, labels, ours, theirs, **options)

    if score.name == "accuracy":
        return [by_permutation, _by_mcnemar]
    return [by_permutation]


def _by_mcnemar(
    labels: NDArray[Any], ours: NDArray[Any], theirs: NDArray[Any], options: Options
) -> Any:
    classes = options.get("classes")
    return permuting.mcnemar(labels, ours, theirs, classes=classes)


def _by_p(finding: Any) -> str:
    p = "no p-value" if finding.p is None else f"p = {finding.p:.2g}"
    return f"{finding.what} by {finding.method.partition(',')[0] or 'permutation'}: {p}"
