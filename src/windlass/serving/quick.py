"""The short way to a model of ONNX: values that plainly fit go to it without a table.

For a row or two nearly all the time goes into building a table and looking at it from all sides.
Numbers that lie within what the reference held, and texts that it knew, need none of that; where
anything else comes, the long way looks closer, and tells what is wrong. Both give the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.models.adapters.onnx_session import OnnxSession
from windlass.models.fields import Field
from windlass.models.signature import Signature
from windlass.models.table_inputs import TableInputs
from windlass.models.tensors import TensorField, TensorInputs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Reader: TypeAlias = Callable[[NDArray[Any]], NDArray[Any] | None]

_PLAIN = {f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
_PLAIN |= {"float32", "float64", "bool"}


class Quick:
    """Asks a session directly.

    Args:
        session: The model.
        readers: Gives a column or a tensor as the model takes it, by its name; or None, if it does
            not plainly fit.
        by_column: Whether each is an input; else all columns together are the only one.
        dtypes: Of the inputs, by their names.
    """

    def __init__(
        self,
        session: OnnxSession,
        readers: Mapping[str, Reader],
        *,
        by_column: bool,
        dtypes: Mapping[str, str],
    ) -> None:
        self._session, self._readers = session, readers
        self._by_column, self._dtypes = by_column, dtypes

    def answer(self, inputs: Any) -> dict[str, NDArray[Any]] | None:
        """What the model gives; None if the long way must look closer.

        Args:
            inputs: By the names of the signature.
        """
        if not isinstance(inputs, Mapping) or len(inputs) != len(self._readers):
            return None
        read = {}
        for name, reader in self._readers.items():
            array = inputs.get(name)
            found = None if array is None else reader(array)
            if found is None:
                return None
            read[name] = found
        try:
            return self._session.outputs(self._data(read))
        except Exception:  # noqa: BLE001 - the long way says in words what is wrong
            return None

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
    return Quick(adapter, known, by_column=adapter.by_column, dtypes=dtypes)


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
    kinds = "iuf" if field.kind == "number" else "iu"

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
