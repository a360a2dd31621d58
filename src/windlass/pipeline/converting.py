"""Python values, and what JSON holds, made what a parameter's annotation asks for.

Single values keep to `windlass.pipeline.scalars`; a list is a tuple or a set, and a dict a
dataclass, a named tuple or a pydantic model, where that is asked for. Pydantic takes 50 ms to
import, so only its own models and constraints, and classes that nothing here knows, are its.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
from collections import abc
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from windlass.pipeline.annotations import (
    annotations_of,
    is_enum,
    is_newtype,
    is_typeddict,
    is_union,
    plain,
    required_keys,
    unwrapped,
)
from windlass.pipeline.checking import check
from windlass.pipeline.refusal import RefusedError, close_to, is_not, shown
from windlass.pipeline.scalars import SCALARS, is_path, to_enum, to_path, without_numpy
from windlass.pipeline.with_pydantic import comes_first, is_model, is_rule, validated
from windlass.values import is_namedtuple_class

One: TypeAlias = Callable[[Any, Any], Any]
"""Makes a value what an annotation, its first argument, asks for."""

_MAKERS: dict[Any, Callable[[Iterable[Any]], Any] | None] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    abc.Set: set,
    abc.MutableSet: set,
    abc.MutableSequence: list,
    abc.Sequence: None,  # whatever is given
    abc.Collection: None,
    abc.Iterable: None,
}
"""Classes of many values, and what makes them."""

_ORDERED = (list, tuple, abc.Sequence, abc.MutableSequence)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)


def convert(annotation: Any, value: Any, keys: One | None = None) -> Any:
    """The value as its annotation asks for it.

    Args:
        annotation: The annotation, evaluated.
        value: A Python value, or what a JSON document holds.
        keys: Makes a dict's keys; given for JSON, where they are text whatever they stand for.

    Raises:
        RefusedError: It is something else.
    """
    if get_origin(annotation) is Annotated:
        return constrained(annotation, value, lambda inner, it: convert(inner, it, keys))
    inner = unwrapped(annotation)
    if inner is not annotation:
        return convert(inner, value, keys)
    kind, value = plain(annotation), without_numpy(value)
    for applies, converter in _CONVERTERS:
        if applies(kind):
            return converter(kind, value, keys)
    return _of_any_other_class(kind, value)


def constrained(annotation: Any, value: Any, one: One) -> Any:
    """What `one` makes of a value, if that keeps to the constraints of an ``Annotated``."""
    inner, *extras = get_args(annotation)
    rules = [extra for extra in extras if is_rule(extra)]
    if not any(comes_first(rule) for rule in rules):
        value = one(inner, value)
    return validated(annotation, value) if rules else value


def items_of(annotations: Iterable[Any], values: Iterable[Any], one: One) -> list[Any]:
    """Each value as its own annotation asks for it; a refusal names the item."""
    found = []
    for index, (annotation, value) in enumerate(zip(annotations, values, strict=True)):
        with _inside(f"item {index}"):
            found.append(one(annotation, value))
    return found


@contextlib.contextmanager
def _inside(place: str) -> Iterator[None]:
    try:
        yield
    except RefusedError as refusal:
        raise refusal.inside(place) from None


def item_annotations(kind: Any, count: int) -> list[Any]:
    """The annotations of `count` items of a list, set or tuple.

    Raises:
        RefusedError: A tuple of another length was asked for.
    """
    arguments = get_args(kind)
    if get_origin(kind) is not tuple or arguments[1:] == (...,):
        return [arguments[0] if arguments else Any] * count
    if len(arguments) != count:
        raise RefusedError(f"has {count} items, not {len(arguments)}")
    return list(arguments)


def first_of(kind: Any, members: Iterable[Any], value: Any, one: One) -> Any:
    """What the first member of a union that takes the value makes of it."""
    refusals = []
    for member in members:
        try:
            return one(member, value)
        except RefusedError as refusal:
            refusals.append(refusal)
    raise next((refusal for refusal in refusals if refusal.near), is_not(value, kind))


def holds_many(kind: Any) -> bool:
    """Whether it is a list, a set, a tuple or the like."""
    return (get_origin(kind) or kind) in _MAKERS


def is_structured(kind: Any) -> bool:
    """Whether it has keys or fields: a dict, a dataclass, a named tuple or a pydantic model."""
    cls = get_origin(kind) or kind
    return cls in _DICTS or is_typeddict(cls) or is_record(cls) or is_model(cls)


def is_record(kind: Any) -> bool:
    """Whether it is a dataclass or a named tuple."""
    cls = get_origin(kind) or kind
    return isinstance(cls, type) and (dataclasses.is_dataclass(cls) or is_namedtuple_class(cls))


def _union(kind: Any, value: Any, keys: One | None) -> Any:
    def is_other_class(member: Any) -> bool:
        member = plain(member)
        return type(value) is not (get_origin(member) or member)

    members = sorted(get_args(kind), key=is_other_class)
    return first_of(kind, members, value, lambda member, it: convert(member, it, keys))


def _literal(kind: Any, value: Any, _: One | None) -> Any:
    for option in get_args(kind):
        if type(option) is type(value) and option == value:
            return option
        if is_enum(type(option)) and value in (option.name, option.value):
            return option
    raise is_not(value, kind)


def _many(kind: Any, value: Any, keys: One | None) -> Any:
    cls = get_origin(kind) or kind
    is_set = isinstance(value, set | frozenset)
    is_list = isinstance(value, list | tuple | range | abc.KeysView | abc.ValuesView)
    if not is_list and (cls in _ORDERED or not is_set):  # a set has no order to keep
        raise is_not(value, kind)
    make = _MAKERS[cls] or (type(value) if is_set or isinstance(value, tuple) else list)
    annotations = item_annotations(kind, len(value))
    items = items_of(annotations, value, lambda item, it: convert(item, it, keys))
    try:
        return make(items)
    except TypeError as error:
        raise RefusedError(f"is {shown(value)}: {error}") from None


def _dict(kind: Any, value: Any, keys: One | None) -> Any:
    if not isinstance(value, Mapping):
        raise is_not(value, kind)
    key_kind, held = get_args(kind) or (Any, Any)
    one_key = convert if keys is None or plain(key_kind) in (Any, object, str) else keys
    found = {}
    for key, item in value.items():
        with _inside(f"the key {key!r}"):
            name = one_key(key_kind, key)
        with _inside(f"the value at {key!r}"):
            found[name] = convert(held, item, keys)
    return found


def _record(kind: Any, value: Any, keys: One | None) -> Any:
    cls = get_origin(kind) or kind
    if isinstance(value, cls):
        return value
    if is_namedtuple_class(cls) and isinstance(value, list | tuple):
        if len(value) > len(cls._fields):
            raise RefusedError(f"has {len(value)} items, not {len(cls._fields)}")
        value = dict(zip(cls._fields, value, strict=False))
    parameters = inspect.signature(cls).parameters
    required = [name for name, it in parameters.items() if it.default is it.empty]
    kinds = annotations_of(cls)
    fields = {name: kinds.get(name, Any) for name in parameters}
    found = _fields(kind, value, fields, required, keys)
    try:
        return cls(**found)
    except (TypeError, ValueError, AssertionError) as error:  # its own __post_init__ refuses it
        raise RefusedError(f"is {shown(value)}: {_first_line(error)}") from None


def _typeddict(kind: Any, value: Any, keys: One | None) -> Any:
    cls = get_origin(kind) or kind
    return _fields(kind, value, annotations_of(cls), sorted(required_keys(cls)), keys)


def _fields(
    kind: Any, value: Any, kinds: Mapping[str, Any], required: Iterable[str], keys: One | None
) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise is_not(value, kind)
    for name in value:
        if name not in kinds:
            raise RefusedError(f"has no field {name!r}{close_to(str(name), kinds)}")
    missing = [name for name in required if name not in value]
    if missing:
        raise RefusedError(f"lacks the field {', '.join(repr(name) for name in missing)}")
    found = {}
    for name, item in value.items():
        with _inside(f"field '{name}'"):
            found[name] = convert(kinds[name], item, keys)
    return found


def _model(kind: Any, value: Any, keys: One | None) -> Any:
    return value if isinstance(value, kind) else validated(kind, value, is_json=keys is not None)


def _of_any_other_class(kind: Any, value: Any) -> Any:
    if check(value, kind) is None:
        return value
    if isinstance(kind, type):
        return validated(kind, value)
    raise is_not(value, kind)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


_CONVERTERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Any, One | None], Any]], ...] = (
    (lambda kind: kind in (Any, object), lambda _kind, value, _keys: value),
    (is_newtype, lambda kind, value, keys: convert(kind.__supertype__, value, keys)),
    (is_union, _union),
    (lambda kind: get_origin(kind) is Literal, _literal),
    (is_enum, lambda kind, value, _: to_enum(kind, value)),
    (
        lambda kind: isinstance(kind, type) and kind in SCALARS,
        lambda kind, it, _: SCALARS[kind](it),
    ),
    (is_path, lambda kind, value, _: to_path(kind, value)),
    (is_model, _model),
    (lambda kind: is_typeddict(get_origin(kind) or kind), _typeddict),
    (is_record, _record),
    (lambda kind: (get_origin(kind) or kind) in _DICTS, _dict),
    (holds_many, _many),
)
"""How each kind of annotation is met."""
