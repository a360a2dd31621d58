"""What is counted of a version in a window of time; counts of parts add up to that of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.serving.observing.latency import CELLS
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Cells = NDArray[np.int64]

UNKNOWN = 0
"""The number under which is counted what no version answered."""


def no_latencies() -> Cells:
    """The histogram of no requests."""
    import numpy as np

    return np.zeros(CELLS, np.int64)


@dataclass(slots=True, eq=False)
class Counts:
    """What was counted.

    Args:
        requests: Those that were answered.
        rows: Of these requests.
        dropped: Requests and rows that were answered, and of which no note could be taken.
        failures: Requests without an answer, by kind.
        latency: (`CELLS`,) of requests, in the bounds of `latency`.
        columns: The counts of each input and output, in the bins of the version's profile.
    """

    requests: int = 0
    rows: int = 0
    dropped: tuple[int, int] = (0, 0)
    failures: Counter[str] = field(default_factory=Counter)
    latency: Cells = field(default_factory=no_latencies)
    columns: dict[str, Cells] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        """Both together.

        Raises:
            ModelError: A column was counted in other bins.
        """
        columns = dict(self.columns)
        for name, cells in other.columns.items():
            columns[name] = _added(name, columns[name], cells) if name in columns else cells
        return Counts(
            self.requests + other.requests,
            self.rows + other.rows,
            (self.dropped[0] + other.dropped[0], self.dropped[1] + other.dropped[1]),
            self.failures + other.failures,
            self.latency + other.latency,
            columns,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and self.document() == other.document()

    __hash__ = None  # type: ignore[assignment]

    def document(self) -> dict[str, Json]:
        """The counts as plain JSON."""
        return {
            "requests": self.requests,
            "rows": self.rows,
            "dropped": list(self.dropped),
            "failures": dict(sorted(self.failures.items())),
            "latency": self.latency.tolist(),
            "columns": {name: self.columns[name].tolist() for name in sorted(self.columns)},
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Counts:
        """The counts of a document that `document` made."""
        import numpy as np

        requests, rows = document["dropped"]
        return cls(
            document["requests"],
            document["rows"],
            (requests, rows),
            Counter(document["failures"]),
            np.array(document["latency"], np.int64),
            {name: np.array(cells, np.int64) for name, cells in document["columns"].items()},
        )


def _added(name: str, one: Cells, other: Cells) -> Cells:
    if len(one) != len(other):
        raise ModelError(
            f"'{name}' was counted in {len(one)} bins, and in {len(other)}",
            hint="Counts add up within one version, whose profile never changes.",
        )
    return one + other
