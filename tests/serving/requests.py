"""Requests of the protocol as a client writes them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray


def binary(array: NDArray[Any], datatype: str) -> bytes:
    """The bytes of an array, written by hand: a second source for what ours writes and reads."""
    if datatype == "BYTES":
        texts = [str(each).encode() for each in array.ravel().tolist()]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    letter = {"BOOL": "?", "FP": "f", "UINT": "u", "INT": "i"}[datatype.rstrip("0123456789")]
    size = int("0" + datatype.lstrip("BOLFPUINT")) // 8
    return array.astype(f"<{letter}{size}" if size else "?").tobytes("C")


def body(inputs: Sequence[dict[str, Any]], **others: Any) -> bytes:
    """A request of JSON alone."""
    return json.dumps({"inputs": list(inputs), **others}).encode()


def binary_body(
    tensors: Sequence[tuple[str, NDArray[Any], str]], **others: Any
) -> tuple[bytes, int]:
    """A request with its tensors in binary, and how many bytes of it are JSON."""
    buffers = [binary(array, datatype) for _, array, datatype in tensors]
    inputs = [
        {
            "name": name,
            "datatype": datatype,
            "shape": list(array.shape),
            "parameters": {"binary_data_size": len(buffer)},
        }
        for (name, array, datatype), buffer in zip(tensors, buffers, strict=True)
    ]
    head = body(inputs, **others)
    return b"".join((head, *buffers)), len(head)
