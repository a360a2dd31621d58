"""Scores of how well cases are ranked: areas under curves.

Both areas compare cases with one another, so that no case has a loss of its own. Resampled, they
are taken to first order in how often each case is drawn: by the *placement* of a positive case, the
share of negative ones below it, and the other way round. What is left out is of the order of 1 / n.

Of more than two classes, each is set against the rest, and those that occur are averaged plainly.

Sources: Hanley & McNeil 1982; DeLong, DeLong & Clarke-Pearson 1988 for placements; Efron 1982,
chapter 6, for the first-order terms (the infinitesimal jackknife).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from windlass.errors import UndefinedError
from windlass.models.statistics.cases import Array, Cases
from windlass.models.statistics.means import FloatArray, Means, average_of, ratio

_Curve = Callable[[npt.NDArray[np.bool_], FloatArray, FloatArray], Means]


def auc(cases: Cases, ranks: Array) -> Means:
    """The area under the ROC curve: how often a positive case is ranked above a negative one.

    Ties count one half.
    """
    return _by_class(cases, ranks, _auc)


def average_precision(cases: Cases, ranks: Array) -> Means:
    """The mean precision at the ranks of the positive cases; tied cases are taken together."""
    return _by_class(cases, ranks, _average_precision)


def _by_class(cases: Cases, ranks: Array, curve: _Curve) -> Means:
    weights = np.ones(len(cases)) if cases.weights is None else cases.weights
    codes = cases.codes(cases.labels)
    if len(np.unique(codes[weights > 0])) < 2:
        raise UndefinedError(
            f"ranking has no value: all cases are of the class {cases.labels.tolist()[0]!r}",
            hint="It needs cases of both classes.",
        )
    if cases.positive is not None:
        column = ranks if ranks.ndim == 1 else ranks[:, cases.positive]
        return curve(codes == cases.positive, column, weights)
    return average_of([curve(codes == at, ranks[:, at], weights) for at in np.unique(codes)])


def _auc(true: npt.NDArray[np.bool_], ranks: FloatArray, weights: FloatArray) -> Means:
    values, place = np.unique(ranks, return_inverse=True)
    of_true = np.bincount(place, weights * true, len(values))
    of_false = np.bincount(place, weights * ~true, len(values))
    below = ((of_false.cumsum() - of_false / 2) / of_false.sum())[place]
    above = (1 - (of_true.cumsum() - of_true / 2) / of_true.sum())[place]
    area = float(np.average(below, weights=weights * true))
    columns = np.column_stack([true * below, ~true * above, true])

    def function(means: npt.NDArray[Any]) -> npt.NDArray[Any]:
        positive = means[..., 2]
        of_false = ratio(means[..., 1], 1 - positive)
        return np.asarray(ratio(means[..., 0], positive) + of_false - area)

    return Means(columns, function, min(true.sum(), (~true).sum()), 0, 1)


def _average_precision(
    true: npt.NDArray[np.bool_], ranks: FloatArray, weights: FloatArray
) -> Means:
    values, place = np.unique(-ranks, return_inverse=True)
    of_true = np.bincount(place, weights * true, len(values))
    of_all = np.bincount(place, weights, len(values))
    precision = ratio(of_true.cumsum(), of_all.cumsum(), 0.0)
    area = float((of_true * precision).sum() / of_true.sum())
    # A case counts among all that are ranked at its place or lower: what it adds to theirs.
    share = ratio(of_true, of_all.cumsum(), 0.0)
    later = share[::-1].cumsum()[::-1]
    later_precision = (share * precision)[::-1].cumsum()[::-1]
    own = true * (precision[place] - area + later[place]) - later_precision[place]
    columns = np.column_stack([own, true])

    def function(means: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.asarray(area + ratio(means[..., 0], means[..., 1]))

    return Means(columns, function, float(true.sum()), 0, 1)
