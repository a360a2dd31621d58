"""Classes whose instances are plain data: enums, dataclasses, named tuples, pydantic models.

An instance is taken apart into named parts and put together again from them, exactly: nothing
that it holds is dropped, and none of its methods runs. Where that cannot be done (a dataclass that
is also a dict, a class that no other process would find) it is refused when it is taken apart,
not found out when it is read.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from windlass import modules
from windlass.errors import FormatError
from windlass.words import with_article

Resolver: TypeAlias = Callable[[str], type]
"""Finds the class of a ``module:qualname``."""


@dataclasses.dataclass(slots=True)
class Parts:
    """An instance, taken apart.

    Args:
        kind: dataclass, namedtuple or model.
        fields: What the class declares, in its order.
        extra: What this instance holds besides.
        private: A model's private attributes.
        assigned: Which fields of a model were given, and not filled by their defaults.
    """

    kind: str
    fields: dict[str, Any]
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)
    private: dict[str, Any] = dataclasses.field(default_factory=dict)
    assigned: list[str] = dataclasses.field(default_factory=list)


def loaded_class(ref: str) -> type:
    """The class of a ``module:qualname`` among the modules that are loaded, importing nothing.

    Raises:
        FormatError: The module is not loaded, or holds no plain class of that name.
    """
    found = modules.loaded(ref)
    if not isinstance(found, type) or not is_plain_class(found):
        raise FormatError(
            f"a stored value is of the class {ref}, which is not loaded here",
            hint=f"Import {ref.partition(':')[0]} first.",
        )
    return found


def is_plain_class(cls: type) -> bool:
    """Whether instances of a class can be plain: dataclass, enum, named tuple, pydantic model."""
    return (
        issubclass(cls, enum.Enum)
        or dataclasses.is_dataclass(cls)
        or is_namedtuple_class(cls)
        or is_model_class(cls)
    )


def is_namedtuple_class(cls: object) -> bool:
    """Whether a class was made by ``NamedTuple`` or ``namedtuple``."""
    return isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def is_model_class(cls: type) -> bool:
    """Whether a class is a pydantic model."""
    # A class can only derive from a library that is loaded: no import of pydantic for this.
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


@functools.lru_cache(maxsize=4096)
def class_reference(cls: type) -> str:
    """The ``module:qualname`` by which a plain class is found again when its values are read.

    Raises:
        FormatError: It would not be found, or its instances could not be made again.
    """
    ref = modules.reference(cls)
    try:
        loaded_class(ref)
    except FormatError:
        raise FormatError(
            f"the class {ref.replace(':', '.')} cannot be found by that name",
            hint="Define it at the top level of a module, under its own name.",
        ) from None
    if dataclasses.is_dataclass(cls) and not _is_made_of_attributes(cls):
        raise FormatError(
            f"the dataclass {ref.replace(':', '.')} also derives from a built-in type",
            hint="Hold that value in a field instead.",
        )
    return ref


def _is_made_of_attributes(cls: type) -> bool:
    try:
        object.__new__(cls)
    except TypeError:  # as for what derives from dict or Exception: it holds more than attributes
        return False
    return True


def take_apart(value: Any) -> Parts | None:
    """The parts of a dataclass, named tuple or model; None if it is none of these.

    Raises:
        FormatError: A part is missing, or the instance holds more than its class can tell.
    """
    cls = type(value)
    if dataclasses.is_dataclass(cls):
        return _take_dataclass(value, cls)
    if is_namedtuple_class(cls):
        return _take_namedtuple(value, cls)
    if is_model_class(cls):
        return _take_model(value, cls)
    return None


def _take_dataclass(value: Any, cls: type) -> Parts:
    names = [field.name for field in dataclasses.fields(cls)]
    fields = {name: _attribute(value, name) for name in names}
    extra = {name: part for name, part in _attributes(value) if name not in fields}
    return Parts("dataclass", fields, extra)


def _attribute(value: object, name: str) -> Any:
    try:
        return getattr(value, name)
    except AttributeError:
        raise FormatError(
            f"the field '{name}' of {with_article(type(value).__qualname__)} was never set",
            hint="Give it a default.",
        ) from None


def _attributes(value: object) -> Iterator[tuple[str, Any]]:
    """What an instance holds by itself, without what a `cached_property` will make again.

    Nor is typing's note that it was made by ``Box[int](1)``: ``Box(1)`` is equal to it.
    """
    cls: Any = type(value)
    for name, part in getattr(value, "__dict__", {}).items():
        is_cached = isinstance(_in_class(cls, name), functools.cached_property)
        if not is_cached and name != "__orig_class__":
            yield name, part
    for name in _slots(cls):
        if hasattr(value, name):
            yield name, getattr(value, name)


def held_by(value: Any) -> list[Any]:
    """All that the attributes of an instance hold, in slots or not."""
    cls: Any = type(value)
    slots = (getattr(value, name) for name in _slots(cls) if hasattr(value, name))
    return [*getattr(value, "__dict__", {}).values(), *slots]


def _in_class(cls: type, name: str) -> object:
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


@functools.lru_cache(maxsize=4096)
def _slots(cls: type) -> tuple[str, ...]:
    slots = (base.__dict__.get("__slots__", ()) for base in cls.__mro__)
    names = (name for own in slots for name in ([own] if isinstance(own, str) else own))
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _take_namedtuple(value: Any, cls: Any) -> Parts:
    if len(value) != len(cls._fields) or getattr(value, "__dict__", None):
        raise FormatError(f"a {cls.__qualname__} holds more than its fields")
    return Parts("namedtuple", dict(zip(cls._fields, value, strict=True)))


def _take_model(value: Any, cls: Any) -> Parts:
    return Parts(
        "model",
        {name: _attribute(value, name) for name in cls.model_fields},
        value.__pydantic_extra__ or {},
        value.__pydantic_private__ or {},
        sorted(value.__pydantic_fields_set__),
    )


def put_together(ref: str, resolve: Resolver, parts: Parts) -> Any:
    """The instance that was taken apart; no ``__init__`` or validator runs.

    Raises:
        FormatError: The class is not to be had, is of another kind, or has other fields now.
    """
    cls = resolve(ref)
    is_kind, names, build = _KINDS[parts.kind]
    if not is_kind(cls):
        raise FormatError(f"a stored {parts.kind} is of the class {ref}, which is no {parts.kind}")
    if list(parts.fields) != names(cls):
        told = ", ".join(parts.fields) or "none"
        raise FormatError(
            f"a stored {ref} has the fields {told}; the class has changed",
            hint="Run what made it again, or bring back the class as it was.",
        )
    return build(cls, parts)


def _build_dataclass(cls: type, parts: Parts) -> Any:
    value: Any = object.__new__(cls)
    for name, part in {**parts.fields, **parts.extra}.items():
        object.__setattr__(value, name, part)
    return value


def _build_namedtuple(cls: type, parts: Parts) -> Any:
    return tuple.__new__(cls, parts.fields.values())


def _build_model(cls: Any, parts: Parts) -> Any:
    from pydantic import BaseModel

    value: Any = object.__new__(cls)
    has_extra = cls.model_config.get("extra") == "allow"
    has_private = bool(cls.__private_attributes__)
    state = {
        "__dict__": dict(parts.fields),
        "__pydantic_extra__": dict(parts.extra) if has_extra else None,
        "__pydantic_private__": dict(parts.private) if has_private else None,
        "__pydantic_fields_set__": set(parts.assigned),
    }
    BaseModel.__setstate__(value, state)
    return value


def _field_names(cls: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(cls)]


_KINDS: Mapping[
    str, tuple[Callable[[Any], bool], Callable[[Any], list[str]], Callable[[Any, Parts], Any]]
] = {
    "dataclass": (dataclasses.is_dataclass, _field_names, _build_dataclass),
    "namedtuple": (is_namedtuple_class, lambda cls: list(cls._fields), _build_namedtuple),
    "model": (is_model_class, lambda cls: list(cls.model_fields), _build_model),
}
