"""Summaries and previews of tables, whichever library they are of."""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Preview
from windlass.artifacts.formats.arrays import array_range, plain_number
from windlass.artifacts.wording import text_of
from windlass.values import Json

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FIELDS = 50  # columns that a summary tells of
HEAD = 10  # rows that a preview shows
WIDE = 20  # columns that a preview shows
CELL = 80  # characters of a cell that a preview shows


def frame_summary(frame: pd.DataFrame) -> dict[str, Json]:
    """Rows, columns, bytes, index, and of each column dtype, nulls and range."""
    columns = range(min(frame.shape[1], FIELDS))
    return {
        "rows": len(frame),
        "columns": frame.shape[1],
        "bytes": int(frame.memory_usage(index=True).sum()),
        "index": index_text(frame.index),
        "fields": [
            {"name": short(frame.columns[number]), **series_facts(frame.iloc[:, number])}
            for number in columns
        ],
    }


def series_facts(series: pd.Series[Any] | pd.Index[Any]) -> dict[str, Json]:
    """Dtype, nulls and range of a series or an index."""
    import numpy as np
    import pandas as pd

    facts: dict[str, Json] = {"dtype": short(series.dtype)}
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return {**facts, "nulls": 0, **array_range(series.to_numpy())}
    missing = np.asarray(series.isna())
    nulls = int(missing.sum())
    facts["nulls"] = nulls
    if hasattr(series.dtype, "categories"):
        facts["categories"] = len(series.dtype.categories)
    elif _is_ordered(series.dtype) and nulls < len(series):
        known: Any = series[~missing] if nulls else series
        ends = {"min": known.min(), "max": known.max()}
        facts |= {name: plain_number(end) for name, end in ends.items() if not pd.isna(end)}
    return facts


def index_text(index: pd.Index[Any]) -> str:
    """Class and names of an index."""
    names = ", ".join(short(name) for name in index.names if name is not None)
    return f"{type(index).__name__}[{names}]" if names else type(index).__name__


def arrow_summary(table: pa.Table) -> dict[str, Json]:
    """Rows, columns, bytes, and of each column type, nulls and range."""
    return {
        "rows": table.num_rows,
        "columns": table.num_columns,
        "bytes": table.get_total_buffer_size(),
        "fields": [
            {"name": short(name), **arrow_facts(column)}
            for name, column in list(zip(table.column_names, table.columns, strict=True))[:FIELDS]
        ],
    }


def arrow_facts(column: pa.ChunkedArray) -> dict[str, Json]:
    """Type, nulls and range of an Arrow column."""
    import pyarrow.compute as pc
    import pyarrow.types as pt

    facts: dict[str, Json] = {"dtype": short(column.type), "nulls": column.null_count}
    kind = column.type
    if (pt.is_primitive(kind) or pt.is_decimal(kind)) and not pt.is_null(kind):
        try:
            ends = pc.min_max(column).as_py()
        except NotImplementedError:  # half floats, intervals
            return facts
        facts |= {end: plain_number(value) for end, value in ends.items() if value is not None}
    return facts


def pandas_preview(frame: pd.DataFrame) -> Preview:
    """The head of a data frame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # half floats are compared with what they cannot hold
            table = frame.head(HEAD).to_html(max_cols=WIDE, border=0, classes="windlass-table")
    except Exception:  # noqa: BLE001 (a year after 9999, or whatever a cell's own class may raise)
        table = "<p>pandas cannot print these values.</p>"
    return Preview("text/html", table + _size_note(*frame.shape))


def index_preview(index: pd.Index[Any]) -> Preview:
    """The head of an index."""
    names = ["" if name is None else text_of(name) for name in index.names]
    levels = [index.get_level_values(level)[:HEAD] for level in range(index.nlevels)]
    kinds = [str(level.dtype) for level in levels]
    return rows_preview(names, kinds, zip(*levels, strict=True), len(index))


def rows_preview(
    names: Sequence[str], kinds: Iterable[str], rows: Iterable[Sequence[Any]], length: int
) -> Preview:
    """The head of a table of another library, its types under its names."""
    head = _row("th", names) + _row("th", kinds)
    body = "".join(_row("td", row) for row in rows)
    table = f"<thead>{head}</thead><tbody>{body}</tbody>"
    page = f'<table class="windlass-table">{table}</table>'
    return Preview("text/html", page + _size_note(length, len(names)))


def _row(tag: str, cells: Iterable[Any]) -> str:
    shown = [html.escape(short(cell, CELL)) for cell in cells]
    more = [f"<{tag}>…</{tag}>"] if len(shown) > WIDE else []
    return "<tr>" + "".join([f"<{tag}>{cell}</{tag}>" for cell in shown[:WIDE]] + more) + "</tr>"


def _size_note(rows: int, columns: int) -> str:
    return f"<p>{rows:,} row{'s' * (rows != 1)} × {columns:,} column{'s' * (columns != 1)}</p>"


def short(value: object, limit: int = 200) -> str:
    """A value as text, cut to a length."""
    text = text_of(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_ordered(dtype: Any) -> bool:
    kind = getattr(dtype, "kind", "")
    return kind in "iufMm" and not str(dtype).startswith(("interval", "Sparse"))
