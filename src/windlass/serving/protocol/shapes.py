"""The shape of a tensor, and its data as one row of elements."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

from windlass.errors import ProtocolError

_LONGEST = 2**40
"""Of an axis: more than any body could bring, and small enough for a product that is quick."""


def read_shape(shape: Any, name: str, axes: int) -> tuple[int, ...]:
    """A shape that can be.

    Args:
        shape: What was sent.
        name: The tensor's.
        axes: How many there may be.

    Raises:
        ProtocolError: It is no list of whole numbers from 1, or of too many.
    """
    if type(shape) is not list or not 0 < len(shape) <= axes:
        raise ProtocolError(f"the shape of the tensor '{name}' is no list of 1 to {axes} lengths")
    for length in shape:
        if type(length) is not int or not 0 < length <= _LONGEST:
            raise ProtocolError(
                f"the shape of the tensor '{name}' has a length that is no whole number from 1"
            )
    return tuple(shape)


def flattened(data: Any, shape: tuple[int, ...], name: str) -> Sequence[Any]:
    """The elements of data that is nested as the shape says, or flat already; row-major.

    Raises:
        ProtocolError: It is neither, or of another number of elements than the shape says.
    """
    if type(data) is not list:
        raise ProtocolError(f"the data of the tensor '{name}' is no list")
    if len(shape) > 1 and data and type(data[0]) is list:
        data = _unnested(data, shape, name)
    if len(data) != prod(shape):
        raise ProtocolError(
            f"the tensor '{name}' has {len(data):,} elements, and its shape {list(shape)} is of "
            f"{prod(shape):,}"
        )
    return data  # type: ignore[no-any-return]


def _unnested(data: list[Any], shape: tuple[int, ...], name: str) -> list[Any]:
    """The elements, level by level: what is not as the shape says is never gone into."""
    wanted = shape[0]
    for length in shape[1:]:
        if len(data) != wanted or set(map(type, data)) != {list} or set(map(len, data)) != {length}:
            raise ProtocolError(
                f"the data of the tensor '{name}' is not nested as its shape {list(shape)} says"
            )
        wanted *= length
        data = list(chain.from_iterable(data))
    return data
