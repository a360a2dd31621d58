"""Which format writes a value, and which reads an artifact."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from windlass import plugins
from windlass.artifacts.format import Format
from windlass.artifacts.formats import reference_of, references_for
from windlass.errors import DefinitionError, FormatError

F = TypeVar("F", bound=type[Format[Any]])

GROUP = "windlass.formats"

_registered: dict[str, type[Format[Any]]] = {}


def register(cls: F) -> F:
    """Adds a format; a decorator for its class.

    It is asked before ours, so it may also replace one of ours for its types.

    Raises:
        DefinitionError: It has no name or types, or another has its name.
    """
    name = getattr(cls, "name", None)
    if not name or not getattr(cls, "types", None):
        raise DefinitionError(f"the format {cls.__name__} must say its name and its types")
    other = _named(name)
    if other is not None and _where(other) != _where(cls):
        raise DefinitionError(
            f"two formats are called '{name}': {other.__name__} and {cls.__name__}",
            hint="Give yours another name.",
        )
    _registered[name] = cls
    return cls


def format_for(value: object) -> Format[Any] | None:
    """The format that writes a value; None if none does.

    The most specific class counts first; for one class, formats of users come before ours.
    """
    for cls in type(value).__mro__:
        for made in _formats_of(f"{cls.__module__}.{cls.__qualname__}", len(_registered)):
            if made.accepts(value):
                return made
    return None


def format_named(name: str, version: int) -> Format[Any]:
    """The format that wrote an artifact.

    Raises:
        FormatError: It is not installed, or was newer.
    """
    cls = _named(name)
    if cls is None:
        raise FormatError(
            f"the format '{name}' is not known here",
            hint="Import the module that registers it, or install the package that brings it.",
        )
    if version > cls.version:
        raise FormatError(
            f"the artifact was written by version {version} of the format '{name}'; here is "
            f"{cls.version}",
            hint="Upgrade Windlass, or the package that brings the format.",
        )
    return cls()


@functools.cache
def _formats_of(type_name: str, _registrations: int) -> list[Format[Any]]:
    """Every format that names a class, in the order in which they are asked."""
    theirs = [*_registered.values(), *_from_entry_points().values()]
    found = [cls for cls in theirs if type_name in cls.types]
    found += [plugins.load(ref) for ref in references_for(type_name)]
    return [cls() for cls in dict.fromkeys(found)]


def _named(name: str) -> type[Format[Any]] | None:
    if name in _registered:
        return _registered[name]
    ours = reference_of(name)
    if ours is not None:
        found: type[Format[Any]] = plugins.load(ours)
        return found
    return _from_entry_points().get(name)


@functools.cache
def _from_entry_points() -> dict[str, type[Format[Any]]]:
    classes = [plugins.load(ref) for ref in plugins.entry_points(GROUP).values()]
    return {cls.name: cls for cls in classes}


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
