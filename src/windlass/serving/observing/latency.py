"""How long requests took, counted in fixed bounds, so that counts of many writers add up."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BOUNDS = tuple(5e-5 * 2 ** (place / 4) for place in range(85))
"""Right ends in seconds, from 50 µs to 105 s; each is 19 % above the one before."""
CELLS = len(BOUNDS) + 1


def cell(seconds: float) -> int:
    """The cell of one request."""
    return bisect_left(BOUNDS, seconds)


def count(seconds: Any) -> NDArray[np.int64]:
    """(`CELLS`,) counts of n requests."""
    import numpy as np

    return np.bincount(np.searchsorted(BOUNDS, seconds, side="left"), minlength=CELLS)


def quantile(counts: Any, share: float) -> float | None:
    """The seconds within which a share of requests was answered, to 19 %; None if there were none.

    It is the right end of the cell that holds it; of what took longer than all bounds the last one.
    """
    import numpy as np

    upto = np.cumsum(counts)
    if not upto[-1]:
        return None
    place = int(np.searchsorted(upto, share * upto[-1], side="left"))
    return BOUNDS[min(place, len(BOUNDS) - 1)]
