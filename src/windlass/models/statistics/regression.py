"""Scores of predicted numbers; `cases.labels` are numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from windlass.errors import ScoreError, UndefinedError
from windlass.models.statistics.cases import Array, Cases
from windlass.models.statistics.means import Means, mean_of


def mae(cases: Cases, predicted: Array) -> Means:
    """The mean absolute error, in the label's unit."""
    return mean_of(np.abs(predicted - cases.labels), 0)


def mse(cases: Cases, predicted: Array) -> Means:
    """The mean squared error, in the label's unit squared."""
    return mean_of((predicted - cases.labels) ** 2, 0)


def rmse(cases: Cases, predicted: Array) -> Means:
    """The root of the mean squared error, in the label's unit."""
    columns = ((predicted - cases.labels) ** 2)[:, None]
    return Means(columns, lambda m: np.sqrt(m[..., 0]), len(cases), 0)


def bias(cases: Cases, predicted: Array) -> Means:
    """The mean of predicted less true, in the label's unit: best at zero."""
    return mean_of(predicted - cases.labels)


def r2(cases: Cases, predicted: Array) -> Means:
    """The share of the labels' variance that is explained; 0 for their mean, below it for less."""
    if (cases.labels == cases.labels[0]).all():
        raise UndefinedError("R² has no value: all labels are the same")
    centered = cases.labels - cases.labels.mean()  # against cancellation where labels are large
    columns = np.column_stack([centered, centered**2, (predicted - cases.labels) ** 2])

    def function(means: npt.NDArray[Any]) -> npt.NDArray[Any]:
        variance = means[..., 1] - means[..., 0] ** 2
        there = variance.real > 0
        return np.where(there, 1 - means[..., 2] / np.where(there, variance, 1), np.nan)

    return Means(columns, function, len(cases), None, 1)


def quantile_loss(quantile: float) -> Callable[[Cases, Array], Means]:
    """The mean loss of a predicted quantile, in the label's unit: least for the true quantile.

    Raises:
        ScoreError: The quantile is not between 0 and 1.

    Source: Koenker & Bassett 1978.
    """
    if not 0 < quantile < 1:
        raise ScoreError(f"{quantile:g} is no quantile", hint="It lies between 0 and 1.")

    def loss(cases: Cases, predicted: Array) -> Means:
        """The mean loss of a predicted quantile, in the label's unit: least for the true one."""
        above = cases.labels - predicted
        return mean_of(np.maximum(quantile * above, (quantile - 1) * above), 0)

    return loss
