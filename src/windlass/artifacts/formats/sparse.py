"""SciPy: sparse matrices and arrays of all seven layouts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.memory import bytes_of
from windlass.artifacts.formats.npy_parts import read_parts, write_parts
from windlass.artifacts.formats.sparse_layouts import (
    LAYOUTS,
    Stored,
    check,
    coordinates,
    in_order,
    put_together,
    take_apart,
)
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest, digest_bytes
from windlass.values import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOWN = 20
_PLACES = {"bsr": 2, "csc": 2, "csr": 2, "dia": 1, "lil": 2}
"""How many arrays of places a layout has; of coo and dok, as many as dimensions."""


class SparseFormat(Format[Any]):
    """Sparse matrices and arrays as their own arrays, one .npy after the other.

    What comes back has its layout, its dtypes, and its entries in their order, explicit zeros and
    several at one place included. Equal are those of one layout, shape and dtype that store the
    same at the same places, in whatever order the places stand.
    """

    name = "scipy.sparse"
    types = tuple(f"scipy.sparse._{layout[:3]}.{layout}" for layout in LAYOUTS)

    def accepts(self, value: object) -> bool:
        """Whether its class is one of SciPy's own, and not a subclass that adds to it."""
        cls = type(value)
        return cls.__name__ in LAYOUTS and cls.__module__.startswith("scipy.sparse.")

    def write(self, value: Any, sink: Sink) -> str:
        """Writes the arrays from their own memory where the layout has arrays.

        Raises:
            FormatError: An index points outside of the matrix, or values are no numbers.
        """
        try:
            stored = take_apart(value)
            check(stored)
        except (ValueError, OverflowError) as error:
            raise FormatError(
                f"a {type(value).__name__} of dtype {value.dtype} cannot be stored: {error}",
                hint="Make it again from its entries.",
            ) from error
        head: dict[str, Json] = {"layout": stored.layout, "shape": list(stored.shape)}
        write_parts(head, [stored.data, *stored.places], sink)
        return _content(stored)

    def read(self, source: Source) -> Any:
        """The matrix or array, over the memory of the stored file.

        Raises:
            CorruptError: The stored bytes are none, or an index points outside of it.
        """
        head, arrays = read_parts(source)
        try:
            stored = _stored(head, arrays)
            check(stored)
            return put_together(stored)
        except (LookupError, TypeError, ValueError) as error:
            raise CorruptError(f"stored bytes are not a sparse matrix: {error}") from error

    def summary(self, value: Any) -> dict[str, Json]:
        """Layout, shape, dtype, how many entries are stored, and what share of all that is."""
        cells = math.prod(value.shape)
        return {
            "layout": type(value).__name__,
            "shape": list(map(int, value.shape)),
            "dtype": str(value.dtype),
            "nnz": int(value.nnz),
            "density": int(value.nnz) / cells if cells else 0.0,
        }

    def preview(self, value: Any) -> Preview:
        """The first entries: their places and values."""
        stored = take_apart(value)
        head = f"{stored.layout} of {value.shape}, {value.dtype}, {value.nnz:,} stored"
        found = coordinates(stored, _SHOWN)
        told = [f"{place}\t{entry}" for place, entry in found]
        more = ["…"] if len(stored.data) > _SHOWN else []
        return Preview("text/plain", "\n".join([head, *told, *more]))


def _stored(head: dict[str, Any], arrays: list[NDArray[Any]]) -> Stored:
    layout, shape = head["layout"], tuple(head["shape"])
    if layout not in LAYOUTS or any(type(size) is not int for size in shape):
        raise ValueError(f"a {layout} of {shape}")
    if len(arrays) != 1 + _PLACES.get(layout[:3], len(shape)):
        raise ValueError(f"a {layout} of {len(arrays)} arrays")
    return Stored(layout, shape, arrays[0], arrays[1:])


def _content(stored: Stored) -> str:
    keys, data = in_order(stored)
    places = [_bytes_digest(key.astype("<i8", copy=False)) for key in keys]
    dtype = stored.data.dtype.str
    facts = [stored.layout, list(stored.shape), dtype, list(data.shape[1:])]
    return digest("scipy.sparse", facts, places, _bytes_digest(data))


def _bytes_digest(array: NDArray[Any]) -> str:
    import numpy as np

    return digest_bytes(bytes_of(np.ascontiguousarray(array)).data)
