"""A score as a smooth function of means: the one form that all of them take.

The mean loss is a mean of losses; precision is the mean of hits over the mean of alarms; R² is made
of three means. The difference of a score between two models is a function of the means of both. So
resampling, standard errors and permutations are each written once, for means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
Function: TypeAlias = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""From means (…, k), real or complex, to values (…,): any formula of plain arithmetic."""

_STEP = 1e-100


@dataclass(frozen=True, slots=True)
class Means:
    """A function of the means of some columns.

    Args:
        columns: What is averaged: a row for each case or group, (n, k).
        function: Of those means; nan where it has no value. It is differentiated by the complex
            step, so it uses no `abs` and compares real parts only.
        support: How many cases bear on it: for recall, those that are positive.
        low: The least value that it can take; None if there is none.
        high: The greatest.
    """

    columns: FloatArray
    function: Function
    support: float
    low: float | None = None
    high: float | None = None

    @property
    def estimate(self) -> float:
        """The value on all cases."""
        return float(self.function(self.columns.mean(axis=0)))

    def influence(self) -> FloatArray:
        """How far each row moves the value, to first order: (n,), of mean zero."""
        center = self.columns.mean(axis=0)
        moved: FloatArray = (self.columns - center) @ gradient(self.function, center)
        return moved

    def weighted(self, weights: FloatArray) -> Means:
        """The same with weighted means; weights (n,) are not negative."""
        columns = np.column_stack([self.columns * weights[:, None], weights])
        return replace(self, columns=columns, function=self._over_total())

    def grouped(self, groups: npt.NDArray[np.intp]) -> Means:
        """The same with a row for each group of cases, which are then resampled together.

        Args:
            groups: The number of each case's group, from 0 on, (n,).
        """
        columns = np.column_stack([self.columns, np.ones(len(self.columns))])
        sums = [np.bincount(groups, weights=column) for column in columns.T]
        return replace(self, columns=np.column_stack(sums), function=self._over_total())

    def linearized(self) -> Means:
        """One column whose mean is the value, to first order."""
        column = self.estimate + self.influence()
        return replace(self, columns=column[:, None], function=first)

    def compact(self) -> Means:
        """The same with equal columns standing once, as labels that two models share."""
        columns: list[FloatArray] = []
        places = [_place(columns, column) for column in self.columns.T]
        function = self.function
        return replace(
            self, columns=np.column_stack(columns), function=lambda m: function(m[..., places])
        )

    def _over_total(self) -> Function:
        function = self.function
        return lambda means: function(ratio(means[..., :-1], means[..., -1:]))


def gradient(function: Function, at: FloatArray) -> FloatArray:
    """The gradient at points (…, k): exact to rounding, by the complex step.

    Source: Squire & Trapp 1998, SIAM Review 40(1).
    """
    slopes = []
    for place in range(at.shape[-1]):
        moved = at.astype(np.complex128)
        moved[..., place] += _STEP * 1j
        slopes.append(function(moved).imag / _STEP)
    return np.stack(slopes, axis=-1)


def first(means: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The first mean itself."""
    return means[..., 0]


def ratio(
    above: npt.NDArray[Any], below: npt.NDArray[Any], empty: float = np.nan
) -> npt.NDArray[Any]:
    """A quotient; `empty` where the divisor is zero."""
    there = below.real > 0
    return np.where(there, above / np.where(there, below, 1), empty)


def mean_of(values: npt.NDArray[Any], low: float | None = None, high: float | None = None) -> Means:
    """The mean of one value a case, (n,)."""
    column = np.asarray(values, dtype=np.float64)
    return Means(column[:, None], first, len(column), low, high)


def distance_of(means: Means) -> Means:
    """How far a value is from zero."""
    function = means.function
    return replace(means, function=lambda m: np.sqrt(function(m) ** 2), low=0.0)


def average_of(parts: Sequence[Means]) -> Means:
    """The plain average of several scores of the same cases, of those that have a value."""
    joined = combined(parts, _defined_mean)
    return replace(joined, low=parts[0].low, high=parts[0].high)


def gain_of(ours: Means, theirs: Means, sign: float) -> Means:
    """The difference of a score between two models on the same cases.

    Args:
        ours: The score of one.
        theirs: That of the other.
        sign: 1 if higher is better, -1 if lower is: a gain is then positive.
    """
    if ours.function is first and theirs.function is first:
        column = sign * (ours.columns - theirs.columns)
        joined = Means(column, first, min(ours.support, theirs.support))
    else:
        joined = combined([ours, theirs], lambda values: sign * (values[..., 0] - values[..., 1]))
        joined = joined.compact()
    if ours.low is None or ours.high is None:
        return joined
    widest = ours.high - ours.low
    return replace(joined, low=-widest, high=widest)


def combined(parts: Sequence[Means], join: Function) -> Means:
    """A function of several scores of the same cases."""
    ends = np.cumsum([part.columns.shape[1] for part in parts])[:-1]

    def function(means: npt.NDArray[Any]) -> npt.NDArray[Any]:
        split = np.split(means, ends, axis=-1)
        values = [part.function(given) for part, given in zip(parts, split, strict=True)]
        return join(np.stack(values, axis=-1))

    columns = np.hstack([part.columns for part in parts])
    return Means(columns, function, min(part.support for part in parts))


def _place(columns: list[FloatArray], column: FloatArray) -> int:
    for place, known in enumerate(columns):
        if np.array_equal(known, column):
            return place
    columns.append(column)
    return len(columns) - 1


def _defined_mean(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0).sum(axis=-1), there.sum(axis=-1))
