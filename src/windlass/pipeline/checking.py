"""Whether a value is of the type that an annotation names, looked into as deep as it is cheap.

Built-in containers are gone through, every item; all else is asked for its class. An annotation
is turned into a function once, and a list whose items a class decides is checked class by class.
"""

from __future__ import annotations

import collections
import functools
import reprlib
import typing
from collections import abc
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias, get_args, get_origin

from windlass.pipeline.annotations import (
    ITERABLES,
    MAPPINGS,
    annotations_of,
    describe,
    is_alias,
    is_newtype,
    is_typeddict,
    is_union,
    is_unpacked,
    plain,
    required_keys,
    type_name,
)
from windlass.pipeline.mismatch import expected, mismatch
from windlass.values import is_namedtuple_class

Problem: TypeAlias = tuple[tuple[str, ...], str]
"""Where it is, outermost first, and what is wrong there."""

Checker: TypeAlias = Callable[[Any], Problem | None]
Each: TypeAlias = Callable[[Iterable[Any]], tuple[int, Problem] | None]

_ALSO_TAKES: dict[Any, tuple[type, ...]] = {float: (float, int), complex: (complex, float, int)}
_SEQUENCES = (list, tuple, collections.deque, str, bytes, bytearray)
_UNORDERED: tuple[type[Iterable[Any]], ...] = (set, frozenset, abc.KeysView, abc.ValuesView)


def check(value: object, annotation: Any) -> str | None:
    """What is wrong with a value that is annotated so.

    Args:
        value: What was returned or is to be passed.
        annotation: Its annotation, evaluated.

    Returns:
        None if it is of that type, as far as one can tell without cost; else a phrase such as
        "item 3 is a str, not an int".
    """
    problem = _checker(annotation)(value)
    if problem is None:
        return None
    path, what = problem
    return f"{' of '.join(reversed(path)) or 'it'} {what}"


def _checker(annotation: Any) -> Checker:
    try:
        return _cached(annotation)
    except TypeError:  # what `Annotated` adds need not be hashable
        return _build(annotation)


@functools.lru_cache(4096)
def _cached(annotation: Any) -> Checker:
    return _build(annotation)


def _build(annotation: Any) -> Checker:
    kind = plain(annotation)
    if is_alias(annotation) or is_alias(get_origin(annotation)):
        return _later(kind)  # an alias may name itself
    for is_one, build in _BUILDERS:
        if is_one(kind):
            return build(kind)
    return _instance(kind)


def _later(annotation: Any) -> Checker:
    def check_later(value: Any) -> Problem | None:
        return _checker(annotation)(value)

    return check_later


def _instance(kind: Any) -> Checker:
    cls = get_origin(kind) or kind
    taken = _ALSO_TAKES.get(cls, cls)
    return lambda value: None if isinstance(value, taken) else ((), mismatch(value, kind))


def _then(first: Checker, second: Checker) -> Checker:
    return lambda value: first(value) or second(value)


def _union(kind: Any) -> Checker:
    members = [_checker(member) for member in get_args(kind)]

    def check_union(value: object) -> Problem | None:
        problems = []
        for member in members:
            problem = member(value)
            if problem is None:
                return None
            problems.append(problem)
        # A member that was right but for something inside it says more than "none of these".
        return next((problem for problem in problems if problem[0]), ((), mismatch(value, kind)))

    return check_union


def _literal(kind: Any) -> Checker:
    known = [(type(value), value) for value in get_args(kind)]

    def check_literal(value: object) -> Problem | None:
        if (type(value), value) in known:
            return None
        return (), f"is {reprlib.repr(value)}, not {expected(kind)}"

    return check_literal


def _subclass_of(kind: Any) -> Checker:
    base = plain(get_args(kind)[0])

    def check_class(value: object) -> Problem | None:
        if not isinstance(value, type):
            return (), mismatch(value, kind)
        if not isinstance(base, type) or base is Any or issubclass(value, base):
            return None
        return (), f"is the class {type_name(value)}, not a {describe(kind)}"

    return check_class


def _named(checkers: dict[str, Checker], get: Callable[[Any, str], Any], what: str) -> Checker:
    def check_named(value: Any) -> Problem | None:
        for name, checker in checkers.items():
            problem = checker(get(value, name))
            if problem is not None:
                return (f"{what} '{name}'", *problem[0]), problem[1]
        return None

    return check_named


def _namedtuple(cls: Any) -> Checker:
    kinds = annotations_of(cls)
    checkers = {name: _later(kinds[name]) for name in cls._fields if name in kinds}
    return _then(_instance(cls), _named(checkers, getattr, "field"))


