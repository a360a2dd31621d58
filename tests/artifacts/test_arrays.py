"""NumPy values come back to the bit, and equal ones have equal contents."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from windlass.artifacts.format import Format
from windlass.artifacts.formats.arrays import (
    ArrayFormat,
    MaskedArrayFormat,
    RecordArrayFormat,
    ScalarFormat,
)
from windlass.errors import FormatError
from windlass.values import to_text

from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

Array = np.ndarray[Any, np.dtype[Any]]
LAWS = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ARRAYS = ArrayFormat()

_scalar_dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    hnp.datetime64_dtypes(),
    hnp.timedelta64_dtypes(),
    hnp.byte_string_dtypes(max_len=5),
    hnp.unicode_string_dtypes(max_len=5),
)
_dtypes = _scalar_dtypes | hnp.nested_dtypes(_scalar_dtypes, max_leaves=4)
_shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


def _arrange(array: Array, layout: str) -> Array:
    match layout:
        case "fortran":
            return np.asfortranarray(array)
        case "reversed":
            return array[::-1] if array.ndim else array
        case "every other":
            return np.repeat(array, 2, axis=0)[::2] if array.ndim else array
        case _:
            return array


_layouts = st.sampled_from(["plain", "fortran", "reversed", "every other"])
arrays: st.SearchStrategy[Array] = st.builds(_arrange, hnp.arrays(_dtypes, _shapes), _layouts)


def identical(left: Array, right: Array) -> bool:
    return (
        type(left) is type(right)
        and left.dtype == right.dtype
        and left.dtype.str == right.dtype.str
        and left.shape == right.shape
        and _values(left) == _values(right)
    )


def _values(array: Array) -> list[bytes]:
    """The bytes of every value, NaN payloads included and padding left out."""
    if array.dtype.names:
        return [value for name in array.dtype.names for value in _values(array[name])]
    return [array.tobytes()]


@LAWS
@given(arrays)
def test_arrays_come_back_to_the_bit(array: Array) -> None:
    for value in (back(ARRAYS, array), np.lib.format.read_array(_stream(written(ARRAYS, array)))):
        assert identical(value, array)
    assert back(ARRAYS, array).flags.f_contiguous >= _is_fortran(array)


def _is_fortran(array: Array) -> bool:
    return array.flags.f_contiguous and not array.flags.c_contiguous


def _stream(data: bytes) -> Any:
    return MemorySource(data).open()


@LAWS
@given(arrays)
def test_equal_arrays_have_equal_contents(array: Array) -> None:
    order: Any = "F" if _is_fortran(array) else "C"
    twin = np.ndarray(array.shape, array.dtype, bytearray(b"x") * (array.nbytes + 1), order=order)
    for name in array.dtype.names or [...]:
        twin[name] = array[name]
    assert content(ARRAYS, twin) == content(ARRAYS, array)
    assert content(ARRAYS, back(ARRAYS, array)) == content(ARRAYS, array)


@LAWS
@given(hnp.arrays(hnp.integer_dtypes(), hnp.array_shapes()), st.data())
def test_any_changed_cell_changes_the_content(array: Array, data: st.DataObject) -> None:
    changed = array.copy()
    place = tuple(data.draw(st.integers(0, side - 1)) for side in array.shape)
    changed[place] ^= 1
    assert content(ARRAYS, changed) != content(ARRAYS, array)


def test_dtype_shape_and_order_are_part_of_the_content() -> None:
    base = np.arange(6, dtype="<i8").reshape(2, 3)
    others = [
        base.astype(">i8"),
        base.astype("<u8"),
        base.view("<M8[s]"),
        base.view("<M8[ms]"),
        base.reshape(3, 2),
        base.reshape(6),
        np.asfortranarray(base),
    ]
    contents = {content(ARRAYS, value) for value in [base, *others]}
    assert len(contents) == len(others) + 1


def test_padding_between_fields_is_not_part_of_the_content() -> None:
    dtype = np.dtype([("flag", "i1"), ("inner", [("a", "i2"), ("b", "f8")], (2,))], align=True)
    one, two = (np.frombuffer(bytearray([fill]) * dtype.itemsize * 3, dtype) for fill in (1, 2))
    for array in (one, two):
        array["flag"] = 7
        array["inner"]["a"] = 8
        array["inner"]["b"] = 9.5
    assert one.tobytes() != two.tobytes()
    assert written(ARRAYS, one) == written(ARRAYS, two)
    assert identical(back(ARRAYS, one), one)


def test_nan_payloads_stay() -> None:
    array = np.array([0x7FF8000000000001, 0xFFF8000000000000], "u8").view("f8")
    assert back(ARRAYS, array).tobytes() == array.tobytes()


def test_a_file_is_mapped_and_never_altered(tmp_path: Path) -> None:
    array = np.arange(200_000.0)
    value = back(ARRAYS, array, tmp_path)
    stored = (tmp_path / "blob").read_bytes()
    assert type(value) is np.ndarray
    assert _is_mapped(value)
    value *= 2
    assert (tmp_path / "blob").read_bytes() == stored
    assert value[10] == 20


def _is_mapped(array: Any) -> bool:
    while array is not None:
        if isinstance(array, mmap.mmap):
            return True
        array = array.obj if isinstance(array, memoryview) else getattr(array, "base", None)
    return False


def test_large_arrays_that_are_not_one_piece_of_memory() -> None:
    array = np.arange(1_500_000.0).reshape(1500, 1000)[:, ::2]
    assert identical(back(ARRAYS, array), array)


def test_one_piece_of_memory_is_written_without_a_copy() -> None:
    pieces: list[Any] = []

    class Keep:
        def write(self, data: Any) -> int:
            pieces.append(data)
            return 0

    for array in (np.zeros((50, 40)), np.zeros((50, 40), order="F"), np.zeros(9, "M8[s]")):
        pieces.clear()
        ARRAYS.write(array, Keep())  # type: ignore[arg-type]
        assert np.shares_memory(np.asarray(pieces[1]), array)


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}, None], dtype=object),
        np.zeros(2, [("a", "i4"), ("b", object)]),
        np.zeros(2, np.longdouble),
        np.zeros(2, [("a", np.clongdouble)]),
        np.zeros(2, [("a", "i4"), ("b", "i4")])[["b", "a"]],
        np.zeros(2, np.dtype("i4", metadata={"why": 1})),
        np.array(["a"], np.dtypes.StringDType()),
    ],
    ids=lambda array: str(array.dtype),
)
def test_what_has_no_exact_bytes_is_refused(array: Array) -> None:
    with pytest.raises(FormatError) as caught:
        written(ARRAYS, array)
    assert caught.value.hint


def test_subclasses_are_left_to_other_formats() -> None:
    class Quantity(np.ndarray[Any, Any]):
        pass

    records = np.zeros(2, [("a", "i4")]).view(np.recarray)
    masked = np.ma.MaskedArray([1, 2], [False, True])
    refused = [np.zeros(2).view(Quantity), records, masked, masked.view(np.ndarray).view(np.matrix)]
    assert not any(ARRAYS.accepts(value) for value in refused)
    assert MaskedArrayFormat().accepts(masked)
    assert not MaskedArrayFormat().accepts(np.ma.masked)
    assert RecordArrayFormat().accepts(records)


def test_a_record_array_comes_back_as_one() -> None:
    records = np.array([(1, "x"), (2, "y")], [("number", "i8"), ("text", "U1")]).view(np.recarray)
    value = back(RecordArrayFormat(), records)
    assert type(value) is np.recarray
    assert value.dtype == records.dtype
    assert value.text.tolist() == ["x", "y"]
    assert value[0].number == 1


@LAWS
@given(hnp.arrays(_scalar_dtypes, _shapes), st.booleans(), st.booleans(), st.booleans())
def test_masked_arrays_come_back(array: Array, masked: bool, filled: bool, hard: bool) -> None:
    value: Any = np.ma.MaskedArray(array, hard_mask=hard)
    if masked:
        value[...] = np.ma.masked
    if filled and array.size:
        value.fill_value = array.reshape(-1)[0]
    again = back(MaskedArrayFormat(), value)
    assert identical(again.data, np.asarray(value.data))
    assert (np.ma.getmask(again) is np.ma.nomask) == (np.ma.getmask(value) is np.ma.nomask)
    assert np.ma.getmaskarray(again).tolist() == np.ma.getmaskarray(value).tolist()
    assert np.asarray(again.fill_value).tobytes() == np.asarray(value.fill_value).tobytes()
    assert again.hardmask == value.hardmask
    assert content(MaskedArrayFormat(), again) == content(MaskedArrayFormat(), value)


@LAWS
@given(hnp.arrays(_dtypes, ()).map(lambda array: array[()]))
def test_scalars_keep_their_type(scalar: Any) -> None:
    value = back(ScalarFormat(), scalar)
    assert type(value) is type(scalar)
    assert value.dtype == scalar.dtype.newbyteorder("=") or value.dtype == scalar.dtype
    assert identical(np.asarray(value), np.asarray(scalar))
    assert content(ScalarFormat(), value) == content(ScalarFormat(), scalar)


def test_a_record_is_no_void() -> None:
    void = np.zeros(1, [("a", "i4"), ("b", "U2")])[0]
    record = np.zeros(1, [("a", "i4"), ("b", "U2")]).view(np.recarray)[0]
    assert void == record
    again = back(ScalarFormat(), record)
    assert type(again) is np.record
    assert (again.a, again.b, again.dtype) == (0, "", record.dtype)
    assert type(back(ScalarFormat(), void)) is np.void
    assert content(ScalarFormat(), record) != content(ScalarFormat(), void)


def test_text_scalars_keep_nuls_and_surrogates() -> None:
    for scalar in (np.str_("a\0"), np.str_("\ud800"), np.str_(""), np.bytes_(b"a\0\0")):
        value = back(ScalarFormat(), scalar)
        assert type(value) is type(scalar)
        assert value == scalar
    assert content(ScalarFormat(), np.str_("S")) != content(ScalarFormat(), np.bytes_(b"S"))


@LAWS
@given(arrays)
def test_every_array_has_a_small_plain_summary_and_a_preview(array: Array) -> None:
    facts = ARRAYS.summary(array)
    assert facts["shape"] == list(array.shape)
    assert len(to_text(facts)) < 2000
    assert ARRAYS.preview(array).media_type == "text/plain"


def test_summaries_tell_range_and_nulls() -> None:
    assert ARRAYS.summary(np.array([1.5, np.nan, np.inf, -2])) == {
        "shape": [4],
        "dtype": "float64",
        "bytes": 32,
        "nulls": 1,
        "min": -2.0,
        "max": "inf",
    }
    assert ARRAYS.summary(np.array([np.nan])) == {
        "shape": [1],
        "dtype": "float64",
        "bytes": 8,
        "nulls": 1,
    }
    days = ARRAYS.summary(np.array(["2013-01-02", "NaT", "2013-01-01"], "M8[D]"))
    assert (days["min"], days["max"], days["nulls"]) == ("2013-01-01", "2013-01-02", 1)
    masked = MaskedArrayFormat().summary(np.ma.MaskedArray([1, 2, 300], [False, False, True]))
    assert (masked["max"], masked["masked"]) == (2, 1)
    assert ScalarFormat().summary(np.float64("nan")) == {"dtype": "float64", "value": "nan"}


@pytest.mark.parametrize(
    "data",
    [b"", b"\x93NUMPY\x01\x00", b"not an array at all", b"\x93NUMPY\x03\x00\x05\x00\x00\x00{}   "],
)
def test_bytes_that_are_no_array_are_named(data: bytes) -> None:
    with pytest.raises(FormatError, match="not an array"):
        ARRAYS.read(MemorySource(data))


@pytest.mark.parametrize("descr", ["'|O'", "[('a', '|O')]", "'<f16'"])
def test_forged_bytes_cannot_make_objects(descr: str) -> None:
    data = written(ARRAYS, np.arange(2)).replace(b"'<i8'", descr.encode())
    with pytest.raises(FormatError):
        ARRAYS.read(MemorySource(data))


_MANY = """
import resource, sys
from pathlib import Path
import numpy as np
from artifacts.roundtrip import MemorySource, written
from windlass.artifacts.formats.arrays import ArrayFormat
folder, (_, hard) = Path(sys.argv[1]), resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard))
array = np.arange(200_000.0)
(folder / "blob").write_bytes(written(ArrayFormat(), array))
kept = [ArrayFormat().read(MemorySource(b"", folder / "blob")) for _ in range(60)]
print(all((one == array).all() for one in kept))
"""


def test_more_arrays_can_be_mapped_than_files_may_be_open(tmp_path: Path) -> None:
    assert outputs_elsewhere(_MANY, str(tmp_path)) == ["True\n", "True\n"]


def test_bytes_cut_short_are_named() -> None:
    data = written(ARRAYS, np.arange(10))
    with pytest.raises(FormatError, match="not an array"):
        ARRAYS.read(MemorySource(data[:-1]))


_CONTENT = """
import numpy as np
from artifacts.roundtrip import content
from windlass.artifacts.formats.arrays import ArrayFormat
dtype = np.dtype([("b", "i1"), ("a", "f8")], align=True)
print(content(ArrayFormat(), np.array([(1, 2.5), (3, 4.5)], dtype)))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1


def test_formats_have_names_of_their_own() -> None:
    formats: list[type[Format[Any]]] = [
        ArrayFormat,
        RecordArrayFormat,
        MaskedArrayFormat,
        ScalarFormat,
    ]
    assert len({fmt.name for fmt in formats}) == len(formats)
