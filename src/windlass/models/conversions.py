"""Columns of one kind as another, where nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from windlass.models.tables.column import KINDS, NONE, Column, Kind

Converter: TypeAlias = Callable[[Column], "Column | None"]
"""Gives None for a column of which a value cannot be turned."""


def _same(column: Column) -> Column:
    return column


def _to_number(column: Column) -> Column:
    import numpy as np

    return replace(column, kind="number", values=column.values.astype(np.float64))


def _to_integer(column: Column) -> Column | None:
    """Whole numbers that were floats since some are missing; None if one is not whole."""
    import numpy as np

    missing = column.missing
    known = np.where(missing, 0, column.values)
    if not ((np.abs(known) < 2**63) & (known == np.floor(known))).all():
        return None
    null = np.where(missing, np.uint8(NONE), column.null)
    return replace(column, kind="integer", values=known.astype(np.int64), null=null)


def _from_boolean(column: Column) -> Column:
    import numpy as np

    return replace(column, kind="integer", values=column.values.astype(np.int64))


def _to_labels(column: Column) -> Column:
    """Categories that came as what they are of: whole numbers or booleans."""
    import numpy as np

    found, places = np.unique(column.values, return_inverse=True)
    places = np.where(column.missing, -1, places)
    return replace(column, kind="category", values=places, labels=tuple(found.tolist()))


def _to_text(column: Column) -> Column | None:
    return column if all(type(label) is str for label in column.labels) else None


CONVERTERS: Mapping[tuple[Kind, Kind], Converter] = {
    **{(kind, kind): _same for kind in KINDS},
    ("integer", "number"): _to_number,
    ("boolean", "number"): _to_number,
    ("number", "integer"): _to_integer,
    ("boolean", "integer"): _from_boolean,
    ("text", "category"): _same,
    ("integer", "category"): _to_labels,
    ("boolean", "category"): _to_labels,
    ("category", "text"): _to_text,
}
"""From which kind to which data may be turned without a loss."""
