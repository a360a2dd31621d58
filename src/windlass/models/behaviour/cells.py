"""Values of a model's columns: from the text of a cell, and what is typical of the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass import values
from windlass.errors import DefinitionError, ModelError
from windlass.models.behaviour.changes import MISSING, Change
from windlass.models.behaviour.expectations import parse_number
from windlass.models.bins import CategoryBins, NumberBins
from windlass.models.fields import Field
from windlass.models.profile import ColumnProfile
from windlass.models.table_inputs import TableInputs
from windlass.models.tables import make_table, read_columns, table_library
from windlass.models.tables.column import NONE, PRESENT, Column
from windlass.models.tables.documents import read_data

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.models.version import Version

Value: TypeAlias = "str | int | float | bool | None"
"""A value of a cell; None if it is missing; a time as ISO 8601 in UTC."""

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def value_of(field: Field, text: str, *, comma: bool = False) -> Value:
    """The value that a text is in a column.

    Args:
        field: The column.
        text: As written; ``<missing>`` for none.
        comma: Whether a number may have a decimal comma.

    Raises:
        DefinitionError: The column cannot hold it.
    """
    if text == MISSING:
        _check_missing(field)
        return None
    if field.kind == "text":
        return text
    if field.kind == "category":
        return _category(field, text)
    if field.kind == "boolean":
        return _boolean(field, text)
    if field.kind == "time":
        return _time(field, text)
    number = _number(field, text, comma=comma)
    return _whole(field, number) if field.kind == "integer" else number


def _check_missing(field: Field) -> None:
    if not field.missing:
        raise DefinitionError(
            f"'{field.name}' cannot be missing: it never was in the reference",
            hint="The model refuses such rows, and release.stable() tests that.",
        )


def _category(field: Field, text: str) -> Value:
    known = {str(each): each for each in field.categories or ()}
    if text in known:
        return known[text]
    if field.categories is None:
        return text
    raise DefinitionError(
        f"'{text}' is no category of '{field.name}'", hint=near_matches(text, list(known))
    )


def near_matches(name: str, known: Sequence[str]) -> str:
    """A hint with the names nearest to one, or with the first of all."""
    found = get_close_matches(name, known, 3)
    if found:
        return f"Did you mean {' or '.join(map(repr, found))}?"
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"There are {', '.join(known[:12])}{more}."


def _boolean(field: Field, text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise DefinitionError(f"'{text}' is neither true nor false, as '{field.name}' is")
    return _BOOLEANS[text.lower()]


def _time(field: Field, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DefinitionError(
            f"'{text}' is no time, and '{field.name}' holds times", hint="Write 2013-03-01 06:30."
        ) from error
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds")


def _number(field: Field, text: str, *, comma: bool) -> float:
    try:
        return parse_number(text, comma=comma)
    except DefinitionError as error:
        raise DefinitionError(
            f"{error.message}, and '{field.name}' holds numbers", hint=error.hint
        ) from error


def _whole(field: Field, number: float) -> int:
    if number != int(number):
        raise DefinitionError(f"'{field.name}' holds whole numbers, and not {number:g}")
    low, end = _range(field)
    if not low <= number < end:
        raise DefinitionError(f"'{field.name}' is of {field.dtype}, which cannot hold {number:g}")
    return int(number)


def _range(field: Field) -> tuple[int, int]:
    """The least whole number that a column can hold, and the first that is too large for it."""
    import numpy as np

    try:
        ends = np.iinfo(np.dtype(field.dtype.lower()))
    except (TypeError, ValueError):  # a name of Arrow's, say
        ends = np.iinfo(np.int64)
    return ends.min, min(ends.max, np.iinfo(np.int64).max) + 1


def typical(version: Version) -> dict[str, Value]:
    """What is typical of each column that a version takes, in its order.

    Of numbers and times it is the median (to the bins of the reference profile, whose ends are
    values that occurred), of the others the most frequent value.

    Raises:
        ModelError: The version takes no table, or what its reference looked like is not known.
    """
    profile, inputs = version.profile.inputs, table_inputs(version)
    return {field.name: _typical(field, profile[field.name]) for field in inputs.fields}


def table_inputs(version: Version) -> TableInputs:
    """The columns that a version takes.

    Raises:
        ModelError: It takes no table, or it is not known what it takes.
    """
    inputs = version.signature.inputs
    if not isinstance(inputs, TableInputs):
        raise ModelError(
            f"{version.name} takes no table, and tests in a table are of its columns",
            hint="Write its tests in Python.",
        )
    return inputs


def _typical(field: Field, profile: ColumnProfile) -> Value:
    import numpy as np

    anchors, counts = profile.anchors, profile.counts
    if isinstance(anchors, CategoryBins):
        if not anchors.labels:
            return None
        return anchors.labels[int(counts[: len(anchors.labels)].argmax())]
    assert isinstance(anchors, NumberBins)
    if not anchors.edges:
        return None
    within = counts[1:-2].cumsum()
    middle = anchors.edges[int(np.searchsorted(within, within[-1] / 2))]
    if field.kind == "time":
        return str(np.datetime64(round(middle * 1e6), "us"))
    return round(middle) if field.kind == "integer" else middle


def one_row(inputs: TableInputs, row: Mapping[str, Value]) -> Any:
    """A table of one row, exactly as the model takes it."""
    columns = [_column_document(field, row[field.name]) for field in inputs.fields]
    return read_data({"kind": "table", "library": inputs.library, "columns": columns})


def _column_document(field: Field, value: Value) -> dict[str, Any]:
    told: dict[str, Any] = {"name": field.name, "kind": field.kind, "dtype": field.dtype}
    if field.kind == "category":
        told["categories"] = list(field.categories or [value])
    return {**told, "cells": [None if value is None else values.encode(value)]}


def check_change(field: Field, change: Change) -> None:
    """Refuses a change that the column cannot take.

    Raises:
        DefinitionError: It is set to what it cannot hold, or computed and holds no numbers.
    """
    if change.operation == "=":
        value_of(field, change.value, comma=change.comma)
    elif field.kind not in ("number", "integer"):
        raise DefinitionError(
            f"'{field.name}' holds no numbers, and cannot be changed by "
            f"'{change.operation}{change.value}'",
            hint=f"To set just that, write {field.name}=={change.operation}{change.value}.",
        )


def changed(table: Any, changes: Sequence[Change], fields: Mapping[str, Field]) -> Any:
    """A table, as the model takes it, after changes that were checked; whole numbers are rounded.

    Args:
        table: n rows.
        changes: Of its columns.
        fields: What these are like, by name.
    """
    by_column = {change.column: change for change in changes}
    columns = [
        _changed(column, by_column[column.name], fields[column.name])
        if column.name in by_column
        else column
        for column in read_columns(table)
    ]
    dtypes = {name: field.dtype for name, field in fields.items()}
    return make_table(columns, table_library(table), dtypes, getattr(table, "index", None))


def _changed(column: Column, change: Change, field: Field) -> Column:
    import numpy as np

    if change.operation == "=":
        return _set(column, value_of(field, change.value, comma=change.comma))
    known = ~column.missing
    numbers = np.where(known, column.values, 0).astype(np.float64)
    moved = {
        "+": numbers + change.number,
        "-": numbers - change.number,
        "*": numbers * change.number,
    }[change.operation]
    if column.kind == "integer":
        return replace(column, values=_whole_numbers(field, np.where(known, np.rint(moved), 0)))
    return replace(column, values=np.where(known, moved, column.values))


def _whole_numbers(field: Field, numbers: NDArray[Any]) -> NDArray[Any]:
    """Computed numbers as a column holds them: none may come out at the other end of its range."""
    import numpy as np

    low, end = _range(field)
    outside = numbers[(numbers < low) | (numbers >= end)]
    if outside.size:
        raise ModelError(
            f"'{field.name}' is of {field.dtype}, which cannot hold {outside[0]:g}, as a row would "
            "be changed",
            hint="Say under 'where' which rows can be changed so.",
        )
    return numbers.astype(np.int64)


def _set(column: Column, value: Value) -> Column:
    import numpy as np

    rows = len(column)
    null = np.full(rows, NONE if value is None else PRESENT, np.uint8)
    if column.kind in ("text", "category"):
        labels = column.labels if column.kind == "category" else (str(value),)
        place = -1 if value is None else list(labels).index(value)
        return replace(column, values=np.full(rows, place, np.int64), null=null, labels=labels)
    if column.kind == "time":
        made = np.full(rows, "NaT" if value is None else value, column.values.dtype)
        return replace(column, values=made, null=null)
    if value is None and column.kind == "number":
        return replace(column, values=np.full(rows, np.nan), null=np.zeros(rows, np.uint8))
    filled: Any = 0 if value is None else value
    return replace(column, values=np.full(rows, filled, column.values.dtype), null=null)
