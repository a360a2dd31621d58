"""Anchors of a column, and exact counts in them.

What a reference looked like is told by anchors that it sets itself: of numbers at most 64
right-closed bins at its own quantiles, of categories the most frequent ones. Any other data is
counted in the same anchors, as one vector of whole numbers. Such counts are exact, hold no value of
anybody's, and those of parts add up to those of the whole, in any order.

The quantiles are those of the empirical distribution (its inverse, no interpolation), and equal
ones are one: where many values are the same they have a bin whose right end they are, so that
the distribution is known exactly at each edge.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeAlias

from windlass.errors import ModelError
from windlass.models.tables.column import PLURALS, Column, Label
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts: TypeAlias = NDArray[np.int64]

BINS = 64
"""Bins of a column of numbers, at most."""
TOP = 64
"""Categories that are counted by themselves; all others together are the rest."""


class Anchors(Protocol):
    """Into what a column is counted."""

    kind: ClassVar[str]

    @classmethod
    def of(cls, column: Column) -> Self:
        """The anchors that a column of the reference sets."""
        ...

    @classmethod
    def read(cls, document: Any) -> Self:
        """The anchors of a document that `document` made."""
        ...

    @property
    def cells(self) -> int:
        """How many counts there are."""
        ...

    def count(self, column: Column) -> Counts:
        """The counts of another column; they add up to the number of its rows."""
        ...

    def cell_names(self) -> list[str]:
        """What each count is of, in words."""
        ...

    def document(self) -> dict[str, Json]:
        """The anchors as plain JSON."""
        ...


@dataclass(frozen=True, slots=True)
class NumberBins:
    """Right-closed bins: ``[low, e1], (e1, e2], …``, and counts under, over and null.

    Args:
        low: The left end of the first bin, which belongs to it; None without a finite value.
        edges: The right ends, ascending. The counts are: under `low`, each bin, over the last
            edge, null. Infinities are under or over; NaN, NaT and None are null.
    """

    kind: ClassVar[str] = "number"
    low: float | None
    edges: tuple[float, ...]

    @classmethod
    def of(cls, column: Column, bins: int = BINS) -> NumberBins:
        """The bins at the quantiles of a column's finite numbers."""
        import numpy as np

        numbers = column.numbers()
        known = np.sort(numbers[np.isfinite(numbers)])
        if not len(known):
            return cls(None, ())
        # The k-th of q quantiles of n values is the value at rank ceil(k n / q).
        ranks = -(-np.arange(1, bins + 1) * len(known) // bins) - 1
        return cls(float(known[0]), tuple(np.unique(known[ranks]).tolist()))

    @classmethod
    def read(cls, document: Any) -> NumberBins:
        """The bins of a document that `document` made."""
        return cls(document["low"], tuple(document["edges"]))

    def document(self) -> dict[str, Json]:
        """The bins as plain JSON."""
        return {"kind": self.kind, "low": self.low, "edges": list(self.edges)}

    @property
    def cells(self) -> int:
        """How many counts there are."""
        return len(self.edges) + 3

    def count(self, column: Column) -> Counts:
        """Under, each bin, over, null.

        Raises:
            ModelError: The column holds text or categories.
        """
        import numpy as np

        if column.kind in ("text", "category") and not column.missing.all():
            raise _unlike(column, "numbers")
        return self.count_sorted(np.sort(column.numbers()))

    def count_sorted(self, numbers: NDArray[np.float64]) -> Counts:
        """The same of numbers that are sorted, NaN last.

        Sorting and looking up the edges is several times faster than looking up each number. One
        call of NumPy for each column: in every one of them a thread of a server lets others have
        the interpreter, and waits for it again.
        """
        import numpy as np

        ends = np.zeros(len(self.edges) + 4, np.int64)
        ends[-2:] = len(numbers)
        if len(numbers) and numbers[-1] != numbers[-1]:
            ends[-2] -= np.count_nonzero(np.isnan(numbers))
        if self.low is not None:
            ends[1] = bisect_left(numbers, self.low)
            ends[2:-2] = numbers.searchsorted(self.edges, "right")
        found: Counts = ends[1:] - ends[:-1]
        return found

    def cell_names(self) -> list[str]:
        """What each count is of: ``(2, 3.5]``."""
        if self.low is None:
            return ["under", "over", "null"]
        lefts = [self.low, *self.edges[:-1]]
        spans = [
            f"({left:.6g}, {right:.6g}]" for left, right in zip(lefts, self.edges, strict=True)
        ]
        return ["under", f"[{spans[0][1:]}", *spans[1:], "over", "null"]


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """The most frequent categories, texts or booleans, and counts of the rest and of null.

    Args:
        labels: Those that are counted by themselves, the most frequent of the reference first.
            The counts are: each label, all others, null.
    """

    kind: ClassVar[str] = "category"
    labels: tuple[Label, ...]

    @classmethod
    def of(cls, column: Column, top: int = TOP) -> CategoryBins:
        """The most frequent labels of a column; of equally frequent ones the first in order."""
        import numpy as np

        labels, places = _labels_of(column)
        counts = np.bincount(places[places >= 0], minlength=len(labels)).tolist()
        occur = ((-n, _order(label)) for label, n in zip(labels, counts, strict=True) if n)
        return cls(tuple(label for _, (_, label) in heapq.nsmallest(top, occur)))

    @classmethod
    def read(cls, document: Any) -> CategoryBins:
        """The categories of a document that `document` made."""
        return cls(tuple(document["labels"]))

    def document(self) -> dict[str, Json]:
        """The categories as plain JSON."""
        return {"kind": self.kind, "labels": list(self.labels)}

    @property
    def cells(self) -> int:
        """How many counts there are."""
        return len(self.labels) + 2

    def count(self, column: Column) -> Counts:
        """Each label, the rest, null.

        Raises:
            ModelError: The column holds numbers or times.
        """
        import numpy as np

        if column.kind in ("number", "time") and not column.missing.all():
            raise _unlike(column, "categories")
        labels, places = _labels_of(column)
        known = {_order(label): place for place, label in enumerate(self.labels)}
        rest = len(self.labels)
        moved = [known.get(_order(label), rest) for label in labels]
        return np.bincount(np.array([*moved, rest + 1])[places], minlength=self.cells)

    def cell_names(self) -> list[str]:
        """What each count is of: the label as Python writes it."""
        return [*map(repr, self.labels), "the rest", "null"]


def _order(label: Label) -> tuple[str, Any]:
    """Orders labels of several types; 1 and True are two."""
    return type(label).__name__, label


def _labels_of(column: Column) -> tuple[list[Label], NDArray[np.int64]]:
    """The labels of a column, and the place of each row's; -1 where it has none."""
    import numpy as np

    if column.kind in ("category", "text"):
        return list(column.labels), column.values
    if column.kind == "boolean":
        return [False, True], np.where(column.missing, -1, column.values)
    found, places = np.unique(column.values, return_inverse=True)
    return found.tolist(), np.where(column.missing, -1, places)


def _unlike(column: Column, wanted: str) -> ModelError:
    return ModelError(
        f"the column '{column.name}' holds {PLURALS[column.kind]}, and held {wanted} in the "
        "reference, so that it cannot be counted",
        hint="Conform the table to the model's signature first.",
    )


KINDS_OF_ANCHORS: dict[str, type[NumberBins | CategoryBins]] = {
    "number": NumberBins,
    "category": CategoryBins,
}


def anchors_of(column: Column) -> NumberBins | CategoryBins:
    """The anchors that a column of the reference sets: bins, or categories."""
    labelled = column.kind in ("category", "text", "boolean")
    return CategoryBins.of(column) if labelled else NumberBins.of(column)
