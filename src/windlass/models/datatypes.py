"""What the dtypes of all libraries hold, and what the Open Inference Protocol calls it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from windlass.models.tables.column import Kind, Label

_INTEGER = re.compile(r"(?P<unsigned>u?)int(?P<bits>8|16|32|64)\b", re.IGNORECASE)
_ARROW = re.compile(r"arrow\[(?P<type>.*)\]")
_SMALL_FLOATS = {"float16": 16, "halffloat": 16, "float32": 32, "float": 32}
"""By the names that NumPy, pandas, polars and Arrow have for them, in lower case."""


def datatype(kind: Kind, dtype: str, labels: Sequence[Label] = ()) -> str:
    """The datatype of a column in the Open Inference Protocol; text and times are ``BYTES``.

    Args:
        kind: What it holds.
        dtype: Its dtype, as text.
        labels: Its categories.
    """
    match kind:
        case "boolean":
            return "BOOL"
        case "integer":
            found = _INTEGER.search(dtype)
            return found.group().upper() if found else "INT64"
        case "number":
            return f"FP{_bits(dtype)}"
        case "category":
            types = {type(label) for label in labels}
            known: dict[type, str] = {bool: "BOOL", int: "INT64", float: "FP64"}
            return known.get(types.pop(), "BYTES") if len(types) == 1 else "BYTES"
    return "BYTES"


def bounds(dtype: str) -> tuple[float, float]:
    """The least and the greatest finite number that a dtype holds; infinite where any fits."""
    import numpy as np

    if found := _INTEGER.search(dtype):
        whole = np.iinfo(f"{'u' if found['unsigned'] else 'i'}{int(found['bits']) // 8}")
        return int(whole.min), int(whole.max)
    if (bits := _bits(dtype)) < 64:
        floats = np.finfo(f"f{bits // 8}")
        return float(floats.min), float(floats.max)
    return float("-inf"), float("inf")


def _bits(dtype: str) -> int:
    """How many bits a dtype of floats has; what has no name for it, such as a decimal, 64."""
    found = _ARROW.fullmatch(dtype)
    return _SMALL_FLOATS.get((found["type"] if found else dtype).lower(), 64)
