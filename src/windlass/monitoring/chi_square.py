"""Pearson's test of whether two samples are of one distribution, on their counts.

It is shown and decides nothing: at a million rows it finds differences that are of no interest to
anybody, and it takes the bins for given, which lie where the reference had its values.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from windlass.monitoring.calibrating import gamma_above
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST = 5.0
"""Expected rows below which cells are taken together (Cochran 1954)."""


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """The test's outcome.

    Args:
        statistic: The sum over cells of squared differences from what is expected.
        freedom: Its degrees of freedom.
        p: How often chance alone makes it as large.
    """

    statistic: float
    freedom: int
    p: float

    def document(self) -> dict[str, Json]:
        """It as plain JSON."""
        return asdict(self)


def chi_square(reference: NDArray[np.int64], live: NDArray[np.int64]) -> ChiSquare | None:
    """The test of two vectors of counts in the same cells; None if there are not two cells left.

    Cells that have few rows are taken together, the emptiest first.
    """
    import numpy as np

    table: Any = np.stack([reference, live])
    rows = table.sum(axis=1)
    if not rows.all():
        return None
    order = np.argsort(table.sum(axis=0), kind="stable")
    few = table.sum(axis=0)[order] * rows.min() / rows.sum() < _LEAST
    pooled = table[:, order[few]].sum(axis=1, keepdims=True)
    table = np.hstack([pooled, table[:, order[~few]]]) if pooled.any() else table[:, order[~few]]
    if table.shape[1] < 2:
        return None
    expected = np.outer(rows, table.sum(axis=0)) / rows.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    freedom = table.shape[1] - 1
    return ChiSquare(statistic, freedom, gamma_above(freedom / 2, statistic / 2))
