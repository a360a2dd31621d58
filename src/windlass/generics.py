"""Pydantic's generic models: ``Box[int]`` is a class that only its parts can be found by.

Pydantic makes it when it is first asked for, so no module need hold it. Its document is that of
``Box``, followed by those of its arguments. ``Optional[int]`` is ``int | None`` there.
"""

from __future__ import annotations

import functools
import operator
import types
from typing import Any, Union, get_args, get_origin

from windlass.classes import Resolver, class_reference, is_model_class, is_plain_class
from windlass.errors import FormatError

_PLAIN: dict[str, Any] = {
    cls.__name__: cls
    for cls in (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)
} | {"None": type(None), "Any": Any, "...": ...}


def origin_of(cls: Any) -> Any:
    """The generic model of which a class is made; any other class itself."""
    return (_made_of(cls)["origin"] or cls) if is_model_class(cls) else cls


def class_document(cls: Any) -> Any:
    """The reference of a plain class, or a list of what a model of a generic one is made of.

    Raises:
        FormatError: It would not be found, or an argument is no plain type.
    """
    origin = origin_of(cls)
    if origin is cls:
        return class_reference(cls)
    return [class_reference(origin), *map(_type_document, _made_of(cls)["args"])]


def class_of(document: Any, resolve: Resolver) -> Any:
    """The class of a document that `class_document` made.

    Raises:
        FormatError: A class is not to be had.
        TypeError: It is not generic, or takes other arguments.
    """
    if isinstance(document, str):
        return resolve(document)
    origin = resolve(document[0])
    if not is_model_class(origin):
        raise FormatError(f"a stored model is of the class {document[0]}, which is none")
    return origin[tuple(_type_of(part, resolve) for part in document[1:])]  # type: ignore[index]


def _made_of(cls: Any) -> Any:
    return cls.__pydantic_generic_metadata__


def _type_document(kind: Any) -> Any:
    name = next((name for name, plain in _PLAIN.items() if plain is kind), None)
    if name is not None or kind is None:
        return name or "None"
    if isinstance(kind, type) and get_origin(kind) is None and is_plain_class(kind):
        return class_document(kind)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return ["|", *map(_type_document, get_args(kind))]
    if origin in _PLAIN.values():
        return [_type_document(origin), *map(_type_document, get_args(kind))]
    raise FormatError(
        f"the type {kind} that a generic model is made of cannot be stored",
        hint="Derive a class of your own: class IntBox(Box[int]): ...",
    )


def _type_of(document: Any, resolve: Resolver) -> Any:
    if isinstance(document, str):
        return _PLAIN[document] if document in _PLAIN else resolve(document)
    head, *rest = document
    if head not in _PLAIN and head != "|":
        return class_of(document, resolve)
    parts = tuple(_type_of(part, resolve) for part in rest)
    return functools.reduce(operator.or_, parts) if head == "|" else _PLAIN[head][parts]
