"""Arrow values come back exactly; their contents know no chunks, offsets, padding or versions."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windlass.artifacts.formats.arrow_digest import values_digest
from windlass.artifacts.formats.arrow_tables import (
    ArrowArrayFormat,
    ArrowTableFormat,
    ChunkedArrayFormat,
    RecordBatchFormat,
)
from windlass.errors import CorruptError, FormatError
from windlass.values import to_text

from .roundtrip import MemorySource, back, content, written

LAWS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TABLES, BATCHES = ArrowTableFormat(), RecordBatchFormat()
ARRAYS, CHUNKED = ArrowArrayFormat(), ChunkedArrayFormat()

_ints = st.integers(-128, 127)
_text = st.text(max_size=3)
_leaves: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.int8(), _ints),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float16(), st.floats(width=16).map(np.float16)),
    (pa.float32(), st.floats(width=32)),
    (pa.float64(), st.floats()),
    (pa.bool_(), st.booleans()),
    (pa.string(), _text),
    (pa.large_string(), _text),
    (pa.string_view(), st.text(max_size=15)),
    (pa.binary(), st.binary(max_size=3)),
    (pa.binary_view(), st.binary(max_size=15)),
    (pa.binary(2), st.binary(min_size=2, max_size=2)),
    (pa.decimal128(6, 2), st.integers(-999, 999).map(lambda v: decimal.Decimal(v).scaleb(-2))),
    (pa.decimal256(50, 0), st.integers(-999, 999).map(decimal.Decimal)),
    (pa.date32(), st.dates()),
    (pa.timestamp("us", "Europe/Berlin"), st.integers(-(2**40), 2**40)),
    (pa.duration("ms"), st.integers(-(2**40), 2**40)),
    (pa.time64("ns"), st.integers(0, 10**9)),
    (pa.null(), st.none()),
]


@st.composite
def _kinds(draw: st.DrawFn, depth: int = 2) -> tuple[Any, st.SearchStrategy[Any]]:
    shape = draw(
        st.sampled_from(["leaf"] * 4 + ["list", "large", "view", "fixed", "struct", "map"])
    )
    if shape == "leaf" or depth == 0:
        leaf: tuple[Any, st.SearchStrategy[Any]] = draw(st.sampled_from(_leaves))
        return leaf
    kind, items = draw(_kinds(depth=depth - 1))
    items = st.none() | items
    lists = st.lists(items, max_size=2)
    pair = st.lists(items, min_size=2, max_size=2)
    made: dict[str, tuple[Any, Any]] = {
        "list": (pa.list_(kind), lists),
        "large": (pa.large_list(kind), lists),
        "view": (pa.list_view(kind), lists),
        "fixed": (pa.list_(kind, 2), pair),
        "struct": (pa.struct([("a", kind), ("b", pa.int8())]), st.fixed_dictionaries({"a": items})),
        "map": (pa.map_(pa.int8(), kind), st.lists(st.tuples(_ints, items), max_size=2)),
    }
    chosen: tuple[Any, st.SearchStrategy[Any]] = made[shape]
    return chosen


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    kind, items = draw(_kinds())
    return pa.array(draw(st.lists(st.none() | items, max_size=6)), kind)


_uuids = pa.array([b"a" * 16, None, b"c" * 16, b"d" * 16], pa.binary(16))
_turns = pa.array([0, 1, 0, 1], pa.int8())
FOUR = [
    pa.array(["b", None, "a", "b"]).dictionary_encode(),
    pa.array(["b", None, "a", "b"], pa.dictionary(pa.int8(), pa.large_string(), ordered=True)),
    pa.array([["b"], None, ["a", None], []], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    pc.run_end_encode(pa.array([1, 1, None, 2])),
    pa.array([(1, 2, 3), None, (1, 1, 1), None], pa.month_day_nano_interval()),
    pa.ExtensionArray.from_storage(pa.uuid(), _uuids),
    pa.UnionArray.from_sparse(_turns, [pa.array([1, 2, None, 4]), pa.array(["a", "b", "c", "d"])]),
    pa.UnionArray.from_dense(
        _turns,
        pa.array([0, 0, 1, 1], pa.int32()),
        [pa.array([1, 2]), pa.array(["a", "b"])],
    ),
]


def _layouts(array: Any) -> Iterator[Any]:
    """The same values, otherwise laid out in memory."""
    count = len(array)
    yield pa.concat_arrays([array.slice(0, 1), array]).slice(min(count, 1))
    yield pa.chunked_array([array.slice(0, 2), array.slice(2, 0), array.slice(2)], array.type)
    yield pa.chunked_array([array.slice(at, 1) for at in range(count)], array.type)


@LAWS
@given(arrays())
def test_arrays_come_back_exactly(array: Any) -> None:
    again = back(ARRAYS, array)
    assert again.type == array.type
    assert again.to_pylist() == array.to_pylist() or again.equals(array) or _has_nan(array)
    again.validate(full=True)
    assert content(ARRAYS, again) == content(ARRAYS, array)
    to_text(ARRAYS.summary(array))
    assert ARRAYS.preview(array).data


def _has_nan(array: Any) -> bool:
    return "nan" in str(array.to_pylist())


@LAWS
@given(arrays())
def test_contents_know_no_layout(array: Any) -> None:
    wanted = values_digest(array)
    for other in _layouts(array):
        assert values_digest(other) == wanted


@pytest.mark.parametrize("array", FOUR, ids=lambda array: str(array.type))
def test_rarer_types_come_back_and_know_no_layout(array: Any, tmp_path: Path) -> None:
    again = back(ARRAYS, array, tmp_path)
    assert again.type == array.type
    assert again.to_pylist() == array.to_pylist()
    for other in (again, *_layouts(array)):
        assert values_digest(other) == values_digest(array)
    assert len({values_digest(array.slice(at)) for at in range(4)}) == 4


@LAWS
@given(arrays(), arrays())
def test_other_values_have_other_contents(one: Any, two: Any) -> None:
    same = one.type == two.type and str(one.to_pylist()) == str(two.to_pylist())
    assert (content(ARRAYS, one) == content(ARRAYS, two)) == same


def test_what_stands_under_a_null_does_not_count() -> None:
    mask = np.array([False, True])
    numbers = [pa.array(np.array([1, hidden]), mask=mask) for hidden in (2, 3)]
    assert numbers[0].buffers()[1].to_pybytes() != numbers[1].buffers()[1].to_pybytes()
    assert values_digest(numbers[0]) == values_digest(numbers[1])
    data = pa.py_buffer(b"aXYb")
    offsets = pa.py_buffer(np.array([0, 1, 3, 4], "i4"))
    hidden = pa.StringArray.from_buffers(3, offsets, data, pa.py_buffer(b"\x05"), 1)
    assert hidden.to_pylist() == ["a", None, "b"]
    assert values_digest(hidden) == values_digest(pa.array(["a", None, "b"]))


def test_text_and_lists_of_any_width_have_one_digest() -> None:
    cells = ["a", None, "a longer one than a view holds"]
    kinds = [pa.string(), pa.large_string(), pa.string_view()]
    assert len({values_digest(pa.array(cells, kind)) for kind in kinds}) == 1
    assert len({content(ARRAYS, pa.array(cells, kind)) for kind in kinds}) == 3


def test_dictionaries_count_by_codes_and_categories() -> None:
    make = pa.DictionaryArray.from_arrays
    arrays_ = [
        make([0, 1], ["a", "b"]),
        make([1, 0], ["b", "a"]),
        make([0, 1], ["a", "b", "c"]),
        make(pa.array([0, 1], pa.int8()), ["a", "b"]),
        make([0, 1], ["a", "b"], ordered=True),
    ]
    assert len({content(ARRAYS, array) for array in arrays_}) == len(arrays_)
    assert len({values_digest(array, dense=True) for array in arrays_}) == 1


def _fields(*fields: Any, **metadata: str) -> Any:
    return pa.schema(list(fields), metadata)


@pytest.mark.parametrize("fmt", [TABLES, BATCHES])
def test_the_schema_counts_but_not_the_order_of_its_metadata(fmt: Any) -> None:
    whole = pa.field("a", pa.int8(), nullable=False)
    schemas = [
        _fields(pa.field("a", pa.int8())),
        _fields(pa.field("b", pa.int8())),
        _fields(pa.field("a", pa.int16())),
        _fields(whole),
        _fields(whole.with_metadata({"k": "v"})),
        _fields(whole, x="1", y="2"),
        _fields(whole, x="2", y="1"),
    ]
    make = pa.Table.from_pydict if fmt is TABLES else pa.RecordBatch.from_pydict
    contents = [content(fmt, make({schema.names[0]: [1, 2]}, schema)) for schema in schemas]
    assert len(set(contents)) == len(contents)
    turned = make({"a": [1, 2]}, _fields(whole, y="2", x="1"))
    assert content(fmt, turned) == contents[5]


def test_tables_come_back_with_chunks_and_metadata(tmp_path: Path) -> None:
    table = pa.table({"a": pa.chunked_array([[1], [2, None]]), "b": ["x", "y", None]})
    table = table.replace_schema_metadata({"why": "because"})
    for again in (back(TABLES, table), back(TABLES, table, tmp_path)):
        assert again.equals(table, check_metadata=True)
    assert content(TABLES, table.combine_chunks()) == content(TABLES, table)
    assert TABLES.summary(table)["rows"] == 3
    assert "3 rows" in str(TABLES.preview(table).data)


def test_tables_without_columns_or_rows_come_back() -> None:
    for table in (pa.table({}), pa.table({"a": [1, 2]}).select([]), pa.table({"a": [1]})[:0]):
        again = back(TABLES, table)
        assert again.equals(table)
        assert again.num_rows == table.num_rows
        TABLES.preview(table)


def test_batches_and_chunked_arrays_come_back() -> None:
    batch = pa.RecordBatch.from_pydict({"a": [1, None], "b": ["x", "y"]})
    assert back(BATCHES, batch).equals(batch)
    assert back(BATCHES, batch[1:]).equals(batch[1:])
    assert type(back(BATCHES, batch[:0])) is pa.RecordBatch
    chunked = pa.chunked_array([["a"], [], ["b", None]], pa.string())
    again = back(CHUNKED, chunked)
    assert type(again) is pa.ChunkedArray
    assert again.equals(chunked)
    assert content(CHUNKED, chunked) == content(CHUNKED, pa.chunked_array([["a", "b", None]]))
    assert content(CHUNKED, chunked) != content(ARRAYS, pa.array(["a", "b", None]))
    assert BATCHES.summary(batch)["columns"] == 2


def test_chunks_of_several_dictionaries_become_one() -> None:
    make = pa.DictionaryArray.from_arrays
    table = pa.table({"a": pa.chunked_array([make([0, 1], ["a", "b"]), make([0], ["c"])])})
    again = back(TABLES, table)
    assert again["a"].to_pylist() == ["a", "b", "c"]
    assert again.schema == table.schema
    assert content(TABLES, again) == content(TABLES, table)


class Celsius(pa.ExtensionType):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(pa.float64(), "celsius")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""


def test_what_arrow_would_not_give_back_is_named() -> None:
    inner = pa.DictionaryArray.from_arrays([0, 1], ["a", "b"])
    nested = pa.DictionaryArray.from_arrays([1, 0], inner)
    warm = pa.ExtensionArray.from_storage(Celsius(), pa.array([20.0]))
    for array, why in ((nested, "dictionary of dictionaries"), (warm, "celsius")):
        with pytest.raises(FormatError, match=f"column 'bad' .*{why}") as caught:
            written(TABLES, pa.table({"bad": array}))
        assert caught.value.hint


def test_summaries_tell_ranges() -> None:
    days = pa.array([dt.date(2020, 1, 2), None, dt.date(2020, 1, 1)])
    facts = ARRAYS.summary(days)
    assert (facts["min"], facts["max"], facts["nulls"]) == ("2020-01-01", "2020-01-02", 1)


def test_bytes_that_are_no_table_are_named() -> None:
    data = written(TABLES, pa.table({"a": list(range(100))}))
    for bad in (b"", b"ARROW1 and nothing else", data[:-40]):
        with pytest.raises(CorruptError, match="not an Arrow file"):
            TABLES.read(MemorySource(bad))


def test_rows_without_columns_are_counted() -> None:
    struct = pa.struct([])
    batches = [pa.RecordBatch.from_struct_array(pa.array([{}] * n, struct)) for n in range(3)]
    tables = [pa.table({"a": [1] * n}).select([]) for n in range(3)]
    for fmt, values in ((BATCHES, batches), (TABLES, tables)):
        assert [back(fmt, value).num_rows for value in values] == [0, 1, 2]
        contents = [content(fmt, value) for value in values]
        assert contents == [content(fmt, back(fmt, value)) for value in values]
        assert len(set(contents)) == 3


def test_digests_stay_what_they_were() -> None:
    """These were written down once: a newer pyarrow or Windlass must not change them."""
    table = pa.table(
        {
            "n": pa.array([1, None], pa.int32()),
            "f": [1.5, float("nan")],
            "s": pa.array(["é", None]).dictionary_encode(),
            "l": pa.array([[{"a": True}], None]),
        }
    )
    assert content(TABLES, table) == EXPECTED


EXPECTED = "cac2f9124adaa47a07cb8c2af1816ebfe21f3cc583860c6f21b7518f2afbd9da"
