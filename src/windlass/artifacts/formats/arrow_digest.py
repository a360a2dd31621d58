"""Digests of Arrow values by what they mean, not by how they lie in memory.

Arrow leaves much open: how many chunks a column has, where in a larger buffer it begins, what
stands in the slots of nulls and in padding, whether offsets have 32 or 64 bits. None of it is part
of the value. What is hashed is, for each column: its length; which values are null, unless none
is; then for numbers their bytes, with zeros for nulls and one NaN for all; for text and binary the
lengths and the bytes; for lists the lengths and the items; for dictionaries the codes and the
categories. The type is hashed beside it, where `type_text` gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from windlass.artifacts.formats.memory import bytes_of
from windlass.hashing import Hasher, digest_bytes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

_TEXT = {"string", "large_string", "string_view", "binary", "large_binary", "binary_view"}
"""By name, since older pyarrow has no views to ask for."""

Feed: TypeAlias = "Callable[[_Feeder, Any], None]"


def values_digest(array: pa.Array | pa.ChunkedArray, *, dense: bool = False) -> str:
    """The digest of the values of a column, independent of chunks, offsets and padding.

    Args:
        array: The values, in one piece or several.
        dense: Whether dictionaries are only a way to store, and their order means nothing.
    """
    feeder = _Feeder(dense)
    feeder.feed(one_piece(array))
    return feeder.hasher.hexdigest()


def one_piece(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The values in one array; copied only if they lie in several, and of one dictionary."""
    import pyarrow as pa

    if not isinstance(array, pa.ChunkedArray):
        return array
    if array.num_chunks == 1:
        return array.chunk(0)
    return pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)


def type_text(kind: pa.DataType) -> str:
    """A type in words of our own, fields with their names, nullability and metadata."""
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(kind, pa.BaseExtensionType):
        return f"{kind.extension_name}[{type_text(kind.storage_type)}]"
    if pt.is_dictionary(kind):
        order = "ordered" if kind.ordered else "unordered"
        return f"dictionary[{type_text(kind.index_type)},{type_text(kind.value_type)},{order}]"
    if pt.is_run_end_encoded(kind):
        return f"run_ends[{type_text(kind.run_end_type)},{type_text(kind.value_type)}]"
    if kind.num_fields == 0:
        return str(kind)
    name = str(kind).partition("<")[0]
    fields = ",".join(field_text(kind.field(index)) for index in range(kind.num_fields))
    return f"{name}{_nested_details(kind)}[{fields}]"


def field_text(field: pa.Field) -> str:
    """A field in words: name, type, nullability, metadata in the order of its keys."""
    metadata = sorted((field.metadata or {}).items())
    null = "" if field.nullable else " not null"
    return f"{field.name!r}:{type_text(field.type)}{null}{metadata or ''}"


def _nested_details(kind: Any) -> str:
    import pyarrow.types as pt

    if pt.is_fixed_size_list(kind):
        return f"({kind.list_size})"
    if pt.is_map(kind):
        return "(sorted)" if kind.keys_sorted else ""
    return f"({kind.mode},{kind.type_codes})" if pt.is_union(kind) else ""


