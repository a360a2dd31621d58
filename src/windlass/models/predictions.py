"""What a version says of labelled rows, as scores need it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.errors import ModelError
from windlass.models.tables import library_of, names_of
from windlass.models.version import Version

if TYPE_CHECKING:
    from numpy.typing import NDArray


def labels_of(version: Version, rows: Any = None) -> NDArray[Any]:
    """What rows of a version's holdout truly are.

    Args:
        version: The version, which knows its target.
        rows: Some of the holdout; None for all.

    Returns:
        (n,) labels or numbers.

    Raises:
        ModelError: It has no holdout, or no target, or the holdout has no such column.
    """
    import numpy as np

    rows = version.holdout() if rows is None else rows
    if version.target is None:
        raise ModelError(
            f"{version.name} does not say which column holds what it predicts",
            hint=f"Mark it: Model('{version.row.model}', target='…').",
        )
    if library_of(rows) in (None, "numpy"):
        raise ModelError(
            f"the holdout of {version.name} is no table, and has no column '{version.target}'",
            hint="Give a table of pandas, polars or Arrow.",
        )
    names = names_of(rows)
    if version.target not in names:
        raise ModelError(
            f"the holdout of {version.name} has no column '{version.target}', its target",
            hint=f"It has {', '.join(names)}.",
        )
    return np.asarray(rows[version.target])


def predictions_for(version: Version, rows: Any, needs: str) -> NDArray[Any]:
    """What a version predicts, in the form that a score needs.

    Args:
        version: The version.
        rows: n rows, whatever columns they have beside its own.
        needs: ``labels``, ``probabilities``, ``ranks`` or ``numbers``: see `windlass.models.
            statistics.scores`.

    Returns:
        (n,) labels or numbers, or (n, classes) probabilities.

    Raises:
        SignatureError: The rows are not what it takes.
        ModelError: It gives nothing of that form.
    """
    if needs in ("labels", "numbers"):
        return version.predict(rows)
    return version.predict_proba(rows)
