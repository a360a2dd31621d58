"""polars: data frames and series, exact to the dtype."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrays import plain_number
from windlass.artifacts.formats.arrow_digest import values_digest
from windlass.artifacts.formats.arrow_file import DOCUMENT, read_table, readable, write_table
from windlass.artifacts.formats.polars_dtypes import decode_dtype, encode_dtype, storable_dtype
from windlass.artifacts.formats.table_facts import FIELDS, HEAD, rows_preview, short
from windlass.errors import FormatError
from windlass.hashing import digest
from windlass.values import Json, to_text

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


class PolarsFrameFormat(Format["pl.DataFrame"]):
    """Data frames as Arrow files."""

    name = "polars.frame"
    types = ("polars.dataframe.frame.DataFrame",)

    def accepts(self, value: object) -> bool:
        """Whether this is a data frame, and not a subclass that adds to it."""
        import polars as pl

        return type(value) is pl.DataFrame

    def write(self, value: pl.DataFrame, sink: Sink) -> str:
        """Writes the columns, categories as dictionaries."""
        table = encode_frame(value)
        write_table(table, sink)
        return frame_content(self.name, table)

    def read(self, source: Source) -> pl.DataFrame:
        """The data frame, over the memory of the stored file where polars has Arrow's layout."""
        table, _ = read_table(source)
        with readable("polars"):
            return decode_frame(table)

    def summary(self, value: pl.DataFrame) -> dict[str, Json]:
        """Rows, columns, bytes, and of each column dtype, nulls and range."""
        return {
            "rows": value.height,
            "columns": value.width,
            "bytes": int(value.estimated_size()),
            "fields": [
                {"name": short(column.name), **_facts(column)}
                for column in value.get_columns()[:FIELDS]
            ],
        }

    def preview(self, value: pl.DataFrame) -> Preview:
        """The head as an HTML table."""
        kinds = [str(dtype) for dtype in value.dtypes]
        return rows_preview(value.columns, kinds, value.head(HEAD).rows(), value.height)


class PolarsSeriesFormat(Format["pl.Series"]):
    """Series as Arrow files of one column."""

    name = "polars.series"
    types = ("polars.series.series.Series",)

    def accepts(self, value: object) -> bool:
        """Whether this is a series, and not a subclass that adds to it."""
        import polars as pl

        return type(value) is pl.Series

    def write(self, value: pl.Series, sink: Sink) -> str:
        """Writes the values."""
        table = encode_frame(value.to_frame())
        write_table(table, sink)
        return frame_content(self.name, table)

    def read(self, source: Source) -> pl.Series:
        """The series."""
        table, _ = read_table(source)
        with readable("polars"):
            return decode_frame(table).to_series()

    def summary(self, value: pl.Series) -> dict[str, Json]:
        """Rows, name, bytes, dtype, nulls and range."""
        facts = _facts(value)
        size = int(value.estimated_size())
        return {"rows": len(value), "name": short(value.name), "bytes": size, **facts}

    def preview(self, value: pl.Series) -> Preview:
        """The head as an HTML table."""
        rows = [[cell] for cell in value.head(HEAD).to_list()]
        return rows_preview([value.name], [str(value.dtype)], rows, len(value))


class LazyFrameFormat(Format["pl.LazyFrame"]):
    """Lazy frames are refused: they are a plan to compute something, not the thing."""

    name = "polars.lazy"
    types = ("polars.lazyframe.frame.LazyFrame",)

    def write(self, value: pl.LazyFrame, sink: Sink) -> None:  # noqa: ARG002 - nothing to write
        """Refuses."""
        raise FormatError(
            "a polars LazyFrame is not data yet, and cannot be stored",
            hint="Return its collect() instead.",
        )

    def read(self, source: Source) -> pl.LazyFrame:  # noqa: ARG002 - nothing to read
        """Refuses: nothing was ever written."""
        raise FormatError("a polars LazyFrame is never stored")


def encode_frame(frame: pl.DataFrame) -> pa.Table:
    """A data frame as an Arrow table, its dtypes in the metadata.

    Raises:
        FormatError: A column, named, cannot be stored.
    """
    import polars as pl
    import pyarrow as pa

    document: list[Json] = []
    columns: dict[str, pl.Series] = {}
    for column in frame.get_columns():
        try:
            document.append([column.name, encode_dtype(column.dtype)])
        except FormatError as error:
            raise FormatError(f"column {column.name!r}: {error.message}", hint=error.hint) from None
        storable: Any = storable_dtype(column.dtype)
        columns[column.name] = column if storable == column.dtype else column.cast(storable)
    # Arrow's first layouts: text lies together there, and not strewn over what it was cut from.
    oldest = pl.CompatLevel.oldest()
    try:
        table = pl.DataFrame(columns).to_arrow(compat_level=oldest)
    except pa.ArrowException as error:
        raise FormatError(f"a polars frame cannot be stored: {error}") from error
    rows_alone = frame.height if not columns and frame.height else None
    text = to_text(document if rows_alone is None else rows_alone)
    return table.replace_schema_metadata({DOCUMENT: text.encode()})


def decode_frame(table: pa.Table) -> pl.DataFrame:
    """The data frame that `encode_frame` was given."""
    import polars as pl

    document = json.loads(table.schema.metadata[DOCUMENT])
    if isinstance(document, int):  # rows without a column
        return pl.DataFrame(height=document)
    # Numbered meanwhile: to a column without a name polars gives one, which another may have.
    numbered = table.rename_columns([str(number) for number in range(table.num_columns)])
    read: Any = pl.from_arrow(numbered.replace_schema_metadata(None))
    columns = {}
    for column, (name, spec) in zip(read.get_columns(), document, strict=True):
        dtype = decode_dtype(spec)
        columns[name] = column if column.dtype == dtype else column.cast(dtype)
    return pl.DataFrame(columns)


def frame_content(tag: str, table: pa.Table) -> str:
    """The digest of names, dtypes and values; of categories their text, which codes only point to.

    polars' codes depend on what else the process has seen.
    """
    values = [values_digest(column, dense=True) for column in table.columns]
    return digest(tag, table.schema.metadata[DOCUMENT], values)


def _facts(column: pl.Series) -> dict[str, Json]:
    nulls = column.null_count()
    facts: dict[str, Json] = {"dtype": short(column.dtype), "nulls": nulls}
    ordered = column.dtype.is_numeric() or column.dtype.is_temporal()
    if ordered and nulls < len(column):
        facts |= {"min": plain_number(column.min()), "max": plain_number(column.max())}
    return facts
