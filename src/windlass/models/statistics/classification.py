"""Scores of predicted classes and of their probabilities.

Precision, recall and F1 are those of the positive class, if there are two classes or one is named;
else the plain average over the classes that occur in the labels (*macro*): each counts alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from windlass.errors import UndefinedError
from windlass.models.statistics.cases import Array, Cases
from windlass.models.statistics.means import FloatArray, Means, average_of, mean_of, ratio

Mask = npt.NDArray[np.bool_]


def accuracy(cases: Cases, predicted: Array) -> Means:
    """The share of cases whose label is predicted."""
    return mean_of(cases.codes(predicted) == cases.codes(cases.labels), 0, 1)


def log_loss(cases: Cases, probabilities: Array) -> Means:
    """The mean of -log of the probability of the true class, which counts as 1e-15 at least."""
    own = _all_classes(cases, probabilities)[np.arange(len(cases)), cases.codes(cases.labels)]
    return mean_of(-np.log(np.clip(own, 1e-15, 1)), 0)


def brier(cases: Cases, probabilities: Array) -> Means:
    """The mean squared distance of the probabilities from what happened.

    Of two classes, that of the positive one, in [0, 1]; of more, the sum over all, in [0, 2].
    """
    wide = _all_classes(cases, probabilities)
    happened = cases.codes(cases.labels)[:, None] == np.arange(wide.shape[1])
    squares = ((wide - happened) ** 2).sum(axis=1)
    return mean_of(squares / 2 if wide.shape[1] == 2 else squares, 0)


def precision(cases: Cases, predicted: Array) -> Means:
    """The share of true among those predicted as of a class; 0 for one that is never predicted."""
    return _by_class(cases, predicted, _precision)


def recall(cases: Cases, predicted: Array) -> Means:
    """The share of predicted among those that are of a class."""
    return _by_class(cases, predicted, _recall)


def f1(cases: Cases, predicted: Array) -> Means:
    """The harmonic mean of precision and recall."""
    return _by_class(cases, predicted, _f1)


def _precision(true: Mask, predicted: Mask) -> Means:
    return _share(true & predicted, predicted, predicted.sum(), 0.0)


def _recall(true: Mask, predicted: Mask) -> Means:
    return _share(true & predicted, true, true.sum())


def _f1(true: Mask, predicted: Mask) -> Means:
    both = true.astype(np.float64) + predicted
    return _share(2.0 * (true & predicted), both, true.sum())


def _share(above: Array, below: Array, support: float, empty: float = np.nan) -> Means:
    columns = np.column_stack([above, below]).astype(np.float64)
    return Means(columns, lambda m: ratio(m[..., 0], m[..., 1], empty), support, 0, 1)


def _by_class(cases: Cases, predicted: Array, part: Callable[[Mask, Mask], Means]) -> Means:
    codes, told = cases.codes(cases.labels), cases.codes(predicted)
    if cases.positive is None:
        return average_of([part(codes == place, told == place) for place in np.unique(codes)])
    means = part(codes == cases.positive, told == cases.positive)
    if not means.support:
        verb = "predicted as" if part is _precision else "of"
        raise UndefinedError(f"it has no value: no case is {verb} the positive class")
    return means


def _all_classes(cases: Cases, probabilities: Array) -> FloatArray:
    """Probabilities of all classes, (n, classes), also where only the positive one's are given."""
    if probabilities.ndim == 2:
        return np.clip(probabilities, 0, 1)
    wide = np.empty((len(cases), 2))
    positive = 1 if cases.positive is None else cases.positive
    wide[:, positive], wide[:, 1 - positive] = probabilities, 1 - probabilities
    return np.clip(wide, 0, 1)
