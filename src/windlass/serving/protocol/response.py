"""The answer to a request for inference, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from windlass.errors import ProtocolError
from windlass.serving.exchange import Arrays
from windlass.serving.protocol.buffers import write_buffer
from windlass.serving.protocol.datatypes import BYTES, DTYPES, datatype_of
from windlass.serving.protocol.elements import plain_elements
from windlass.serving.protocol.request import InferRequest, Wish, nearest, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Written:
    """The body of an answer.

    Args:
        body: JSON, and after it the binary data of its tensors.
        header: How many bytes of JSON there are; None if all is JSON.
    """

    body: bytes
    header: int | None = None


def write_json(document: Any) -> bytes:
    """A document as JSON, in which arrays of numbers may stand."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def write_answer(
    wishes: Sequence[Wish],
    about: Mapping[str, Any],
    outputs: Arrays,
    datatypes: Mapping[str, str],
) -> Written:
    """The answer to a request.

    Args:
        wishes: The outputs to send.
        about: ``model_name``, ``model_version`` and ``id``.
        outputs: What the model gave, by name.
        datatypes: As which outputs are sent, by name; those that are not there, as what they are.
    """
    tensors: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    for name, binary in wishes:
        array = outputs[name]
        datatype = datatypes.get(name) or datatype_of(array)
        told: dict[str, Any] = {"name": name, "datatype": datatype, "shape": array.shape}
        array = _as_sent(array, datatype)
        if binary:
            buffers.append(write_buffer(array, datatype))
            told["parameters"] = {"binary_data_size": len(buffers[-1])}
        else:
            told["data"] = plain_elements(array, datatype)
        tensors.append(told)
    head = write_json({**about, "outputs": tensors})
    return Written(b"".join((head, *buffers)), len(head)) if buffers else Written(head)


def _as_sent(array: NDArray[Any], datatype: str) -> NDArray[Any]:
    """An output as the signature told it: one from ONNX may be a float32 where that says FP64."""
    if datatype == BYTES or array.dtype == DTYPES[datatype]:
        return array
    return array.astype(DTYPES[datatype])


def chosen(request: InferRequest, names: Sequence[str]) -> Sequence[Wish]:
    """The outputs to send, of those that there are.

    Raises:
        ProtocolError: One is wished that there is not, or twice.
    """
    if request.wishes is None:
        return [Wish(name, request.binary) for name in names]
    wished = [wish.name for wish in request.wishes]
    for name in wished:
        if name not in names:
            near = nearest(name, names)
            raise ProtocolError(
                f"there is no output '{shown(name)}'",
                hint=f"Is '{near}' meant?" if near else f"There is {', '.join(names)}.",
            )
    if len(set(wished)) < len(wished):
        raise ProtocolError("an output is asked for twice")
    return request.wishes
