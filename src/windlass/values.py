"""Plain values as JSON and back, exactly.

Parameters, constants in a plan, and small results are all *plain*: scalars, dates, enums, paths,
dataclasses, named tuples, pydantic models, and lists, tuples, sets, dicts, namespaces and the like
of these. JSON's own types stand for themselves; all else is an object with the key ``$type``.
Encoding is canonical: equal values of equal types give equal documents, and a dict keeps its
order, which is part of it. What cannot come back exactly, in its own type, is refused.

Decoding never runs code that a document names: a class is taken from the modules that are loaded
already, and only if it is a dataclass, an enum, a named tuple or a pydantic model there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from windlass.classes import Resolver, is_namedtuple_class, is_plain_class, loaded_class
from windlass.decoding import Reader, decode_document
from windlass.encoding import TYPE, Json, Other, Walk, encode_value, to_text
from windlass.errors import FormatError
from windlass.hashing import AsciiDigester

__all__ = [
    "TYPE",
    "Json",
    "Other",
    "Resolver",
    "TooDeepError",
    "decode",
    "digest_text",
    "digest_value",
    "dumps",
    "encode",
    "is_namedtuple_class",
    "is_plain",
    "is_plain_class",
    "loaded_class",
    "loads",
    "to_text",
]

Reading: TypeAlias = Callable[[dict[str, Json]], Any]
"""Reads a document whose type is not ours."""


class TooDeepError(FormatError):
    """A value is nested too deep, or holds itself."""

    def __init__(self, message: str = "a value is nested too deep, or holds itself") -> None:
        super().__init__(message)


def encode(value: object, other: Other | None = None) -> Json:
    """The JSON document of a plain value.

    Args:
        value: What to encode.
        other: Asked first for every instance of a class that is not JSON-like by itself: a
            document with a ``$type`` of its own, or None to go on as without it.

    Raises:
        FormatError: The value, or something in it, is not plain.
    """
    try:
        return encode_value(value, Walk(value, other))
    except RecursionError:
        raise TooDeepError from None


def decode(document: Json, resolve: Resolver | None = None, other: Reading | None = None) -> Any:
    """The value of a document that `encode` made.

    Args:
        document: What `encode` returned.
        resolve: Finds the class of a ``module:qualname``; by default, among loaded modules only.
        other: Reads the documents that `encode`'s `other` made.

    Raises:
        FormatError: The document is not of that form, or names a class that is not to be had.
    """
    try:
        return decode_document(document, Reader(resolve or loaded_class, other))
    except RecursionError:
        raise TooDeepError from None


def dumps(value: object, other: Other | None = None) -> str:
    """The canonical JSON text of a plain value."""
    try:
        return to_text(encode_value(value, Walk(value, other)))
    except RecursionError:
        raise TooDeepError from None


def loads(text: str | bytes, resolve: Resolver | None = None, other: Reading | None = None) -> Any:
    """The plain value of a text that `dumps` made.

    Raises:
        FormatError: The text is not of that form, or names a class that is not to be had.
    """
    try:
        document = json.loads(text)
    except RecursionError:
        raise TooDeepError from None
    except ValueError as error:
        raise FormatError(f"a stored value is not JSON: {error}") from error
    return decode(document, resolve, other)


digest_text = AsciiDigester("value")
"""The content digest of a plain value, from its canonical text."""


def digest_value(value: object) -> str:
    """The content digest of a plain value."""
    return digest_text(dumps(value))


def is_plain(value: object) -> bool:
    """Whether `encode` takes this value."""
    try:
        encode(value)
    except FormatError:
        return False
    return True
