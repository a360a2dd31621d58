"""An example of what a parameter takes, for the hint of a message."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from typing import Any, Literal, get_args, get_origin

from windlass.pipeline.annotations import (
    annotations_of,
    is_enum,
    is_newtype,
    is_union,
    plain,
)
from windlass.pipeline.converting import holds_many, is_record, is_structured
from windlass.pipeline.scalars import is_path
from windlass.values import Json

_SAMPLES: dict[Any, tuple[Json, ...]] = {
    int: (4, 6, 8),
    float: (0.1, 0.5),
    bool: (True, False),
    str: ("a", "b"),
    type(None): (None,),
    dt.date: ("2024-01-31",),
    dt.datetime: ("2024-01-31T12:00",),
    dt.time: ("12:00",),
    dt.timedelta: ("15m",),
}

_DEEPEST = 3


def sample(annotation: Any, depth: int = 0) -> Json:
    """Something that the annotation takes, as JSON.

    Args:
        annotation: What is asked for, evaluated.
        depth: How deep this is in another sample; a class may hold itself.
    """
    kind = _one_kind(annotation)
    if holds_many(kind):
        return _several(kind, depth)
    if is_structured(kind):
        return _structured(kind, depth)
    return _samples(kind)[0]


def as_text(document: Json) -> str:
    """A sample as one types it at a prompt."""
    if isinstance(document, str):
        return document
    if isinstance(document, list) and not any(isinstance(item, list | dict) for item in document):
        return ",".join(as_text(item) for item in document)
    text = json.dumps(document)
    return f"'{text}'" if isinstance(document, list | dict) else text


def _one_kind(annotation: Any) -> Any:
    """The annotation's first member, if it is a union, and base, if it is a NewType."""
    kind = plain(annotation)
    if is_newtype(kind):
        return _one_kind(kind.__supertype__)
    if is_union(kind):
        return _one_kind(next(it for it in get_args(kind) if it is not type(None)))
    return kind


def _samples(kind: Any) -> tuple[Json, ...]:
    if get_origin(kind) is Literal:
        return tuple(getattr(option, "name", option) for option in get_args(kind))
    if is_enum(kind):
        return tuple(kind.__members__)
    if is_path(kind):
        return ("data.csv",)
    return _SAMPLES.get(kind, ("…",)) if isinstance(kind, type) else ("…",)


def _several(kind: Any, depth: int) -> Json:
    arguments = get_args(kind) or (Any,)
    if depth >= _DEEPEST:
        return []
    if get_origin(kind) is tuple and arguments[1:] != (...,):
        return [sample(item, depth + 1) for item in arguments]
    item = _one_kind(arguments[0])
    if holds_many(item) or is_structured(item):
        return [sample(item, depth + 1)]
    return list(_samples(item))


def _structured(kind: Any, depth: int) -> Json:
    cls = get_origin(kind) or kind
    kinds = annotations_of(cls)
    if depth >= _DEEPEST or not kinds:
        key, held = get_args(kind) if len(get_args(kind)) == 2 else (str, Any)
        return {} if depth >= _DEEPEST else {as_text(sample(key)): sample(held, depth + 1)}
    return {name: sample(kinds[name], depth + 1) for name in _needed(cls) if name in kinds}


def _needed(cls: Any) -> list[str]:
    """The fields without a default; all if each has one."""
    if not is_record(cls):
        return list(annotations_of(cls))
    parameters = inspect.signature(cls).parameters
    return [name for name, it in parameters.items() if it.default is it.empty] or list(parameters)
