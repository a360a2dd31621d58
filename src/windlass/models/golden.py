"""Golden examples: a few rows that show what a model must go on giving for them.

    golden = Golden.of(holdout, {"predict": labels, "predict_proba": scores})
    for difference in replay(golden, predict):
        print(difference)    # row 3 (lowest distance): predict is 'late', and was 'on time'

They are what a converted model, another machine or a server that has just loaded a model is held
against, before anybody else asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.errors import ModelError
from windlass.models.choosing import Chosen, choose_rows, ranks_of
from windlass.models.problems import told
from windlass.models.tables import array_columns, library_of, read_columns, rows_of, take
from windlass.models.tables.column import Column, of_numbers
from windlass.models.tables.documents import (
    array_document,
    data_document,
    read_array_document,
    read_data,
)
from windlass.values import Json

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ROWS = 40
"""How many rows are chosen, if there are so many."""
TOLERANCE = 1e-6
"""How far numbers may be apart, absolutely or in proportion: arithmetic in another order."""

Predict: TypeAlias = "Callable[[Any], Mapping[str, ArrayLike]]"
"""Gives what a model gives for inputs, by the method that does, such as `Predictor.outputs`."""


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """Rows, and what the model gave for them.

    Args:
        inputs: A table, an array, or arrays by their names.
        outputs: (n,) labels or numbers, or (n, k) of them, by the method that gave them.
        reasons: Why each of the n rows was chosen; none if it was drawn by chance.
    """

    inputs: Any
    outputs: Mapping[str, NDArray[Any]]
    reasons: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.reasons)

    @classmethod
    def of(
        cls, inputs: Any, outputs: Mapping[str, ArrayLike], rows: int = ROWS, seed: int = 0
    ) -> Golden:
        """Chooses rows that cover what there is, and draws some more by chance.

        What is covered is each class, the lowest and the highest prediction, and of each column
        its ends, its most frequent categories and a missing value. The choice depends on what
        the rows hold, and not on their order.

        Args:
            inputs: The rows of a holdout as the model takes them.
            outputs: What it gave for them.
            rows: How many to choose, if there are so many.
            seed: Another one draws others.

        Raises:
            ModelError: There are no rows, an output is not one a row, or a column holds what no
                model takes.
        """
        import numpy as np

        arrays = {name: np.asarray(each) for name, each in outputs.items()}
        count = _rows(inputs)
        _check_rows(count, arrays)
        given = [column for name, each in arrays.items() for column in _columns(name, each)]
        columns = [*given, *_input_columns(inputs)]
        chosen = choose_rows(columns, ranks_of(columns, seed), rows, first=len(given))
        return cls._taken(inputs, arrays, chosen)

    @classmethod
    def _taken(cls, inputs: Any, outputs: Mapping[str, Any], chosen: list[Chosen]) -> Golden:
        import numpy as np

        at = np.array([each.row for each in chosen])
        if isinstance(inputs, Mapping):
            some: Any = {name: np.asarray(array)[at] for name, array in inputs.items()}
        else:
            some = take(inputs, at)
        if library_of(some) == "pandas":
            some = some.reset_index(drop=True)
        reasons = tuple(each.reasons for each in chosen)
        return cls(some, {name: each[at] for name, each in outputs.items()}, reasons)

    def document(self) -> dict[str, Json]:
        """The examples as plain JSON."""
        outputs: dict[str, Json] = {n: array_document(each) for n, each in self.outputs.items()}
        reasons: list[Json] = [list(each) for each in self.reasons]
        return {"inputs": data_document(self.inputs), "outputs": outputs, "reasons": reasons}

    @classmethod
    def read(cls, document: Any) -> Golden:
        """The examples of a document that `document` made, exactly, down to the dtypes."""
        outputs = {name: read_array_document(each) for name, each in document["outputs"].items()}
        reasons = tuple(tuple(each) for each in document["reasons"])
        return cls(read_data(document["inputs"]), outputs, reasons)


@dataclass(frozen=True, slots=True)
class Difference:
    """An example for which a model gives something else.

    Args:
        row: Its place among the examples.
        output: The method that gave it.
        expected: What it gave then.
        found: What it gives now.
        reasons: Why the row is among the examples.
    """

    row: int
    output: str
    expected: Any
    found: Any
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        why = f" ({told(self.reasons, ', ', 3)})" if self.reasons else ""
        return f"row {self.row}{why}: {self.output} is {self.found!r}, and was {self.expected!r}"


def replay(golden: Golden, predict: Predict, tolerance: float = TOLERANCE) -> list[Difference]:
    """The examples for which a model now gives something else.

    Args:
        golden: The examples.
        predict: Gives its outputs for their inputs.
        tolerance: How far numbers may be apart, absolutely or in proportion to the larger one.
            NaN is equal to NaN; labels and whole numbers must be the same.

    Raises:
        ModelError: An output is not given any more, or is of another shape.
    """
    import numpy as np

    found = predict(golden.inputs)
    differences = []
    for name, expected in golden.outputs.items():
        if name not in found:
            raise ModelError(f"the model does not give '{name}' any more")
        now = np.asarray(found[name])
        if now.shape != expected.shape:
            raise ModelError(
                f"{name} is of the shape {now.shape}, and was {expected.shape} when the golden "
                "examples were made"
            )
        apart = ~_same(expected, now, tolerance)
        rows = np.flatnonzero(apart.reshape(len(apart), -1).any(axis=1)).tolist()
        then, found_now = expected.tolist(), now.tolist()
        differences += [
            Difference(at, name, then[at], found_now[at], golden.reasons[at]) for at in rows
        ]
    return differences


def _same(expected: NDArray[Any], found: NDArray[Any], tolerance: float) -> NDArray[Any]:
    import numpy as np

    kinds = {expected.dtype.kind, found.dtype.kind}
    if "f" not in kinds or not kinds <= set("biuf"):
        return np.asarray(expected == found)
    old, new = expected.astype(np.float64), found.astype(np.float64)
    largest = np.maximum(1, np.maximum(np.abs(old), np.abs(new)))
    with np.errstate(invalid="ignore"):  # of the difference of two infinities
        near = np.isfinite(largest) & (np.abs(old - new) <= tolerance * largest)
    same: NDArray[Any] = near | (old == new) | (np.isnan(old) & np.isnan(new))
    return same


def _rows(inputs: Any) -> int:
    if isinstance(inputs, Mapping):
        return min((rows_of(array) for array in inputs.values()), default=0)
    return rows_of(inputs)


def _check_rows(rows: int, outputs: Mapping[str, NDArray[Any]]) -> None:
    if not rows:
        raise ModelError("there are no rows to choose golden examples from")
    for name, each in outputs.items():
        if not each.ndim or len(each) != rows:
            raise ModelError(f"{name} is of the shape {each.shape}, and there are {rows:,} rows")


def _input_columns(inputs: Any) -> list[Column]:
    import numpy as np

    if isinstance(inputs, Mapping):
        arrays = {name: np.asarray(array) for name, array in inputs.items()}
        return [column for name, array in arrays.items() for column in _columns(name, array)]
    return _columns("input", inputs) if library_of(inputs) == "numpy" else read_columns(inputs)


def _columns(name: str, array: NDArray[Any]) -> list[Column]:
    """The columns of an array; of one with many axes, the mean of each row."""
    import numpy as np

    columns = array_columns(name, array)
    if len(columns[0]) == len(array):
        return columns
    means = array.reshape(len(array), -1).mean(axis=1, dtype=np.float64)
    return [of_numbers(f"mean of {name}", "float64", means)]
