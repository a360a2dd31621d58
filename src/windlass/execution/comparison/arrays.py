"""What differs between two arrays of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compare_arrays(old: NDArray[Any], new: NDArray[Any]) -> dict[str, Any]:
    """Shapes and dtypes; of arrays of one shape, how many elements differ, and by how much.

    Returns:
        ``shape`` and ``dtype``, each before and after; ``differing``, how many elements, None where
        the shapes differ; ``largest``, the largest absolute difference of numbers; and ``at``,
        where that is.
    """
    told: dict[str, Any] = {
        "shape": [list(old.shape), list(new.shape)],
        "dtype": [str(old.dtype), str(new.dtype)],
        "elements": int(old.size),
        "differing": None,
        "largest": None,
        "at": None,
    }
    if old.shape != new.shape or old.dtype.names or new.dtype.names:
        return told
    other = old != new
    if _is_number(old) and _is_number(new):
        other &= ~((old != old) & (new != new))  # noqa: PLR0124 (nan)
        told |= _largest(old, new)
    return {**told, "differing": int(other.sum())}


def _is_number(array: NDArray[Any]) -> bool:
    return array.dtype.kind in "biufc"


def _largest(old: NDArray[Any], new: NDArray[Any]) -> dict[str, Any]:
    import numpy as np

    kind = np.complex128 if "c" in old.dtype.kind + new.dtype.kind else np.float64
    with np.errstate(invalid="ignore"):
        distance = np.abs(new.astype(kind) - old.astype(kind))
    distance[~np.isfinite(distance)] = -1  # nan against a number is counted, and no distance
    if not distance.size or distance.max() < 0:
        return {}
    place = np.unravel_index(int(distance.argmax()), distance.shape)
    return {"largest": float(distance.max()), "at": [int(each) for each in place]}
