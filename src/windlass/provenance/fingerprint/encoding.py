"""Values as parts of a digest: plain data by what it holds, code by reference.

What is neither, such as a client of a database or a compiled expression of a library, is opaque:
then the statement that made what holds it counts, too.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types
import typing
import uuid
from collections.abc import Callable
from typing import Any

from windlass.hashing import Part
from windlass.provenance.fingerprint.bytecode import is_dotted
from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.instances import (
    COLLECTIONS,
    DATA,
    HOLDING,
    SIMPLE,
    WITHOUT_STATE,
    content_of,
    fields_told,
)
from windlass.provenance.fingerprint.packing import pack

_PLAIN = (bool, int, float, str, bytes, type(None))
_BY_REPR = (
    *(datetime.date, datetime.timedelta, datetime.timezone),
    *(decimal.Decimal, fractions.Fraction, uuid.UUID, range, slice, complex),
)
_TYPING = (typing.ParamSpec, typing.ForwardRef, type(typing.Any))
_MOSTLY = (types.FunctionType, type, types.ModuleType)
"""The kinds of most names that code reads, which need not be asked what they are."""
_CODE = (
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, functools.partial),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType),
    *(staticmethod, classmethod, property, functools.cached_property, functools.partialmethod),
    types.ModuleType,
)


class OpaqueError(Exception):
    """A value that cannot be looked into."""


class Encoder:
    """Turns a value into a part of a digest.

    Args:
        root: The project's folder; paths in it count from there, not from where it is.
        reference: What stands for a function, class, module or other piece of code.
        state: What an instance of a class of the project holds; None for other instances.
        named: Is told of texts that could be the dotted name of something.

    Attributes:
        opaque: How many values were met that cannot be looked into.
    """

    def __init__(
        self,
        root: str,
        reference: Callable[[Any], Part],
        state: Callable[[Any], Part | None],
        named: Callable[[str], None] | None = None,
    ) -> None:
        self._root = root
        self._reference = reference
        self._state = state
        self._named = named
        self._within: dict[int, int] = {}
        self.opaque = 0

    def __call__(self, value: Any) -> Part:
        """The part; what cannot be looked into stands in it by its class, and is counted."""
        kind = type(value)
        if kind in _PLAIN:
            return self._text(value) if kind is str else value
        if kind in _MOSTLY:
            try:
                return self._reference(value)
            except OpaqueError:
                return self._opaque(kind)
        if id(value) in self._within:  # it holds itself
            return ["again", self._within[id(value)]]
        self._within[id(value)] = len(self._within)
        try:
            return self._compound(value, kind)
        except OpaqueError:
            return self._opaque(kind)
        finally:
            del self._within[id(value)]

    def _opaque(self, kind: type) -> Part:
        self.opaque += 1
        return ["opaque", f"{kind.__module__}.{kind.__qualname__}"]

    def _compound(self, value: Any, kind: type) -> Part:  # noqa: C901, PLR0911 (one line a kind)
        if kind in (list, tuple):
            return [kind.__name__, *map(self, value)]
        if kind in (dict, types.MappingProxyType):
            return ["dict", *([self(key), self(item)] for key, item in value.items())]
        if kind in (set, frozenset):
            return [kind.__name__, *sorted(pack(self(item)) for item in value)]
        if isinstance(value, enum.Enum):
            return ["enum", self._reference(kind), value.name, self(value._value_)]
        if isinstance(value, pathlib.PurePath):
            own = [] if kind.__module__.startswith("pathlib") else [self._reference(kind)]
            return ["path", kind.__name__, self._text(str(value)), *own]
        if isinstance(value, _CODE):
            return self._reference(value)
        if kind in _BY_REPR:
            return [kind.__name__, repr(value)]
        if kind in (datetime.time, datetime.datetime):
            return [kind.__name__, repr(value.replace(tzinfo=None)), self._zone(value.tzinfo)]
        if kind is re.Pattern:
            return ["pattern", value.pattern, value.flags]
        if kind is object:
            return ["object"]
        alias = self._alias(value)
        if alias is not None:
            return alias
        return self._instance(value, kind)

    def _alias(self, value: Any) -> Part | None:
        origin = typing.get_origin(value)
        if origin is not None:
            return ["alias", self(origin), *map(self, typing.get_args(value))]
        if isinstance(value, typing.NewType):
            return ["type", value.__name__, self(value.__supertype__)]
        if isinstance(value, typing.TypeVar):
            return [
                "type",
                value.__name__,
                self(value.__bound__),
                *map(self, value.__constraints__),
            ]
        if isinstance(value, _TYPING) or type(value).__module__ in ("typing", "_typing"):
            return ["typing", repr(value)]
        return None

    def _instance(self, value: Any, kind: type) -> Part:
        state = self._state(value)
        if state is None:
            return self._known(value, kind)
        told: list[Part] = ["instance", self._reference(kind), state]
        bases: tuple[Any, ...] = (dict, list, tuple, set, frozenset, str, int, float, bytes)
        for base in bases:
            if isinstance(value, base):
                told.append(self(base(value)))
                break
        if any(_holds_more(base) for base in kind.__mro__ if base not in bases):
            told.append(self._reduced(value))
        return told

    def _zone(self, zone: datetime.tzinfo | None) -> Part:
        """One of the project by what it holds and does; one of a library by its name."""
        return repr(zone) if self._state(zone) is None else self(zone)

    def _reduced(self, value: Any) -> Part:
        """What a value of a class that derives from a library's holds, as it would be copied."""
        try:
            found = value.__reduce_ex__(4)
        except Exception as error:
            raise OpaqueError(type(value).__qualname__) from error
        if not isinstance(found, tuple):
            return self._text(found)
        parts = [*found[1:3], *(list(each) for each in found[3:5] if each is not None)]
        return [self(part) for part in parts]

    def _known(self, value: Any, kind: type) -> Part:
        """Instances of Python's own and of libraries, as far as it is known what they hold."""
        where = f"{kind.__module__}.{kind.__qualname__}"
        if where in WITHOUT_STATE:
            return ["stateless", where]
        if where in COLLECTIONS:
            return [where, *COLLECTIONS[where](value, self)]
        if where.startswith("numpy.dtype"):
            return ["dtype", repr(value), self(value.metadata)]
        fields = fields_told(value, kind)
        if fields is not None:
            return [where, self._reference(kind), self(fields)]
        content = content_of(value)
        if content is None and not SIMPLE.isdisjoint((where, where.partition(".")[0])):
            return [where, self._reduced(value)]
        if content is None:
            raise OpaqueError(where)
        self._reference(kind)
        code = (
            [self._reference(each) for each in code_inside(value)]
            if where.startswith(HOLDING)
            else []
        )
        return ["value", where, content, code]

    def _text(self, text: str) -> str:
        if self._named is not None and is_dotted(text):
            self._named(text)
        if text.startswith(self._root) and text[len(self._root) :][:1] in ("", "/"):
            return f"<project>{text[len(self._root) :]}"
        return text


def _holds_more(base: type) -> bool:
    """Whether instances of a class hold what is neither in attributes nor in slots."""
    name = f"{base.__module__}.{base.__qualname__}"
    if base.__module__ in ("typing", "abc", "enum") or name == "builtins.object":
        return False
    is_stated = base.__flags__ & _HEAP and not base.__flags__ & _IMMUTABLE
    return not is_stated or base.__module__.partition(".")[0] in DATA


_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
"""Of a class that a class statement made, the first alone: what is in its instances is in
attributes and slots."""
