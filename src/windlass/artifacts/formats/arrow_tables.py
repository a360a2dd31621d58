"""pyarrow: tables, record batches and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrow_digest import field_text, one_piece, type_text, values_digest
from windlass.artifacts.formats.arrow_file import read_table, write_table
from windlass.artifacts.formats.table_facts import HEAD, arrow_facts, arrow_summary, rows_preview
from windlass.hashing import digest
from windlass.values import Json

if TYPE_CHECKING:
    import pyarrow as pa


class ArrowTableFormat(Format["pa.Table"]):
    """Tables as Arrow files, with the schema's metadata."""

    name = "arrow.table"
    types = ("pyarrow.lib.Table",)

    def write(self, value: pa.Table, sink: Sink) -> str:
        """Writes the chunks from their own memory."""
        write_table(value, sink)
        return table_content(self.name, value)

    def read(self, source: Source) -> pa.Table:
        """The table, over the memory of the stored file."""
        return read_table(source)[0]

    def summary(self, value: pa.Table) -> dict[str, Json]:
        """Rows, columns, bytes, and of each column type, nulls and range."""
        return arrow_summary(value)

    def preview(self, value: pa.Table) -> Preview:
        """The head as an HTML table."""
        return _preview(value)


class RecordBatchFormat(Format["pa.RecordBatch"]):
    """Record batches as Arrow files of one batch."""

    name = "arrow.batch"
    types = ("pyarrow.lib.RecordBatch",)

    def write(self, value: pa.RecordBatch, sink: Sink) -> str:
        """Writes the batch from its own memory."""
        write_table(_table(value), sink)
        return table_content(self.name, _table(value))

    def read(self, source: Source) -> pa.RecordBatch:
        """The batch, over the memory of the stored file."""
        import pyarrow as pa

        table, _ = read_table(source)
        if not table.num_columns and table.num_rows:  # of rows alone: its arrays tell no length
            return table.to_batches()[0]
        columns = [one_piece(column) for column in table.columns]
        return pa.RecordBatch.from_arrays(columns, schema=table.schema)

    def summary(self, value: pa.RecordBatch) -> dict[str, Json]:
        """Rows, columns, bytes, and of each column type, nulls and range."""
        return arrow_summary(_table(value))

    def preview(self, value: pa.RecordBatch) -> Preview:
        """The head as an HTML table."""
        return _preview(_table(value))


class ArrowArrayFormat(Format["pa.Array"]):
    """Arrays as Arrow files of one column."""

    name = "arrow.array"
    types: ClassVar[tuple[str, ...]] = ("pyarrow.lib.Array",)

    def write(self, value: pa.Array, sink: Sink) -> str:
        """Writes the values from their own memory."""
        write_table(_column(value), sink)
        return digest(self.name, type_text(value.type), values_digest(value))

    def read(self, source: Source) -> pa.Array:
        """The array, over the memory of the stored file."""
        return one_piece(read_table(source)[0].column(0))

    def summary(self, value: pa.Array) -> dict[str, Json]:
        """Length, bytes, type, nulls and range."""
        facts = arrow_facts(_column(value).column(0))
        return {"rows": len(value), "bytes": value.get_total_buffer_size(), **facts}

    def preview(self, value: pa.Array) -> Preview:
        """The head as an HTML table."""
        return _preview(_column(value))


class ChunkedArrayFormat(ArrowArrayFormat):
    """Chunked arrays as Arrow files of one column."""

    name = "arrow.chunked"
    types = ("pyarrow.lib.ChunkedArray",)

    def read(self, source: Source) -> Any:
        """The chunked array, over the memory of the stored file."""
        return read_table(source)[0].column(0)


def table_content(tag: str, table: pa.Table) -> str:
    """The digest of a table's schema, metadata and values, whatever the chunks."""
    fields = [field_text(field) for field in table.schema]
    metadata = [list(item) for item in sorted((table.schema.metadata or {}).items())]
    values = [values_digest(column) for column in table.columns]
    return digest(tag, table.num_rows, fields, metadata, values)


def _table(batch: pa.RecordBatch) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _column(array: pa.Array | pa.ChunkedArray) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_arrays([array], names=["values"])


def _preview(table: pa.Table) -> Preview:
    head = table.slice(0, HEAD)
    columns = [column.to_pylist() for column in head.columns]
    kinds = [str(field.type) for field in table.schema]
    return rows_preview(table.column_names, kinds, zip(*columns, strict=True), table.num_rows)
