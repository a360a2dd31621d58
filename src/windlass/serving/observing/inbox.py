"""Where who asks the model leaves what it answered: bounded, and never in anybody's way."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import floor, prod
from typing import Any

from windlass.serving.exchange import Batch
from windlass.serving.observing.latency import CELLS, cell

MOST_ROWS = 131_072
"""Rows that wait, at most: at ten thousand a second, those of thirteen seconds."""
MOST_VALUES = 1 << 25
"""Values that these have, at most: 256 MB of numbers."""
MOST_TRUTHS = 131_072
"""Labels of feedback that wait, at most."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Feedback: what was true of the rows of a request."""

    request: str
    time: float
    values: Sequence[Any]


@dataclass(slots=True)
class Taken:
    """What was in the inbox.

    Args:
        batches: What was answered.
        truths: What was told of earlier answers.
        dropped: Requests and rows that found no room, by the beginning of their window and version.
        failures: Requests without an answer: a histogram of how long they took, by the beginning of
            their window and their kind.
        truths_dropped: Labels that found no room.
    """

    batches: list[Batch] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    dropped: dict[tuple[float, str], tuple[int, int]] = field(default_factory=dict)
    failures: dict[tuple[float, str], list[int]] = field(default_factory=dict)
    truths_dropped: int = 0


class Inbox:
    """Takes what is to be noted, as far as there is room.

    The lock is held for a few assignments only, by either side: nobody waits for work.

    Args:
        window: Seconds of a window.
        most_rows: Rows that may wait.
    """

    def __init__(self, window: float, most_rows: int = MOST_ROWS) -> None:
        self.window = window
        self.most_rows = most_rows
        self.totals: Counter[str] = Counter()
        """Rows and labels that were dropped since the beginning."""
        self.filling = threading.Event()
        """Set when half of the room is taken: it is time to look."""
        self._lock = threading.Lock()
        self._held = Taken()
        self._rows = self._truths = 0
        self._room: dict[str, int] = {}

    @property
    def rows(self) -> int:
        """How many rows wait."""
        return self._rows

    def put(self, batch: Batch) -> bool:
        """Takes what was answered; False, and it is counted, if there is no room.

        One batch finds room where nothing waits, however large: it is in memory already.
        """
        rows = sum(batch.requests.rows)
        room = self._room.get(batch.version) or self._room_for(batch)
        with self._lock:
            if self._rows and self._rows + rows > room:
                self._drop(batch, rows)
                return False
            self._held.batches.append(batch)
            self._rows += rows
        if self._rows > room // 2:
            self.filling.set()
        return True

    def fail(self, kind: str, seconds: float) -> None:
        """Counts a request without an answer: these always find room, being only counted."""
        key = self.began(time.time()), kind
        with self._lock:
            self._held.failures.setdefault(key, [0] * CELLS)[cell(seconds)] += 1

    def tell(self, truth: Truth) -> bool:
        """Takes feedback; False, and it is counted, if there is no room."""
        labels = len(truth.values)
        with self._lock:
            if self._truths and self._truths + labels > MOST_TRUTHS:
                self._held.truths_dropped += labels
                self.totals["labels"] += labels
                return False
            self._held.truths.append(truth)
            self._truths += labels
        return True

    def take(self) -> Taken:
        """Everything that waits, and leaves none."""
        with self._lock:
            taken, self._held = self._held, Taken()
            self._rows = self._truths = 0
            self.filling.clear()
        return taken

    def began(self, when: float) -> float:
        """When the window of a moment began: the same for every writer."""
        return floor(when / self.window) * self.window

    def _drop(self, batch: Batch, rows: int) -> None:
        key = self.began(batch.requests.time), batch.version
        requests, before = self._held.dropped.get(key, (0, 0))
        self._held.dropped[key] = requests + len(batch.requests.ids), before + rows
        self.totals["rows"] += rows

    def _room_for(self, batch: Batch) -> int:
        """Rows of its version that may wait, worked out once."""
        arrays = [*batch.inputs.values(), *batch.outputs.values()]
        width: int = max(1, sum(prod(array.shape[1:]) for array in arrays))
        self._room[batch.version] = room = min(self.most_rows, MOST_VALUES // width)
        return room
