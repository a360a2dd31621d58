"""Counting rows in the bins of their version's profile."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.models.bins import Anchors, CategoryBins, NumberBins
from windlass.models.tables import array_columns, array_names
from windlass.models.tables.column import Column, Label, of_labels
from windlass.serving.observing.counts import UNKNOWN, Counts
from windlass.serving.observing.inbox import Taken
from windlass.serving.observing.joining import Joined, Piece
from windlass.serving.observing.known import Known
from windlass.serving.observing.latency import count as count_latencies

if TYPE_CHECKING:
    from numpy.typing import NDArray

Key = tuple[float, int]
"""When a window began, and the version's number."""
MOST_CELLS = 1 << 24
"""Counts that wait to be saved, at most: 128 MB, of a thousand columns 250 windows."""
AT_ONCE = 64
"""Windows that are saved together."""
_JUMP = 86400.0
"""Seconds that a clock must have been set back to be believed."""


def count_rows(joined: Joined, known: Known) -> tuple[Counts, dict[str, str]]:
    """What is to be counted of answers, and why columns could not be, by name."""
    found = Counts(
        len(joined.requests.ids),
        joined.rows,
        latency=count_latencies(joined.requests.seconds),
    )
    problems: dict[str, str] = {}
    for piece in joined.pieces if known.columns else ():
        found += Counts(columns=dict(_cells(piece, known, problems)))
    return found, problems


def _cells(piece: Piece, known: Known, problems: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for name, array in (*piece.inputs.items(), *piece.outputs.items()):
        plain = _plain(name, array, known)
        if plain is not None:
            yield from plain.items()
            continue
        try:
            texts = piece.texts.get(name)
            columns = array_columns(name, array) if texts is None else [_text_column(name, texts)]
            for column in columns:
                if column.name in known.columns:
                    anchors = known.columns[column.name].anchors
                    yield column.name, anchors.count(_alike(column, anchors))
        except ModelError as error:
            problems[name] = error.message


def _plain(name: str, array: NDArray[Any], known: Known) -> dict[str, Any] | None:
    """The counts of floating numbers, sorted all at once; None if the long way must look."""
    import numpy as np

    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        return None
    names = [name] if array.ndim == 1 else array_names(name, array)
    anchors = [column.anchors for each in names if (column := known.columns.get(each))]
    numbers = [each for each in anchors if isinstance(each, NumberBins)]
    if not names or not len(names) == len(anchors) == len(numbers):
        return None
    rows = np.sort(array.T.reshape(len(names), -1), axis=1).astype(np.float64, copy=False)
    return {
        each: bins.count_sorted(row) for each, bins, row in zip(names, numbers, rows, strict=True)
    }


def _text_column(name: str, texts: Any) -> Column:
    """A dictionary of Arrow as a column."""
    places = texts.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return of_labels(name, "text", "object", places, texts.dictionary.to_pylist())


def _alike(column: Column, anchors: Anchors) -> Column:
    """The column as labels, where its numbers are such: categories may be whole numbers."""
    if not isinstance(anchors, CategoryBins) or column.kind not in ("number", "integer"):
        return column
    import numpy as np

    found, places = np.unique(column.numbers(), return_inverse=True)
    labels = _as_labels(found.tolist(), anchors.labels)
    places = np.where(column.missing, -1, places)
    return of_labels(column.name, "category", column.dtype, places, labels)


def _as_labels(numbers: list[float], known: tuple[Label, ...]) -> list[Label]:
    """Numbers in the type of the labels that they are equal to: 1.0 may be 1, or True."""
    same = {label: label for label in known if not isinstance(label, str)}
    return [same.get(number, number) for number in numbers]


@dataclass(slots=True)
class _Window:
    """One that is counted in.

    Args:
        counts: So far.
        changes: How often it changed.
        saved: How many of the changes the record has.
        cells: How many counts there are.
    """

    counts: Counts = field(default_factory=Counts)
    changes: int = 0
    saved: int = 0
    cells: int = 0

    def measure(self) -> int:
        """Counts its cells; returns how many there are more than before."""
        before = self.cells
        self.cells = len(self.counts.latency) + sum(map(len, self.counts.columns.values()))
        return self.cells - before


class Tally:
    """The windows of one writer that are open, or not saved yet.

    Args:
        window: Seconds of each.
    """

    def __init__(self, window: float) -> None:
        self.window = window
        self._lock = threading.Lock()
        self._windows: dict[Key, _Window] = {}
        self._floor = 0.0
        self._cells = 0
        self.lost = 0
        """Windows that were given up, as more waited to be saved than may."""

    def add(self, began: float, number: int, counts: Counts) -> None:
        """Adds counts to a window; to the next one if it has been saved and let go already."""
        with self._lock:
            if self._floor - began > self.window + _JUMP:  # the clock was wrong, and is set right
                self._floor = began
            key = max(began, self._floor), number
            window = self._windows.setdefault(key, _Window())
            window.counts += counts
            window.changes += 1
            self._cells += window.measure()
            while self._cells > MOST_CELLS and len(self._windows) > 1:
                self._let_go(min(self._windows))
                self.lost += 1

    def add_taken(self, taken: Taken) -> None:
        """Adds what failed, and what was dropped."""
        import numpy as np

        for (began, version), dropped in taken.dropped.items():
            self.add(began, number_of(version), Counts(dropped=dropped))
        for (began, kind), cells in taken.failures.items():
            latency = np.array(cells, np.int64)
            failures = Counter({kind: int(latency.sum())})
            self.add(began, UNKNOWN, Counts(failures=failures, latency=latency))

    def unsaved(self) -> dict[Key, tuple[Counts, int]]:
        """The windows that the record has not as they are, and which change of each it is.

        The oldest first.
        """
        with self._lock:
            return {
                key: (window.counts, window.changes)
                for key, window in sorted(self._windows.items(), key=lambda each: each[0])
                if window.changes > window.saved
            }

    def save(self, told: Mapping[Key, int], before: float) -> None:
        """Notes which changes the record has; windows that ended before a time are let go."""
        with self._lock:
            for key, changes in told.items():
                if key in self._windows:  # and was not given up meanwhile
                    self._windows[key].saved = changes
            for key, window in list(self._windows.items()):
                if key[0] + self.window <= before and window.saved == window.changes:
                    self._let_go(key)

    def _let_go(self, key: Key) -> None:
        self._cells -= self._windows.pop(key).cells
        self._floor = max(self._floor, key[0] + self.window)


def number_of(version: str) -> int:
    """A version's number; `UNKNOWN` of what is none."""
    return int(version) if version.isdecimal() else UNKNOWN
