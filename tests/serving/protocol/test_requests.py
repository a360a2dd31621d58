"""Requests are taken apart strictly: what is not of the protocol is refused in words."""

from __future__ import annotations

import contextlib
import json
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.requests import binary_body, body
from windlass.errors import ProtocolError
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.request import InferRequest, Wish, nearest, read_request
from windlass.serving.protocol.response import chosen

LIMITS = Limits()
X = {"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}


def test_what_a_request_says() -> None:
    outputs = [{"name": "a", "parameters": {"binary_data": False}}, {"name": "b"}]
    text = body([X], id="r-1", outputs=outputs, parameters={"binary_data_output": True})
    found = read_request(text, None, LIMITS)
    assert (found.id, found.binary) == ("r-1", True)
    assert found.wishes == [Wish("a", False), Wish("b", True)]
    assert [each.name for each in found.tensors] == ["x"]


def test_strange_keys_and_parameters_are_none_of_ours() -> None:
    text = body([{**X, "parameters": {"content_type": "np"}}], parameters={"priority": 1}, more=[])
    assert read_request(text, None, LIMITS).wishes is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "an input has no name"),
        ({"name": 1}, "an input has no name"),
        ({"datatype": "FP8"}, "the tensor 'x' has the datatype 'FP8', which is none"),
        ({"datatype": None}, "datatype None"),
        ({"datatype": ["FP32"]}, "which is none"),
        ({"parameters": []}, "parameters of the tensor 'x' are no object"),
        ({"parameters": {"a": [1]}}, "'a' of the tensor 'x' is no text"),
        ({"parameters": {"binary_data_size": 4}}, "both data and binary_data_size"),
        ({"data": None, "parameters": {"binary_data_size": 4}}, "more than there is"),
        ({"data": None, "parameters": {"binary_data_size": -4}}, "no number of bytes"),
        ({"data": None, "parameters": {"binary_data_size": True}}, "no number of bytes"),
        ({"data": None, "parameters": {"binary_data_size": "4"}}, "no number of bytes"),
    ],
)
def test_an_input_must_be_whole(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ProtocolError, match=words):
        read_request(body([{**X, **changed}]), None, LIMITS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b'{"inputs": [NaN]}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "no JSON"),
        (b"[]", "no object"),
        (b"{}", "no inputs"),
        (b'{"inputs": {}}', "'inputs' of the request is no list"),
        (b'{"inputs": []}', "no inputs"),
        (b'{"inputs": [1]}', "an input is no object"),
        (body([X], outputs=[1]), "an output is no object"),
        (body([X], outputs=[{}]), "an output has no name"),
        (body([X], id=1), "id of the request is no text"),
        (body([X], parameters=1), "parameters of the request are no object"),
        (body([X], parameters={"binary_data_output": 1}), "neither true nor false"),
    ],
)
def test_a_request_must_be_whole(text: bytes, words: str) -> None:
    with pytest.raises(ProtocolError, match=words) as caught:
        read_request(text, None, LIMITS)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "asked",
    [
        {"outputs": [{"name": "p", "parameters": {"classification": 3}}]},
        {"parameters": {"sequence_id": 7}},
        {"outputs": [{"name": "p", "parameters": {"shared_memory_region": "r"}}]},
    ],
)
def test_what_is_not_done_here_is_said(asked: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="not done here") as caught:
        read_request(body([X], **asked), None, LIMITS)
    assert caught.value.status == 501


@pytest.mark.parametrize("header", [5, 10**6])
def test_a_header_that_lies_about_the_json(header: int) -> None:
    with pytest.raises(ProtocolError, match=r"no JSON|the body has"):
        read_request(body([X]), header, LIMITS)


def test_limits_hold() -> None:
    with pytest.raises(ProtocolError, match="'inputs' of the request has more than 2") as many:
        read_request(body([X] * 3), None, Limits(tensors=2))
    with pytest.raises(ProtocolError, match="the JSON has") as long:
        read_request(body([X]), None, Limits(json=10))
    assert many.value.status == long.value.status == 413


def test_texts_as_short_as_their_lengths_are_not_read_without_end() -> None:
    given_ = {
        "name": "x",
        "datatype": "BYTES",
        "shape": [3],
        "parameters": {"binary_data_size": 12},
    }
    head = body([given_, {**given_, "name": "y"}])
    assert len(read_request(head + bytes(24), len(head), Limits(texts=6)).tensors) == 2
    with pytest.raises(ProtocolError, match="more than 5 texts") as caught:
        read_request(head + bytes(24), len(head), Limits(texts=5))
    assert caught.value.status == 413


