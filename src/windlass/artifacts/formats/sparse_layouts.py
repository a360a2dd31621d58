"""SciPy's seven sparse layouts as plain arrays, and back.

SciPy's C code follows indexes without a look: one that points outside its matrix reads foreign
memory. So they are checked, both before they are written and when they are read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]

KINDS = ("bsr", "coo", "csc", "csr", "dia", "dok", "lil")
LAYOUTS = tuple(f"{kind}_{form}" for kind in KINDS for form in ("array", "matrix"))


@dataclass(frozen=True, slots=True)
class Stored:
    """What a sparse matrix or array stores.

    Args:
        layout: The name of its class, such as ``csr_array``.
        shape: Of the whole.
        data: The values: of a bsr its blocks, of a dia its diagonals.
        places: Where they stand: coordinates (coo, dok), indices and row or column pointers (csr,
            csc, bsr, lil), or offsets (dia).
    """

    layout: str
    shape: tuple[int, ...]
    data: Array
    places: list[Array]

    @property
    def kind(self) -> str:
        """The layout without its form."""
        return self.layout[:3]


def take_apart(value: Any) -> Stored:
    """What a value stores, its arrays uncopied where it holds arrays."""
    layout = type(value).__name__
    data, places = _TAKE[layout[:3]](value)
    return Stored(layout, tuple(map(int, value.shape)), data, places)


def put_together(stored: Stored) -> Any:
    """The value that was taken apart; its arrays must have been checked."""
    import scipy.sparse

    return _PUT[stored.kind](getattr(scipy.sparse, stored.layout), stored)


def check(stored: Stored) -> None:
    """Looks whether every index is one of the matrix.

    Raises:
        ValueError: One is not, or the arrays do not fit one another.
    """
    import numpy as np

    shape, places = stored.shape, stored.places
    _require(stored.data.dtype.kind in "biufc", f"values of dtype {stored.data.dtype}")
    _require(len(shape) >= 1 and all(0 <= size < 2**63 for size in shape), f"a shape of {shape}")
    _require(len(shape) == 2 or stored.kind in ("coo", "csr", "dok"), f"a shape of {shape}")
    for place in places:
        native = place.dtype in (np.dtype(np.int32), np.dtype(np.int64))
        _require(place.ndim == 1 and native, f"indexes of dtype {place.dtype}")
    _CHECK[stored.kind](stored)


def in_order(stored: Stored) -> tuple[list[Array], Array]:
    """Coordinates and values as they are compared: in the order of the coordinates.

    Values that share a place keep their order, which is that in which they are added up. What a
    dia holds outside of its matrix is not told.
    """
    import numpy as np

    keys, data = _entries(stored)
    if not _is_sorted(keys):
        order = np.lexsort(tuple(reversed(keys)))
        keys, data = [key[order] for key in keys], data[order]
    return keys, data


def coordinates(stored: Stored, count: int) -> list[tuple[tuple[int, ...], Any]]:
    """The first entries, for a person: coordinates (of a bsr its blocks', of a dia offsets)."""
    keys, data = _entries(stored)
    if stored.kind == "csc":
        keys = keys[::-1]
    places = zip(*(key[:count].tolist() for key in keys), strict=True)
    return list(zip(places, data[:count], strict=False))


def _entries(stored: Stored) -> tuple[list[Array], Array]:
    import numpy as np

    if stored.kind == "dia":
        return [stored.places[0]], _within(stored)
    if stored.kind in ("coo", "dok"):
        return stored.places, stored.data
    indices, pointers = stored.places
    major = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
    return [major, indices] if len(stored.shape) > 1 else [indices], stored.data


def _is_sorted(keys: Sequence[Array]) -> bool:
    import numpy as np

    tied = np.ones(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        step = np.diff(key)
        if (step[tied] < 0).any():
            return False
        tied &= step == 0
    return True


def _within(stored: Stored) -> Array:
    """The diagonals of a dia, zero where they run out of the matrix."""
    import numpy as np

    rows, columns = stored.shape
    width = min(stored.data.shape[1], columns)
    inside = np.zeros((len(stored.data), width), stored.data.dtype)
    for number, offset in enumerate(stored.places[0].tolist()):
        part = slice(max(0, offset), max(0, min(width, rows + offset)))
        inside[number, part] = stored.data[number, part]
    return inside


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"{what} cannot be")


def _check_compressed(stored: Stored) -> None:
    import numpy as np

    indices, pointers = stored.places
    count = len(indices)
    major, minor = _sides(stored)
    _require(indices.dtype == pointers.dtype, "indexes of two dtypes")
    _require(len(stored.data) == count, f"{len(stored.data)} values at {count} places")
    _require(len(pointers) == major + 1, f"{len(pointers) - 1} rows or columns of {major}")
    _require(pointers[0] == 0 and pointers[-1] == count, "a first or last pointer")
    _require(bool((np.diff(pointers) >= 0).all()), "a pointer before the last one")
    _require_within(indices, minor)


def _sides(stored: Stored) -> tuple[int, int]:
    """How many rows (of a csc columns, of a bsr blocks) there are, and how long they are."""
    if stored.kind == "bsr":
        blocks = stored.data.shape[1:]
        fits = len(blocks) == 2 and 0 not in blocks
        fits = fits and all(size % b == 0 for size, b in zip(stored.shape, blocks, strict=True))
        _require(fits, f"blocks of {blocks} in a shape of {stored.shape}")
        return stored.shape[0] // blocks[0], stored.shape[1] // blocks[1]
    _require(stored.data.ndim == 1, f"values of {stored.data.ndim} dimensions")
    if len(stored.shape) == 1:
        return 1, stored.shape[0]
    rows, columns = stored.shape
    return (columns, rows) if stored.kind == "csc" else (rows, columns)


def _require_within(indices: Array, size: int) -> None:
    inside = not indices.size or (indices.min() >= 0 and indices.max() < size)
    _require(bool(inside), f"an index outside of {size}")


def _check_coordinates(stored: Stored) -> None:
    count = len(stored.data)
    _require(stored.data.ndim == 1, f"values of {stored.data.ndim} dimensions")
    _require(len(stored.places) == len(stored.shape), f"{len(stored.places)} coordinates")
    for places, size in zip(stored.places, stored.shape, strict=True):
        _require(len(places) == count, f"{count} values at {len(places)} places")
        _require(places.dtype == stored.places[0].dtype, "indexes of two dtypes")
        _require_within(places, size)


def _check_diagonals(stored: Stored) -> None:
    import numpy as np

    offsets = stored.places[0]
    count = len(offsets)
    _require(stored.data.ndim == 2, f"diagonals of {stored.data.ndim} dimensions")
    _require(len(stored.data) == count, f"{len(stored.data)} diagonals at {count} offsets")
    _require(len(np.unique(offsets)) == count, "an offset twice")
    most = int(np.iinfo(offsets.dtype).max) - max(stored.shape)  # C adds offset and size
    _require(all(abs(offset) <= most for offset in offsets.tolist()), "an offset so far out")


def _take_compressed(value: Any) -> tuple[Array, list[Array]]:
    count = int(value.indptr[-1]) if len(value.indptr) else 0  # what lies behind is room to grow
    return value.data[:count], [value.indices[:count], value.indptr]


def _take_lists(value: Any) -> tuple[Array, list[Array]]:
    import numpy as np

    sizes = [len(row) for row in value.rows]
    _require(sizes == [len(row) for row in value.data], "values and columns of other lengths")
    indices = np.fromiter(itertools.chain.from_iterable(value.rows), np.int64, sum(sizes))
    data = np.fromiter(itertools.chain.from_iterable(value.data), value.dtype, sum(sizes))
    return data, [indices, np.cumsum([0, *sizes], dtype=np.int64)]


def _take_dict(value: Any) -> tuple[Array, list[Array]]:
    import numpy as np

    keys = np.array(list(value.keys()), np.int64).reshape(-1, value.ndim)
    data = np.fromiter(value.values(), value.dtype, len(keys))
    return data, [np.ascontiguousarray(column) for column in keys.T]


def _put_arrays(*names: str) -> Callable[[Any, Stored], Any]:
    """Sets the arrays of an empty one: given them, its class would narrow and copy them."""

    def put(cls: Any, stored: Stored) -> Any:
        value = _empty(cls, stored)
        for name, array in zip(names, (stored.data, *stored.places), strict=True):
            setattr(value, name, array)
        return value

    return put


def _put_coordinates(cls: Any, stored: Stored) -> Any:
    value = _empty(cls, stored)
    value.data, value.coords = stored.data, tuple(stored.places)
    return value


def _empty(cls: Any, stored: Stored) -> Any:
    blocks = {"blocksize": stored.data.shape[1:]} if stored.kind == "bsr" else {}
    return cls(stored.shape, dtype=stored.data.dtype, **blocks)


def _put_lists(cls: Any, stored: Stored) -> Any:
    value = _empty(cls, stored)
    indices, pointers = stored.places
    for row, (start, end) in enumerate(itertools.pairwise(pointers.tolist())):
        value.rows[row] = indices[start:end].tolist()
        value.data[row] = list(stored.data[start:end])
    return value


def _put_dict(cls: Any, stored: Stored) -> Any:
    value = _empty(cls, stored)
    columns = [places.tolist() for places in stored.places]
    keys = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
    vars(value)["_dict"].update(zip(keys, stored.data, strict=True))  # setting one drops zeros
    return value


_TAKE: dict[str, Callable[[Any], tuple[Array, list[Array]]]] = {
    **dict.fromkeys(("csr", "csc", "bsr"), _take_compressed),
    "coo": lambda value: (value.data, list(value.coords)),
    "dia": lambda value: (value.data, [value.offsets]),
    "lil": _take_lists,
    "dok": _take_dict,
}
_CHECK: dict[str, Callable[[Stored], None]] = {
    **dict.fromkeys(("csr", "csc", "bsr", "lil"), _check_compressed),
    **dict.fromkeys(("coo", "dok"), _check_coordinates),
    "dia": _check_diagonals,
}
_PUT: dict[str, Callable[[Any, Stored], Any]] = {
    **dict.fromkeys(("csr", "csc", "bsr"), _put_arrays("data", "indices", "indptr")),
    "coo": _put_coordinates,
    "dia": _put_arrays("data", "offsets"),
    "lil": _put_lists,
    "dok": _put_dict,
}
