"""The scores by name: what each is, which way is better, and what it needs of a model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

import numpy as np

from windlass.errors import ScoreError
from windlass.models.statistics import classification, ranking, regression
from windlass.models.statistics.cases import Array, Cases, Needs, numbers, read_cases
from windlass.models.statistics.means import Means, distance_of, gain_of, mean_of

Better: TypeAlias = Literal["higher", "lower", "zero"]


@dataclass(frozen=True, slots=True)
class Score:
    """A score of predictions.

    Args:
        name: What it is called.
        better: Which way is better: ``higher``, ``lower``, or nearer to ``zero``.
        needs: ``labels``, ``probabilities``, ``ranks`` (probabilities, or any numbers that rank
            cases), or ``numbers``.
        build: From cases and predictions to the means that it is a function of.
    """

    name: str
    better: Better
    needs: Needs
    build: Callable[[Cases, Array], Means]

    @property
    def about(self) -> str:
        """What it is, in a sentence."""
        return (self.build.__doc__ or "").partition("\n")[0]

    def loss_or_gain(self, cases: Cases, predictions: Array) -> Means:
        """What two models are compared by: the score, or how far it is from zero if that is best.

        Raises:
            UndefinedError: It has no value for these cases.
        """
        means = self.build(cases, predictions)
        return distance_of(means) if self.better == "zero" else means

    @property
    def sign(self) -> float:
        """1 if higher is better, else -1."""
        return 1.0 if self.better == "higher" else -1.0

    def gain(self, cases: Cases, ours: Array, theirs: Array) -> Means:
        """By how much one model is better than another on the same cases.

        Raises:
            UndefinedError: It has no value for these cases.
        """
        return gain_of(self.loss_or_gain(cases, ours), self.loss_or_gain(cases, theirs), self.sign)


def score_of_cases(
    name: str,
    function: Callable[[Array, Array], Array],
    *,
    better: Literal["higher", "lower"],
    needs: Needs = "numbers",
) -> Score:
    """A score of one's own: the mean of a loss or gain for each case.

    Args:
        name: What it is called.
        function: From labels (n,) and predictions to a number for each case, (n,).
        better: Which way is better.
        needs: What it takes of a model.
    """

    def build(cases: Cases, predicted: Array) -> Means:
        """The mean of a function of one's own."""
        values = np.asarray(function(cases.labels, predicted))
        if values.shape != (len(cases),):
            raise ScoreError(
                f"'{name}' gives the shape {values.shape} for {len(cases):,} cases",
                hint="It must give one number for each case.",
            )
        return mean_of(numbers(values, f"values of '{name}'"))

    return Score(name, better, needs, build)


SCORES = {
    score.name: score
    for score in (
        Score("accuracy", "higher", "labels", classification.accuracy),
        Score("precision", "higher", "labels", classification.precision),
        Score("recall", "higher", "labels", classification.recall),
        Score("f1", "higher", "labels", classification.f1),
        Score("log_loss", "lower", "probabilities", classification.log_loss),
        Score("brier", "lower", "probabilities", classification.brier),
        Score("auc", "higher", "ranks", ranking.auc),
        Score("average_precision", "higher", "ranks", ranking.average_precision),
        Score("mae", "lower", "numbers", regression.mae),
        Score("mse", "lower", "numbers", regression.mse),
        Score("rmse", "lower", "numbers", regression.rmse),
        Score("r2", "higher", "numbers", regression.r2),
        Score("bias", "zero", "numbers", regression.bias),
        Score("quantile_loss(0.5)", "lower", "numbers", regression.quantile_loss(0.5)),
    )
}

_QUANTILE = re.compile(r"quantile_loss(?:\(([0-9.]+)\))?")


def find_score(name: str | Score) -> Score:
    """The score of that name; ``quantile_loss(0.9)`` is one for any quantile.

    Raises:
        ScoreError: There is none.
    """
    if isinstance(name, Score):
        return name
    if name in SCORES:
        return SCORES[name]
    if (found := _QUANTILE.fullmatch(name)) and _is_number(found[1] or "0.5"):
        quantile = float(found[1] or 0.5)
        build = regression.quantile_loss(quantile)
        return Score(f"quantile_loss({quantile:g})", "lower", "numbers", build)
    close = get_close_matches(name, SCORES, 1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(SCORES)}."
    raise ScoreError(f"there is no score '{name}'", hint=hint)


def score_value(
    score: str | Score,
    labels: object,
    predictions: object,
    *,
    classes: list[object] | None = None,
    positive: object = None,
    weights: object = None,
) -> float:
    """The value of a score alone; arguments as for `read_cases`.

    Raises:
        ScoreError: Labels and predictions are not as they must be.
        UndefinedError: It has no value for these.
    """
    found = find_score(score)
    cases, [read] = read_cases(
        found.needs, labels, [predictions], classes=classes, positive=positive, weights=weights
    )
    return cases.counted(found.build(cases, read)).estimate


def _is_number(text: str) -> bool:
    return text.count(".") <= 1 and text != "."
