"""A request for inference, taken apart: its tensors, and what it wishes to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from windlass.errors import ProtocolError
from windlass.serving.protocol.buffers import read_buffer
from windlass.serving.protocol.datatypes import BYTES, is_datatype
from windlass.serving.protocol.elements import read_elements
from windlass.serving.protocol.limits import Limits
from windlass.serving.protocol.shapes import flattened, read_shape
from windlass.words import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAME = 60
"""Letters of a client's own name that an error tells."""
_UNDONE = ("classification", "sequence_id", "shared_memory_region")
"""Parameters that ask for extensions of Triton that are not here."""


class Given(NamedTuple):
    """A tensor of a request.

    Args:
        name: Its name.
        array: What it holds, in the shape that the request says.
    """

    name: str
    array: NDArray[Any]


class Wish(NamedTuple):
    """An output that a request asks for.

    Args:
        name: Its name.
        binary: Whether it is to be sent in binary.
    """

    name: str
    binary: bool


class InferRequest(NamedTuple):
    """What a request for inference says.

    Args:
        tensors: Its inputs, in order.
        id: Its own, which the answer repeats; None if it has none.
        wishes: The outputs that it asks for; None for all.
        binary: Whether outputs are sent in binary that say nothing of it themselves.
    """

    tensors: Sequence[Given]
    id: str | None = None
    wishes: Sequence[Wish] | None = None
    binary: bool = False


def read_request(body: bytes, header: int | None, limits: Limits) -> InferRequest:
    """The request that a body holds.

    Args:
        body: JSON, and after it the binary data of its tensors, in order.
        header: How many bytes of JSON there are; None if all is JSON.
        limits: The most that there may be.

    Raises:
        ProtocolError: It is not of the protocol; the message names the tensor. 413 for what is too
            large, 501 for what the protocol has and this server has not.
    """
    size = len(body) if header is None else header
    if size > len(body):
        raise ProtocolError(
            f"inference-header-content-length is {size:,}, and the body has {len(body):,} bytes"
        )
    limits.check_json(body, size)
    document = read_object(body if size == len(body) else body[:size])
    parameters = _parameters(document, "the request")
    inputs = _listed(document, "inputs", limits.tensors)
    if not inputs:
        raise ProtocolError("the request has no inputs")
    buffers = _Buffers(body, size)
    tensors = [_read_tensor(each, buffers, limits) for each in inputs]
    buffers.check_end()
    binary = _flag(parameters, "binary_data_output", False)
    return InferRequest(tensors, _id(document), _wishes(document, binary, limits.tensors), binary)


def read_object(text: bytes) -> dict[str, Any]:
    """The object that JSON holds.

    Raises:
        ProtocolError: It is no JSON, or no object.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"the body is no JSON: {error.msg}, at byte {error.pos:,}") from None
    if type(found) is not dict:
        raise ProtocolError("the JSON of the body is no object")
    return found


class _Buffers:
    """The binary data after the JSON, which tensors take in their order."""

    def __init__(self, body: bytes, at: int) -> None:
        self._body = body
        self._at = at
        self.texts = 0

    def take(self, size: Any, name: str) -> memoryview:
        if type(size) is not int or not 0 <= size <= len(self._body) - self._at:
            raise ProtocolError(
                f"binary_data_size of the tensor '{name}' is more than there is of binary data"
                if type(size) is int and size > 0
                else f"binary_data_size of the tensor '{name}' is no number of bytes"
            )
        begin, self._at = self._at, self._at + size
        return memoryview(self._body)[begin : self._at]

    def check_end(self) -> None:
        if rest := len(self._body) - self._at:
            raise ProtocolError(f"after the data of the tensors there are {rest:,} bytes more")


def _read_tensor(document: Any, buffers: _Buffers, limits: Limits) -> Given:
    name = _name(document, "an input")
    told = shown(name)
    datatype = document.get("datatype")
    if not is_datatype(datatype):
        what = shortened(repr(datatype), _NAME)
        raise ProtocolError(f"the tensor '{told}' has the datatype {what}, which is none")
    shape = read_shape(document.get("shape"), told, limits.axes)
    parameters = _parameters(document, "the tensor", told)
    if "binary_data_size" not in parameters:
        elements = flattened(document.get("data"), shape, told)
        return Given(name, read_elements(elements, datatype, told).reshape(shape))
    if document.get("data") is not None:
        raise ProtocolError(f"the tensor '{told}' has both data and binary_data_size")
    buffer = buffers.take(parameters["binary_data_size"], told)
    if datatype == BYTES:
        buffers.texts += prod(shape)
        limits.check_texts(buffers.texts)
    return Given(name, read_buffer(buffer, datatype, prod(shape), told).reshape(shape))


def shown(name: str) -> str:
    """A name that a client gave, as an error tells it."""
    return name if len(name) <= _NAME and name.isprintable() else shortened(ascii(name), _NAME)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that a client may have meant; a long one is not compared, which would take long."""
    near = get_close_matches(name, names, 1) if len(name) <= _NAME else []
    return near[0] if near else None


def _name(document: Any, what: str) -> str:
    if type(document) is not dict:
        raise ProtocolError(f"{what} is no object")
    name = document.get("name")
    if type(name) is not str or not name:
        raise ProtocolError(f"{what} has no name")
    return name


def _listed(document: Mapping[str, Any], key: str, most: int) -> list[Any]:
    found = document.get(key)
    if found is None:
        return []
    if type(found) is not list:
        raise ProtocolError(f"'{key}' of the request is no list")
    if len(found) > most:
        raise ProtocolError(f"'{key}' of the request has more than {most:,} items", status=413)
    return found


def _parameters(document: Mapping[str, Any], what: str, of: str = "") -> Mapping[str, Any]:
    found = document.get("parameters")
    if found is None:
        return {}
    what = f"{what} '{of}'" if of else what
    if type(found) is not dict:
        raise ProtocolError(f"the parameters of {what} are no object")
    for name, each in found.items():
        if not isinstance(each, str | int | float):
            raise ProtocolError(
                f"the parameter '{shown(name)}' of {what} is no text, number or boolean"
            )
        if name in _UNDONE and each:
            raise ProtocolError(f"'{name}' is asked for, which is not done here", status=501)
    return found


def _flag(parameters: Mapping[str, Any], name: str, usual: bool) -> bool:
    found = parameters.get(name, usual)
    if type(found) is not bool:
        raise ProtocolError(f"'{name}' is neither true nor false")
    return found


def _id(document: Mapping[str, Any]) -> str | None:
    found = document.get("id")
    if found is not None and type(found) is not str:
        raise ProtocolError("the id of the request is no text")
    return found or None


def _wishes(document: Mapping[str, Any], binary: bool, most: int) -> list[Wish] | None:
    wishes = []
    for each in _listed(document, "outputs", most):
        name = _name(each, "an output")
        parameters = _parameters(each, "the output", shown(name))
        wishes.append(Wish(name, _flag(parameters, "binary_data", binary)))
    return wishes or None
