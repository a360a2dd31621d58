"""Data frames, series, indexes and arrays of pandas in Arrow's terms, and back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass import values
from windlass.artifacts.formats.arrow_file import Encoded
from windlass.artifacts.formats.pandas_cells import cell_text, cell_value, encode_freq
from windlass.artifacts.formats.pandas_values import (
    decode_array,
    decode_index,
    encode_array,
    encode_index,
)
from windlass.artifacts.wording import text_of, words_for
from windlass.errors import FormatError
from windlass.values import Json

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray

CONSOLIDATED = 64  # columns from which pandas is better off with one block a dtype than none


def encode_frame(frame: pd.DataFrame) -> Encoded:
    """A data frame: its columns, its index, and a document for all else.

    Raises:
        FormatError: A column, named, cannot be stored.
    """
    out = Encoded()
    fields: list[Json] = []
    for number, label in enumerate(frame.columns):
        array, spec = encode_array(
            frame.iloc[:, number].array, out, f"column {words_for(label, 200)}"
        )
        out.add_column(array, text_of(label))
        fields.append(spec)
    out.document = {
        "pandas": "frame",
        "fields": fields,
        "index": encode_index(frame.index, out, out.add_column, "index"),
        "columns": encode_index(frame.columns, out, out.add_part, "column labels"),
        **_extras(frame),
    }
    return out


def decode_frame(source: Encoded) -> pd.DataFrame:
    """The data frame that `encode_frame` was given."""
    import pandas as pd

    document: Any = source.document
    index = decode_index(document["index"], source, source.columns)
    columns: dict[int, Any] = {
        number: _column(decode_array(source.columns[number], spec, source), index)
        for number, spec in enumerate(document["fields"])
    }
    copy = True if len(columns) > CONSOLIDATED else False  # noqa: SIM210 - None means another thing
    frame = pd.DataFrame(columns, index=index, copy=copy)
    frame.columns = decode_index(document["columns"], source, source.parts)
    _restore(frame, document)
    return frame


def encode_series(series: pd.Series[Any]) -> Encoded:
    """A series: its values, its index, and a document for all else.

    Raises:
        FormatError: The values or the index cannot be stored.
    """
    out = Encoded()
    array, spec = encode_array(series.array, out, f"series {words_for(series.name, 200)}")
    out.add_column(array, text_of(series.name))
    out.document = {
        "pandas": "series",
        "field": spec,
        "name": cell_text(series.name),
        "index": encode_index(series.index, out, out.add_column, "index"),
        **_extras(series),
    }
    return out


def decode_series(source: Encoded) -> pd.Series[Any]:
    """The series that `encode_series` was given."""
    import pandas as pd

    document: Any = source.document
    index = decode_index(document["index"], source, source.columns)
    values_ = decode_array(source.columns[0], document["field"], source)
    name = cell_value(document["name"])
    series: Any = pd.Series(values_, index, dtype=values_.dtype, name=name, copy=False)
    _restore(series, document)
    return series  # type: ignore[no-any-return]


def encode_only_index(index: pd.Index[Any]) -> Encoded:
    """An index by itself.

    Raises:
        FormatError: It cannot be stored.
    """
    out = Encoded()
    out.document = {"pandas": "index", "index": encode_index(index, out, out.add_column, "index")}
    return out


def decode_only_index(source: Encoded) -> pd.Index[Any]:
    """The index that `encode_only_index` was given."""
    document: Any = source.document
    return decode_index(document["index"], source, source.columns)


def encode_only_array(array: ExtensionArray) -> Encoded:
    """An array by itself.

    Raises:
        FormatError: It cannot be stored.
    """
    out = Encoded()
    column, spec = encode_array(array, out, f"a {type(array).__name__}")
    out.add_column(column, "values")
    # From pandas 3 on, an index alone has a frequency.
    freq = encode_freq(getattr(array, "freq", None), "an array") if _is_time(array) else None
    out.document = {"pandas": "array", "field": spec, "freq": freq}
    return out


def decode_only_array(source: Encoded) -> ExtensionArray:
    """The array that `encode_only_array` was given."""
    import pandas as pd

    document: Any = source.document
    found = decode_array(source.columns[0], document["field"], source)
    series: Any = pd.Series(
        found, dtype=found.dtype, copy=False
    )  # its array, if NumPy's, is theirs
    if document["freq"] is None:
        return series.array  # type: ignore[no-any-return]
    index: Any = pd.Index(series.array, copy=False)
    index.freq = document["freq"]
    return index.array  # type: ignore[no-any-return]


def _is_time(array: Any) -> bool:
    import pandas as pd

    return isinstance(array, pd.arrays.DatetimeArray | pd.arrays.TimedeltaArray)


def _column(array: Any, index: pd.Index[Any]) -> Any:
    """A column that a frame takes as it is: pandas would look for text among objects."""
    import pandas as pd

    if array.dtype != object:
        return array
    return pd.Series(array, index, dtype=object, copy=False)


def _extras(value: Any) -> dict[str, Json]:
    try:
        attrs = values.encode(dict(value.attrs))
    except FormatError as error:
        raise FormatError(f"the attrs of a {type(value).__name__}: {error.message}") from error
    return {"attrs": attrs, "unique": not value.flags.allows_duplicate_labels}


def _restore(value: Any, document: Any) -> None:
    value.attrs = values.decode(document["attrs"])
    if document["unique"]:
        value.flags.allows_duplicate_labels = False
