"""Rows of tables, series and arrays: which of them, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from windlass.execution.data_checks.breaches import (
    MOST_EXAMPLES,
    Example,
    label_text,
    row_text,
    value_text,
)


def library_of(value: Any) -> str:
    """The library of a value's class: ``pandas``, ``polars``, ``numpy``; that of a base counts."""
    tops = (cls.__module__.partition(".")[0] for cls in type(value).__mro__)
    return next((top for top in tops if top in ("pandas", "polars", "numpy")), "")


def is_table(value: Any) -> bool:
    """Whether it has rows of several columns."""
    return library_of(value) in ("pandas", "polars") and hasattr(value, "columns")


def count_rows(value: Any) -> int | None:
    """How many rows it has; None if it has none, or they are not known yet."""
    if library_of(value) == "" or type(value).__name__ == "LazyFrame":
        return None
    return len(value) if getattr(value, "shape", ()) else None


def protected(value: Any) -> Any:
    """A value that can be changed without changing this one, as far as that is cheap.

    Tables are copied when they are written to, and no sooner where their library can do that;
    arrays are not to be written to.
    """
    library = library_of(value)
    if library == "pandas" and hasattr(value, "copy"):
        return value.copy(deep=not _copies_on_write())
    if library == "polars" and hasattr(value, "clone"):
        return value.clone()
    if library == "numpy" and hasattr(value, "flags"):
        view = value.view()
        view.flags.writeable = False
        return view
    if type(value) in (list, tuple):
        return type(value)(map(protected, value))
    return {k: protected(v) for k, v in value.items()} if type(value) is dict else value


def _copies_on_write() -> bool:
    import pandas as pd

    return int(pd.__version__.partition(".")[0]) >= 3 or pd.options.mode.copy_on_write is True


def examples_at(value: Any, places: Any, labels: Any = None) -> tuple[Example, ...]:
    """The first of some rows.

    Args:
        value: What has the rows: a table, a series, an array, a list.
        places: Their places in it.
        labels: By place, what they are called; else by their places.
    """
    return tuple(
        Example(str(place) if labels is None else label_text(labels[place]), _text_at(value, place))
        for place in map(int, islice(places, MOST_EXAMPLES))
    )


def _text_at(value: Any, place: int) -> str:
    if is_table(value):
        return row_text(_fields(value, place))
    located = value.iloc if library_of(value) == "pandas" else value
    return value_text(located[place])


def _fields(table: Any, place: int) -> Iterator[tuple[Any, Any]]:
    if library_of(table) == "polars":
        return iter(table.row(place, named=True).items())
    return ((name, table.iloc[place, at]) for at, name in enumerate(table.columns))