def _typeddict(kind: Any) -> Checker:
    cls = get_origin(kind) or kind
    required = required_keys(cls)
    checkers = {name: _later(annotation) for name, annotation in annotations_of(cls).items()}

    def check_keys(value: Any) -> Problem | None:
        if not isinstance(value, dict):
            return (), mismatch(value, kind)
        for name in sorted(required - value.keys()):
            return (), f"lacks the key '{name}'"
        present = {name: checkers[name] for name in checkers if name in value}
        return _named(present, dict.__getitem__, "the value at")(value)

    return check_keys


def _fixed_tuple(kind: Any) -> Checker:
    checkers = [_checker(item) for item in get_args(kind)]

    def check_fixed(value: Any) -> Problem | None:
        if len(value) != len(checkers):
            return (), f"has {len(value)} items, not {len(checkers)}"
        for index, (checker, item) in enumerate(zip(checkers, value, strict=True)):
            problem = checker(item)
            if problem is not None:
                return (f"item {index}", *problem[0]), problem[1]
        return None

    return _then(_instance(kind), check_fixed)


def _iterable(kind: Any) -> Checker:
    each = _each(get_args(kind)[0])

    def check_items(value: Any) -> Problem | None:
        if isinstance(value, _SEQUENCES):
            return _inside(each(value), lambda index: f"item {index}")
        if isinstance(value, range):
            return _inside(each(value[:1]), lambda index: f"item {index}")
        if isinstance(value, dict):
            return _inside(each(value), lambda index: f"the key {_nth(value, index)}")
        if isinstance(value, _UNORDERED):
            return _inside(each(value), lambda _: "an item")
        return None

    return _then(_instance(kind), check_items)


def _mapping(kind: Any) -> Checker:
    key, held = get_args(kind)
    each_key, each_value = _each(key), _each(held)

    def check_mapping(value: Any) -> Problem | None:
        if not isinstance(value, dict):
            return None
        found = _inside(each_key(value), lambda index: f"the key {_nth(value, index)}")
        return found or _inside(
            each_value(value.values()), lambda index: f"the value at {_nth(value, index)}"
        )

    return _then(_instance(kind), check_mapping)


def _inside(found: tuple[int, Problem] | None, name: Callable[[int], str]) -> Problem | None:
    if found is None:
        return None
    index, (path, what) = found
    return (name(index), *path), what


def _nth(keys: Iterable[Any], index: int) -> str:
    return reprlib.repr(list(keys)[index])


def _each(annotation: Any) -> Each:
    """Finds the first bad one among many values."""
    checker = _checker(annotation)

    def one_by_one(values: Iterable[Any]) -> tuple[int, Problem] | None:
        for index, value in enumerate(values):
            problem = checker(value)
            if problem is not None:
                return index, problem
        return None

    def class_by_class(values: Iterable[Any]) -> tuple[int, Problem] | None:
        examples = dict(zip(map(type, values), values, strict=True))
        bad = any(checker(example) is not None for example in examples.values())
        return one_by_one(values) if bad else None

    return class_by_class if _class_decides(annotation) else one_by_one


def _class_decides(annotation: Any) -> bool:
    """Whether values of one class are all of this type, or none is."""
    kind = plain(annotation)
    if is_newtype(kind):
        return _class_decides(kind.__supertype__)
    if is_union(kind):
        return all(_class_decides(member) for member in get_args(kind))
    return isinstance(kind, type) and not (is_namedtuple_class(kind) or is_typeddict(kind))


def _is_fixed_tuple(kind: Any) -> bool:
    arguments = get_args(kind)
    if get_origin(kind) is not tuple or any(is_unpacked(item) for item in arguments):
        return False
    return ... not in arguments


_BUILDERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Checker]], ...] = (
    (lambda kind: kind is Any, lambda _: lambda _: None),
    (lambda kind: kind is typing.Never, lambda kind: lambda value: ((), mismatch(value, kind))),
    (is_newtype, lambda kind: _checker(kind.__supertype__)),
    (is_union, _union),
    (lambda kind: get_origin(kind) is Literal, _literal),
    (lambda kind: is_typeddict(get_origin(kind) or kind), _typeddict),
    (is_namedtuple_class, _namedtuple),
    (lambda kind: get_origin(kind) is type and bool(get_args(kind)), _subclass_of),
    (_is_fixed_tuple, _fixed_tuple),
    (lambda kind: get_origin(kind) in MAPPINGS and len(get_args(kind)) == 2, _mapping),
    (lambda kind: get_origin(kind) in ITERABLES and bool(get_args(kind)), _iterable),
)
"""How each kind of annotation is checked; all else is asked for its class."""
