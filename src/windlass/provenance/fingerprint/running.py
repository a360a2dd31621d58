"""What of the project an expression may run, whether or not it calls it by its name."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

from windlass.provenance.fingerprint.inside import code_inside
from windlass.provenance.fingerprint.owners import CONTAINERS, owner_of

_OPERATIONS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.comprehension, ast.Starred)
_HOLDERS = (*CONTAINERS, tuple, frozenset, functools.partial, MethodType)
_MACHINERY = ("__pydantic_decorators__", "__attrs_attrs__", "__dataclass_fields__")
"""Where libraries note which functions of a class they call when they make an object of it."""


def worked_out(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of an expression that are worked out with it, not those of functions in it."""
    yield node
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from worked_out(inner)


def code_named(node: ast.AST, find: Callable[[ast.expr], Any]) -> list[Any]:
    """The functions and classes of the project that an expression names, or that are in them.

    Args:
        node: The expression.
        find: Gives what names and attributes stand for; None if that cannot be told.
    """
    found: list[Any] = []
    for each in worked_out(node):
        value = find(each) if isinstance(each, ast.Name | ast.Attribute) else None
        if isinstance(value, FunctionType | type):
            found += [value] if owner_of(value) == "project" else []
        elif _is_instance(value) or type(value) in _HOLDERS:
            found += code_inside(value)
    return found


def code_operated(node: ast.AST, find: Callable[[ast.expr], Any]) -> Iterator[FunctionType]:
    """The functions that operators and attributes run, on instances that an expression names."""
    for each in worked_out(node):
        if isinstance(each, ast.Attribute):
            holder = find(each.value)
            if _is_instance(holder):
                yield from _getters(type(holder), each.attr)
        elif isinstance(each, _OPERATIONS):
            for operand in ast.iter_child_nodes(each):
                holder = find(operand) if isinstance(operand, ast.expr) else None
                if _is_instance(holder):
                    yield from _operators(type(holder))


def code_called(value: Any) -> list[FunctionType]:
    """The project's functions that run at least when something is called."""
    if isinstance(value, FunctionType):
        return own_functions([value])
    if isinstance(value, type):
        noted = [vars(base).get(name) for base in value.__mro__ for name in _MACHINERY]
        return [*makers(value), *own_functions([f for each in noted for f in code_inside(each)])]
    return own_functions([inspect.getattr_static(type(value), "__call__", None)])


def makers(cls: type) -> list[FunctionType]:
    """What runs when an instance is made."""
    names = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "model_post_init")
    calling = [vars(meta).get("__call__") for meta in type.mro(type(cls))]
    return own_functions(
        [*(vars(base).get(name) for base in cls.__mro__ for name in names), *calling]
    )


def class_hooks(cls: type) -> list[FunctionType]:
    """What runs when a class is made."""
    names = ("__new__", "__init__", "__prepare__")
    entries = [vars(meta).get(name) for meta in type.mro(type(cls)) for name in names]
    entries += [vars(base).get("__init_subclass__") for base in cls.__mro__[1:]]
    entries += [getattr(type(each), "__set_name__", None) for each in vars(cls).values()]
    return own_functions(entries)


def has_hooks(module: ModuleType) -> bool:
    """Whether making the classes of a module runs functions of the project."""
    found = [each for each in vars(module).values() if isinstance(each, type)]
    return any(class_hooks(each) for each in found if each.__module__ == module.__name__)


def has_instances(module: ModuleType) -> bool:
    """Whether a module holds instances of classes of the project."""
    return any(map(_is_instance, vars(module).values()))


def own_functions(entries: list[Any]) -> list[FunctionType]:
    """Those functions of the project among entries of classes."""
    found = [getattr(entry, "__func__", entry) for entry in entries]
    return [
        each for each in found if isinstance(each, FunctionType) and owner_of(each) == "project"
    ]


def _is_instance(value: Any) -> bool:
    is_code = value is None or isinstance(value, FunctionType | type | ModuleType)
    return not is_code and owner_of(type(value)) == "project"


def _getters(cls: type, name: str) -> list[FunctionType]:
    entry = inspect.getattr_static(cls, name, None)
    entries = [getattr(entry, "fget", None), getattr(entry, "func", None)]
    if not isinstance(entry, FunctionType):
        entries.append(inspect.getattr_static(type(entry), "__get__", None))
    hooks = ("__getattr__", "__getattribute__")
    return own_functions([*entries, *(inspect.getattr_static(cls, hook, None) for hook in hooks)])


def _operators(cls: type) -> list[FunctionType]:
    made = ("__init__", "__new__", "__init_subclass__")
    entries = [entry for base in cls.__mro__ for entry in vars(base).items()]
    return own_functions([f for name, f in entries if name.startswith("__") and name not in made])
