"""Plain tensors: their names, dtypes and shapes, as the Open Inference Protocol tells them too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from windlass.errors import ModelError
from windlass.models.datatypes import bounds, datatype
from windlass.models.problems import Problem, Severity, refuse
from windlass.models.tables import as_matrix, library_of
from windlass.models.tables.column import Kind
from windlass.values import Json
from windlass.words import with_article

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT = "input"
"""The name of a model's only tensor."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """What the Open Inference Protocol tells of a tensor.

    Args:
        name: Its name.
        datatype: ``BOOL``, ``INT64``, ``FP32``, ``BYTES``, …
        shape: Its axes, -1 where their length is free.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]

    def document(self) -> dict[str, Json]:
        """As the protocol writes it."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class TensorField:
    """One array of a model's input, as it was in the data that the model learnt from.

    Args:
        name: Its name.
        dtype: NumPy's; ``str`` for text.
        shape: Its axes, the first, that of the rows, being -1.
        missing: Whether there were NaNs.
        infinite: Whether there were infinities.
        low: The least finite number; None if there was none.
        high: The greatest.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    missing: bool = False
    infinite: bool = False
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, name: str, array: NDArray[Any]) -> TensorField:
        """The field that an array of the reference makes."""
        array = _plain(name, array)
        low, high = _ends(array)
        nans, infinities = _strange(array)
        dtype = "str" if array.dtype.kind == "O" else str(array.dtype)
        shape = (-1, *array.shape[1:])
        return cls(name, dtype, shape, nans > 0, infinities > 0, low, high)

    @classmethod
    def read(cls, document: Any) -> TensorField:
        """The field of a document that `document` made."""
        return cls(**{**document, "shape": tuple(document["shape"])})

    def document(self) -> dict[str, Json]:
        """The field as plain JSON, without what is not known of it."""
        told: dict[str, Json] = {"name": self.name, "dtype": self.dtype, "shape": [*self.shape]}
        seen: dict[str, Json] = {"missing": self.missing, "infinite": self.infinite}
        ends: dict[str, Json] = {"low": self.low, "high": self.high}
        told |= {key: flag for key, flag in seen.items() if flag}
        return told | {key: end for key, end in ends.items() if end is not None}

    def tensor(self) -> Tensor:
        """As the Open Inference Protocol tells it."""
        return Tensor(self.name, numpy_datatype(self.dtype), self.shape)

    def check(self, array: NDArray[Any]) -> list[Problem]:
        """How an array differs from this one; numbers outside its range are warnings."""
        return [
            Problem(self.name, rule, severity, f"the tensor '{self.name}' {message}")
            for rule, severity, message in self._differences(array)
        ]

    def _differences(self, array: NDArray[Any]) -> Iterator[tuple[str, Severity, str]]:
        shape = (-1, *array.shape[1:])
        if shape != self.shape or not array.ndim:
            yield "shape", "error", f"has the shape {_text(array.shape)}, not {_text(self.shape)}"
        if not self._can_hold(array):
            yield "kind", "error", f"is of {array.dtype}, and not of {self.dtype}"
            return
        nans, infinities = _strange(array)
        if nans and not self.missing:
            yield "missing values", "error", "has NaNs, and had none in the reference"
        if infinities and not self.infinite:
            yield "infinite", "error", "has infinite values, and had none in the reference"
        low, high = _ends(array)
        least, most = bounds(self.dtype)
        if low is not None and (low < least or high > most):
            worst = high if high > most else low
            yield "fit", "error", f"has the value {worst}, which {self.dtype} cannot hold"
        if low is not None and (self.low is None or low < self.low):
            yield "range", "warning", f"goes down to {low}, and to {self.low} in the reference"
        if high is not None and (self.high is None or high > self.high):
            yield "range", "warning", f"goes up to {high}, and to {self.high} in the reference"

    def _can_hold(self, array: NDArray[Any]) -> bool:
        import numpy as np

        if self.dtype == "str":
            return array.dtype.kind == "O"
        return array.dtype.kind != "O" and np.can_cast(array.dtype, self.dtype, "same_kind")

    def conform(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array in the dtype of the reference."""
        return array if self.dtype == "str" else array.astype(self.dtype, copy=False)


@dataclass(frozen=True, slots=True)
class TensorInputs:
    """The arrays that a model takes; a single one needs no name.

    Args:
        fields: Each of them.
    """

    kind: ClassVar[str] = "tensors"
    fields: tuple[TensorField, ...]

    @classmethod
    def of(cls, value: Any) -> TensorInputs:
        """What the arrays of a reference are like.

        Raises:
            ModelError: They have no rows, or hold what is no number and no text.
        """
        arrays = _named(value)
        for name, array in arrays.items():
            if not array.ndim or not array.size:
                raise ModelError(
                    f"the tensor '{name}' has no rows", hint="A signature is taken from real data."
                )
        return cls(tuple(TensorField.of(name, array) for name, array in arrays.items()))

    @classmethod
    def read(cls, document: Any) -> TensorInputs:
        """The inputs of a document that `document` made."""
        return cls(tuple(TensorField.read(each) for each in document["fields"]))

    def document(self) -> dict[str, Json]:
        """The inputs as plain JSON."""
        return {"kind": self.kind, "fields": [field.document() for field in self.fields]}

    def tensors(self) -> tuple[Tensor, ...]:
        """The inputs as the Open Inference Protocol tells them."""
        return tuple(field.tensor() for field in self.fields)

    def check(self, value: Any) -> list[Problem]:
        """How arrays, or a table of numbers, differ from those of the reference."""
        arrays = self._arrays(value)
        found = [self._missing(name) for name in self._names() if name not in arrays]
        for field in self.fields:
            if field.name in arrays:
                found += field.check(_plain(field.name, arrays[field.name]))
        return found

    def conform(self, value: Any) -> Any:
        """The arrays in the dtypes of the reference; a single one if there is one.

        Raises:
            SignatureError: They do not fit; all problems are named.
        """
        refuse(self.check(value))
        arrays = self._arrays(value)
        made = {f.name: f.conform(_plain(f.name, arrays[f.name])) for f in self.fields}
        return made if len(made) > 1 else next(iter(made.values()))

    def _names(self) -> list[str]:
        return [field.name for field in self.fields]

    def _arrays(self, value: Any) -> Mapping[str, NDArray[Any]]:
        if isinstance(value, Mapping) or len(self.fields) > 1:
            return _named(value)
        return {self.fields[0].name: next(iter(_named(value).values()))}

    def _missing(self, name: str) -> Problem:
        message = f"the tensor '{name}' is missing; there must be {', '.join(self._names())}"
        return Problem(name, "missing column", "error", message)


def _named(value: Any) -> dict[str, NDArray[Any]]:
    """Arrays by their names; a table of numbers is one array."""
    import numpy as np

    if isinstance(value, Mapping):
        return {str(name): np.asarray(array) for name, array in value.items()}
    library = library_of(value)
    if library is None:
        raise ModelError(
            f"{with_article(type(value).__name__)} is no array",
            hint="Give an array of NumPy, or several by their names.",
        )
    return {INPUT: value if library == "numpy" else as_matrix(value)}


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Numbers and booleans as they are, text as objects.

    Raises:
        ModelError: It holds neither.
    """
    if array.dtype.kind in "biuf":
        return array
    if array.dtype.kind == "U":
        return array.astype(object)
    if array.dtype.kind == "O" and all(type(each) is str for each in array.flat):
        return array
    raise ModelError(
        f"the tensor '{name}' is of {array.dtype}, which no model takes",
        hint="Make it numbers, booleans or text.",
    )


def _ends(array: NDArray[Any]) -> tuple[Any, Any]:
    import numpy as np

    if array.dtype.kind not in "iuf":
        return None, None
    known = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    return (known.min().item(), known.max().item()) if known.size else (None, None)


def _strange(array: NDArray[Any]) -> tuple[int, int]:
    """How many NaNs and infinities there are."""
    import numpy as np

    if array.dtype.kind != "f":
        return 0, 0
    return int(np.isnan(array).sum()), int(np.isinf(array).sum())


def _text(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def numpy_datatype(dtype: str) -> str:
    """The datatype of NumPy's dtype in the Open Inference Protocol; of text it is ``BYTES``."""
    import numpy as np

    kinds: dict[str, Kind] = {"b": "boolean", "i": "integer", "u": "integer", "f": "number"}
    return datatype("text" if dtype == "str" else kinds.get(np.dtype(dtype).kind, "text"), dtype)
