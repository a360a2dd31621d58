"""The elements of a tensor as JSON has them, and arrays of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from windlass.errors import ProtocolError
from windlass.serving.protocol.datatypes import BOOL, BYTES, DTYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 2**53
"""Whole numbers up to which each is a float64."""
_GREATEST = {name: float(np.finfo(DTYPES[name]).max) for name in ("FP16", "FP32")}
_FEW = 64
"""Elements up to which Python looks through them itself: NumPy's product would let other threads
have the interpreter, which takes longer than the look."""
_PIECE = 32_768
"""Elements that are read at once: some milliseconds, while no other thread runs Python."""


def read_elements(elements: Sequence[Any], datatype: str, name: str) -> NDArray[Any]:
    """An array of what JSON has; ``None`` is a missing value.

    Whole numbers some of which are missing become floats with NaN, and booleans objects with None.

    Args:
        elements: n of them.
        datatype: One of the protocol's.
        name: The tensor's.

    Returns:
        (n,) array.

    Raises:
        ProtocolError: An element is not of that datatype, or does not fit into it.
    """
    read = _READERS[datatype]
    if len(elements) <= _PIECE:
        return read(elements, set(map(type, elements)), datatype, name)
    pieces = [elements[at : at + _PIECE] for at in range(0, len(elements), _PIECE)]
    types = set().union(*(map(type, piece) for piece in pieces))
    return np.concatenate([read(piece, types, datatype, name) for piece in pieces])


def _read_floats(
    elements: Sequence[Any], types: set[type], datatype: str, name: str
) -> NDArray[Any]:
    _allow(types, _NUMBERS, datatype, name)
    found = np.array(elements, np.float64)
    if datatype == "FP64":
        return found
    if _plainly_fit(elements, types, found, _GREATEST[datatype]):
        return found.astype(DTYPES[datatype])
    with np.errstate(over="ignore"):
        made = found.astype(DTYPES[datatype])
    if np.isinf(made).any():  # JSON has no infinity: it was too large
        raise ProtocolError(f"the tensor '{name}' has a number that {datatype} cannot hold")
    return made


def _plainly_fit(
    elements: Sequence[Any], types: set[type], found: NDArray[Any], most: float
) -> bool:
    """Whether no number is too large, and none is missing."""
    if len(elements) > _FEW:
        return bool(found.dot(found) < most**2)
    few = type(None) not in types and len(elements) > 0
    return few and -most <= min(elements) and max(elements) <= most


def _read_integers(
    elements: Sequence[Any], types: set[type], datatype: str, name: str
) -> NDArray[Any]:
    _allow(types, _NUMBERS, datatype, name)
    known = elements if type(None) not in types else [e for e in elements if e is not None]
    if float in types:
        if not all(type(each) is int or each.is_integer() for each in known):
            raise ProtocolError(
                f"the tensor '{name}' has a number that is not whole, and is of {datatype}"
            )
        known = [int(each) for each in known]
    _check_bounds(known, datatype, name)
    if type(None) not in types:
        return np.array(known, DTYPES[datatype])
    if known and max(map(abs, known)) > _EXACT:
        raise ProtocolError(
            f"the tensor '{name}' has missing values beside whole numbers of more than 53 bits, "
            "and cannot hold both exactly"
        )
    return np.array(elements, np.float64)


def _check_bounds(known: Sequence[int], datatype: str, name: str) -> None:
    bounds = np.iinfo(DTYPES[datatype])
    if known and (min(known) < bounds.min or max(known) > bounds.max):
        raise ProtocolError(f"the tensor '{name}' has a number that {datatype} cannot hold")


def _read_booleans(
    elements: Sequence[Any], types: set[type], datatype: str, name: str
) -> NDArray[Any]:
    _allow(types, _TRUTHS, datatype, name)
    if types == {bool}:
        return np.array(elements, np.bool_)
    if not all(each is None or each in (0, 1) for each in elements):  # some clients send numbers
        raise ProtocolError(f"the tensor '{name}' has a number that is no BOOL: true or false")
    found = [None if each is None else bool(each) for each in elements]
    return np.array(found, object if type(None) in types else np.bool_)


def _read_texts(
    elements: Sequence[Any], types: set[type], datatype: str, name: str
) -> NDArray[Any]:
    _allow(types, _TEXTS, datatype, name)
    return as_objects(elements)


def _allow(types: set[type], allowed: frozenset[type], datatype: str, name: str) -> None:
    if not types <= allowed:
        told = ", ".join(sorted(_WORDS.get(each, each.__name__) for each in types - allowed))
        raise ProtocolError(f"the data of the tensor '{name}' has {told}, and is of {datatype}")


_NUMBERS: frozenset[type] = frozenset((float, int, type(None)))
_TRUTHS = _NUMBERS | {bool}
_TEXTS: frozenset[type] = frozenset((str, type(None)))
_WORDS = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "a text",
}
_READERS: Mapping[str, Callable[[Sequence[Any], set[type], str, str], NDArray[Any]]] = {
    BOOL: _read_booleans,
    BYTES: _read_texts,
    **{name: _read_floats for name in DTYPES if name.startswith("FP")},
    **{name: _read_integers for name in DTYPES if "INT" in name},
}


def as_objects(elements: Sequence[Any]) -> NDArray[Any]:
    """An array of Python's own objects, of one axis."""
    made = np.empty(len(elements), object)
    made[:] = elements
    return made


def plain_elements(array: NDArray[Any], datatype: str) -> Any:
    """What is written as JSON for an array, flat and row-major.

    NaN and infinity become null, as JSON has neither. Arrays of numbers stay what they are, for a
    writer that takes them.

    Args:
        array: Of any shape.
        datatype: As which it is sent.
    """
    if datatype == BYTES:
        return [None if each is None else str(each) for each in array.ravel().tolist()]
    if datatype == "FP16":
        return array.ravel().tolist()
    return array.ravel()
