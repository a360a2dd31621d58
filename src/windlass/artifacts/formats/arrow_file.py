"""Arrow IPC files as stored bytes: columns, and beside them a JSON document of our own.

Columns are written from their own memory, uncompressed, and mapped when read: measured on mixed
columns, compressing costs more time than the bytes that it saves. What has another length than
the columns, such as categories or column labels, is a *part*, kept in the file's metadata.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Sink, Source
from windlass.artifacts.formats.arrow_digest import one_piece, values_digest
from windlass.artifacts.formats.memory import open_memory
from windlass.errors import CorruptError, FormatError
from windlass.hashing import digest
from windlass.values import Json, to_text

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from windlass.artifacts.formats.memory import Bytes

DOCUMENT = b"windlass"
PART = b"windlass.part."
_ARROWS = "arrow."
_UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, NotImplementedError)


@dataclass
class Encoded:
    """A table in Arrow's terms.

    Args:
        document: What Arrow does not carry: dtypes, indexes, names.
        columns: Arrays of one length, each in one piece.
        parts: Arrays of any length.
        names: Names of the columns, for other readers of the file.
        memory: The stored bytes, if read: what the arrays point into.
    """

    document: dict[str, Json] = field(default_factory=dict)
    columns: list[pa.Array] = field(default_factory=list)
    parts: list[pa.Array] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    memory: Bytes | None = None

    def add_column(self, array: pa.Array | pa.ChunkedArray, name: str) -> int:
        """Adds a column; returns its number."""
        self.columns.append(one_piece(array))
        self.names.append(name)
        return len(self.columns) - 1

    def add_part(self, array: pa.Array | pa.ChunkedArray, _name: str = "") -> int:
        """Adds a part; returns its number."""
        self.parts.append(one_piece(array))
        return len(self.parts) - 1

    def digest(self, tag: str, *, dense: bool = False) -> str:
        """The digest of document and values, independent of the file's bytes."""
        columns = [values_digest(array, dense=dense) for array in self.columns]
        parts = [values_digest(array, dense=dense) for array in self.parts]
        return digest(tag, to_text(self.document), columns, parts)


class _Stream:
    """What pyarrow writes to: a sink with the manners of a file."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._at = 0
        self.closed = False

    def write(self, data: Any) -> int:
        size = self._sink.write(memoryview(data))
        self._at += size
        return size

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True


def write_encoded(encoded: Encoded, sink: Sink) -> None:
    """Writes columns, parts and document as one Arrow IPC file."""
    import pyarrow as pa

    metadata = {DOCUMENT: to_text(encoded.document).encode()}
    for number, part in enumerate(encoded.parts):
        metadata[PART + b"%d" % number] = _part_bytes(part)
    fields = [
        pa.field(name, array.type)
        for name, array in zip(encoded.names, encoded.columns, strict=True)
    ]
    batch = pa.RecordBatch.from_arrays(encoded.columns, schema=pa.schema(fields, metadata))
    write_table(pa.Table.from_batches([batch]), sink)


def write_table(table: pa.Table, sink: Sink, extensions: str = _ARROWS) -> None:
    """Writes a table as an Arrow IPC file, its chunks as they are.

    Args:
        table: What to write.
        sink: Where to.
        extensions: How the names of extension types begin that whoever reads the file will know,
            besides Arrow's own.

    Raises:
        FormatError: It has a type that Arrow cannot write to a file.
    """
    import pyarrow as pa

    for field_ in table.schema:
        check_type(field_.type, f"column '{field_.name}'", extensions)
    options = pa.ipc.IpcWriteOptions(unify_dictionaries=True)
    stream = pa.PythonFile(_Stream(sink), mode="w")
    with pa.ipc.new_file(stream, table.schema, options=options) as writer:
        writer.write_table(table)


def read_table(source: Source) -> tuple[pa.Table, Bytes]:
    """The table of an Arrow IPC file, and the memory that it points into.

    Raises:
        CorruptError: The bytes are not such a file.
    """
    import pyarrow as pa

    memory = open_memory(source)
    with _unaltered():
        reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(memory)))
        table = reader.read_all()
        table.validate()
    return table, memory


def read_encoded(source: Source) -> Encoded:
    """What `write_encoded` wrote, its arrays over the memory of the stored file.

    Raises:
        CorruptError: The bytes are not such a file.
    """
    table, memory = read_table(source)
    metadata: Mapping[bytes, bytes] = table.schema.metadata or {}
    with _unaltered():
        count = sum(1 for key in metadata if key.startswith(PART))
        parts = [_part_array(metadata[PART + b"%d" % number]) for number in range(count)]
        columns = [one_piece(column) for column in table.columns]
        document = json.loads(metadata.get(DOCUMENT, b"{}"))
    return Encoded(document, columns, parts, table.column_names, memory)


@contextlib.contextmanager
def _unaltered() -> Iterator[None]:
    """Says of whatever goes wrong while a file is read that its bytes are not what was written.

    Raises:
        CorruptError: Something went wrong.
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, LookupError, ValueError, RecursionError) as error:
        raise CorruptError(f"stored bytes are not an Arrow file: {error}") from error


