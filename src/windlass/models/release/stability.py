"""Whether a model stands what data may bring: missing values, infinities, extremes, no rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from windlass.errors import ModelError, SignatureError
from windlass.models.release.found import Found, checked
from windlass.models.release.ready import (
    Evidence,
    TestFunction,
    holdout_digest,
    ready,
    verdict_if,
)
from windlass.models.table_inputs import TableInputs
from windlass.models.tables import make_table, read_columns, rows_of, table_library, take
from windlass.models.tables.column import NONE, Column

if TYPE_CHECKING:
    from numpy.typing import NDArray
from windlass.models.threads import one_thread
from windlass.models.version import Version

_ROWS = 20
_FAR = 1e6
"""How far an extreme is outside: as many times the width of the column in these rows."""

Disturbance: TypeAlias = Callable[[Column], "Column | None"]
"""A column with something amiss; None where that cannot be in such a column."""


def stable(*, capability: str = "stability") -> TestFunction:
    """A test that the model stands what data may bring.

    Rows of the holdout are disturbed, one column at a time: its values missing, infinite, or a
    million times its width outside what it holds; a text that never was. The model must either
    refuse such rows for a reason that names the column (its signature does), or give finite numbers
    and probabilities that add up to one. Of no rows at all it may give nothing, or say that it
    cannot.

    Args:
        capability: What of the model it is about.
    """

    def test(candidate: Version, holdout: Any, evidence: Evidence) -> None:
        evidence(*stability(candidate, holdout))

    return ready(test, "No NaN comes out, whatever goes in.", capability, "monitor.5")


def stability(version: Version, table: Any) -> list[Found]:
    """How a version takes disturbed rows: a finding for each kind of disturbance.

    Args:
        version: The version; it takes a table.
        table: Rows that it takes; the first 20 are used.

    Raises:
        ModelError: It takes no table.
        SignatureError: The rows are not what it takes.
    """
    if not isinstance(version.signature.inputs, TableInputs):
        raise ModelError(
            f"{version.name} takes no table, and only columns can be disturbed",
            hint="Write a test of its own for what its data may bring.",
        )
    rows = np.arange(min(_ROWS, rows_of(table)))
    data, some = holdout_digest(version), version.conform(take(table, rows))
    if not rows_of(some):
        return [checked("stability", "there are no rows to disturb", "inconclusive", n=0)]
    with one_thread():
        seen = [_disturbed(version, some, name, each) for name, each in _DISTURBANCES.items()]
    return [*(each.found(data) for each in seen if each.columns), _of_no_rows(version, some, data)]


@dataclass
class _Seen:
    """What came of a disturbance, by column."""

    name: str
    refused: list[str] = field(default_factory=list)
    predicted: list[str] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        return len(self.refused) + len(self.predicted) + len(self.wrong)

    def found(self, data: str | None) -> Found:
        counts = {"predicted": len(self.predicted), "refused": len(self.refused)}
        told = [f"{count} {word}" for word, count in counts.items() if count]
        told += [f"{column}: {what}" for column, what in self.wrong.items()]
        return checked(
            self.name,
            f"{self.name}, of {self.columns} columns: {', '.join(told)}",
            verdict_if(not self.wrong),
            n=self.columns,
            estimate=float(len(self.wrong)),
            threshold=0.0,
            data=data,
            method="disturbed rows",
            wrong=dict(self.wrong),
        )


def _disturbed(version: Version, table: Any, name: str, disturbance: Disturbance) -> _Seen:
    seen = _Seen(name)
    for column in read_columns(table):
        made = disturbance(column)
        if made is None:
            continue
        wrong = _wrong(version, _with(table, made))
        if wrong is None:
            seen.predicted.append(column.name)
        elif wrong == _REFUSED:
            seen.refused.append(column.name)
        else:
            seen.wrong[column.name] = wrong
    return seen


_REFUSED = "refused"


def _wrong(version: Version, table: Any) -> str | None:
    """What is wrong with what a version gives for rows; `_REFUSED` if it will not take them."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            inputs = version.conform(table)
        except SignatureError:
            return _REFUSED
        try:
            given = version.predictor.outputs(inputs)
        except ModelError as error:
            return error.message
    return next(_not_finite(given), None)


def _not_finite(given: Mapping[str, Any]) -> Iterator[str]:
    for name, values in given.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            strange = values[~np.isfinite(values)].ravel()[0]
            yield f"{name} gives {strange}"
        elif name == "predict_proba" and (np.abs(values.sum(axis=1) - 1) > 1e-3).any():
            yield f"{name} gives probabilities that do not add up to one"


def _with(table: Any, made: Column) -> Any:
    """The table with another column in the place of that of its name."""
    columns = [made if column.name == made.name else column for column in read_columns(table)]
    dtypes = {column.name: column.dtype for column in columns}
    return make_table(columns, table_library(table), dtypes)


def _of_no_rows(version: Version, table: Any, data: str | None) -> Found:
    none = take(table, np.arange(0))
    try:
        given = version.predictor.outputs(version.conform(none))
        passed, told = all(len(each) == 0 for each in given.values()), "predicted as no rows"
    except (ModelError, SignatureError) as error:
        passed, told = True, f"refused: {error.message}"
    return checked("no rows", f"no rows: {told}", verdict_if(passed), n=1, data=data)


def _missing(column: Column) -> Column | None:
    if column.kind == "number":
        return replace(column, values=np.full(len(column), np.nan))
    if column.kind in ("text", "category"):
        null = np.full(len(column), NONE, np.uint8)
        return replace(column, values=np.full(len(column), -1, np.int64), null=null)
    return None  # what holds no null in its library cannot bring one


def _infinite(sign: float) -> Disturbance:
    def disturbed(column: Column) -> Column | None:
        if column.kind != "number":
            return None
        return replace(column, values=np.full(len(column), sign * np.inf))

    return disturbed


def _extreme(sign: float) -> Disturbance:
    def disturbed(column: Column) -> Column | None:
        if column.kind not in ("number", "integer"):
            return None
        numbers = column.numbers()
        known = numbers[np.isfinite(numbers)]
        width = float(np.ptp(known)) if len(known) else 0.0
        far = (float(known[0]) if len(known) else 0.0) + sign * _FAR * (width or 1.0)
        made = np.full(len(column), far)
        if column.kind == "number":
            return replace(column, values=made)
        return replace(column, values=_whole(made, column.dtype))

    return disturbed


def _whole(numbers: NDArray[Any], dtype: str) -> NDArray[np.int64]:
    """Whole numbers as far outside as the dtype can hold."""
    try:
        ends = np.iinfo(np.dtype(dtype.lower()))
    except (TypeError, ValueError):  # a name of Arrow's, say
        ends = np.iinfo(np.int32)
    most = min(ends.max, 2**62)
    found: NDArray[np.int64] = np.clip(numbers, max(ends.min, -most), most).astype(np.int64)
    return found


def _unknown(column: Column) -> Column | None:
    if column.kind != "text":
        return None
    return replace(column, values=np.zeros(len(column), np.int64), labels=("never seen before",))


_DISTURBANCES: Mapping[str, Disturbance] = {
    "values missing": _missing,
    "values infinite": _infinite(1.0),
    "values minus infinite": _infinite(-1.0),
    "values far above": _extreme(1.0),
    "values far below": _extreme(-1.0),
    "a text that never was": _unknown,
}
