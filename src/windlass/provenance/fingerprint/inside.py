"""The project's functions and classes that an object of a library holds, such as its callbacks."""

from __future__ import annotations

import gc
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from windlass.provenance.fingerprint.origin import origin_of_file, origin_of_module

_MOST = 20_000
_NOT_ENTERED = (ModuleType, CodeType, FrameType, BuiltinFunctionType, str, bytes, int, float)


def code_inside(value: object) -> list[Any]:
    """The functions and classes of the project within an object, in the order of their names.

    Modules and the globals of functions are not entered, or all would be reached.
    """
    seen: dict[int, object] = {}
    found: dict[int, Any] = {}
    waiting = [value]
    while waiting and len(seen) < _MOST:
        here = waiting.pop()
        if id(here) in seen or isinstance(here, _NOT_ENTERED):
            continue
        seen[id(here)] = here
        if here is not value and _is_code_of_project(here):
            found[id(here)] = here
            continue
        waiting += _referents(here)
    return sorted(found.values(), key=lambda each: (each.__module__ or "", each.__qualname__))


def _is_code_of_project(value: object) -> bool:
    if isinstance(value, FunctionType):
        file = value.__code__.co_filename  # what was compiled from a string, its maker tells of
        return file != "<string>" and origin_of_file(file).owner == "project"
    return isinstance(value, type) and origin_of_module(value.__module__).owner == "project"


def _referents(value: object) -> list[object]:
    if isinstance(value, FunctionType):
        return [*(value.__closure__ or ()), value.__defaults__, value.__kwdefaults__, vars(value)]
    if isinstance(value, type):
        return []
    found = gc.get_referents(value)
    cls = type(value)
    if origin_of_module(cls.__module__).owner == "project":
        found.append(cls)
    return [each for each in found if each is not cls or _is_code_of_project(cls)]
