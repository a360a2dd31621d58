"""A column of a table in NumPy's terms, whichever library the table is of.

What a model takes is of six kinds: numbers, whole numbers, booleans, categories, text, times. A
`Column` holds one of them exactly: what was read from one library can be made again in it, or in
another. All else (lists, bytes, spans, intervals) is refused by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from windlass.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind: TypeAlias = Literal["number", "integer", "boolean", "category", "text", "time"]
Label: TypeAlias = "str | int | float | bool"

KINDS: tuple[Kind, ...] = ("number", "integer", "boolean", "category", "text", "time")
PLURALS: dict[Kind, str] = {
    "number": "numbers",
    "integer": "whole numbers",
    "boolean": "booleans",
    "category": "categories",
    "text": "text",
    "time": "times",
}
PRESENT, NONE, NAN, NA = range(4)
"""What stands in a cell: a value, the library's own null, or, among objects, NaN or pandas' NA."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A named column of n cells.

    Args:
        name: Its name.
        kind: What it holds.
        dtype: Its dtype in its own library, as text from which that library makes it again.
        values: n numbers, booleans, `datetime64` in UTC; of text and categories the places of
            their labels, -1 where a cell is missing.
        null: n codes: `PRESENT`, or what stands there instead. A NaN among floats is a value.
        labels: What the places stand for. Those of a declared category come in its order.
    """

    name: str
    kind: Kind
    dtype: str
    values: NDArray[Any]
    null: NDArray[Any]
    labels: Sequence[Label] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> NDArray[Any]:
        """Which of the n cells hold no value: null, NaN or NaT."""
        import numpy as np

        null: NDArray[Any] = self.null != PRESENT
        return null | np.isnan(self.values) if self.kind == "number" else null

    def numbers(self) -> NDArray[Any]:
        """The values as n float64, times as seconds since 1970; NaN where one is missing.

        Of text and categories there are none: it is for what is missing throughout.
        """
        import numpy as np

        if self.kind == "time":
            found = self.values.astype("M8[us]").astype(np.int64) / 1e6
        else:
            found = self.values.astype(np.float64)
        missing = self.missing
        return np.where(missing, np.nan, found) if missing.any() else found

    def take(self, rows: NDArray[Any]) -> Column:
        """The same column of some of its rows."""
        return replace(self, values=self.values[rows], null=self.null[rows])

    def cells(self) -> list[Any]:
        """The n values as Python's own; None where one is missing, NaN where a number is NaN."""
        found = self.values.tolist()
        if self.kind in ("category", "text"):
            found = [None if place < 0 else self.labels[place] for place in found]
        return [
            each if code == PRESENT else None for each, code in zip(found, self.null, strict=True)
        ]

    def counts(self) -> NDArray[Any]:
        """How often each label occurs."""
        import numpy as np

        return np.bincount(self.values[self.values >= 0], minlength=len(self.labels))

    def with_labels(self, labels: Sequence[Label]) -> Column:
        """The column with other labels; cells whose label is none of these become missing."""
        import numpy as np

        if list(labels) == list(self.labels):
            return self
        places = {_key(label): place for place, label in enumerate(labels)}
        moved = np.array([places.get(_key(label), -1) for label in self.labels] + [-1], np.int64)
        values = moved[self.values]
        lost = (values < 0) & (self.null == PRESENT)
        null = np.where(lost, np.uint8(NONE), self.null)
        return replace(self, values=values, null=null, labels=tuple(labels))


def _key(label: Label) -> tuple[bool, Label]:
    """1 and True are one key to Python, and two labels."""
    return isinstance(label, bool), label


def of_numbers(
    name: str, dtype: str, values: NDArray[Any], null: NDArray[Any] | None = None
) -> Column:
    """A column of numbers, whole numbers, booleans or `datetime64`.

    Raises:
        ModelError: The values are of another kind.
    """
    import numpy as np

    kinds: dict[str, Kind] = {
        "f": "number",
        "i": "integer",
        "u": "integer",
        "b": "boolean",
        "M": "time",
    }
    kind = kinds.get(values.dtype.kind)
    if kind is None or values.dtype.char == "g":
        raise unfit(name, f"is of the dtype {dtype}", hint_for(values.dtype.kind))
    if null is None:
        null = np.isnat(values) if kind == "time" else np.zeros(len(values), np.uint8)
    return Column(name, kind, dtype, values, null.astype(np.uint8))


