"""Columns of Arrow and polars, read and made again to the type."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from windlass.errors import FormatError
from windlass.models.tables.column import PRESENT, Column, hint_for, of_labels, of_numbers, unfit

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa


def read_arrow(array: Any, name: str, dtype: str | None = None) -> Column:
    """The column of an Arrow array, chunked or not.

    Raises:
        ModelError: It holds what no model takes.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
        array = array if isinstance(array, pa.Array) else pa.concat_arrays(array.chunks)
    kind = array.type
    text = dtype or str(kind)
    if pt.is_dictionary(kind):
        return _read_dictionary(array, name, "category", text)
    if (
        pt.is_string(kind)
        or pt.is_large_string(kind)
        or pt.is_string_view(kind)
        or pt.is_null(kind)
    ):
        plain = array.cast(pa.large_string())
        return _read_dictionary(plain.dictionary_encode(), name, "text", text)
    if pt.is_decimal(kind):
        array = array.cast(pa.float64())
    elif pt.is_date32(kind):
        array = array.cast(pa.timestamp("s"))
    elif pt.is_date64(kind):
        array = array.cast(pa.timestamp("ms"))
    elif not (
        pt.is_boolean(kind) or pt.is_timestamp(kind) or pt.is_integer(kind) or pt.is_floating(kind)
    ):
        raise unfit(name, f"is of the type {kind}", _hint(kind))
    return _read_plain(array, name, text)


def _read_plain(array: pa.Array, name: str, dtype: str) -> Column:
    import numpy as np

    null = array.is_null().to_numpy(zero_copy_only=False)
    if str(array.type).startswith("timestamp"):
        import pyarrow as pa

        moments = array.cast(pa.timestamp(array.type.unit)).to_numpy(zero_copy_only=False)
        return of_numbers(name, dtype, moments)
    if null.any():
        array = array.fill_null(False if str(array.type) == "bool" else 0)
    return of_numbers(name, dtype, np.asarray(array.to_numpy(zero_copy_only=False)), null)


def _read_dictionary(array: pa.DictionaryArray, name: str, kind: Any, dtype: str) -> Column:
    """Labels are those that occur, in order: a dictionary declares none."""
    import numpy as np

    places = np.asarray(array.indices.cast("int64").fill_null(-1))
    column = of_labels(name, kind, dtype, places, array.dictionary.to_pylist())
    if kind == "text":
        return column
    used = [label for label, count in zip(column.labels, column.counts(), strict=True) if count]
    return column.with_labels(sorted(used, key=lambda each: (type(each).__name__, each)))


def _hint(kind: pa.DataType) -> str | None:
    import pyarrow.types as pt

    if pt.is_nested(kind):
        return "Spread it over columns."
    if pt.is_duration(kind):
        return hint_for("m")
    if pt.is_time(kind):
        return "Make it a number: seconds since midnight."
    return "Make it text or numbers."


def make_arrow(column: Column, dtype: str) -> pa.Array:
    """The Arrow array that a column is in a type.

    Args:
        column: Of a kind that the type can hold.
        dtype: As Arrow tells it.
    """
    import pyarrow as pa

    kind = _type_of(dtype)
    if pa.types.is_null(kind):
        return pa.nulls(len(column))
    mask = column.null != PRESENT
    if column.kind in ("category", "text"):
        labels = pa.array(list(column.labels) or [], None if column.labels else pa.string())
        made = pa.DictionaryArray.from_arrays(pa.array(column.values, mask=mask), labels)
        plain = made.dictionary_decode()
        if pa.types.is_dictionary(kind):
            return plain.cast(kind.value_type).dictionary_encode().cast(kind)
        return plain.cast(kind)
    made = pa.array(column.values, mask=mask, from_pandas=False)
    if column.kind == "time" and getattr(kind, "tz", None):
        made = made.cast(pa.timestamp(made.type.unit, kind.tz))
    return made.cast(kind, safe=False)


_TIMESTAMP = re.compile(r"timestamp\[(?P<unit>\w+), tz=(?P<tz>.+)\]")
_DICTIONARY = re.compile(
    r"dictionary<values=(?P<of>\w+), indices=(?P<indices>\w+), ordered=(?P<ordered>[01])>"
)
_DECIMAL = re.compile(r"decimal(?P<bits>\d+)\((?P<precision>\d+), (?P<scale>-?\d+)\)")
_DATES = {"date32[day]": "date32", "date64[ms]": "date64"}


def _type_of(text: str) -> pa.DataType:
    """The type that Arrow tells so."""
    import pyarrow as pa

    if found := _TIMESTAMP.fullmatch(text):
        return pa.timestamp(found["unit"], found["tz"])
    if found := _DICTIONARY.fullmatch(text):
        of, indices = _type_of(found["of"]), _type_of(found["indices"])
        return pa.dictionary(indices, of, ordered=found["ordered"] == "1")
    if found := _DECIMAL.fullmatch(text):
        make = getattr(pa, f"decimal{found['bits']}")
        return make(int(found["precision"]), int(found["scale"]))
    return pa.type_for_alias(_DATES.get(text, text))


def read_polars(series: pl.Series, name: str) -> Column:
    """The column of a series of polars.

    Raises:
        ModelError: It holds what no model takes.
    """
    import numpy as np
    import polars as pl

    text = polars_text(series.dtype, name)
    if isinstance(series.dtype, pl.Enum):
        labels = series.dtype.categories.to_list()
        places = series.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return of_labels(name, "category", text, np.asarray(places), labels)
    return read_arrow(series.to_arrow(), name, text)


def make_polars(column: Column, dtype: str) -> pl.Series:
    """The series of polars that a column is in a dtype."""
    import polars as pl
    import pyarrow as pa

    from windlass.artifacts.formats.polars_dtypes import decode_dtype

    if dtype == "Enum":
        plain = column.with_labels(column.labels)
        made: Any = pl.Series(column.name, plain.cells(), pl.Enum([str(x) for x in column.labels]))
        return made  # type: ignore[no-any-return]
    known = decode_dtype(json.loads(dtype) if dtype.startswith("[") else dtype)
    if column.kind in ("category", "text"):
        return pl.Series(column.name, column.cells(), pl.String).cast(known)
    array = pa.array(column.values, mask=column.null != PRESENT, from_pandas=False)
    plain_series: Any = pl.from_arrow(array)
    if getattr(known, "time_zone", None):
        plain_series = plain_series.dt.replace_time_zone("UTC")
    return plain_series.cast(known).alias(column.name)  # type: ignore[no-any-return]


def polars_text(dtype: pl.DataType, name: str) -> str:
    """A dtype of polars as a text of which `make_polars` makes it again.

    Raises:
        ModelError: It holds Python objects.
    """
    from windlass.artifacts.formats.polars_dtypes import encode_dtype

    try:
        document = encode_dtype(dtype)
    except FormatError as error:
        raise unfit(name, f"is of the dtype {dtype}", error.hint) from None
    if isinstance(document, list) and document[0] == "Enum":
        return "Enum"  # its categories stand beside it
    return document if isinstance(document, str) else json.dumps(document)
