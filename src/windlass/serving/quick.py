"""The short way to a model of ONNX: values that plainly fit go to it without a table.

For a row or two nearly all the time goes into building a table and looking at it from all sides.
Numbers that lie within what the reference held, and texts that it knew, need none of that; where
anything else comes, the long way looks closer, and tells what is wrong. Both give the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from windlass.models.adapters.onnx_session import OnnxSession
from windlass.models.datatypes import bounds
from windlass.models.fields import Field
from windlass.models.signature import Signature
from windlass.models.table_inputs import TableInputs
from windlass.models.tensors import TensorField, TensorInputs
from windlass.serving.exchange import Arrays, Columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reader: TypeAlias = Callable[[NDArray[Any]], NDArray[Any] | None]

_PLAIN = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
_PLAIN |= {"float32", "float64", "bool"}
_EXACT = 2.0**53
"""Whole numbers up to which each is a float64."""


class Quick:
    """Asks a session directly.

    Args:
        session: The model.
        readers: Gives a column or a tensor as the model takes it, by its name; or None, if it does
            not plainly fit.
        by_column: Whether each is an input; else all columns together are the only one.
        dtypes: Of the inputs, by their names.
        numbers: Reads all columns at once; None where they differ in kind.
    """

    def __init__(
        self,
        session: OnnxSession,
        readers: Mapping[str, Reader],
        *,
        by_column: bool,
        dtypes: Mapping[str, str],
        numbers: Numbers | None = None,
    ) -> None:
        self._session, self._readers = session, readers
        self._by_column, self._dtypes = by_column, dtypes
        self._numbers = numbers

    def answer(self, inputs: Any) -> dict[str, NDArray[Any]] | None:
        """What the model gives; None if the long way must look closer.

        Args:
            inputs: By the names of the signature.
        """
        import numpy as np

        if not isinstance(inputs, Mapping) or len(inputs) != len(self._readers):
            return None
        with np.errstate(over="ignore"):  # beyond a smaller float it is infinite, the long way too
            data = self._read(inputs)
        if data is None:
            return None
        try:
            return self._session.outputs(data)
        except Exception:  # noqa: BLE001 - the long way says in words what is wrong
            return None

    def _read(self, inputs: Arrays) -> dict[str, NDArray[Any]] | None:
        if self._numbers is not None:
            ((name, dtype),) = self._dtypes.items()
            matrix = self._numbers.read(inputs)
            return None if matrix is None else {name: matrix.astype(dtype, order="C", copy=False)}
        read = {}
        for name, reader in self._readers.items():
            array = inputs.get(name)
            found = None if array is None else reader(array)
            if found is None:
                return None
            read[name] = found
        return self._data(read)

    def _data(self, read: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        import numpy as np

        if not self._by_column:
            (name,) = self._dtypes
            columns = tuple(read.values())
            array = columns[0] if columns[0].ndim > 1 else np.column_stack(columns)
            return {name: array.astype(self._dtypes[name], copy=False)}
        return {
            name: read[name].astype(dtype, copy=False).reshape(-1, 1)
            for name, dtype in self._dtypes.items()
        }


class Numbers:
    """Reads columns of numbers all at once: of a thousand each by itself takes milliseconds.

    Of a thousand columns one is beyond what the reference held nearly always, which a signature
    lets pass: here every finite number is read that its column's dtype can hold.

    Args:
        fields: What is known of each, in order, as `_column_reader` reads it.
        dtype: As what all are read.
        taken: The dtype of the model's input.
    """

    def __init__(self, fields: Sequence[Field], dtype: str, taken: str) -> None:
        import numpy as np

        self._kinds = {each.name: _kinds(each) for each in fields}
        self._order = tuple(self._kinds)
        self._narrow = "iu" if "iu" in self._kinds.values() else "iuf"
        ends = np.array([_ends(each, taken) for each in fields], np.float64)
        self._low, self._high = ends.T
        self._dtype = dtype

    @classmethod
    def of(cls, fields: Sequence[Field], taken: str) -> Self | None:
        """The reader of some columns; None if each needs one of its own."""
        floats = {each.dtype for each in fields if each.kind == "number"}
        if not fields or any(each.kind not in ("number", "integer") for each in fields):
            return None
        if floats == {"float32"} and len({each.dtype for each in fields}) == 1:
            return cls(fields, "float32", taken)
        return cls(fields, "float64", taken) if floats <= {"float64"} else None

    def read(self, inputs: Arrays) -> NDArray[Any] | None:
        """(n, columns) numbers; None if one does not plainly fit."""
        matrix = self._matrix(inputs)
        if matrix is None or not matrix.size:
            return None
        low, high = matrix.min(axis=0), matrix.max(axis=0)
        if matrix.dtype.kind in "iu" and (low.min() < -_EXACT or high.max() > _EXACT):
            return None
        # NaN is within nothing.
        fits = (self._low <= low).all() and (high <= self._high).all()
        return matrix.astype(self._dtype, copy=False) if fits else None

    def _matrix(self, inputs: Arrays) -> NDArray[Any] | None:
        import numpy as np

        if isinstance(inputs, Columns) and tuple(inputs.places) == self._order:
            return inputs.matrix if inputs.matrix.dtype.kind in self._narrow else None
        found = [inputs.get(name) for name in self._order]
        rows = len(next(iter(inputs.values())))
        for array, kinds in zip(found, self._kinds.values(), strict=True):
            if array is None or array.dtype.kind not in kinds or array.shape != (rows,):
                return None
        whole = np.concatenate([each for each in found if each is not None])
        return whole.reshape(len(found), rows).T


def _kinds(field: Field) -> str:
    """The kinds of dtypes, as NumPy names them, in which a column of numbers may come."""
    return "iuf" if field.kind == "number" else "iu"


def _ends(field: Field, taken: str) -> tuple[float, float]:
    """The least and the greatest finite number that a column and the model's input can hold."""
    most = _EXACT if field.kind == "integer" else sys.float_info.max
    lows, highs = zip(bounds(field.dtype), bounds(taken), (-most, most), strict=True)
    return max(lows), min(highs)


