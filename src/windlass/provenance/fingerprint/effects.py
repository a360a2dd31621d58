"""What importing a module does besides defining things, such as ``pd.set_option(…)``.

A step is run after its module was imported, so these statements can change what any step does,
though none reads them. What they change in the project's own objects is seen in these objects.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

from windlass.provenance.fingerprint.bytecode import Import, absolute
from windlass.provenance.fingerprint.origin import origin_of_file, origin_of_module
from windlass.provenance.fingerprint.source import Source, blocks, is_guarded, root_of, targets_of

_HARMLESS = {"print", "super"}


class Imports:
    """What a module imports when it is imported itself, and the effects that it has.

    Args:
        module: An imported module of the project.
        source: Its source.
    """

    def __init__(self, module: ModuleType, source: Source) -> None:
        self._module = module
        self._space: Mapping[str, Any] = vars(module)
        self._imported: set[str] = set()
        self.modules: list[str] = []
        self.effects: list[ast.stmt] = []
        self._look(source.tree.body)

    def _look(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._note_import(node)
            elif isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While):
                if not (isinstance(node, ast.If) and is_guarded(node.test)):
                    self._note_header(node)
                for block in blocks(node):
                    self._look(block)
            elif self._is_effect(node):
                self.effects.append(node)

    def _note_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._imported.add(alias.asname or alias.name.partition(".")[0])
        if isinstance(node, ast.Import):
            self.modules += [alias.name for alias in node.names]
            return
        names = tuple(alias.name for alias in node.names)
        wanted = Import(node.module or "", node.level, names)
        self.modules += imported_names([wanted], self._module)

    def _note_header(self, node: ast.stmt) -> None:
        if isinstance(node, ast.With):
            self.effects += [ast.Expr(item.context_expr, lineno=node.lineno) for item in node.items]

    def _is_effect(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Expr):
            call = node.value
            return isinstance(call, ast.Call) and self._changes(call.func)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete):
            return any(self._is_outside(target) for target in targets_of(node)) or (
                _is_thrown_away(node)
            )
        return False

    def _is_outside(self, target: ast.expr) -> bool:
        """Whether an assignment changes an object that is not the project's own."""
        if isinstance(target, ast.Tuple | ast.List):
            return any(map(self._is_outside, target.elts))
        if not isinstance(target, ast.Attribute | ast.Subscript):
            return False
        return not self._is_own(root_of(target), target)

    def _changes(self, function: ast.expr) -> bool:
        """Whether calling a function may change what is not seen in the project's own objects."""
        root = root_of(function)
        if root in _HARMLESS and isinstance(function, ast.Name):
            return False
        if isinstance(function, ast.Name):
            return True
        return not self._is_own(root, function)

    def _is_own(self, root: str | None, node: ast.expr) -> bool:
        """Whether the object that is changed was made in the project, and so is looked into."""
        if root is None or root not in self._space:
            return False
        value = self._space[root]
        if isinstance(value, ModuleType):
            return origin_of_module(value.__name__).owner == "project" and not isinstance(
                node, ast.Name
            )
        if isinstance(value, FunctionType):
            return origin_of_file(value.__code__.co_filename).owner == "project"
        if isinstance(value, type):
            return origin_of_module(value.__module__).owner == "project"
        # What a library's module gave, such as matplotlib's rcParams, is that library's state.
        return (
            root not in self._imported
            or origin_of_module(type(value).__module__).owner in ("project",)
            or type(value) in (list, dict, set)
        )


def _is_thrown_away(node: ast.stmt) -> bool:
    names = [target.id for target in targets_of(node) if isinstance(target, ast.Name)]
    called = isinstance(getattr(node, "value", None), ast.Call)
    return called and bool(names) and all(name.strip("_") == "" for name in names)


def imported_names(imports: Sequence[Import], module: ModuleType) -> list[str]:
    """The modules that import statements name, with those that are taken from packages."""
    found = []
    for each in imports:
        base = absolute(each, vars(module))
        found.append(base)
        found += [inner for name in each.names if (inner := f"{base}.{name}") in sys.modules]
    return found


def project_modules(names: list[str]) -> Iterator[str]:
    """Those of the names that are imported modules of the project."""
    for name in names:
        if name in sys.modules and origin_of_module(name).owner == "project":
            yield name
