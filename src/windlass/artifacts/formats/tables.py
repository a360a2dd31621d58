"""pandas: data frames, series, indexes, arrays and scalars, exact to dtype, index, zone and NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from windlass.artifacts.format import Format, Preview, Sink, Source
from windlass.artifacts.formats.arrow_file import read_encoded, readable, write_encoded
from windlass.artifacts.formats.pandas_cells import cell_text, cell_value
from windlass.artifacts.formats.pandas_tables import (
    decode_frame,
    decode_only_array,
    decode_only_index,
    decode_series,
    encode_frame,
    encode_only_array,
    encode_only_index,
    encode_series,
)
from windlass.artifacts.formats.table_facts import (
    frame_summary,
    index_preview,
    index_text,
    pandas_preview,
    series_facts,
    short,
)
from windlass.values import Json

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.extensions import ExtensionArray


class FrameFormat(Format["pd.DataFrame"]):
    """Data frames as Arrow files; numbers stay in the memory of the file until written to."""

    name = "pandas.frame"
    types = ("pandas.DataFrame", "pandas.core.frame.DataFrame")

    def accepts(self, value: object) -> bool:
        """Whether this is a data frame, and not a subclass that adds to it."""
        import pandas as pd

        return type(value) is pd.DataFrame

    def write(self, value: pd.DataFrame, sink: Sink) -> str:
        """Writes the columns from their own memory where Arrow has their type."""
        encoded = encode_frame(value)
        write_encoded(encoded, sink)
        return encoded.digest(self.name)

    def read(self, source: Source) -> pd.DataFrame:
        """The data frame."""
        encoded = read_encoded(source)
        with readable("pandas"):
            return decode_frame(encoded)

    def summary(self, value: pd.DataFrame) -> dict[str, Json]:
        """Rows, columns, bytes, index, and of each column dtype, nulls and range."""
        return frame_summary(value)

    def preview(self, value: pd.DataFrame) -> Preview:
        """The head as an HTML table."""
        return pandas_preview(value)


class SeriesFormat(Format["pd.Series[Any]"]):
    """Series as Arrow files of one column."""

    name = "pandas.series"
    types = ("pandas.Series", "pandas.core.series.Series")

    def accepts(self, value: object) -> bool:
        """Whether this is a series, and not a subclass that adds to it."""
        import pandas as pd

        return type(value) is pd.Series

    def write(self, value: pd.Series[Any], sink: Sink) -> str:
        """Writes values and index."""
        encoded = encode_series(value)
        write_encoded(encoded, sink)
        return encoded.digest(self.name)

    def read(self, source: Source) -> pd.Series[Any]:
        """The series."""
        encoded = read_encoded(source)
        with readable("pandas"):
            return decode_series(encoded)

    def summary(self, value: pd.Series[Any]) -> dict[str, Json]:
        """Rows, name, index, dtype, nulls and range."""
        return {
            "rows": len(value),
            "name": None if value.name is None else short(value.name),
            "bytes": int(value.memory_usage(index=True)),
            "index": index_text(value.index),
            **series_facts(value),
        }

    def preview(self, value: pd.Series[Any]) -> Preview:
        """The head as an HTML table."""
        return pandas_preview(value.to_frame())


class IndexFormat(Format["pd.Index[Any]"]):
    """Indexes of every class as Arrow files."""

    name = "pandas.index"
    types = ("pandas.Index", "pandas.core.indexes.base.Index")

    def accepts(self, value: object) -> bool:
        """Whether the class of this index is one of pandas' own."""
        return type(value).__module__.partition(".")[0] == "pandas"

    def write(self, value: pd.Index[Any], sink: Sink) -> str:
        """Writes values or codes, and what the class of the index adds."""
        encoded = encode_only_index(value)
        write_encoded(encoded, sink)
        return encoded.digest(self.name)

    def read(self, source: Source) -> pd.Index[Any]:
        """The index."""
        encoded = read_encoded(source)
        with readable("pandas"):
            return decode_only_index(encoded)

    def summary(self, value: pd.Index[Any]) -> dict[str, Json]:
        """Rows, class, names, dtype."""
        return {"rows": len(value), "index": index_text(value), "dtype": str(value.dtype)}

    def preview(self, value: pd.Index[Any]) -> Preview:
        """The head as an HTML table."""
        return index_preview(value)


class ExtensionArrayFormat(Format["ExtensionArray"]):
    """Arrays of pandas by themselves, categoricals among them, as Arrow files of one column."""

    name = "pandas.array"
    types = (
        "pandas.api.extensions.ExtensionArray",
        "pandas.core.arrays.base.ExtensionArray",
    )

    def accepts(self, value: object) -> bool:
        """Whether the class of this array is one of pandas' own."""
        return type(value).__module__.partition(".")[0] == "pandas"

    def write(self, value: ExtensionArray, sink: Sink) -> str:
        """Writes the values or codes, from their own memory where Arrow has their type."""
        encoded = encode_only_array(value)
        write_encoded(encoded, sink)
        return encoded.digest(self.name)

    def read(self, source: Source) -> ExtensionArray:
        """The array."""
        encoded = read_encoded(source)
        with readable("pandas"):
            return decode_only_array(encoded)

    def summary(self, value: ExtensionArray) -> dict[str, Json]:
        """Length, dtype, nulls and range."""
        import pandas as pd

        series: Any = pd.Series(value, dtype=value.dtype, copy=False)
        return {"rows": len(value), **series_facts(series)}

    def preview(self, value: ExtensionArray) -> Preview:
        """The head as an HTML table."""
        import pandas as pd

        series: Any = pd.Series(value, dtype=value.dtype, copy=False, name="values")
        return pandas_preview(series.to_frame())


class PandasScalarFormat(Format[Any]):
    """Time stamps, time deltas, periods, intervals and the two missing values."""

    name = "pandas.scalar"
    types = (
        "pandas.Timestamp",
        "pandas._libs.tslibs.timestamps.Timestamp",
        "pandas.Timedelta",
        "pandas._libs.tslibs.timedeltas.Timedelta",
        "pandas.Period",
        "pandas._libs.tslibs.period.Period",
        "pandas.Interval",
        "pandas._libs.interval.Interval",
        "pandas.api.typing.NaTType",
        "pandas._libs.tslibs.nattype.NaTType",
        "pandas.api.typing.NAType",
        "pandas._libs.missing.NAType",
    )

    def write(self, value: Any, sink: Sink) -> None:
        """Writes the class and a JSON document."""
        sink.write(cell_text(value).encode())

    def read(self, source: Source) -> Any:
        """The scalar."""
        with readable("pandas"):
            return cell_value(source.bytes().decode())

    def summary(self, value: Any) -> dict[str, Json]:
        """The value as text."""
        return {"value": str(value)}

    def preview(self, value: Any) -> Preview:
        """The value as text."""
        return Preview("text/plain", str(value))
