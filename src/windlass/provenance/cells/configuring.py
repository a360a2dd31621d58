"""Statements of cells that change how a library, or a module of one's own, behaves."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any

from windlass.provenance.cells.statements import root_of, targets_of
from windlass.provenance.fingerprint.origin import origin_of_module

_BEGINNINGS = (
    *("config", "disable", "enable", "filterwarnings", "init", "insert", "append", "register"),
    *("seed", "manual_seed", "rc", "set", "simplefilter", "update", "use"),
)
"""How functions begin that configure, such as ``pd.set_option`` and ``helpers.init``."""
_OF_PYTHON = ("sys", "os", "warnings")
_IMMUTABLE = (int, float, complex, str, bytes, tuple, frozenset, type(None))


class Configuring:
    """Tells which statements configure what steps may use.

    Args:
        space: What names stand for now.
        is_taken: Whether a name was bound by ``from module import name``.
    """

    def __init__(self, space: Mapping[str, Any], is_taken: Callable[[str], bool]) -> None:
        self._space = space
        self._is_taken = is_taken

    def is_done_by(self, node: ast.stmt, is_alive: Callable[[str], bool]) -> bool:
        """Whether a statement configures a module.

        Args:
            node: The statement.
            is_alive: Whether a name is needed by what comes after.
        """
        parts = [
            each for each in targets_of(node) if isinstance(each, ast.Attribute | ast.Subscript)
        ]
        if any(self._is_of_module(root_of(each), is_alive) for each in parts):
            return True
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            return False
        match node.value:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[changed, *_]):
                return self._is_of_module(root_of(changed), is_alive)
            case ast.Call(func=ast.Name(id=name)):
                return self._is_taken(name) and name.startswith(_BEGINNINGS)
            case ast.Call(func=ast.Attribute(attr=name) as function) if name.startswith(
                _BEGINNINGS
            ):
                root = root_of(function)
                return self._is_needed_module(root, is_alive) or self.is_shared(root)
        return False

    def _is_of_module(self, name: str | None, is_alive: Callable[[str], bool]) -> bool:
        if name is None:
            return False
        is_module = self._is_needed_module(name, is_alive) or self._is_taken(name)
        return is_module or self.is_shared(name)

    def _is_needed_module(self, name: str | None, is_alive: Callable[[str], bool]) -> bool:
        value = self._space.get(name or "")
        if name is None or not isinstance(value, ModuleType):
            return False
        is_needed = is_alive(name) or name in _OF_PYTHON or id(value) in self._held
        return is_needed or _is_own(value.__name__)

    def is_shared(self, name: str | None) -> bool:
        """Whether a name stands for an object that a module of one's own holds as well."""
        value = self._space.get(name or "")
        return id(value) in self._held and not isinstance(value, _IMMUTABLE)

    @cached_property
    def _held(self) -> set[int]:
        """What the project's modules hold that the notebook imported, and what these import."""
        waiting, seen = [*_modules_in(self._space)], set[str]()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += _modules_in(vars(sys.modules[name]))
        return {id(value) for name in seen for value in vars(sys.modules[name]).values()}


def _modules_in(space: Mapping[str, Any]) -> Iterator[str]:
    """The project's modules of what names stand for."""
    for value in space.values():
        own = isinstance(value, ModuleType)
        name = value.__name__ if own else getattr(value, "__module__", None)
        if isinstance(name, str) and name != "__main__" and name in sys.modules and _is_own(name):
            yield name


def _is_own(module: str) -> bool:
    return origin_of_module(module).owner == "project"