def quick_way(signature: Signature | None, adapter: Any) -> Quick | None:
    """The short way to a model; None where there is none.

    Args:
        signature: What it takes.
        adapter: What asks it.
    """
    if signature is None or not isinstance(adapter, OnnxSession):
        return None
    dtypes = {name: dtype for name, dtype in adapter.dtypes.items() if dtype is not None}
    inputs = signature.inputs
    if len(dtypes) < len(adapter.dtypes):
        return None
    if isinstance(inputs, TensorInputs) and not adapter.by_column and len(inputs.fields) == 1:
        field = inputs.fields[0]
        reader = _tensor_reader(field) if len(field.shape) == 2 else None
        readers = {field.name: reader}
    elif isinstance(inputs, TableInputs):
        if adapter.by_column and set(dtypes) != set(inputs.names):
            return None
        readers = {each.name: _column_reader(each) for each in inputs.fields}
    else:
        return None
    known = {name: reader for name, reader in readers.items() if reader is not None}
    if len(known) < len(readers):
        return None
    numbers = None
    if isinstance(inputs, TableInputs) and not adapter.by_column:
        numbers = Numbers.of(inputs.fields, *dtypes.values())
    return Quick(adapter, known, by_column=adapter.by_column, dtypes=dtypes, numbers=numbers)


def _tensor_reader(field: TensorField) -> Reader | None:
    if field.dtype not in _PLAIN or field.low is None or field.high is None:
        return None
    shape, (low, high) = field.shape[1:], (field.low, field.high)

    def read(array: NDArray[Any]) -> NDArray[Any] | None:
        fits = array.dtype == field.dtype and array.shape[1:] == shape and array.size
        # NaN is within nothing.
        return array if fits and low <= array.min() and array.max() <= high else None

    return read


def _column_reader(field: Field) -> Reader | None:
    if field.kind in ("text", "category"):
        return _text_reader(field)
    if field.kind not in ("number", "integer") or field.dtype not in _PLAIN:
        return None
    if not isinstance(field.low, int | float) or not isinstance(field.high, int | float):
        return None
    low, high = field.low, field.high
    kinds = _kinds(field)

    def read(array: NDArray[Any]) -> NDArray[Any] | None:
        if array.dtype.kind not in kinds or array.ndim != 1 or not len(array):
            return None
        fits = low <= array.min() and array.max() <= high
        # By its dtype in the reference, and in double precision, as by the long way.
        return array.astype(field.dtype, copy=False).astype("f8", copy=False) if fits else None

    return read


def _text_reader(field: Field) -> Reader | None:
    known = frozenset(field.categories or ())
    if not known or not all(type(each) is str for each in known):
        return None

    def read(array: NDArray[Any]) -> NDArray[Any] | None:
        if array.dtype.kind != "O" or array.ndim != 1 or not known.issuperset(array.tolist()):
            return None
        return array

    return read
