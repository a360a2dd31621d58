"""Which format writes a value, and which reads an artifact."""

from __future__ import annotations

import functools
from typing import Any, TypeVar

from windlass import plugins
from windlass.artifacts.format import Format
from windlass.artifacts.formats import FORMATS, reference_of, references_for
from windlass.errors import DefinitionError, FormatError

AnyFormat = type[Format[Any]]
F = TypeVar("F", bound=AnyFormat)

GROUP = "windlass.formats"
FALLBACKS = ("json", "collection")
"""The formats that take what no format of its own takes, wherever it stands."""

_registered: dict[str, AnyFormat] = {}


def register(cls: F) -> F:
    """Adds a format; a decorator for its class.

    It is asked before ours, so it may also replace one of ours for its types.

    Raises:
        DefinitionError: It has no name or types, or another has its name.
    """
    name = _checked(cls).name
    other = _named(name)
    if other is not None and _where(other) != _where(cls):
        raise _same_name(name, other, cls)
    _registered[name] = cls
    return cls


def format_for(value: object) -> Format[Any] | None:
    """The format that writes a value; None if none does.

    The most specific class counts first; for one class, formats of users come before ours.
    """
    for made in _candidates(value):
        if made.accepts(value):
            return made
    return None


def format_of_its_own(value: object) -> Format[Any] | None:
    """The format made for a value's class, if there is one: not JSON, not a collection."""
    for made in _candidates(value):
        if made.name not in FALLBACKS and made.accepts(value):
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


def version_of(name: str) -> int | None:
    """The version that a format writes now; None if there is no such format here."""
    cls = _named(name)
    return None if cls is None else cls.version


def _candidates(value: object) -> tuple[Format[Any], ...]:
    cls: Any = type(value)
    return _formats_of(cls, tuple(_registered.values()))


@functools.lru_cache(maxsize=4096)
def _formats_of(cls: type[Any], registered: tuple[AnyFormat, ...]) -> tuple[Format[Any], ...]:
    """Every format that names a class or one of its bases, in the order in which they are asked.

    `registered` is the key under which the answer is kept: a cell of a notebook that is run
    again brings the same format anew.
    """
    theirs = [*registered, *_from_entry_points().values()]
    found: list[AnyFormat] = []
    for base in cls.__mro__:
        type_name = f"{base.__module__}.{base.__qualname__}"
        found += [theirs_ for theirs_ in theirs if type_name in theirs_.types]
        found += [plugins.load(ref) for ref in references_for(type_name)]
    return tuple(each() for each in dict.fromkeys(found))


def _named(name: str) -> AnyFormat | None:
    if name in _registered:
        return _registered[name]
    ours = reference_of(name)
    if ours is not None:
        found: AnyFormat = plugins.load(ours)
        return found
    return _from_entry_points().get(name)


@functools.cache
def _from_entry_points() -> dict[str, AnyFormat]:
    found: dict[str, AnyFormat] = {}
    for ref in plugins.entry_points(GROUP).values():
        cls = _checked(plugins.load(ref))
        other = plugins.load(str(reference_of(cls.name))) if cls.name in FORMATS else None
        if found.setdefault(cls.name, other or cls) is not cls:
            raise _same_name(cls.name, found[cls.name], cls)
    return found


def _checked(cls: F) -> F:
    if not getattr(cls, "name", None) or not getattr(cls, "types", None):
        raise DefinitionError(f"the format {cls.__name__} must say its name and its types")
    types: object = cls.types
    if isinstance(types, str):
        raise DefinitionError(
            f"the types of the format {cls.__name__} are a string",
            hint=f'Write a tuple: types = ("{types}",)',
        )
    return cls


def _same_name(name: str, one: AnyFormat, other: AnyFormat) -> DefinitionError:
    return DefinitionError(
        f"two formats are called '{name}': {_where(one)} and {_where(other)}",
        hint="Give yours another name.",
    )


def _where(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
