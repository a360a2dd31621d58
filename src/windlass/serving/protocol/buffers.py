"""The elements of a tensor as the binary extension has them, and arrays of them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.errors import ProtocolError
from windlass.serving.protocol.datatypes import BOOL, BYTES, DTYPES
from windlass.serving.protocol.elements import as_objects

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LENGTH = struct.Struct("<I")


def read_buffer(buffer: memoryview, datatype: str, count: int, name: str) -> NDArray[Any]:
    """An array of the elements in a buffer.

    Args:
        buffer: All of them, and nothing else.
        datatype: One of the protocol's.
        count: How many there are to be.
        name: The tensor's.

    Returns:
        (count,) array with memory of its own: models may write into what they are given.

    Raises:
        ProtocolError: The buffer is of another length, or a text is not in UTF-8.
    """
    if datatype == BYTES:
        return as_objects(_read_texts(buffer, count, name))
    dtype = DTYPES[datatype]
    if len(buffer) != count * dtype.itemsize:
        raise ProtocolError(
            f"the tensor '{name}' has {len(buffer):,} bytes; {count:,} elements of {datatype} are "
            f"{count * dtype.itemsize:,}"
        )
    if datatype == BOOL:
        found: NDArray[Any] = np.frombuffer(buffer, np.uint8) != 0
        return found
    return np.frombuffer(buffer, dtype).astype(dtype.newbyteorder("="))


def _read_texts(buffer: memoryview, count: int, name: str) -> list[str]:
    if len(buffer) < _LENGTH.size * count:  # before a list of that many is thought of
        raise _lying(name)
    texts, at, end = [], 0, len(buffer)
    for _ in range(count):
        if at + _LENGTH.size > end:
            raise _lying(name)
        (length,) = _LENGTH.unpack_from(buffer, at)
        at += _LENGTH.size
        if length > end - at:
            raise _lying(name)
        texts.append(_text(buffer[at : at + length], name))
        at += length
    if at != end:
        raise _lying(name)
    return texts


def _text(buffer: memoryview, name: str) -> str:
    try:
        return str(buffer, "utf-8")
    except UnicodeDecodeError:
        raise ProtocolError(f"the tensor '{name}' has a text that is not in UTF-8") from None


def _lying(name: str) -> ProtocolError:
    return ProtocolError(
        f"the lengths in the binary data of the tensor '{name}' are not those of its texts"
    )


def write_buffer(array: NDArray[Any], datatype: str) -> bytes:
    """The elements of an array, row-major and little-endian.

    Args:
        array: Of any shape.
        datatype: As which it is sent.
    """
    if datatype != BYTES:
        return array.astype(DTYPES[datatype], copy=False).tobytes()
    texts = (str(each).encode() for each in array.ravel().tolist())
    return b"".join(part for text in texts for part in (_LENGTH.pack(len(text)), text))
