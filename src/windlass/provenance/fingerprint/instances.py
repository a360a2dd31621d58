"""What is known of instances of libraries: which hold what, and which nothing."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Callable, Mapping
from types import BuiltinFunctionType, FunctionType, MappingProxyType
from typing import Any, TypeAlias

from windlass.hashing import Part
from windlass.provenance.fingerprint.origin import origin_of_file
from windlass.provenance.fingerprint.packing import pack

Encode: TypeAlias = Callable[[Any], Part]


def content_of(value: Any) -> str | None:
    """The content digest of data such as an array or a table; None if it is no such thing."""
    if type(value).__module__.partition(".")[0] not in DATA:
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


DATA = {"numpy", "pandas", "polars", "pyarrow", "scipy", "torch", "sklearn", "PIL"}
HOLDING = ("torch.nn.", "sklearn.")
"""Whose objects may hold functions and classes of the project, such as layers."""
WITHOUT_STATE = {
    *("_thread.lock", "_thread.RLock", "threading.Condition"),
    *("builtins.ellipsis", "builtins.NotImplementedType"),
}
SIMPLE = {
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


def _items(value: Mapping[Any, Any], encode: Encode) -> list[Part]:
    return [[encode(key), encode(item)] for key, item in value.items()]


def own_attributes(value: Any) -> dict[str, Any]:
    """Attributes that what a library made of a function was given by the project."""
    given = getattr(value, "__dict__", {})
    return {name: each for name, each in given.items() if not _is_of_library(name, each)}


def _is_of_library(name: str, value: object) -> bool:
    if name in _OF_WRAPPER or isinstance(value, BuiltinFunctionType | MappingProxyType):
        return True
    if not isinstance(value, FunctionType):
        return False
    return origin_of_file(value.__code__.co_filename).owner != "project"


_OF_WRAPPER = {*functools.WRAPPER_ASSIGNMENTS, "__wrapped__"}


def fields_told(value: Any, kind: type) -> Any:
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


def _of_context(variable: Any, encode: Encode) -> list[Part]:
    try:
        return [variable.name, encode(variable.get())]
    except LookupError:
        return [variable.name]


def _given_to_logger(value: object) -> dict[str, Any]:
    """Attributes of one's own: where it writes, and how much, changes no result."""
    own = {"filters", "name", "level", "parent", "propagate", "handlers", "disabled"}
    own |= {"manager", "_cache"}
    return {name: each for name, each in vars(value).items() if name not in own}


COLLECTIONS: dict[str, Callable[[Any, Encode], list[Part]]] = {
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
        *_items(own_attributes(v), e),
    ],
}
