"""How far two columns of counts are apart.

All are of the two distributions over the same cells, under, over, rest and null among them. They
measure how large a difference is, not how sure it is there: at a million rows any is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMOOTHING = 0.5
"""What `psi` adds to each count before it is divided: a cell that one side lacks would make it
infinite. It is the prior of Jeffreys, and counts for nothing among thousands of rows."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Four measures of how far data is from the reference; None where a side has no rows.

    Args:
        psi: The population stability index: ``sum((p - q) log(p / q))``, with `SMOOTHING`. Below
            0.1 is usually called stable, above 0.25 changed.
        jensen_shannon: The distance of that name: the root of the divergence to base 2, 0 to 1.
        total_variation: The share of rows that would have to move to another cell, 0 to 1.
        ks: How far the two cumulative distributions are apart at an edge, which the greatest
            distance anywhere, Kolmogorov's and Smirnov's, is at least; of numbers alone, and
            without null.
        rows: How many rows the reference has, and how many the data.
    """

    psi: float | None
    jensen_shannon: float | None
    total_variation: float | None
    ks: float | None
    rows: tuple[int, int]

    def document(self) -> dict[str, Json]:
        """The measures as plain JSON: evidence for a test."""
        return {**asdict(self), "rows": list(self.rows)}


def distances(reference: NDArray[np.int64], data: NDArray[np.int64], *, ordered: bool) -> Distances:
    """How far two vectors of counts in the same cells are apart.

    Args:
        reference: The counts of the reference, null last.
        data: Those of the data.
        ordered: Whether the cells but the last are in order: bins, and not categories.
    """
    rows = int(reference.sum()), int(data.sum())
    if not all(rows):
        return Distances(None, None, None, None, rows)
    p, q = reference / rows[0], data / rows[1]
    return Distances(
        psi(reference, data),
        jensen_shannon(p, q),
        float(abs(p - q).sum() / 2),
        ks(reference[:-1], data[:-1]) if ordered else None,
        rows,
    )


def psi(reference: NDArray[np.int64], data: NDArray[np.int64]) -> float:
    """The population stability index of two vectors of counts, with `SMOOTHING`."""
    import numpy as np

    p, q = ((each + SMOOTHING) / (each + SMOOTHING).sum() for each in (reference, data))
    return float(((p - q) * np.log(p / q)).sum())


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """The Jensen-Shannon distance of two distributions (Endres and Schindelin 2003), to base 2."""
    import numpy as np

    middle = (p + q) / 2

    def divergence(of: NDArray[np.float64]) -> float:
        some = of > 0
        return float((of[some] * np.log2(of[some] / middle[some])).sum())

    return float(np.sqrt(max(0.0, min(1.0, (divergence(p) + divergence(q)) / 2))))


def ks(reference: NDArray[np.int64], data: NDArray[np.int64]) -> float | None:
    """The greatest difference of two cumulative distributions at the cells' ends."""
    import numpy as np

    if not (reference.sum() and data.sum()):
        return None
    p, q = np.cumsum(reference) / reference.sum(), np.cumsum(data) / data.sum()
    return float(np.abs(p - q).max())
