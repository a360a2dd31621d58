"""Values as parts of a digest: plain data by what it holds, code by reference.

What is neither, such as a client of a database or a compiled expression of a library, is opaque:
then the statement that made what holds it counts, too.
"""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
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
from collections.abc import Callable, Mapping
from typing import Any

from windlass.hashing import Part
from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.packing import pack

_PLAIN = (bool, int, float, str, bytes, type(None))
_BY_REPR = (
    *(datetime.date, datetime.time, datetime.datetime, datetime.timedelta, datetime.timezone),
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

    Attributes:
        opaque: How many values were met that cannot be looked into.
    """

    def __init__(
        self,
        root: str,
        reference: Callable[[Any], Part],
        state: Callable[[Any], Part | None],
    ) -> None:
        self._root = root
        self._reference = reference
        self._state = state
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
        if where in _WITHOUT_STATE:
            return ["stateless", where]
        if where in _COLLECTIONS:
            return [where, *_COLLECTIONS[where](value, self)]
        if where.startswith("numpy.dtype"):
            return ["dtype", repr(value)]
        fields = _fields(value, kind)
        if fields is not None:
            return [where, self._reference(kind), self(fields)]
        content = content_of(value)
        if content is None and not _SIMPLE.isdisjoint((where, where.partition(".")[0])):
            return [where, self._reduced(value)]
        if content is None:
            raise OpaqueError(where)
        self._reference(kind)
        code = (
            [self._reference(each) for each in code_inside(value)]
            if where.startswith(_HOLDING)
            else []
        )
        return ["value", where, content, code]

    def _text(self, text: str) -> str:
        if text.startswith(self._root) and text[len(self._root) :][:1] in ("", "/"):
            return f"<project>{text[len(self._root) :]}"
        return text


def _holds_more(base: type) -> bool:
    """Whether instances of a class hold what is neither in attributes nor in slots."""
    name = f"{base.__module__}.{base.__qualname__}"
    if base.__module__ in ("typing", "abc", "enum") or name == "builtins.object":
        return False
    is_stated = base.__flags__ & _HEAP and not base.__flags__ & _IMMUTABLE
    return not is_stated or base.__module__.partition(".")[0] in _DATA


_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
"""Of a class that a class statement made, the first alone: what is in its instances is in
attributes and slots."""


def content_of(value: Any) -> str | None:
    """The content digest of data such as an array or a table; None if it is no such thing."""
    if type(value).__module__.partition(".")[0] not in _DATA:
        return None
    import tempfile

    from windlass import artifacts
    from windlass.errors import FormatError

    with tempfile.TemporaryDirectory() as folder:
        try:
            store = artifacts.ArtifactStore(pathlib.Path(folder))
            return artifacts.save(value, store).artifact.content
        except FormatError:
            return None


_DATA = {"numpy", "pandas", "polars", "pyarrow", "scipy", "torch", "sklearn", "PIL"}
_HOLDING = ("torch.nn.", "sklearn.")
"""Whose objects may hold functions and classes of the project, such as layers."""
_WITHOUT_STATE = {
    *("_thread.lock", "_thread.RLock", "threading.Condition"),
    *("builtins.ellipsis", "builtins.NotImplementedType"),
}
_SIMPLE = {
    *(
        "argparse.Namespace",
        "array",
        "calendar",
        "collections",
        "configparser",
        "csv",
        "decimal",
        "difflib",
    ),
    *("email", "graphlib", "html", "ipaddress", "json", "statistics", "string", "struct"),
    *("textwrap", "urllib"),
}
"""Of Python's own, whose objects are what they were made with: they are copied by that."""
_MOST = 10_000
"""Longer collections of libraries may be read from somewhere as they are needed."""


def _items(value: Mapping[Any, Any], encode: Encoder) -> list[Part]:
    return [[encode(key), encode(item)] for key, item in value.items()]


def _fields(value: Any, kind: type) -> Any:
    """What an object of a library holds by its own word; None for what does not say."""
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: getattr(value, name) for name in names if hasattr(value, name)}
    if hasattr(kind, "__pydantic_fields__"):
        return dict(vars(value))
    kinds: dict[Any, Callable[[Any], Any]] = {
        collections.abc.Mapping: dict,
        collections.abc.Sequence: list,
    }
    for each, taken in kinds.items():
        if isinstance(value, each) and kind.__module__ not in ("os", "weakref"):
            with contextlib.suppress(Exception):  # of the library's own, whatever it is
                return taken(value) if len(value) <= _MOST else None
    return None


def _of_context(variable: Any, encode: Encoder) -> list[Part]:
    try:
        return [variable.name, encode(variable.get())]
    except LookupError:
        return [variable.name]


def _given_to_logger(value: object) -> dict[str, Any]:
    """Attributes of one's own: where it writes, and how much, changes no result."""
    own = {"filters", "name", "level", "parent", "propagate", "handlers", "disabled"}
    own |= {"manager", "_cache"}
    return {name: each for name, each in vars(value).items() if name not in own}


_COLLECTIONS: dict[str, Callable[[Any, Encoder], list[Part]]] = {
    "collections.OrderedDict": _items,
    "collections.Counter": _items,
    "collections.defaultdict": lambda v, e: [e(v.default_factory), *_items(v, e)],
    "collections.deque": lambda v, e: [v.maxlen, *map(e, v)],
    "collections.ChainMap": lambda v, e: [*map(e, v.maps)],
    "types.SimpleNamespace": lambda v, e: _items(vars(v), e),
    "_thread._local": lambda v, e: _items(vars(v), e),
    "threading.Semaphore": lambda v, _: [v._value],  # noqa: SLF001 (it has no other name)
    "threading.BoundedSemaphore": lambda v, _: [v._value],  # noqa: SLF001
    "_weakrefset.WeakSet": lambda v, e: sorted((e(each) for each in v), key=pack),
    "weakref.WeakValueDictionary": _items,
    "weakref.WeakKeyDictionary": lambda v, e: sorted(_items(v, e), key=pack),
    "threading.Event": lambda v, _: [v.is_set()],
    "_contextvars.ContextVar": _of_context,
    "logging.Logger": lambda v, e: _items(_given_to_logger(v), e),
    "logging.RootLogger": lambda v, e: _items(_given_to_logger(v), e),
    "pydantic.type_adapter.TypeAdapter": lambda v, e: [e(v._type), e(v._config)],  # noqa: SLF001
    "_struct.Struct": lambda v, _: [v.format],
    "zoneinfo.ZoneInfo": lambda v, _: [str(v)],
    "operator.itemgetter": lambda v, _: [repr(v)],
    "operator.attrgetter": lambda v, _: [repr(v)],
    "operator.methodcaller": lambda v, e: [e(v.__reduce__()[1])],
    "functools._lru_cache_wrapper": lambda v, e: [
        e(v.__wrapped__),
        *_items(v.cache_parameters(), e),
    ],
}
