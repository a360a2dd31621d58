"""What a class of the project is: how it was made, what it holds, and what its fields hold."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Callable
from types import FunctionType
from typing import Any

from windlass.hashing import Part
from windlass.provenance.fingerprint.class_heads import class_head
from windlass.provenance.fingerprint.classes import FIELDS, class_entries, fields_of
from windlass.provenance.fingerprint.findings import NAMES, full_name, lookup
from windlass.provenance.fingerprint.model import Piece, Unresolved
from windlass.provenance.fingerprint.names import Names
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.packing import digest_packed
from windlass.provenance.fingerprint.source import Definition


class Classes(Names):
    """Follows classes to what they hold.

    Args:
        root: The project's folder.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._waiting: deque[Callable[[], None]] = deque()

    def _class(self, cls: type) -> Part:
        origin = origin_of_module(cls.__module__)
        if _is_made_at_run_time(cls):
            self._made_class(cls)
            return ["class", full_name(cls)]
        if origin.owner != "project":
            self.touch(origin)
            return [origin.owner, cls.__module__, cls.__qualname__]
        self._waiting.append(functools.partial(self._enter_class, cls))
        return ["class", full_name(cls)]

    def _made_class(self, cls: type) -> None:
        """A class that its module does not hold: a function made it, of nobody knows what."""
        what = f"{full_name(cls)}, a class that was made when something ran"
        self.unresolved[Unresolved(what, self.file_of(cls.__module__) or cls.__module__)] = None
        self._waiting.append(functools.partial(self._enter_class, cls))

    def _enter_class(self, cls: type) -> None:
        self.enter_module(cls.__module__)
        name = full_name(cls)
        for base in (*cls.__bases__, type(cls)):
            self.reference(base)
        head = self._head(cls)
        for key, entry in class_entries(cls):
            part, inside = self.told(entry)
            self.bindings.append((cls, key, vars(cls).get(key, entry)))
            if not callable(entry):
                self.add_constant(f"{name}.{key}", entry, part, cls.__module__, inside)
            elif head is None or not _is_own(entry, cls, key):
                self.add(Piece("name", f"{name}.{key}", digest_packed("name", part, inside)))
        if head is None and any(name in vars(cls) for name in _FIELDS):
            what = f"{name}, whose fields no class statement tells"
            self.unresolved[Unresolved(what, self.file_of(cls.__module__) or cls.__module__)] = None
        bases: list[Part] = [full_name(each) for each in (*cls.__bases__, type(cls))]
        self.bindings.append((cls, NAMES, lookup(cls, NAMES)))
        given = dict(fields_of(cls))
        fields = self.encode(given)
        if given:
            self.bindings.append((cls, FIELDS, given))
        told = digest_packed("class", head.digest if head else None, bases, fields)
        line = head.line if head else None
        self.add(Piece("class", name, told, self.file_of(cls.__module__), line), head)

    def _head(self, cls: type) -> Definition | None:
        module = sys.modules.get(cls.__module__)
        head = class_head(module, cls.__qualname__) if module is not None else None
        if head is not None and module is not None:
            self.read_all(head, module)
        return head


def is_at_its_name(value: type | FunctionType) -> bool:
    """Whether a class or function is what its module holds under its name."""
    found: object = sys.modules.get(value.__module__)
    for name in value.__qualname__.split("."):
        found = getattr(found, "__dict__", {}).get(name)
    return found is value


def _is_made_at_run_time(cls: type) -> bool:
    """Whether a class is not found by its name: of the project, or made by `make_dataclass`."""
    if not cls.__flags__ & _HEAP or is_at_its_name(cls):
        return False
    if origin_of_module(cls.__module__).owner == "project":
        return True
    return cls.__module__ in _MAKERS


_FIELDS = ("__dataclass_fields__", "__pydantic_fields__", "model_fields", "__attrs_attrs__")
_HEAP = 1 << 9
"""Of a class that was made by Python code."""
_MAKERS = ("types", "abc", "dataclasses", "pydantic.main", "collections", "typing", "enum")
"""Modules that classes say to be of which one of their functions has made."""


def _is_own(entry: Any, cls: type, key: str) -> bool:
    """Whether it is what the source of a class says: a method of it under its own name."""
    while not isinstance(entry, FunctionType):
        parts = wrapped(entry)
        if not parts:
            return False
        entry = parts[0]
    return str(entry.__qualname__) == f"{cls.__qualname__}.{key}"


def wrapped(value: Any) -> tuple[Any, ...]:
    """What a descriptor of Python's own was made of; empty for what is none."""
    if isinstance(value, staticmethod | classmethod):
        return (value.__func__,)
    if isinstance(value, property):
        return (value.fget, value.fset, value.fdel)
    if isinstance(value, functools.cached_property):
        return (value.func,)
    if isinstance(value, functools.partialmethod):
        return (value.func, value.args, value.keywords)
    return ()
