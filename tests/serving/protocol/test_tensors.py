"""Tensors survive the way there and back, in JSON and in binary."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from serving.requests import binary, binary_body, body
from windlass.errors import ProtocolError
from windlass.serving.protocol import elements
from windlass.serving.protocol.datatypes import DTYPES, datatype_of
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.request import Wish, read_request
from windlass.serving.protocol.response import write_answer

LIMITS = Limits()
LAWS = settings(deadline=None, max_examples=60)
_shapes = arrays.array_shapes(max_dims=4, max_side=4)


@st.composite
def tensors(draw: st.DrawFn, finite: bool = False) -> tuple[str, NDArray[Any]]:
    """A datatype and an array of it."""
    datatype = draw(st.sampled_from([*DTYPES, "BYTES"]))
    shape = draw(_shapes)
    if datatype == "BYTES":
        size = math.prod(shape)
        array = np.empty(size, object)
        array[:] = draw(st.lists(st.text(max_size=5), min_size=size, max_size=size))
        return datatype, array.reshape(shape)
    floats: Any = {"allow_nan": False, "allow_infinity": False} if finite else {}
    dtype = DTYPES[datatype]
    drawn = arrays.from_dtype(dtype, **floats) if dtype.kind == "f" else None
    return datatype, draw(arrays.arrays(dtype, shape, elements=drawn))


def one(text: bytes, header: int | None = None) -> NDArray[Any]:
    """The only tensor of a request."""
    (given,) = read_request(text, header, LIMITS).tensors
    return given.array


def tensor(datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    """An input of a request."""
    return {"name": "x", "datatype": datatype, "shape": shape, "data": data}


@LAWS
@given(tensors(finite=True), st.booleans())
def test_json_is_read_nested_or_flat(drawn: tuple[str, NDArray[Any]], nested: bool) -> None:
    datatype, array = drawn
    data = (array if nested else array.ravel()).tolist()
    found = one(body([tensor(datatype, list(array.shape), data)]))
    assert found.shape == array.shape
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@LAWS
@given(
    st.sampled_from([*DTYPES, "BYTES"]),
    st.lists(
        st.none()
        | st.booleans()
        | st.integers(-3, 300)
        | st.integers(2**53 - 2, 2**53 + 2)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=2),
        min_size=1,
        max_size=9,
    ),
)
def test_elements_are_read_the_same_in_pieces(datatype: str, data: list[Any]) -> None:
    def read(piece: int) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(elements, "_PIECE", piece)
            try:
                return elements.read_elements(data, datatype, "x")
            except ProtocolError:
                return "refused"

    whole, pieces = read(100), read(2)
    assert type(whole) is type(pieces)
    np.testing.assert_array_equal(whole, pieces)
    assert getattr(whole, "dtype", None) == getattr(pieces, "dtype", None)


@LAWS
@given(st.lists(tensors(), min_size=1, max_size=4))
def test_binary_tensors_are_read_in_their_order(drawn: list[tuple[str, NDArray[Any]]]) -> None:
    named = [(f"t{at}", array, datatype) for at, (datatype, array) in enumerate(drawn)]
    found = read_request(*binary_body(named), LIMITS).tensors
    assert [given.name for given in found] == [name for name, _, _ in named]
    for given_, (_, array, _) in zip(found, named, strict=True):
        np.testing.assert_array_equal(given_.array, array)
        assert given_.array.flags.writeable


@LAWS
@given(tensors(finite=True))
def test_an_answer_in_json_is_read_as_a_request(drawn: tuple[str, NDArray[Any]]) -> None:
    datatype, array = drawn
    written = write_answer([Wish("x", False)], {}, {"x": array}, {"x": datatype})
    assert written.header is None
    document = json.loads(written.body)
    np.testing.assert_array_equal(one(body(document["outputs"])), array)


@LAWS
@given(tensors())
def test_an_answer_in_binary_is_what_a_client_would_write(drawn: tuple[str, NDArray[Any]]) -> None:
    datatype, array = drawn
    written = write_answer([Wish("x", True)], {}, {"x": array}, {"x": datatype})
    assert written.header is not None
    assert written.body[written.header :] == binary(array, datatype)
    (told,) = json.loads(written.body[: written.header])["outputs"]
    assert told["parameters"] == {"binary_data_size": len(written.body) - written.header}
    assert "data" not in told


@pytest.mark.parametrize(
    ("datatype", "data", "expected"),
    [
        ("FP64", [1, 2.5, None], np.array([1, 2.5, np.nan])),
        ("FP32", [None], np.array([np.nan], "f4")),
        ("FP16", [0.5], np.array([0.5], "f2")),
        ("INT32", [1, None], np.array([1, np.nan])),
        ("INT8", [1.0, -128], np.array([1, -128], "i1")),
        ("UINT64", [2**64 - 1], np.array([2**64 - 1], "u8")),
        ("INT64", [-(2**63), 2**63 - 1], np.array([-(2**63), 2**63 - 1])),
        ("BOOL", [True, 0, 1.0], np.array([True, False, True])),
        ("BOOL", [True, None], np.array([True, None], object)),
        ("BYTES", ["é", None, ""], np.array(["é", None, ""], object)),
    ],
)
def test_what_json_may_say(datatype: str, data: list[Any], expected: NDArray[Any]) -> None:
    found = one(body([tensor(datatype, [len(data)], data)]))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("datatype", "data", "words"),
    [
        ("FP64", [True], "has a boolean, and is of FP64"),
        ("FP64", ["1"], "has a text, and is of FP64"),
        ("FP64", [{}], "has an object"),
        ("FP32", [1e39], "that FP32 cannot hold"),
        ("INT8", [128], "that INT8 cannot hold"),
        ("UINT8", [-1], "that UINT8 cannot hold"),
        ("INT64", [2**63], "that INT64 cannot hold"),
        ("UINT64", [2**64], "that UINT64 cannot hold"),
        ("INT64", [1.5], "that is not whole"),
        ("INT64", [1e300], "that INT64 cannot hold"),
        ("INT64", [2**53 + 1, None], "more than 53 bits"),
        ("BOOL", [2], "no BOOL"),
        ("BOOL", ["true"], "has a text"),
        ("BYTES", [1], "has a whole number"),
    ],
)
def test_what_json_may_not_say(datatype: str, data: list[Any], words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        one(body([tensor(datatype, [len(data)], data)]))
    assert "'x'" in caught.value.message
    assert caught.value.status == 400


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize(("datatype", "most"), [("FP16", 65504.0), ("FP32", 3.4028234663852886e38)])
def test_the_greatest_number_fits_and_the_next_power_does_not(
    datatype: str, most: float, count: int
) -> None:
    for number in (most, -most):
        data = [0.5] * (count - 1) + [number]
        assert one(body([tensor(datatype, [count], data)]))[-1] == number
        with pytest.raises(ProtocolError, match=f"that {datatype} cannot hold"):
            one(body([tensor(datatype, [count], [*data[:-1], 2 * number])]))


@pytest.mark.parametrize(
    ("shape", "data", "words"),
    [
        ([2, 2], [1, 2, 3], "has 3 elements, and its shape .* is of 4"),
        ([2, 2], [[1, 2], [3]], "not nested as its shape"),
        ([2, 2], [[1, 2], 3], "not nested as its shape"),
        ([2, 2], [[1, 2, 3, 4]], "not nested as its shape"),
        ([2, 2, 2], [[1, 2, 3, 4], [5, 6, 7, 8]], "not nested as its shape"),
        ([4], [[1, 2], [3, 4]], "has 2 elements"),
        ([1], [[1]], "has a list"),
        ([2], {"0": 1}, "data of the tensor 'x' is no list"),
        ([1], None, "data of the tensor 'x' is no list"),
        ([0], [], "no whole number from 1"),
        ([-1], [1], "no whole number from 1"),
        ([1.0], [1], "no whole number from 1"),
        ([True], [1], "no whole number from 1"),
        ([], [1], "no list of 1 to 8"),
        ([1] * 9, [1], "no list of 1 to 8"),
        ([2**40] * 8, [1], "has 1 elements"),
        ([2**62], [1], "no whole number from 1"),
        ("4", [1], "no list"),
    ],
)
def test_shapes_must_be_those_of_the_data(shape: Any, data: Any, words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        one(body([tensor("FP32", shape, data)]))


def test_datatypes_are_told_of_arrays() -> None:
    assert {datatype_of(np.empty(1, dtype)) for dtype in DTYPES.values()} == set(DTYPES)
    assert datatype_of(np.empty(1, ">f4")) == "FP32"
    assert datatype_of(np.array(["a"], object)) == "BYTES"


def test_an_output_is_sent_as_the_signature_told_it() -> None:
    array = np.array([[0.5]], "f4")
    written = write_answer([Wish("p", True)], {}, {"p": array}, {"p": "FP64"})
    assert written.body.endswith(np.array([0.5]).tobytes())


def test_nan_is_null_in_json() -> None:
    array = np.array([np.nan, np.inf, 1.0])
    (told,) = json.loads(write_answer([Wish("p", False)], {}, {"p": array}, {}).body)["outputs"]
    assert told["data"] == [None, None, 1.0]
