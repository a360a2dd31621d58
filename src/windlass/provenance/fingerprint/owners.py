"""Which objects are the project's own, and so are looked into themselves."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

from windlass.provenance.fingerprint.origin import origin_of_file, origin_of_module

CONTAINERS = (list, dict, set, deque, defaultdict, OrderedDict, Counter, SimpleNamespace)


def owner_of(value: Any) -> str:
    """Whose a function or class is."""
    if isinstance(value, FunctionType):
        return origin_of_file(value.__code__.co_filename).owner
    return origin_of_module(value.__module__).owner


def is_own(value: Any) -> bool:
    """Whether an object was made in the project."""
    if isinstance(value, ModuleType):
        return origin_of_module(value.__name__).owner == "project"
    if isinstance(value, FunctionType | type):
        inner = getattr(value, "__wrapped__", None)  # as of a `functools.singledispatch`
        return "project" in (owner_of(value), isinstance(inner, FunctionType) and owner_of(inner))
    return type(value) in CONTAINERS or origin_of_module(type(value).__module__).owner == "project"


def is_inside(value: Any) -> bool:
    """Whether what is done to an object stays in it: where it is used, it is looked at itself."""
    if isinstance(value, FunctionType | type | ModuleType):
        return is_own(value)
    if f"{type(value).__module__}.{type(value).__qualname__}" in _SHARED:
        return False
    held = vars(value).values() if hasattr(value, "__dict__") else ()
    return all(is_own(each) for each in held if isinstance(each, ModuleType))


_SHARED = {
    *("os._Environ", "matplotlib.RcParams", "logging.Logger", "logging.RootLogger"),
    *("decimal.Context", "pandas._config.config.DictWrapper", "importlib.metadata.EntryPoints"),
}
"""Classes of objects by which a library, or the process, is set up."""
