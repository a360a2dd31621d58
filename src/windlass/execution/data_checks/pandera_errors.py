"""What pandera says of a table, read as broken rules with their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from windlass.execution.data_checks.breaches import (
    MOST_EXAMPLES,
    Breach,
    Example,
    label_text,
    name_text,
    note_text,
    row_text,
    value_text,
)
from windlass.execution.data_checks.rows import examples_at, library_of
from windlass.execution.data_checks.truths import wrong_in
from windlass.pipeline.data_checks import name_of

_TYPE_RULES = ("DATATYPE_COERCION", "WRONG_DATATYPE")
_RULES = {
    "COLUMN_NOT_IN_DATAFRAME": ("required", "there is no such column"),
    "COLUMN_NOT_IN_SCHEMA": ("no other columns", "the schema does not know it"),
    "COLUMN_NOT_ORDERED": ("in the schema's order", "it stands elsewhere"),
    "SERIES_CONTAINS_NULLS": ("not null", ""),
    "SERIES_CONTAINS_DUPLICATES": ("unique", ""),
}


def breaches_of(error: Exception, table: Any) -> list[Breach]:
    """The rules that an error of pandera's tells of; none if it is another error."""
    if not any(cls.__module__ == "pandera.errors" for cls in type(error).__mro__):
        return []
    several = getattr(error, "schema_errors", None)
    if several is None:
        several = [error] if hasattr(error, "failure_cases") else []
    told = [(_reason(each), _column(each), each) for each in several]
    of_type = {column: reason for reason, column, _ in reversed(told) if reason in _TYPE_RULES}
    return [
        _breach(each, reason, column, table)
        for reason, column, each in told
        if not _follows(reason, of_type.get(column))
    ]


def is_broken(error: Exception) -> bool:
    """Whether a check of a schema itself raised an error."""
    return any(_reason(each) == "CHECK_ERROR" for each in getattr(error, "schema_errors", ()))


def _follows(reason: str, type_rule: str | None) -> bool:
    """Whether it is so only since the column is of another type, which is told already."""
    if reason == "CHECK_ERROR":
        return type_rule is not None
    return reason == "WRONG_DATATYPE" and type_rule == "DATATYPE_COERCION"


def _reason(error: Any) -> str:
    return str(getattr(getattr(error, "reason_code", None), "name", ""))


def _column(error: Any) -> str:
    cases, schema = error.failure_cases, error.schema
    if _reason(error).startswith("COLUMN_NOT_") and isinstance(cases, str):
        return name_text(cases)
    if _reason(error) == "DUPLICATES":
        return ", ".join(map(name_text, getattr(schema, "unique", None) or ()))
    if error.column_name is not None:
        return name_text(error.column_name)
    if not _is_whole(schema):
        return _level(cases) or name_text(getattr(schema, "name", None) or type(schema).__name__)
    is_typed = _reason(error) in _TYPE_RULES and library_of(cases) == "polars"
    return name_text(cases.columns[0]) if is_typed and cases.width == 1 else ""


def _level(cases: Any) -> str:
    """The level of an index that is told of beside its values."""
    is_told = library_of(cases) == "pandas" and "column" in cases and len(cases)
    return name_text(cases["column"].iloc[0]) if is_told else ""


def _is_whole(schema: Any) -> bool:
    return type(schema).__name__ == "DataFrameSchema"


def _breach(error: Any, reason: str, column: str, table: Any) -> Breach:
    if reason == "CHECK_ERROR":
        note = f"it could not be made: {note_text(str(error.failure_cases))}"
        return Breach(_rule(error), column, note=note, is_error=True)
    rule, note = _RULES.get(reason, ("", ""))
    if reason in _TYPE_RULES:
        rule, note = _type_rule(error, reason, column), _type_note(table, column)
    elif reason == "DUPLICATES":
        rule = "unique together"
    count, examples = _rows(error, table)
    if not rule and count is None:
        note = note_text(str(error)) if isinstance(error.check, str) else "it does not hold"
    return Breach(rule or _rule(error), column, count, examples, note)


def _rule(error: Any) -> str:
    """What must hold, in the words of a check."""
    check = error.check
    if check is None or isinstance(check, str):
        return note_text(check or _reason(error).lower().replace("_", " "))
    told = str(check.error or check.name or check)
    return name_of(check._check_fn) if told == "<lambda>" else note_text(told)  # noqa: SLF001


def _type_rule(error: Any, reason: str, column: str) -> str:
    found = re.search(r"\((.*)\)$", str(error.check))
    wanted = found[1].strip("'\"") if found else ""
    columns = getattr(error.schema, "columns", {})
    if column in columns:  # polars coerces all columns at once
        wanted = str(columns[column].dtype)
    return f"{'coerced to' if reason == 'DATATYPE_COERCION' else 'of type'} {wanted}".strip()


def _type_note(table: Any, column: str) -> str:
    """Of what type a column is."""
    if not hasattr(table, "columns"):
        return f"it is {getattr(table, 'dtype', type(table).__name__)}"
    names = {name_text(name): name for name in table.columns}
    if column not in names:
        return ""
    return f"it is {getattr(table[names[column]], 'dtype', 'of several types')}"


def _rows(error: Any, table: Any) -> tuple[int | None, tuple[Example, ...]]:
    """How many rows break a rule, and the first of them."""
    cases, wrong = error.failure_cases, _wrong(error.check_output)
    places = () if wrong is None else wrong.nonzero()[0]
    is_of_rows = wrong is not None and len(wrong) == len(table)  # a parser may have made others
    if is_of_rows and _is_whole(error.schema) and _reason(error) == "DATAFRAME_CHECK":
        return len(places), examples_at(table, places, getattr(table, "index", None))
    if library_of(cases) == "polars" and hasattr(cases, "iter_rows"):
        return max(len(places), cases.height), tuple(_of_polars(error, places))
    if library_of(cases) == "pandas" and {"index", "failure_case"} <= set(cases):
        return _of_pandas(cases, len(places))
    return None, ()


def _wrong(output: Any) -> Any:
    """Which rows a check says are wrong; None where it says something else."""
    is_polars = library_of(output) == "polars" and "check_output" in getattr(output, "columns", ())
    return wrong_in(output["check_output"] if is_polars else output)


def _of_polars(error: Any, places: Any) -> Iterator[Example]:
    cases, labels = error.failure_cases, iter(places)
    wanted = getattr(error.schema, "unique", None) if _reason(error) == "DUPLICATES" else None
    names = [name for name in wanted or cases.columns if name != "check_output"]
    for row in islice(cases.select(names).iter_rows(), MOST_EXAMPLES):
        told = value_text(row[0]) if len(row) == 1 else row_text(zip(names, row, strict=True))
        yield Example(str(next(labels, "")), "" if row == (None,) else told)


def _of_pandas(cases: Any, count: int) -> tuple[int, tuple[Example, ...]]:
    if "column" in cases and cases["column"].nunique() > 1:  # a line for each of several columns
        labels = cases["index"].drop_duplicates()
        by_row = ((label, cases[cases["index"] == label]) for label in labels.head(MOST_EXAMPLES))
        return len(labels), tuple(
            Example(
                label_text(label),
                row_text(zip(some["column"], some["failure_case"], strict=True)),
            )
            for label, some in by_row
        )
    first = cases.head(MOST_EXAMPLES)
    pairs = zip(first["index"], first["failure_case"], first["failure_case"].isna(), strict=True)
    return max(count, len(cases)), tuple(
        Example(label_text(label), "" if is_null else value_text(value))
        for label, value, is_null in pairs
    )
