"""Guards: what a value goes through, so that the checks that its annotation asks for are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from windlass.pipeline import types
from windlass.pipeline.data_checks import DataCheck


class Inspector(Protocol):
    """Makes checks, and keeps what came of them."""

    def see(self, check: DataCheck, value: Any, where: str) -> Any:
        """Makes a check of the value at a place; returns the value that goes on."""

    def settle(self) -> None:
        """Raises if a check has failed."""


Guard: TypeAlias = Callable[[Any, str, Inspector], Any]
"""Is given a value, where it is, and who makes checks; returns the value that goes on."""


def checked_by(within: Guard | None, checks: list[DataCheck]) -> Guard | None:
    """Of a value: what is within it first, then the checks of the whole."""
    if not checks:
        return within

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        if within is not None:
            value = within(value, where, inspector)
        for check in checks:
            value = inspector.see(check, value, where)
        return value

    return guard


def either_of(members: list[tuple[Any, Guard | None]]) -> Guard:
    """Of a union: the first member that the value is of."""

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        for member, inner in members:
            if types.check(value, member) is None:
                return value if inner is None else inner(value, where, inspector)
        return value

    return guard


def fields_of_tuple(guards: Mapping[str, Guard]) -> Guard:
    """Of a named tuple: some of its fields."""

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        seen = {
            name: inner(getattr(value, name), f"{where}.{name}", inspector)
            for name, inner in guards.items()
        }
        return value._replace(**seen)

    return guard


def values_at(guards: Mapping[str, Guard]) -> Guard:
    """Of a typed dict: the values at some keys, where it has them."""

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        seen = {
            name: inner(value[name], f"{where}[{name!r}]", inspector)
            for name, inner in guards.items()
            if name in value
        }
        return {**value, **seen}

    return guard


def each_value(inner: Guard | None) -> Guard:
    """Of a dict: each of its values."""

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        assert inner is not None
        seen = {key: inner(item, f"{where}[{key!r}]", inspector) for key, item in value.items()}
        return _unless_same(value, value.values(), seen.values(), seen)

    return guard


def each_in_place(guards: list[Guard | None]) -> Guard:
    """Of a tuple of fixed length: some of its items."""

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        return tuple(
            item if inner is None else inner(item, f"{where}[{place}]", inspector)
            for place, (inner, item) in enumerate(zip(guards, value, strict=True))
        )

    return guard


def each_item(inner: Guard | None) -> Guard:
    """Of a list or tuple: each of its items; of an iterator, as it gives them."""
    assert inner is not None

    def as_they_come(items: Iterator[Any], where: str, inspector: Inspector) -> Iterator[Any]:
        for place, item in enumerate(items):
            seen = inner(item, f"{where}[{place}]", inspector)
            inspector.settle()
            yield seen

    def guard(value: Any, where: str, inspector: Inspector) -> Any:
        if isinstance(value, Iterator):
            return as_they_come(value, where, inspector)
        seen = [inner(item, f"{where}[{place}]", inspector) for place, item in enumerate(value)]
        made = tuple(seen) if isinstance(value, tuple) else seen
        return _unless_same(value, value, seen, made)

    return guard


def _unless_same(value: Any, before: Iterable[Any], after: Iterable[Any], made: Any) -> Any:
    """What a collection has become; itself, of whatever class it is, if no item was changed."""
    return value if all(was is now for was, now in zip(before, after, strict=True)) else made
