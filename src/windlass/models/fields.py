"""What a model learnt of one column, and whether other data fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from windlass.models.conversions import CONVERTERS
from windlass.models.datatypes import bounds, datatype
from windlass.models.problems import Problem, Severity, told
from windlass.models.tables.column import NONE, PLURALS, Column, Kind, Label
from windlass.models.tensors import Tensor
from windlass.values import Json

CATEGORIES = 1000
"""Labels up to which they are listed; of more, how many there were."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a model's input, as it was in the data that the model learnt from.

    Args:
        name: Its name.
        kind: ``number``, ``integer``, ``boolean``, ``category``, ``text`` or ``time``.
        dtype: Its dtype in the library of the reference.
        missing: Whether values were missing.
        infinite: Whether numbers were infinite.
        low: The least finite number; of times the earliest, as ISO 8601 in UTC; None if there was
            none.
        high: The greatest.
        categories: The declared categories in their order, or the texts that occurred, sorted;
            None if they are more than `CATEGORIES`, or it has none.
        distinct: How many categories or texts there were.
    """

    name: str
    kind: Kind
    dtype: str
    missing: bool = False
    infinite: bool = False
    low: float | str | None = None
    high: float | str | None = None
    categories: tuple[Label, ...] | None = None
    distinct: int | None = None

    @classmethod
    def of(cls, column: Column) -> Field:
        """The field that a column of the reference makes."""
        plain = cls(column.name, column.kind, column.dtype, bool(column.missing.any()))
        if column.kind in ("category", "text"):
            return replace(plain, **_labels(column))
        if column.kind == "boolean":
            return plain
        low, high = _ends(column)
        return replace(plain, infinite=_infinities(column) > 0, low=low, high=high)

    @classmethod
    def read(cls, document: Any) -> Field:
        """The field of a document that `document` made."""
        categories = document.get("categories")
        listed = {} if categories is None else {"categories": tuple(categories)}
        return cls(**{**document, **listed})

    def document(self) -> dict[str, Json]:
        """The field as plain JSON, without what is not known of it."""
        told = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.categories is not None:
            told["categories"] = list(self.categories)
        return {key: part for key, part in told.items() if part is not None and part is not False}

    def tensor(self) -> Tensor:
        """As the Open Inference Protocol tells it: a column is a tensor of one axis."""
        return Tensor(self.name, datatype(self.kind, self.dtype, self.categories or ()), (-1,))

    def fits_exactly(self, column: Column) -> bool:
        """Whether a column is of the same dtype, and declares the same categories."""
        if column.dtype != self.dtype:
            return False
        known = self.categories
        return self.kind != "category" or known is None or known == tuple(column.labels)

    def check(self, column: Column) -> list[Problem]:
        """How a column differs from this one.

        Infinities, missing values where there were none, a value that the dtype cannot hold, and
        a category that a declared list lacks are errors. A text that was not among the
        reference's, and a number outside its range, are warnings: a model may know what to do.
        """
        return [
            Problem(self.name, rule, severity, f"the column '{self.name}' {message}")
            for rule, severity, message in self._differences(column)
        ]

    def _differences(self, column: Column) -> Iterator[tuple[str, Severity, str]]:
        missing = int(column.missing.sum())
        if missing and not self.missing:
            values = "a missing value" if missing == 1 else f"{missing:,} missing values"
            yield "missing values", "error", f"has {values}, and had none in the reference"
        if missing == len(column):
            return  # of what kind it would have been cannot be told
        fitting = CONVERTERS.get((column.kind, self.kind))
        if fitting is None or (made := fitting(column)) is None:
            yield "kind", "error", f"holds {PLURALS[column.kind]}, and not {PLURALS[self.kind]}"
        elif self.kind == "time" and has_zone(column.dtype) != has_zone(self.dtype):
            zones = "a time zone", "none"
            now, then = zones if has_zone(column.dtype) else zones[::-1]
            yield "kind", "error", f"has times with {now}, and with {then} in the reference"
        elif self.dtype.lower() in ("null", "arrow[null]"):
            yield "fit", "error", f"has values, which {self.dtype} cannot hold"
        elif self.kind in ("category", "text"):
            yield from self._strangers(made)
        elif self.kind != "boolean":
            yield from self._out_of_range(made)

    def _strangers(self, column: Column) -> Iterator[tuple[str, Severity, str]]:
        if self.categories is None:
            return
        known = {(type(each), each) for each in self.categories}
        counts = column.counts()
        new = [
            (label, int(count))
            for label, count in zip(column.labels, counts, strict=True)
            if count and (type(label), label) not in known
        ]
        if not new:
            return
        names, rows = [repr(label) for label, _ in new], sum(count for _, count in new)
        word = (
            self.kind if len(new) == 1 else {"category": "categories", "text": "texts"}[self.kind]
        )
        verb = "was" if len(new) == 1 else "were"
        severity: Severity = "error" if self.kind == "category" else "warning"
        said = f"has the {word} {told(names, ', ', 5)}, which {verb} not in the reference"
        yield "category", severity, f"{said} ({rows:,} row{'s' * (rows > 1)})"

    def _out_of_range(self, column: Column) -> Iterator[tuple[str, Severity, str]]:
        if (count := _infinities(column)) and not self.infinite:
            values = "an infinite value" if count == 1 else f"{count:,} infinite values"
            yield "infinite", "error", f"has {values}, and had none in the reference"
        low, high = _ends(column)
        least, most = bounds(self.dtype)
        if low is None or high is None:
            return
        if column.kind != "time" and (low < least or high > most):
            worst = high if high > most else low
            yield "fit", "error", f"has the value {worst}, which {self.dtype} cannot hold"
        if self.low is None or _moment(low) < _moment(self.low):
            yield "range", "warning", f"goes down to {low}, {_beyond('below', self.low)}"
        if self.high is None or _moment(high) > _moment(self.high):
            yield "range", "warning", f"goes up to {high}, {_beyond('above', self.high)}"

    def conform(self, column: Column) -> Column:
        """The column, without errors, as one of this kind and with these categories."""
        if column.missing.all():
            return self._empty(len(column))
        made = CONVERTERS[column.kind, self.kind](column)
        assert made is not None
        if self.kind == "category" and self.categories is not None:
            made = made.with_labels(self.categories)
        return replace(made, kind=self.kind, dtype=self.dtype)

    def _empty(self, rows: int) -> Column:
        """A column of this kind without a value."""
        import numpy as np

        blanks: dict[Kind, tuple[Any, str]] = {
            "number": (np.nan, "f8"),
            "time": (np.datetime64("NaT"), "M8[us]"),
            "category": (-1, "i8"),
            "text": (-1, "i8"),
            "boolean": (False, "?"),
            "integer": (0, "i8"),
        }
        values = np.full(rows, *blanks[self.kind])
        null = np.full(rows, NONE, np.uint8)
        return Column(self.name, self.kind, self.dtype, values, null, self.categories or ())


def _beyond(side: str, end: object) -> str:
    return f"{side} {end} in the reference" if end is not None else "where the reference had none"


def _labels(column: Column) -> dict[str, Any]:
    if column.kind == "text":
        occur = zip(column.labels, column.counts(), strict=True)
        found: list[Any] = [label for label, count in occur if count]
        found = sorted(found) if len(found) <= CATEGORIES else found
    else:
        found = list(column.labels)
    listed = tuple(found) if len(found) <= CATEGORIES else None
    return {"categories": listed, "distinct": len(found)}


def _ends(column: Column) -> tuple[Any, Any]:
    """The least and the greatest finite value, as JSON holds them; None where there is none."""
    import numpy as np

    known = column.values[~column.missing]
    if column.kind == "number":
        known = known[np.isfinite(known)]
    if not len(known):
        return None, None
    low, high = known.min(), known.max()
    if column.kind == "time":
        return str(np.datetime_as_string(low)), str(np.datetime_as_string(high))
    return low.item(), high.item()


def _moment(end: Any) -> Any:
    import numpy as np

    return np.datetime64(end) if isinstance(end, str) else end


def _infinities(column: Column) -> int:
    import numpy as np

    if column.kind != "number":
        return 0
    return int((np.isinf(column.values) & ~column.missing).sum())


def has_zone(dtype: str) -> bool:
    """Whether a dtype of times has a zone: ``datetime64[us, UTC]``, ``timestamp[s, tz=UTC]``."""
    return re.search(r"\[\w+, |\"Datetime\", \"\w+\", \"", dtype) is not None