def of_labels(
    name: str, kind: Kind, dtype: str, places: NDArray[Any], labels: Sequence[Any]
) -> Column:
    """A column of text or categories, by the places of its labels; -1 is missing.

    Raises:
        ModelError: A label is neither text nor a number nor a boolean.
    """
    import numpy as np

    strange = sorted({type(each).__name__ for each in labels if type(each) not in _LABELS})
    if strange:
        hint = f"Make its categories text: table[{name!r}].astype(str).astype('category')."
        raise unfit(name, f"has categories of the type {', '.join(strange)}", hint)
    values = places.astype(np.int64)
    null = np.where(values < 0, np.uint8(NONE), np.uint8(PRESENT))
    return Column(name, kind, dtype, values, null, tuple(labels))


_LABELS = (str, int, float, bool)


def of_objects(name: str, dtype: str, values: NDArray[Any]) -> Column:
    """A column of Python's own objects, if all are text, or numbers, or booleans.

    Raises:
        ModelError: They are of several kinds, or of none that a model takes.
    """
    import numpy as np

    cells = [each.item() if isinstance(each, np.generic) else each for each in values.tolist()]
    null = np.fromiter((_null_code(each) for each in cells), np.uint8, len(cells))
    types = {type(each) for each, code in zip(cells, null, strict=True) if code == PRESENT}
    kind = next((kind for kind, of in _OBJECTS if types <= of), None)
    if kind is None:
        told = ", ".join(sorted(each.__name__ for each in types))
        raise unfit(name, f"holds objects of the type {told}", _hint_for_objects(types))
    if kind == "text":
        return _of_texts(name, dtype, cells, null)
    filled = [each if code == PRESENT else 0 for each, code in zip(cells, null, strict=True)]
    try:
        dtypes = {"boolean": "?", "integer": "i8", "number": "f8"}
        numbers: NDArray[Any] = np.array(filled, dtypes[kind])
    except OverflowError:
        raise unfit(name, "holds whole numbers past 64 bits", "Make them floats.") from None
    return Column(name, kind, dtype, numbers, null)


_OBJECTS: tuple[tuple[Kind, set[type]], ...] = (
    ("text", {str}),
    ("boolean", {bool}),
    ("integer", {int}),
    ("number", {int, float}),
)


def _of_texts(name: str, dtype: str, cells: list[Any], null: NDArray[Any]) -> Column:
    import numpy as np

    places: dict[str, int] = {}
    found = [
        places.setdefault(each, len(places)) if code == PRESENT else -1
        for each, code in zip(cells, null, strict=True)
    ]
    return Column(name, "text", dtype, np.array(found, np.int64), null, tuple(places))


def _null_code(cell: Any) -> int:
    if cell is None:
        return NONE
    if type(cell) is float and cell != cell:  # noqa: PLR0124 (only a NaN is not itself)
        return NAN
    return NA if type(cell).__name__ == "NAType" else PRESENT


def unfit(name: str, what: str, hint: str | None = None) -> ModelError:
    """The error for a column that no model could be described by."""
    return ModelError(f"the column '{name}' {what}, which no model takes", hint=hint)


def hint_for(kind: str) -> str | None:
    """What to do about a dtype that no model takes, by NumPy's letter for its kind."""
    return {
        "m": "Make the durations numbers: .dt.total_seconds().",
        "c": "Give its real and its imaginary part as two columns.",
        "g": "Make it float64.",
    }.get(kind)


def _hint_for_objects(types: set[type]) -> str:
    if len(types) > 1:
        return "Make them of one type."
    name = next(iter(types)).__name__
    hints = {
        **dict.fromkeys(("list", "tuple", "dict", "set", "ndarray"), "Spread it over columns."),
        **dict.fromkeys(("date", "datetime", "Timestamp"), "Make it times with pd.to_datetime()."),
        "Decimal": "Make it floats: .astype(float).",
        "bytes": "Decode it to text.",
    }
    return hints.get(name, "Keep text, numbers, booleans or times in it.")
