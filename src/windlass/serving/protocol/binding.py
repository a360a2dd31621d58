"""The tensors of requests as what a model's signature names, and rows of JSON as the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Self

from windlass.errors import ProtocolError
from windlass.models.fields import Field, has_zone
from windlass.models.problems import told
from windlass.models.signature import Signature
from windlass.models.table_inputs import TableInputs
from windlass.models.tensors import INPUT, Tensor
from windlass.serving.exchange import Arrays, Columns
from windlass.serving.protocol.buffers import read_buffer
from windlass.serving.protocol.datatypes import BYTES, DTYPES
from windlass.serving.protocol.elements import as_objects, read_elements
from windlass.serving.protocol.request import Given, InferRequest, nearest, shown
from windlass.serving.protocol.shapes import flattened
from windlass.serving.protocol.times import read_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SCALARS = (bool, float, int, str, type(None))


@dataclass(frozen=True, slots=True)
class Slot:
    """One input of a model, as requests fill it.

    Args:
        tensor: What the protocol tells of it.
        is_column: Whether it is a column of a table.
        kind: What the column holds; None for a tensor.
        zoned: Whether its times have a zone.
    """

    tensor: Tensor
    is_column: bool = False
    kind: str | None = None
    zoned: bool = False

    @classmethod
    def of(cls, field: Any) -> Slot:
        """The slot of a field of a signature."""
        if isinstance(field, Field):
            return cls(field.tensor(), True, field.kind, has_zone(field.dtype))
        return cls(field.tensor())

    def fill(self, given: NDArray[Any]) -> NDArray[Any]:
        """What a request's tensor is to the model: (n,) of a column.

        Raises:
            ProtocolError: It has more axes than a column has, or its texts are no times.
        """
        if not self.is_column:
            return given
        if given.ndim > 1:
            if given.size != len(given):
                raise ProtocolError(
                    f"the tensor '{self.tensor.name}' has the shape {list(given.shape)}; a column "
                    "has [rows] or [rows, 1]"
                )
            given = given.reshape(-1)
        if self.kind == "time" and given.dtype.kind == "O":
            return read_times(given.tolist(), self.tensor.name, self.zoned)
        if self.kind == "category" and self.tensor.datatype == "INT64" and given.dtype.kind == "f":
            return _whole_labels(given)
        return given

    def cells(self, cells: Sequence[Any]) -> NDArray[Any]:
        """What the values of n rows of JSON are to the model.

        Raises:
            ProtocolError: They are not of its datatype.
        """
        name, datatype = self.tensor.name, self.tensor.datatype
        if self.kind == "time":
            return read_times(cells, name, self.zoned)
        if self.kind == "category":
            return self._labels(cells)
        shape = (len(cells), *self.tensor.shape[1:])
        elements = flattened(cells, shape, name) if len(shape) > 1 else cells
        return read_elements(elements, datatype, name).reshape(shape)

    def _labels(self, cells: Sequence[Any]) -> NDArray[Any]:
        """Categories may be of any plain type; which ones there are the signature knows."""
        if not set(map(type, cells)) <= set(_SCALARS):
            raise ProtocolError(f"the field '{self.tensor.name}' has a list or an object")
        if None in cells:
            return as_objects(cells)
        try:
            return read_elements(cells, self.tensor.datatype, self.tensor.name)
        except ProtocolError:
            return as_objects(cells)


def _whole_labels(given: NDArray[Any]) -> NDArray[Any]:
    """Labels that are whole numbers, some of which are missing, were floats only for that."""
    return as_objects([None if cell != cell else int(cell) for cell in given.tolist()])  # noqa: PLR0124


class Binding:
    """The inputs and outputs of a model by their names, ready for requests.

    Args:
        signature: What the model takes and gives.
    """

    def __init__(self, signature: Signature) -> None:
        fields: Sequence[Any] = getattr(signature.inputs, "fields", ())
        self.signature = signature
        self.slots = {field.name: Slot.of(field) for field in fields}
        self.datatypes = {each.name: each.tensor().datatype for each in signature.outputs}
        self._places = {name: place for place, name in enumerate(self.slots)}
        self._is_matrix = (
            isinstance(signature.inputs, TableInputs)
            and INPUT not in self.slots
            and all(slot.kind in ("number", "integer") for slot in self.slots.values())
        )

    @classmethod
    def known(cls, signature: Signature | None) -> Self | None:
        """The binding of a signature; None of none."""
        return None if signature is None else cls(signature)

    def arrays(self, tensors: Sequence[Given]) -> tuple[Arrays, int]:
        """What a request's tensors are to the model, and how many rows they have.

        A table of numbers may also come as one tensor, ``input``, its columns in order. What is
        missing or of another kind is left to the signature, which names all of it at once.

        Raises:
            ProtocolError: A tensor is none of the model's, is given twice, or they differ in rows.
        """
        if len(tensors) == 1 and tensors[0].name == INPUT and self._is_matrix:
            return self._columns(tensors[0].array)
        rows = len(tensors[0].array)
        found: dict[str, NDArray[Any]] = {}
        for given in tensors:
            slot = self.slots.get(given.name)
            if slot is None or given.name in found:
                raise self._stranger(given.name, twice=slot is not None)
            if len(given.array) != rows:
                raise ProtocolError(
                    f"the tensor '{given.name}' has {len(given.array):,} rows, and "
                    f"'{tensors[0].name}' has {rows:,}"
                )
            found[given.name] = slot.fill(given.array)
        return found, rows

    def _columns(self, matrix: NDArray[Any]) -> tuple[Arrays, int]:
        if matrix.ndim != 2 or matrix.shape[1] != len(self.slots):
            raise ProtocolError(
                f"the tensor '{INPUT}' has the shape {list(matrix.shape)}, and the model takes "
                f"[rows, {len(self.slots)}]: the columns {told(list(self.slots), ', ')}"
            )
        return Columns(self._places, matrix), len(matrix)

    def _stranger(self, name: str, twice: bool) -> ProtocolError:
        if twice:
            return ProtocolError(f"the tensor '{name}' is given twice")
        near = nearest(name, self.slots)
        return ProtocolError(
            f"the model takes no tensor '{shown(name)}'",
            hint=f"Is '{near}' meant?" if near else f"It takes {told(list(self.slots), ', ')}.",
        )

    def rows(self, rows: Sequence[Any]) -> Arrays:
        """What rows of JSON are to the model; fields that it does not take are left out.

        Args:
            rows: n objects, from 1.

        Raises:
            ProtocolError: A row is no object, lacks a field, or one is of another type.
        """
        if set(map(type, rows)) != {dict}:
            at = next(at for at, row in enumerate(rows) if type(row) is not dict)
            raise ProtocolError(f"row {at} is no object of fields by their names")
        try:
            return {
                name: slot.cells([row[name] for row in rows]) for name, slot in self.slots.items()
            }
        except KeyError:
            raise self._lacking(rows) from None

    def _lacking(self, rows: Sequence[Mapping[str, Any]]) -> ProtocolError:
        at, names = next(
            (at, lacks)
            for at, row in enumerate(rows)
            if (lacks := [name for name in self.slots if name not in row])
        )
        names = [f"'{name}'" for name in names]
        return ProtocolError(
            f"row {at} lacks the field{'s' * (len(names) > 1)} {told(names, ', ')}",
            hint="Give null for a value that is missing.",
        )

    def raw(self, body: bytes) -> InferRequest:
        """The request that is nothing but the bytes of the model's only tensor.

        Its rows are as many as there are; all outputs are sent in binary.

        Raises:
            ProtocolError: The model has several tensors, or there is no whole number of rows.
        """
        tensor = self._only()
        if tensor.datatype == BYTES:
            raise ProtocolError(
                f"the tensor '{tensor.name}' is text, whose number bytes alone do not tell"
            )
        elements = prod(tensor.shape[1:])
        rows, rest = divmod(len(body), DTYPES[tensor.datatype].itemsize * elements)
        if rest or not rows:
            raise ProtocolError(f"{len(body):,} bytes are no whole number of rows of the model's")
        shape = (rows, *tensor.shape[1:])
        buffer = read_buffer(memoryview(body), tensor.datatype, rows * elements, tensor.name)
        return InferRequest([Given(tensor.name, buffer.reshape(shape))], binary=True)

    def _only(self) -> Tensor:
        tensors = [slot.tensor for slot in self.slots.values()]
        types = {tensor.datatype for tensor in tensors}
        if len(tensors) == 1:
            return tensors[0]
        if self._is_matrix and len(types) == 1:
            return Tensor(INPUT, types.pop(), (-1, len(tensors)))
        raise ProtocolError(
            "inference-header-content-length is 0, and the model takes several tensors",
            hint="Name them in a request of JSON, with binary_data_size.",
        )
