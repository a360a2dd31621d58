"""Columns of Python objects: one Arrow type where all cells are of one class, else text a cell.

The classes of the cells decide, exactly: a column of ``True`` and ``1`` is not one of numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from windlass.artifacts.formats.pandas_cells import cell_text, cell_value
from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_ARROW = {
    str: "large_string",
    bytes: "large_binary",
    bool: "bool",
    int: "int64",
    float: "float64",
    dt.date: "date32",
}
_MISSING = {"NoneType": "None", "float": "nan", "NAType": "NA", "NaTType": "NaT"}


def encode_objects(cells: NDArray[np.object_]) -> tuple[pa.Array, dict[str, Json]]:
    """Cells as an Arrow array, and how to read them.

    Raises:
        FormatError: A cell is neither plain nor of NumPy or pandas.
    """
    missing, kind = _classes(cells)
    if kind in _ARROW and (array := _typed(cells, kind, missing)) is not None:
        return array, {"kind": "objects", "as": kind.__name__, "missing": missing}
    if (vectors := _vectors(cells)) is not None:
        return vectors, {"kind": "objects", "as": "vectors", "missing": "None"}
    return _texts(cells), {"kind": "objects", "as": "text", "missing": "None"}


def decode_objects(array: pa.Array, spec: dict[str, Any]) -> NDArray[np.object_]:
    """The cells of an array that `encode_objects` made."""
    if spec["as"] == "text":
        return _object_array([cell_value(text) for text in array.to_pylist()])
    if spec["as"] == "vectors":
        return _object_array(_read_vectors(array))
    nulls = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    cells = _typed_cells(array)
    if nulls is not None:
        cells[nulls] = _missing_value(spec["missing"])
    return cells


def _typed_cells(array: pa.Array) -> NDArray[np.object_]:
    """Python's own objects, made by Arrow and NumPy rather than one by one; nulls hold anything."""
    import pyarrow.types as pt

    if pt.is_date(array.type):
        dates: NDArray[np.object_] = array.to_pandas(date_as_object=True).to_numpy(copy=True)
        return dates  # a copy: pandas lends only what may not be written
    if array.null_count and pt.is_boolean(array.type):
        array = array.fill_null(False)
    if array.null_count and pt.is_integer(array.type):
        array = array.fill_null(0)  # Arrow would make floats of numbers among which some miss
    return _as_objects(array.to_numpy(zero_copy_only=False))


def _classes(cells: NDArray[np.object_]) -> tuple[str, type | None]:
    """The one thing that stands for a missing value, and the one class of all others, if so."""
    kinds = set(map(type, cells))
    missing = [kind for kind in kinds if kind.__name__ in _MISSING and kind is not float]
    if float in kinds and len(kinds) == 2 and not missing and _floats_are_nan(cells):
        missing = [float]
    others = kinds.difference(missing)
    if len(missing) > 1 or len(others) != 1:
        return "None", None
    if others == {float} and missing not in ([], [type(None)]) and _has_nan(cells):
        return "None", None  # Arrow would take NaN for the missing value
    return _MISSING[missing[0].__name__] if missing else "None", others.pop()


def _has_nan(cells: NDArray[np.object_]) -> bool:
    return any(cell != cell for cell in cells if type(cell) is float)  # noqa: PLR0124


def _floats_are_nan(cells: NDArray[np.object_]) -> bool:
    return all(cell != cell for cell in cells if type(cell) is float)  # noqa: PLR0124


def _missing_value(name: str) -> Any:
    if name == "None":
        return None
    if name == "nan":
        return float("nan")
    import pandas as pd

    return getattr(pd, name)


def _as_objects(values: NDArray[Any]) -> NDArray[np.object_]:
    return values.astype(object, copy=False)


def _object_array(cells: Iterable[Any]) -> NDArray[np.object_]:
    import numpy as np

    items = list(cells)
    array = np.empty(len(items), dtype=object)
    for index, item in enumerate(items):  # NumPy would unfold lists of one length
        array[index] = item
    return array


def _typed(cells: NDArray[np.object_], kind: type, missing: str) -> pa.Array | None:
    """Cells of one class; None where Arrow cannot hold one, as a huge number, and text can."""
    import pyarrow as pa

    try:
        arrow_type = pa.type_for_alias(_ARROW[kind])
        return pa.array(cells, arrow_type, from_pandas=missing != "None")
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return None


def _texts(cells: NDArray[np.object_]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array([cell_text(cell) for cell in cells], pa.large_string())
    except FormatError as error:
        hint = "Convert it to numbers, text or plain data, or drop it."
        raise FormatError(error.message, hint=hint) from error


def _vectors(cells: NDArray[np.object_]) -> pa.Array | None:
    """Cells that are NumPy's vectors of one dtype of numbers, such as embeddings, as lists."""
    import numpy as np
    import pyarrow as pa

    vectors = [cell for cell in cells if cell is not None]
    if not vectors or any(type(cell) is not np.ndarray or cell.ndim != 1 for cell in vectors):
        return None
    dtype = vectors[0].dtype
    if dtype.kind not in "iuf" or dtype.char == "g" or not dtype.isnative:
        return None
    if any(cell.dtype != dtype for cell in vectors):
        return None
    lengths = [0 if cell is None else len(cell) for cell in cells]
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int64())
    nulls = pa.array([cell is None for cell in cells], pa.bool_())
    return pa.LargeListArray.from_arrays(offsets, pa.array(np.concatenate(vectors)), mask=nulls)


def _read_vectors(array: pa.Array) -> list[Any]:
    import numpy as np

    items = np.array(array.values)  # a copy that may be written to
    starts = array.offsets.to_numpy()
    valid = array.is_valid().to_pylist()
    return [
        items[start:stop] if known else None
        for start, stop, known in zip(starts[:-1], starts[1:], valid, strict=True)
    ]
