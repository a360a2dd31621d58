"""How good a version is in production, beside what it was on its holdout."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError, WindlassError
from windlass.models.signature import Signature
from windlass.models.tables.column import Label
from windlass.models.version import Version
from windlass.monitoring.labels import Labelled
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.models.statistics import Finding, Score

_RESAMPLES = 2_000
_SHARE = 0.05
"""The margin where none is set: this share of the holdout's score."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The score of the labelled answers of a time.

    Args:
        live: Their score, with its interval.
        began: When the time begins.
        worse: By how much it is worse than on the holdout; None without one.
        surely: By how much it is surely worse: the lower end of the difference's interval.
        margin: By how much it may be.
        is_judged: Whether there are labels enough to say so.
    """

    live: Finding
    began: float
    worse: float | None = None
    surely: float | None = None
    margin: float | None = None
    is_judged: bool = False

    @property
    def is_off(self) -> bool:
        """Whether it is surely worse than the margin allows."""
        if not self.is_judged or self.surely is None or self.margin is None:
            return False
        return self.surely > self.margin

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return {
            "began": self.began,
            "live": self.live.document(),
            "worse": self.worse,
            "surely": self.surely,
            "margin": self.margin,
            "judged": self.is_judged,
            "off": self.is_off,
        }


def score_of(name: str | None, signature: Signature | None) -> Score:
    """The score that a model is watched by: the one that is set, or what suits its outputs.

    Raises:
        ScoreError: There is none of that name.
    """
    from windlass.models.statistics import find_score

    if name is not None:
        return find_score(name)
    if signature is None or signature.classes is None:
        return find_score("rmse")
    return find_score("log_loss" if signature.output("predict_proba") else "accuracy")


def usable(score: Score, rows: Labelled, signature: Signature | None) -> Labelled:
    """The answers whose truth the score can take: one of the classes, or a finite number.

    Whoever sends feedback may send anything; what is no label must not hide those that are.
    """
    import numpy as np

    classes = _classes(score, signature)
    if classes is None and score.needs != "numbers":
        return rows
    same = {_text(label): label for label in classes or ()}
    found = [same.get(_text(each)) if same else _number(each) for each in rows.truths]
    places = [place for place, each in enumerate(found) if each is not None]
    chosen = np.array(places, np.intp)
    return replace(
        rows,
        times=rows.times[chosen],
        truths=[found[place] for place in places],
        predicted=None if rows.predicted is None else [rows.predicted[p] for p in places],
        proba=None if rows.proba is None else rows.proba[chosen],
    )


def _classes(score: Score, signature: Signature | None) -> tuple[Label, ...] | None:
    return None if signature is None or score.needs == "numbers" else signature.classes


def _text(label: Any) -> str:
    """A label as JSON may have changed it: 1.0 for 1, "1" for 1."""
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number else None


def score_labelled(
    score: Score, rows: Labelled, signature: Signature | None, chosen: Any = None
) -> Finding:
    """The score of labelled answers.

    Args:
        score: Which one.
        rows: The answers, as `usable` gives them.
        signature: Of the version.
        chosen: (n,) of bool, which of them; None for all.

    Raises:
        ScoreError: They are not what the score needs.
    """
    import numpy as np

    from windlass.models.statistics import measure

    places = np.arange(len(rows.truths)) if chosen is None else np.flatnonzero(chosen)
    truths = [rows.truths[place] for place in places.tolist()]
    options: Any = {"resamples": _RESAMPLES, "classes": _classes(score, signature)}
    return measure(score, truths, _given(score, rows, places), **options)


def _given(score: Score, rows: Labelled, places: Any) -> Any:
    if score.needs in ("probabilities", "ranks") and rows.proba is not None:
        return rows.proba[places]
    if score.needs == "probabilities" or rows.predicted is None:
        what = "probabilities" if score.needs == "probabilities" else "predictions"
        raise ModelError(
            f"no {what} were logged, which {score.name} needs",
            hint="Choose another score in [models.NAME.monitor]: score = …",
        )
    return [rows.predicted[place] for place in places.tolist()]


def holdout_score(version: Version, score: Score) -> Finding | None:
    """The score of a version on its holdout, kept once it is known; None without a holdout.

    Raises:
        ModelError: The model or its holdout cannot be read here.
    """
    from windlass.models.code import find_modules
    from windlass.models.release.labelled import labelled, predictions
    from windlass.models.statistics import Finding, measure

    kind = f"holdout {score.name}"
    if kind not in version.evidence:
        if not version.has("holdout") or version.target is None:
            return None
        find_modules(version)
        rows = labelled(version)
        [given], options = predictions(score.needs, rows.table, [version])
        found = measure(score, rows.labels, given, **options)
        if version.stores.records.read_only:
            return found
        version.keep(kind, found.document())
    told = dict(version.evidence[kind])
    low, high = told.pop("interval") or (None, None)
    return Finding(**{**told, "low": low, "high": high, "notes": tuple(told["notes"])})


def compared(
    score: Score, live: Finding, holdout: Finding | None, margin: float | None, began: float
) -> Quality:
    """A score beside that of the holdout.

    The interval of their difference is made of both intervals (Zou & Donner 2008, MOVER), which may
    be lopsided.

    Args:
        score: Which one.
        live: That of production.
        holdout: That of the holdout; None if it has none.
        margin: By how much it may be worse; None for a twentieth of the holdout's.
        began: When the time of the live score begins.
    """
    if holdout is None or holdout.estimate is None or live.estimate is None:
        return Quality(live, began)
    allowed = abs(holdout.estimate) * _SHARE if margin is None else margin
    now, before = (_as_loss(score, each) for each in (live, holdout))
    worse = now[1] - before[1]
    reach = math.hypot(now[1] - now[0], before[2] - before[1])
    is_sure = None not in (live.low, live.high, holdout.low, holdout.high)
    return Quality(live, began, worse, worse - reach if is_sure else None, allowed)


def _as_loss(score: Score, finding: Finding) -> tuple[float, float, float]:
    """Low, estimate and high, of which lower is better."""
    middle = finding.estimate or 0.0
    low = middle if finding.low is None else finding.low
    high = middle if finding.high is None else finding.high
    if score.better == "lower":
        return low, middle, high
    if score.better == "higher":
        return -high, -middle, -low
    nearest = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return nearest, abs(middle), max(abs(low), abs(high))


def by_window(
    score: Score,
    rows: Labelled,
    signature: Signature | None,
    holdout: Finding | None,
    *,
    margin: float | None,
    window: float,
    minimum: int,
) -> list[Quality]:
    """The quality of each window of requests, the oldest first.

    Those with fewer labels than the minimum are told and not judged.
    """
    import numpy as np

    starts = np.floor(rows.times / window) * window
    found: list[Quality] = []
    for began in np.unique(starts).tolist():
        chosen = starts == began
        try:
            live = score_labelled(score, rows, signature, chosen)
        except WindlassError:  # labels of one class only, or too few for the score
            continue
        one = compared(score, live, holdout, margin, began)
        found.append(replace(one, is_judged=int(chosen.sum()) >= minimum))
    return found


def total_quality(
    score: Score,
    rows: Labelled,
    signature: Signature | None,
    holdout: Finding | None,
    *,
    margin: float | None,
    minimum: int,
) -> Quality | None:
    """The quality of all labelled answers; None if they have no score."""
    try:
        live = score_labelled(score, rows, signature)
    except WindlassError:
        return None
    one = compared(score, live, holdout, margin, float(min(rows.times)))
    return replace(one, is_judged=live.n >= minimum)