class _Feeder:
    """Feeds the values of an array, and of the arrays in it, to one hasher."""

    def __init__(self, dense: bool) -> None:
        self.hasher = Hasher("arrow-values")
        self.dense = dense

    def feed(self, array: Any) -> None:
        import pyarrow as pa

        if isinstance(array.type, pa.BaseExtensionType):
            array = array.storage
        self.hasher.add(len(array))
        _feed_of(array.type)(self, array)

    def nothing(self, array: Any) -> None:
        """A column of nulls alone is told by its length."""

    def fixed(self, array: Any) -> None:
        """Values of one width each."""
        import numpy as np

        mask = self._nulls(array)
        width = array.type.bit_width // 8
        if not len(array) or not width:
            return
        data = np.frombuffer(array.buffers()[1], np.uint8, len(array) * width, array.offset * width)
        items = _one_nan(data.view(f"f{width}")) if _is_float(array.type) else data
        if mask is not None:
            items = items.view(np.uint8).reshape(-1, width).copy()
            items[mask] = 0
        self._bytes(items)

    def boolean(self, array: Any) -> None:
        import pyarrow as pa

        self.fixed(array.cast(pa.uint8()))

    def text(self, array: Any) -> None:
        import numpy as np
        import pyarrow as pa

        mask = self._nulls(array)
        if not len(array):
            return
        array = array.cast(pa.large_binary())
        lengths = np.diff(_offsets(array))
        if mask is not None and lengths[mask].any():  # bytes that belong to no value
            array = array.fill_null(b"")
            lengths = np.diff(_offsets(array))
        first, last = _offsets(array)[[0, -1]]
        body = np.frombuffer(array.buffers()[2] or b"", np.uint8)[first:last]
        self._bytes(lengths)
        self._bytes(body)

    def lists(self, array: Any) -> None:
        """Lists of every kind: flattening leaves out what stands under a null."""
        import numpy as np
        import pyarrow.compute as pc

        self._nulls(array)
        lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy()
        self._bytes(lengths.astype(np.int64))
        self.feed(array.flatten())

    def map(self, array: Any) -> None:
        import pyarrow as pa

        entry = pa.struct([array.type.key_field, array.type.item_field])
        self.lists(array.cast(pa.list_(pa.field("entries", entry, nullable=False))))

    def struct(self, array: Any) -> None:
        """Fields, each with the struct's nulls added to its own."""
        self._nulls(array)
        for child in array.flatten():
            self.feed(child)

    def union(self, array: Any) -> None:
        """Type codes, and of every field the values that are chosen, in order.

        The buffers are read here: pyarrow's own properties forget where a slice begins.
        """
        import numpy as np
        import pyarrow as pa

        if not len(array):
            return
        buffers = array.buffers()
        codes = np.frombuffer(buffers[1], np.int8, len(array), array.offset)
        self._bytes(codes)
        places = np.arange(len(array))
        if array.type.mode == "dense":
            places = np.frombuffer(buffers[2], np.int32, len(array), array.offset * 4)
        for index, code in enumerate(array.type.type_codes):
            self.feed(array.field(index).take(pa.array(places[codes == code])))

    def dictionary(self, array: Any) -> None:
        """Codes and categories, used or not; the values alone where order means nothing."""
        if self.dense:
            self.feed(array.dictionary_decode())
        else:
            self.feed(array.indices)
            self.feed(array.dictionary)

    def run_ends(self, array: Any) -> None:
        import pyarrow.compute as pc

        self.feed(pc.run_end_decode(array))

    def _nulls(self, array: Any) -> NDArray[np.bool_] | None:
        if array.null_count == 0:
            self.hasher.add(None)
            return None
        mask: NDArray[np.bool_] = array.is_null().to_numpy(zero_copy_only=False)
        self._bytes(mask)
        return mask

    def _bytes(self, items: NDArray[Any]) -> None:
        self.hasher.add(digest_bytes(bytes_of(items).data))


def _feed_of(kind: Any) -> Feed:
    import pyarrow.types as pt

    feeds: list[tuple[Callable[[Any], Any], Feed]] = [
        (pt.is_null, _Feeder.nothing),
        (pt.is_boolean, _Feeder.boolean),
        (pt.is_dictionary, _Feeder.dictionary),
        (pt.is_struct, _Feeder.struct),
        (pt.is_map, _Feeder.map),
        (pt.is_union, _Feeder.union),
        (pt.is_run_end_encoded, _Feeder.run_ends),
        (_is_text, _Feeder.text),
        (lambda kind: kind.num_fields > 0, _Feeder.lists),
    ]
    return next((feed for matches, feed in feeds if matches(kind)), _Feeder.fixed)


def _is_text(kind: Any) -> bool:
    return str(kind) in _TEXT


def _is_float(kind: Any) -> bool:
    import pyarrow.types as pt

    return bool(pt.is_floating(kind))


def _one_nan(items: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    nan = np.isnan(items)
    return np.where(nan, items.dtype.type(np.nan), items) if nan.any() else items


def _offsets(array: Any) -> NDArray[np.int64]:
    import numpy as np

    return np.frombuffer(array.buffers()[1], np.int64, len(array) + 1, array.offset * 8)
