"""How it is told that a value is not of the type that an annotation names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

from windlass.modules import reference
from windlass.pipeline.annotations import describe, is_union, plain, type_name
from windlass.words import with_article


def mismatch(value: object, kind: Any) -> str:
    """What is wrong with a value of another class: "is a str, not an int"."""
    if again := from_before(value, kind):
        return again
    given = "None" if value is None else with_article(_given_name(value, kind))
    hint = ""
    if type(value).__module__ == "numpy" and kind in (bool, int, float, str):
        hint = f"; use {kind.__name__}(…)"
    return f"is {given}, not {expected(kind)}{hint}"


def from_before(value: object, kind: Any) -> str | None:
    """What is wrong with an instance of a class that was defined again since; None if it is none.

    A cell that is run again, and a module that is reloaded, make another class of the same name.
    """
    for member in map(_class_of, get_args(kind) if is_union(kind) else (kind,)):
        for cls in type(value).__mro__ if member is not None else ():
            if cls is not member and reference(cls) == reference(member):
                return of_before(cls)
    return None


def of_before(cls: type) -> str:
    """How an instance of a class is told that is another one by now."""
    return (
        f"was made before the class {type_name(cls)} was defined again; run again the cell, or "
        "reload the module, that makes it"
    )


def _class_of(kind: Any) -> type | None:
    cls = get_origin(plain(kind)) or plain(kind)
    return cls if isinstance(cls, type) else None


def _given_name(value: object, kind: Any) -> str:
    cls = type(value)
    clash = isinstance(kind, type) and type_name(kind) == type_name(cls)
    return f"{cls.__module__}.{type_name(cls)}" if clash else type_name(cls)


def expected(kind: Any) -> str:
    """A type as it stands after "not": "an int", "a str or None", "None"."""
    if is_union(kind):
        return " or ".join(expected(plain(member)) for member in _none_last(get_args(kind)))
    if get_origin(kind) is Literal:
        return " or ".join(describe(Literal[option])[8:-1] for option in get_args(kind))
    if kind is type(None) or kind is Any:
        return describe(kind)
    return with_article(describe(kind))


def _none_last(members: Iterable[Any]) -> Iterator[Any]:
    return iter(sorted(members, key=lambda member: member is type(None)))