@contextlib.contextmanager
def readable(library: str) -> Iterator[None]:
    """Says of whatever goes wrong while a table is made again that the bytes do not fit.

    Raises:
        FormatError: The table was written for another version of the library, or is damaged.
    """
    import pyarrow as pa

    try:
        yield
    except (*_UNREADABLE, pa.ArrowException) as error:
        raise FormatError(
            f"a stored table cannot be read by the {library} that is installed: {error}",
            hint=f"Install the {library} that wrote it, or run what made it again: --refresh",
        ) from error


def check_type(kind: pa.DataType, where: str, extensions: str = _ARROWS) -> None:
    """Refuses types that an Arrow file would not give back.

    Raises:
        FormatError: An extension type of another library, or a dictionary of dictionaries.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(kind, pa.BaseExtensionType):
        if not kind.extension_name.startswith((_ARROWS, extensions)):
            raise FormatError(
                f"{where} has the extension type '{kind.extension_name}', unknown to Arrow",
                hint="Cast it to its storage type.",
            )
        return
    if pt.is_dictionary(kind) and _holds_dictionary(kind.value_type):
        raise FormatError(
            f"{where} has a dictionary of dictionaries, which Arrow writes but does not read",
            hint="Decode the inner one with dictionary_decode().",
        )
    for child in _children(kind):
        check_type(child, where, extensions)


def _children(kind: Any) -> list[Any]:
    import pyarrow.types as pt

    if pt.is_dictionary(kind):
        return [kind.value_type]
    return [kind.field(index).type for index in range(kind.num_fields)]


def _holds_dictionary(kind: Any) -> bool:
    import pyarrow.types as pt

    return pt.is_dictionary(kind) or any(_holds_dictionary(child) for child in _children(kind))


def _part_bytes(part: pa.Array) -> bytes:
    import pyarrow as pa

    stream = pa.BufferOutputStream()
    table = pa.table({"part": part})
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return base64.b64encode(memoryview(stream.getvalue()))


def _part_array(data: bytes) -> pa.Array:
    import pyarrow as pa

    return one_piece(pa.ipc.open_stream(base64.b64decode(data)).read_all().column(0))


def over_memory(
    array: pa.Array, dtype: np.dtype[Any], memory: Bytes | None, null: Any = None
) -> NDArray[Any]:
    """The fixed-width values of an array as NumPy's, over the same memory if that may be written.

    Args:
        array: Values as wide as `dtype`.
        dtype: What they are in NumPy.
        memory: The private memory that the array may point into.
        null: What stands for a null.
    """
    import numpy as np

    count, buffer = len(array), array.buffers()[1]
    if count == 0 or buffer is None:
        return np.full(count, null, dtype) if count else np.empty(0, dtype)
    size, start = count * dtype.itemsize, array.offset * dtype.itemsize
    within = -1 if memory is None else buffer.address + start - memory.ctypes.data
    if memory is not None and 0 <= within <= memory.size - size:
        values = memory[within : within + size].view(dtype)
    else:
        values = np.frombuffer(buffer, np.uint8, size, start).view(dtype).copy()
    if array.null_count and null is not None:
        values[array.is_null().to_numpy(zero_copy_only=False)] = null
    return values
