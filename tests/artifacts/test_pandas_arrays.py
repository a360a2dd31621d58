"""Arrays of pandas by themselves come back to the class, the dtype and the frequency."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.arrow_file import DOCUMENT, read_table, write_table
from windlass.artifacts.formats.tables import ExtensionArrayFormat, SeriesFormat
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .pandas_strategies import arrays, same_array
from .roundtrip import MemorySink, MemorySource, back, content, outputs_elsewhere, written

ARRAYS, SERIES = ExtensionArrayFormat(), SeriesFormat()
LAWS = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def _own(array: Any) -> Any:
    """What pandas itself holds an array in."""
    return pd.Series(array, dtype=array.dtype).array


_arrays: st.SearchStrategy[Any] = arrays.map(_own)


@LAWS
@given(_arrays)
def test_arrays_come_back_exactly(array: Any) -> None:
    again = back(ARRAYS, array)
    same_array(again, array)
    assert content(ARRAYS, again) == content(ARRAYS, array)
    to_text(ARRAYS.summary(array))
    assert ARRAYS.preview(array).data


@LAWS
@given(_arrays, _arrays)
def test_contents_are_equal_only_where_those_of_their_series_are(one: Any, other: Any) -> None:
    series = [content(SERIES, pd.Series(array, dtype=array.dtype)) for array in (one, other)]
    assert (content(ARRAYS, one) == content(ARRAYS, other)) == (series[0] == series[1])


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2020", periods=3, freq="2h", tz="Europe/Berlin"),
        pd.date_range("2020", periods=3, freq="MS"),
        pd.timedelta_range("1D", periods=3, freq="6h"),
    ],
)
def test_a_frequency_is_kept_and_is_part_of_the_content(index: Any) -> None:
    array = index.array
    if not hasattr(array, "freq"):
        pytest.skip("arrays of this pandas have no frequency")
    again = back(ARRAYS, array)
    same_array(again, array)
    assert again.freq == array.freq
    assert content(ARRAYS, _own(array)) != content(ARRAYS, array)
    assert back(ARRAYS, _own(array)).freq is None


def test_a_slice_is_stored_without_the_rest() -> None:
    array: Any = pd.array([*range(10)], dtype="Int64")
    assert content(ARRAYS, array[2:5]) == content(ARRAYS, pd.array([2, 3, 4], dtype="Int64"))
    assert len(written(ARRAYS, array[:2])) < len(written(ARRAYS, pd.array([1] * 99, dtype="Int64")))


def test_arrays_are_found_by_their_class_and_stand_in_collections(box: Box) -> None:
    lists: Any = pd.ArrowDtype(pa.list_(pa.int64()))
    values: dict[str, Any] = {
        "categorical": pd.Categorical(["b", None, "a"], ["a", "b", "unused"], ordered=True),
        "nullable": pd.array([1, None]),
        "text": pd.array(["a", None]),
        "arrow": pd.Series([[1], None], dtype=lists).array,
        "numpy": pd.arrays.NumpyExtensionArray(np.arange(3)),
        "period": pd.array(pd.period_range("2020", periods=2, freq="D")),
    }
    saved = box.save(values)
    again = box.load(saved.artifact.content)
    for name, value in values.items():
        same_array(again[name], value)
        assert saved.artifact.summary["parts"][name] == type(value).__name__  # type: ignore[index, call-overload]
    assert {child.format for child in saved.children} == {"pandas.array"}


class MyArray(pd.arrays.IntegerArray):
    """More than pandas has."""


def test_what_is_not_pandas_own_or_has_no_dtype_of_arrow_is_refused() -> None:
    array: Any = pd.array([1, 2])
    assert not ARRAYS.accepts(MyArray(array._data, array._mask))
    with pytest.raises(FormatError, match=r"(?s)a SparseArray.*to_dense"):
        written(ARRAYS, pd.arrays.SparseArray([0, 1]))
    with pytest.raises(FormatError, match=r"a NumpyExtensionArray: .* is not plain"):
        written(ARRAYS, pd.arrays.NumpyExtensionArray(np.array([object()], dtype=object)))


@pytest.mark.parametrize(
    "document",
    ["{}", "[]", '{"field": {"kind": "?"}, "freq": null}', '{"field": {"kind": "masked"}}'],
)
def test_documents_that_do_not_fit_are_refused(document: str) -> None:
    table, _ = read_table(MemorySource(written(ARRAYS, pd.array([1, None]))))
    sink = MemorySink()
    write_table(table.replace_schema_metadata({DOCUMENT: document.encode()}), sink)
    with pytest.raises(FormatError, match="pandas that is installed"):
        ARRAYS.read(MemorySource(bytes(sink.data)))


def test_cut_bytes_are_refused() -> None:
    data = written(ARRAYS, pd.Categorical(["a", "b"]))
    for bad in (b"", data[:-9], data[: len(data) // 2]):
        with pytest.raises(CorruptError, match="not an Arrow file"):
            ARRAYS.read(MemorySource(bad))


def test_altered_bytes_do_not_end_the_process() -> None:
    make = "import pandas as pd\nvalue = pd.Categorical(['a', 'b', None, 'a'])"
    told = survives("tables", "ExtensionArrayFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 20


_CONTENT = """
import pandas as pd
from artifacts.roundtrip import content
from windlass.artifacts.formats.tables import ExtensionArrayFormat
print(content(ExtensionArrayFormat(), pd.Categorical(["a", "b", None])))
print(content(ExtensionArrayFormat(), pd.array(["a", None])))
"""


def test_contents_agree_between_processes() -> None:
    one, other = outputs_elsewhere(_CONTENT)
    assert one == other
    assert len(set(one.split())) == 2