def test_a_long_name_is_not_compared_with_others() -> None:
    assert nearest("distanc", ["distance"]) == "distance"
    assert nearest("d" * 61, ["d" * 61 + "e"]) is None


@pytest.mark.parametrize(
    "lie",
    [
        struct.pack("<I", 2**32 - 1) + b"abc",
        struct.pack("<I", 4) + b"abc",
        struct.pack("<I", 2) + b"abc",
        struct.pack("<I", 3) + b"ab\xff",
        b"\x00\x00\x00",
        b"",
    ],
)
def test_texts_whose_lengths_lie(lie: bytes) -> None:
    given_ = {"name": "x", "datatype": "BYTES", "shape": [1]}
    head = body([{**given_, "parameters": {"binary_data_size": len(lie)}}])
    with pytest.raises(ProtocolError, match="'x'"):
        read_request(head + lie, len(head), LIMITS)


def test_bytes_that_no_tensor_takes_are_refused() -> None:
    text, header = binary_body([("x", np.ones(2, "f4"), "FP32")])
    with pytest.raises(ProtocolError, match="1 bytes more"):
        read_request(text + b"\0", header, LIMITS)


def test_a_great_shape_costs_nothing() -> None:
    tracemalloc.start()
    for datatype in ("FP64", "BYTES", "BOOL"):
        given_ = {"name": "x", "datatype": datatype, "shape": [2**30, 2**9]}
        sized = {**given_, "parameters": {"binary_data_size": 0}}
        for text, header in ((body([{**given_, "data": [1]}]), None), (body([sized]), None)):
            with pytest.raises(ProtocolError):
                read_request(text, header, LIMITS)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_errors_do_not_repeat_what_was_sent() -> None:
    with pytest.raises(ProtocolError) as caught:
        read_request(
            body([{**X, "name": "é\x1b" + "x" * 9000, "datatype": "y" * 9000}]), None, LIMITS
        )
    assert len(caught.value.message) < 250
    assert "\x1b" not in caught.value.message


def test_wishes_are_of_what_there_is() -> None:
    wished = InferRequest([], wishes=[Wish("predict", True)])
    assert chosen(wished, ["predict", "predict_proba"]) == [Wish("predict", True)]
    assert [wish.name for wish in chosen(InferRequest([]), ["a", "b"])] == ["a", "b"]
    with pytest.raises(ProtocolError, match="no output 'predic'") as caught:
        chosen(InferRequest([], wishes=[Wish("predic", True)]), ["predict"])
    assert caught.value.hint == "Is 'predict' meant?"
    with pytest.raises(ProtocolError, match="twice"):
        chosen(InferRequest([], wishes=[Wish("a", True), Wish("a", False)]), ["a"])


_REAL = [
    binary_body(
        [("x", np.arange(6.0).reshape(2, 3), "FP64"), ("t", np.array(["a", "é"]), "BYTES")]
    ),
    binary_body([("b", np.array([True, False]), "BOOL")], parameters={"binary_data_output": True}),
    (body([X], outputs=[{"name": "p", "parameters": {"binary_data": True}}]), None),
]


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_mutated_requests_are_read_or_refused(data: st.DataObject) -> None:
    text, header = data.draw(st.sampled_from(_REAL))
    mutated = bytearray(text)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated)))
        cut = data.draw(st.integers(0, 6))
        mutated[at : at + cut] = data.draw(_pieces)
    header = data.draw(st.sampled_from([header, None]) | st.integers(1, len(text) + 9))
    with contextlib.suppress(ProtocolError):  # and nothing else
        found = read_request(bytes(mutated), header, LIMITS)
        assert sum(given_.array.size for given_ in found.tensors) <= len(mutated)


_pieces = st.binary(max_size=5) | st.sampled_from(
    [
        b"-1",
        b"99999999999",
        b"null",
        b"[",
        b"]",
        b'"',
        b"{}",
        b"1e400",
        b"\\ud800",
        b"BYTES",
        b"\xff",
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["inputs", "outputs", "name", "shape", "datatype", "data", "parameters"]
                ),
                inner,
            )
        ),
        max_leaves=30,
    )
)
def test_any_json_is_read_or_refused(document: Any) -> None:
    for text in (json.dumps(document), json.dumps({"inputs": [document]})):
        with pytest.raises(ProtocolError):
            read_request(text.encode(), None, LIMITS)
