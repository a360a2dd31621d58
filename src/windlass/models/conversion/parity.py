"""How far a converted model is from the one that it was made of, on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-5
"""How far a number may be off, as a part of its scale: some roundings of single precision, whose
step is 6e-8. A branch of a tree taken wrongly is off by far more."""


@dataclass(frozen=True, slots=True)
class Parity:
    """What was found on some rows.

    Args:
        n: How many rows there were.
        max_abs: The largest difference of a number; None if one is missing on one side alone.
        max_rel: The same as a part of the scale, which is 1 for probabilities, and else the
            largest number that the model gave.
        beyond: How many numbers differ by more than the tolerance.
        labels_differ: How many rows got another label; None if the model gives none.
    """

    n: int
    max_abs: float | None
    max_rel: float | None
    beyond: int
    labels_differ: int | None = None

    @property
    def holds(self) -> bool:
        """Whether both give the same, within the tolerance."""
        return not self.beyond and not self.labels_differ

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


def parity_of(native: Mapping[str, NDArray[Any]], given: Mapping[str, NDArray[Any]]) -> Parity:
    """Compares what a model gives with what its converted form gives.

    Args:
        native: ``predict``, (n,) labels or numbers; and ``predict_proba``, (n, classes), if the
            model gives probabilities.
        given: The same of the converted form.
    """
    labels, numbers = native["predict"], native.get("predict_proba")
    if numbers is None and labels.dtype.kind == "f":
        return _compared(labels, given["predict"], _scale(labels), None)
    differ = _labels_differ(labels, given["predict"])
    if numbers is None:
        return Parity(len(labels), 0.0, 0.0, 0, differ)
    return _compared(numbers, given["predict_proba"], 1.0, differ)


def _compared(
    native: NDArray[Any], given: NDArray[Any], scale: float, labels_differ: int | None
) -> Parity:
    import numpy as np

    if native.shape != given.shape:
        return Parity(len(native), None, None, native.size, labels_differ)
    one, other = native.astype(np.float64), given.astype(np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        off = np.where(same, 0.0, np.abs(one - other))
    off = np.where(np.isnan(off), np.inf, off)
    most = float(off.max(initial=0.0))
    beyond = int((off > TOLERANCE * scale).sum())
    told = most if np.isfinite(most) else None
    return Parity(len(native), told, None if told is None else told / scale, beyond, labels_differ)


def _scale(numbers: NDArray[Any]) -> float:
    import numpy as np

    finite = np.abs(numbers[np.isfinite(numbers)])
    return float(finite.max(initial=0.0)) or 1.0


def _labels_differ(native: NDArray[Any], given: NDArray[Any]) -> int:
    """By their numbers where both are numbers, and else as text: ONNX knows whole numbers alone."""
    import numpy as np

    if native.dtype.kind in "biuf" and given.dtype.kind in "biuf":
        return int((native.astype(np.float64) != given.astype(np.float64)).sum())
    return int((native.astype(str) != given.astype(str)).sum())
