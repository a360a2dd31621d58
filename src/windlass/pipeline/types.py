"""Types at the edges of a graph: whether one fits another, and how to name it.

The rules are those of static type checkers, with two differences, since here nothing but surely
wrong edges may be refused: containers are covariant, and whatever cannot be known (`Any`, type
variables, protocols, names that only type checkers import, arguments of generic classes that are
not the standard library's) fits.
"""

from __future__ import annotations

import collections
import enum
import functools
import typing
from collections import abc
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias, get_args, get_origin

from windlass.pipeline.annotations import (
    ITERABLES,
    MAPPINGS,
    annotations_of,
    describe,
    full_name,
    is_newtype,
    is_typeddict,
    is_union,
    is_unpacked,
    plain,
    required_keys,
)
from windlass.pipeline.checking import check
from windlass.values import is_namedtuple_class

__all__ = ["assignable", "check", "describe", "full_name"]

Seen: TypeAlias = tuple[tuple[Any, Any], ...]

_PROMOTED = {float: int, complex: (int, float)}
_ITEMS = {str: str, bytes: int, bytearray: int, range: int}


def assignable(source: Any, target: Any) -> bool:
    """Whether a value annotated `source` may go where `target` is annotated.

    Args:
        source: The annotation of what is given, evaluated.
        target: The annotation of the parameter that takes it, evaluated.

    Returns:
        False only if the types surely do not fit.
    """
    try:
        return source is target or _known_to_fit(source, target)
    except TypeError:  # what `Annotated` adds need not be hashable
        return _fits(source, target, ())


@functools.lru_cache(4096)
def _known_to_fit(source: Any, target: Any) -> bool:
    return _fits(source, target, ())


def _fits(source: Any, target: Any, seen: Seen) -> bool:
    source, target = plain(source), plain(target)
    if target in (Any, object) or source in (Any, typing.Never, target):
        return True
    if (source, target) in seen:  # a recursive alias came round: it stands or falls with the rest
        return True
    seen = (*seen, (source, target))
    if is_union(source):
        return all(_fits(member, target, seen) for member in get_args(source))
    if get_origin(source) is Literal:
        return all(_literal_fits(value, target, seen) for value in get_args(source))
    return _one_fits(source, target, seen)


def _one_fits(source: Any, target: Any, seen: Seen) -> bool:
    if is_union(target) or get_origin(target) is Literal:
        return _fits_a_member(source, target, seen)
    if is_newtype(source) or is_newtype(target):
        return _newtype_fits(source, target, seen)
    return target is not typing.Never and _class_fits(source, target, seen)


def _fits_a_member(source: Any, target: Any, seen: Seen) -> bool:
    members = get_args(target) if is_union(target) else ()
    if any(_fits(source, member, seen) for member in members):
        return True
    values = _all_values(source)
    return bool(values) and all(_literal_fits(value, target, seen) for value in values)


def _all_values(source: Any) -> list[Any]:
    """The values of a type that has but a few: bool and enums are unions of their literals."""
    if source is bool:
        return [True, False]
    is_closed = isinstance(source, enum.EnumMeta) and not issubclass(source, enum.Flag)
    return list(source) if is_closed else []


def _literal_fits(value: Any, target: Any, seen: Seen) -> bool:
    target = plain(target)
    if is_union(target):
        return any(_literal_fits(value, member, seen) for member in get_args(target))
    if get_origin(target) is Literal:
        return any(value == other and type(value) is type(other) for other in get_args(target))
    return _fits(type(value), target, seen)


def _newtype_fits(source: Any, target: Any, seen: Seen) -> bool:
    """A NewType is its base when the pipeline runs; but two that are not related do not mix."""
    if is_newtype(source) and is_newtype(target):
        return target in _bases(source) or source in _bases(target)
    source = source.__supertype__ if is_newtype(source) else source
    target = target.__supertype__ if is_newtype(target) else target
    return _fits(source, target, seen)


def _bases(newtype: Any) -> Iterator[Any]:
    while is_newtype(newtype):
        yield newtype
        newtype = newtype.__supertype__


def _class_fits(source: Any, target: Any, seen: Seen) -> bool:
    source_class, target_class = get_origin(source) or source, get_origin(target) or target
    if is_typeddict(target_class):
        return _subclass(source_class, abc.Mapping) and _keys_fit(source_class, target_class, seen)
    if not _subclass(source_class, target_class):
        return _subclass(source_class, _PROMOTED.get(target_class, ()))
    if target_class is type:
        return all(
            _subclass(*pair) for pair in zip(get_args(source), get_args(target), strict=False)
        )
    if target_class is tuple and target is not tuple:
        return _tuple_fits(source, get_args(target), seen)
    return _all_fit(_arguments(source, target_class, get_args(target)), seen)


def _arguments(
    source: Any, target_class: Any, arguments: tuple[Any, ...]
) -> Iterable[tuple[Any, Any]]:
    """What must fit what for a generic class to fit another that it derives from."""
    if target_class in MAPPINGS and len(arguments) == 2:
        return zip(_mapping(source) or (), arguments, strict=False)
    if target_class in ITERABLES and arguments:
        return ((held, arguments[0]) for held in _held(source) or ())
    return ()


def _all_fit(pairs: Iterable[tuple[Any, Any]], seen: Seen) -> bool:
    return all(_fits(source, target, seen) for source, target in pairs)


def _subclass(source: Any, target: Any) -> bool:
    try:
        return issubclass(source, target)
    except TypeError:  # it cannot be asked, so nothing is sure
        return True


def _keys_fit(source: Any, target: Any, seen: Seen) -> bool:
    if not is_typeddict(source):
        return True
    have, need = annotations_of(source), annotations_of(target)
    if not required_keys(target) <= required_keys(source):
        return False
    return _all_fit(((have[key], need[key]) for key in need.keys() & have.keys()), seen)


def _tuple_fits(source: Any, target: tuple[Any, ...], seen: Seen) -> bool:
    parts = _tuple_parts(source)
    if len(target) == 2 and target[1] is ...:
        return _all_fit(((part, target[0]) for part in parts or () if part is not ...), seen)
    if parts is None:
        return True
    if ... in parts or len(parts) != len(target):
        return False
    return _all_fit(zip(parts, target, strict=True), seen)


def _tuple_parts(source: Any) -> tuple[Any, ...] | None:
    """What a tuple type holds, an ellipsis at the end if any number; None if it does not say."""
    cls = get_origin(source) or source
    if is_namedtuple_class(cls):
        kinds = annotations_of(cls)
        return tuple(kinds.get(name, Any) for name in cls._fields)
    if get_origin(source) is not tuple or any(is_unpacked(arg) for arg in get_args(source)):
        return None
    return get_args(source)


def _mapping(source: Any) -> tuple[Any, ...] | None:
    """The key's and the value's type of a mapping; None if it does not say."""
    kind, arguments = get_origin(source), get_args(source)
    if kind is collections.Counter:
        return (*arguments, int)
    return arguments if kind in MAPPINGS and len(arguments) == 2 else None


def _held(source: Any) -> tuple[Any, ...] | None:
    """The types of what one gets by looping over it; None if it does not say."""
    kind, arguments = get_origin(source) or source, get_args(source)
    if kind in _ITEMS:
        return (_ITEMS[kind],)
    if _subclass(kind, tuple):
        return tuple(part for part in _tuple_parts(source) or () if part is not ...)
    return arguments[:1] if kind in (*ITERABLES, *MAPPINGS) else None
