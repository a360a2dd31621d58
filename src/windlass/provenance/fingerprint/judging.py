"""Whether what an expression does on import stays within the project's own objects."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from windlass.provenance.fingerprint.bytecode import absolute
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.owners import CONTAINERS, is_inside, is_own, owner_of
from windlass.provenance.fingerprint.running import (
    code_called,
    code_named,
    code_operated,
    makers,
    worked_out,
)
from windlass.provenance.fingerprint.source import Source
from windlass.provenance.fingerprint.syntax import root_of

_HARMLESS = {"print", "super"}
CONFIGURING = (
    *("set", "config", "enable", "disable", "register", "use", "seed", "option", "filter", "patch"),
    *("install", "basic", "update", "manual_seed", "err", "put", "add", "insert", "simplefilter"),
)
"""How functions of libraries begin that change how these behave."""
_READING = ("get", "copy", "keys", "values", "items", "is", "has", "find")
"""How methods begin that only look at what they belong to."""


class Altered(NamedTuple):
    """What functions do to what is not the project's own.

    Args:
        changes: Whether they change it, or set it up.
        registers: Whether they may give it what they are given.
    """

    changes: bool
    registers: bool


class Judge:
    """Judges the expressions of a module.

    Args:
        module: An imported module of the project.
        source: Its source.
        is_pure: Whether a function of the project changes nothing but the project's own objects.
        alters: What functions and classes of the project do to libraries, as far as is seen.

    Attributes:
        space: What the names of the module stand for.
    """

    def __init__(
        self,
        module: ModuleType,
        source: Source,
        is_pure: Callable[[FunctionType], bool],
        alters: Callable[[Sequence[Any]], Altered],
    ) -> None:
        self.module = module
        self._source = source
        self.space: Mapping[str, Any] = vars(module)
        self.is_pure = is_pure
        self.alters = alters

    def acts(self, node: ast.AST) -> bool:
        """Whether what is worked out, and kept, changes something on the way."""
        found_calls = calls(node)
        if any(self.changes(call, is_kept=True) for call in found_calls):
            return True
        found = [*code_operated(node, self.meant), *self._run_by(node, found_calls)]
        return bool(found) and any(self.alters(found))

    def _run_by(self, node: ast.AST, made: list[ast.Call]) -> Iterator[Any]:
        """The project's code that calls are given, or may mean."""
        for call in made:
            found = self.meant(call.func)
            if found is None:
                yield from code_named(node, self.meant)
            elif not is_ours(found):
                yield from code_called(_unwrapped(found))
                for given in (*call.args, *(each.value for each in call.keywords)):
                    yield from code_named(given, self.meant)

    def is_outside(self, target: ast.expr, *, is_changed: bool = False) -> bool:
        """Whether an assignment changes an object that is not the project's own."""
        if isinstance(target, ast.Tuple | ast.List):
            return any(map(self.is_outside, target.elts))
        root = root_of(target) or ""
        if not isinstance(target, ast.Attribute | ast.Subscript):
            return is_changed and self._is_library_name(root)
        if root not in self.space or self._is_library_name(root):
            return True
        return not is_inside(self.space[root])

    def _is_library_name(self, name: str, before: frozenset[str] = frozenset()) -> bool:
        """Whether a name stands for a module of a library, or for something taken from one."""
        value = self.space.get(name)
        if isinstance(value, ModuleType):
            return not is_own(value)
        wanted = self._source.imported(name)
        if wanted is not None:
            return origin_of_module(absolute(wanted, self.space)).owner != "project"
        others = self._source.roots(name) - before
        return any(self._is_library_name(each, before | others | {name}) for each in others)

    def is_foreign(self, node: ast.expr) -> bool:
        """Whether an argument is something of a library that can be changed for all."""
        found = self.meant(node.value if isinstance(node, ast.Starred) else node)
        return found is not None and not isinstance(found, FunctionType) and not is_inside(found)

    def registers(self, decorator: ast.expr) -> bool:
        """Whether a decorator of a library may note what it decorates, and where."""
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        found = self.meant(function)
        if isinstance(found, FunctionType) and owner_of(found) in ("project", "windlass"):
            return False
        root = self.space.get(root_of(function) or "")
        if root is None or (is_own(root) and not isinstance(root, ModuleType)):
            return False
        return _last_name(function).startswith("register")

    def changes(self, call: ast.Call, *, is_kept: bool) -> bool:
        """Whether a call may change what is not seen in the project's own objects."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        is_harmless = name in _HARMLESS and name not in self.space
        if is_harmless or isinstance(call.func, ast.Call):  # that inner call is looked at itself
            return False
        found = _unwrapped(self.meant(call.func))
        if is_kept and found is not None and is_ours(found):
            return False
        if isinstance(found, FunctionType | type) and owner_of(found) == "project":
            return self._runs_change(found, call)
        if isinstance(call.func, ast.Attribute):
            holder = self.meant(call.func.value)
            if type(holder) in CONTAINERS:
                return self._is_library_name(root_of(call.func) or "")
            if _is_shared(holder):
                return not call.func.attr.startswith(_READING)
            # What is changed by its own method is seen in it.
            is_kept = is_kept or (holder is not None and is_inside(holder) and not is_own(holder))
        return _last_name(call.func).startswith(CONFIGURING) if is_kept else True

    def _runs_change(self, found: FunctionType | type, call: ast.Call) -> bool:
        """Whether a function or class of the project may change something when it is called."""
        if isinstance(found, type):
            return not all(map(self.is_pure, makers(found)))
        given = [*call.args, *(each.value for each in call.keywords)]
        given += [call.func.value] if isinstance(call.func, ast.Attribute) else []
        return any(map(self.is_foreign, given)) or not self.is_pure(found)

    def meant(self, node: ast.expr) -> Any:
        """What an expression of names and attributes stands for; None if that cannot be told."""
        if isinstance(node, ast.Name):
            return self.space.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute):
            holder = self.meant(node.value)
            if isinstance(node.value, ast.Call):  # of what it makes, if that is known
                made = self.meant(node.value.func)
                holder = made if isinstance(made, type) else None
            if holder is None:
                return None
            found = inspect.getattr_static(holder, node.attr, None)
            return getattr(found, "__func__", found)
        return None


def calls(node: ast.AST) -> list[ast.Call]:
    """The calls that a statement makes, not those that functions in it would."""
    return [each for each in worked_out(node) if isinstance(each, ast.Call)]


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "id", ""))


def _unwrapped(value: Any) -> Any:
    """The function behind one that remembers, has arguments already, or is an object's own."""
    for _ in range(10):
        if isinstance(value, FunctionType | type) or value is None:
            return value
        kind = type(value)
        inner = getattr(value, "func", None) if isinstance(value, partial) else None
        if inner is None and kind.__module__ == "functools":
            inner = getattr(value, "__wrapped__", None)
        if inner is None and owner_of(kind) == "project":
            inner = inspect.getattr_static(kind, "__call__", None)
        if inner is None:
            return value
        value = inner
    return value


def _is_shared(holder: Any) -> bool:
    """Whether it is an object by which a library, or the process, is set up."""
    is_code = holder is None or isinstance(holder, FunctionType | type | ModuleType)
    return not is_code and not is_inside(holder)


def is_ours(value: Any) -> bool:
    """Whether it is of Windlass, which keeps what it is given and runs it later."""
    return owner_of(value if isinstance(value, FunctionType | type) else type(value)) == "windlass"
