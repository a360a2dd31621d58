"""What a model takes and gives, taken from real data.

    signature = signature_of(reference, {"predict": labels}, classes=["late", "on time"])
    signature.check(table)      # how a table differs from the reference, in words
    signature.conform(table)    # exactly what the model learnt from; raises SignatureError

Inputs are tables or plain tensors. Text, images or audio become further small classes with the
methods of `Inputs`, named in `KINDS_OF_INPUTS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from windlass.errors import ModelError
from windlass.models.problems import Problem
from windlass.models.table_inputs import TableInputs
from windlass.models.tables import library_of
from windlass.models.tables.column import Label
from windlass.models.tensors import Tensor, TensorInputs, numpy_datatype
from windlass.values import Json

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Inputs(Protocol):
    """What a model takes, of one kind of data."""

    kind: ClassVar[str]

    @classmethod
    def read(cls, document: Any) -> Self:
        """The inputs of a document that `document` made."""
        ...

    def document(self) -> dict[str, Json]:
        """The inputs as plain JSON, their ``kind`` among it."""
        ...

    def tensors(self) -> tuple[Tensor, ...]:
        """The inputs as the Open Inference Protocol tells them."""
        ...

    def check(self, value: Any) -> list[Problem]:
        """How data differs from that of the reference."""
        ...

    def conform(self, value: Any) -> Any:
        """The data as the model takes it; raises `SignatureError` if it does not fit."""
        ...


KINDS_OF_INPUTS: Mapping[str, type[Inputs]] = {"table": TableInputs, "tensors": TensorInputs}


@dataclass(frozen=True, slots=True)
class Output:
    """What a model gives.

    Args:
        name: The method that gives it: ``predict`` or ``predict_proba``.
        kind: ``label``, ``number`` or ``probability``.
        dtype: NumPy's; ``object`` for text.
        shape: Its axes, the first, that of the rows, being -1.
        classes: The labels, or those of the columns of probabilities, in order.
    """

    name: str
    kind: str
    dtype: str
    shape: tuple[int, ...]
    classes: tuple[Label, ...] | None = None

    @classmethod
    def of(cls, name: str, values: ArrayLike, classes: Sequence[Label] | None = None) -> Output:
        """What an output is like.

        Args:
            name: The method that gave it.
            values: (n,) labels or numbers, or (n, classes) probabilities.
            classes: Those of a classifier.

        Raises:
            ModelError: There is not one column of probabilities a class.
        """
        import numpy as np

        array = np.asarray(values)
        labels = None if classes is None else tuple(np.asarray(classes, object).tolist())
        kind = "number" if labels is None else "label" if array.ndim == 1 else "probability"
        if labels is not None and array.ndim == 2 and array.shape[1] != len(labels):
            raise ModelError(
                f"{name} gives {array.shape[1]} columns, and there are {len(labels)} classes"
            )
        dtype = "object" if array.dtype.kind in "OUS" else str(array.dtype)
        return cls(name, kind, dtype, (-1, *array.shape[1:]), labels)

    @classmethod
    def read(cls, document: Any) -> Output:
        """The output of a document that `document` made."""
        shape, classes = tuple(document["shape"]), document.get("classes")
        labels = None if classes is None else tuple(classes)
        return cls(document["name"], document["kind"], document["dtype"], shape, labels)

    def document(self) -> dict[str, Json]:
        """The output as plain JSON."""
        told: dict[str, Json] = {"name": self.name, "kind": self.kind, "dtype": self.dtype}
        told["shape"] = list(self.shape)
        return told if self.classes is None else {**told, "classes": list(self.classes)}

    def tensor(self) -> Tensor:
        """As the Open Inference Protocol tells it."""
        return Tensor(self.name, numpy_datatype(self.dtype), self.shape)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives.

    Args:
        inputs: A `TableInputs`, a `TensorInputs`, or another kind.
        outputs: What it gives, by the method that does.
    """

    inputs: Inputs
    outputs: tuple[Output, ...] = ()

    def check(self, value: Any) -> list[Problem]:
        """How data differs from the reference: errors, warnings and notes.

        Raises:
            ModelError: It is not even of that kind of data.
        """
        return self.inputs.check(value)

    def conform(self, value: Any) -> Any:
        """The data as the model learnt from it: columns in order, dtypes, categories, library.

        Raises:
            SignatureError: It does not fit; `problems` has all that is wrong, in words.
        """
        return self.inputs.conform(value)

    def output(self, name: str) -> Output | None:
        """What a method gives; None if the model has none of that name."""
        return next((output for output in self.outputs if output.name == name), None)

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The classes of a classifier, in order; None of what is none."""
        return next((output.classes for output in self.outputs if output.classes), None)

    def tensors(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Inputs and outputs as the Open Inference Protocol tells them."""
        return self.inputs.tensors(), tuple(output.tensor() for output in self.outputs)

    def document(self) -> dict[str, Json]:
        """The signature as plain JSON: equal signatures give equal documents."""
        outputs: list[Json] = [output.document() for output in self.outputs]
        return {"inputs": self.inputs.document(), "outputs": outputs}

    @classmethod
    def read(cls, document: Any) -> Signature:
        """The signature of a document that `document` made.

        Raises:
            ModelError: Its inputs are of a kind that is not known here.
        """
        kind = document["inputs"]["kind"]
        if kind not in KINDS_OF_INPUTS:
            raise ModelError(
                f"a model takes inputs of the kind '{kind}', which is not known here",
                hint="A newer Windlass has written it.",
            )
        inputs = KINDS_OF_INPUTS[kind].read(document["inputs"])
        return cls(inputs, tuple(Output.read(each) for each in document["outputs"]))


def signature_of(
    table: Any,
    outputs: Mapping[str, ArrayLike] | None = None,
    columns: Sequence[str] | None = None,
    classes: Sequence[Label] | None = None,
) -> Signature:
    """What a model takes and gives.

    Args:
        table: What it learnt from: a table of pandas, polars or Arrow, an array, or arrays by
            their names.
        outputs: What it gave, by the method that did: ``predict``, ``predict_proba``.
        columns: The columns of the table that it takes, in order; None for all.
        classes: Those of a classifier, in the order of its probabilities.

    Raises:
        ModelError: There are no rows, or a column holds what no model takes.
    """
    is_tensors = isinstance(table, Mapping) or library_of(table) == "numpy"
    inputs = TensorInputs.of(table) if is_tensors else TableInputs.of(table, columns)
    given = {} if outputs is None else outputs
    return Signature(inputs, tuple(Output.of(name, each, classes) for name, each in given.items()))
