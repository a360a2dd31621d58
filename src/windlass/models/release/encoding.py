"""The columns of a table as numbers that any simple model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.models.tables import array_columns, library_of, read_columns
from windlass.models.tables.column import Column, Label

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOP = 20
"""Labels of a column that have a column each."""


@dataclass(frozen=True, slots=True)
class ColumnEncoding:
    """One column: numbers scaled to mean 0 and deviation 1, or a column a label.

    Args:
        labels: The most frequent labels; None where it holds numbers, booleans or times.
        middle: The median, which stands for what is missing.
        mean: Of the numbers.
        deviation: Their standard deviation; 1 where they are all the same.
    """

    labels: tuple[Label, ...] | None = None
    middle: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0

    @classmethod
    def of(cls, column: Column) -> ColumnEncoding:
        """The encoding that a column of the reference sets."""
        if column.kind in ("text", "category"):
            often = np.argsort(-column.counts(), kind="stable")[:TOP]
            return cls(tuple(column.labels[place] for place in often))
        numbers = column.numbers()
        known = numbers[np.isfinite(numbers)]
        if not len(known):
            return cls()
        return cls(None, float(np.median(known)), float(known.mean()), float(known.std()) or 1.0)

    def matrix(self, column: Column) -> NDArray[np.float64]:
        """The column as (n, k) finite numbers."""
        if self.labels is not None:
            return _one_hot(column, self.labels)
        numbers = column.numbers()
        known = np.isfinite(numbers)
        scaled = (np.where(known, numbers, self.middle) - self.mean) / self.deviation
        # What is far outside would rule a linear model, which is to be a fair baseline.
        return np.column_stack([np.clip(scaled, -10, 10), ~known])


@dataclass(frozen=True, slots=True)
class Encoding:
    """All columns of a table.

    Args:
        columns: The encoding of each, in order.
    """

    columns: tuple[ColumnEncoding, ...]

    @classmethod
    def of(cls, table: Any) -> Encoding:
        """The encoding that a reference sets."""
        return cls(tuple(ColumnEncoding.of(column) for column in _columns(table)))

    def matrix(self, table: Any) -> NDArray[np.float64]:
        """A table of the same columns as (n, k) finite numbers."""
        columns: Sequence[Column] = _columns(table)
        parts = [each.matrix(column) for each, column in zip(self.columns, columns, strict=True)]
        return np.hstack(parts)


def _columns(table: Any) -> list[Column]:
    return array_columns("input", table) if library_of(table) == "numpy" else read_columns(table)


def _one_hot(column: Column, labels: Sequence[Label]) -> NDArray[np.float64]:
    places = column.with_labels(labels).values
    found: NDArray[np.float64] = (places[:, None] == np.arange(len(labels))).astype(np.float64)
    return found
