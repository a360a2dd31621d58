"""What differs between two tables, of whichever library: schema, rows, and columns' distributions.

Arrow is what all of them are stored by, and so what is there wherever one can be read.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Table: TypeAlias = "Mapping[str, pa.ChunkedArray]"

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MOST_VALUES = 5
_LONGEST = 60
_CLOSE = 1e-12


def as_table(value: Any) -> Table | None:
    """The columns of a table by their names; None if the value is none."""
    pandas, polars, arrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(value, pandas.Series):
        value = value.to_frame("value" if value.name is None else value.name)
    if pandas is not None and isinstance(value, pandas.DataFrame):
        names = map(str, value.columns)
        return {name: _pandas_column(value.iloc[:, n]) for n, name in enumerate(names)}
    if polars is not None and isinstance(value, polars.DataFrame):
        value = value.to_arrow()
    if arrow is not None and isinstance(value, arrow.Table):
        return dict(zip(value.column_names, value.columns, strict=True))
    return None


def _pandas_column(series: Any) -> pa.ChunkedArray:
    import pyarrow as pa

    try:
        found = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):  # objects of any class
        found = pa.array([None if each is None else str(each) for each in series])
    return pa.chunked_array([found]) if isinstance(found, pa.Array) else found


def compare_tables(old: Table, new: Table) -> dict[str, Any]:
    """Rows, columns that came and went, and of each other column that differs, how.

    Returns:
        ``rows``, before and after; ``added`` and ``removed`` columns; ``columns``: each with
        ``name``, ``dtype``, ``nulls``, the statistics that differ, and ``cells``, how many cells
        differ, where both have as many rows.
    """
    rows = [_rows(old), _rows(new)]
    both = [name for name in old if name in new]
    compared = {name: _column(old[name], new[name]) for name in both}
    return {
        "rows": rows,
        "added": [name for name in new if name not in old],
        "removed": [name for name in old if name not in new],
        "columns": [{"name": name, **facts} for name, facts in compared.items() if facts],
    }


def _rows(table: Table) -> int:
    return max(map(len, table.values()), default=0)


def _column(old: pa.ChunkedArray, new: pa.ChunkedArray) -> dict[str, Any]:
    if old.equals(new):
        return {}
    told: dict[str, Any] = {"dtype": [str(old.type), str(new.type)], "cells": _cells(old, new)}
    if told["cells"] == 0 and old.type == new.type:
        return {}  # the same but for its nans, which are never equal
    facts = [_facts(old), _facts(new)]
    names = [name for name in facts[0] if name in facts[1]]
    differing = {
        n: [facts[0][n], facts[1][n]] for n in names if not _same(facts[0][n], facts[1][n])
    }
    return {**told, "statistics": differing}


def _cells(old: pa.ChunkedArray, new: pa.ChunkedArray) -> int | None:
    """How many cells differ; None where that cannot be told."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(old) != len(new) or old.type != new.type:
        return None
    try:
        other = pc.fill_null(pc.not_equal(old, new), False)
        if pa.types.is_floating(old.type):
            other = pc.and_(other, pc.invert(_both_nan(old, new)))
        other = pc.or_(other, pc.xor(pc.is_null(old), pc.is_null(new)))
        return int(pc.sum(other).as_py() or 0)
    except (pa.ArrowException, NotImplementedError):  # lists, structs
        return None


def _both_nan(old: pa.ChunkedArray, new: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.fill_null(pc.and_(pc.is_nan(old), pc.is_nan(new)), False)


def _facts(column: pa.ChunkedArray) -> dict[str, Any]:
    """Of numbers their mean, spread and quantiles; of others the most frequent values."""
    import pyarrow as pa
    import pyarrow.types as pt

    facts: dict[str, Any] = {"nulls": _nulls(column)}
    kind = column.type
    if pt.is_dictionary(kind):
        column = column.cast(kind.value_type)
    try:
        if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
            return facts | _numbers(column)
        if pt.is_temporal(kind):
            return facts | _moments(column)
        return facts | _values(column)
    except (pa.ArrowException, NotImplementedError):
        return facts


def _nulls(column: pa.ChunkedArray) -> int:
    import pyarrow.compute as pc

    return int(pc.sum(pc.is_null(column, nan_is_null=True)).as_py() or 0)


def _numbers(column: pa.ChunkedArray) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    known = column.cast(pa.float64())
    known = known.filter(pc.is_finite(known))
    quantiles = pc.quantile(known, q=list(_QUANTILES)).to_pylist()
    return {
        "mean": pc.mean(known).as_py(),
        "std": pc.stddev(known).as_py(),
        "min": pc.min(known).as_py(),
        **{f"{q:.0%}": each for q, each in zip(_QUANTILES, quantiles, strict=True)},
        "max": pc.max(known).as_py(),
    }


def _moments(column: pa.ChunkedArray) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.min_max(column).as_py()
    whole = pa.int32() if column.type.bit_width == 32 else pa.int64()
    middle = pc.quantile(column.cast(whole), q=0.5, interpolation="lower").cast(column.type)
    return {"min": _text(ends["min"]), "50%": _text(middle[0]), "max": _text(ends["max"])}


def _values(column: pa.ChunkedArray) -> dict[str, Any]:
    import pyarrow.compute as pc

    counts = [(each["values"].as_py(), each["counts"].as_py()) for each in pc.value_counts(column)]
    counts.sort(key=lambda pair: (-pair[1], str(pair[0])))
    most = [[_text(value), count] for value, count in counts[:_MOST_VALUES] if value is not None]
    return {"distinct": len(counts), "most": most}


def _text(value: object) -> str:
    return str(value)[:_LONGEST]


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(old == new)
