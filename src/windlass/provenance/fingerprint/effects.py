"""What importing a module does besides defining things, such as ``pd.set_option(…)``.

A step is run after its module was imported, so these statements can change what any step does,
though none reads them. What they change in the project's own objects is seen in these objects.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from types import FunctionType, ModuleType

from windlass.provenance.fingerprint.bytecode import Import, absolute
from windlass.provenance.fingerprint.changes import calls_argument
from windlass.provenance.fingerprint.judging import Judge, calls, is_ours
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.owners import owner_of
from windlass.provenance.fingerprint.running import class_hooks, code_called, code_named
from windlass.provenance.fingerprint.syntax import blocks, is_guarded, targets_of

_COMPOUND = (*(ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match),)
_OPERATIONS = (ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Compare)


class Imports:
    """What a module imports when it is imported itself, and the effects that it has.

    Args:
        body: The module's statements.
        judge: Judges its expressions.

    Attributes:
        modules: The names of what it imports.
        effects: The statements that change something outside of the project's own objects.
        registered: The names of definitions that a decorator may have noted somewhere.
    """

    def __init__(self, body: list[ast.stmt], judge: Judge) -> None:
        self._judge = judge
        self.modules: list[str] = []
        self.effects: list[ast.stmt] = []
        self.registered: list[str] = []
        self._look(body)

    def _look(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._note_import(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self._look_at_definition(node)
            elif isinstance(node, _COMPOUND):
                self._look_at_compound(node)
            elif self._is_effect(node):
                self.effects.append(node)

    def _look_at_definition(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        if any(self._judge.registers(each) for each in node.decorator_list):
            self.effects.append(node)
            self.registered.append(node.name)
            if not isinstance(self._judge.space.get(node.name), FunctionType | type):
                self.effects += node.body  # the decorator gave something else in its place
        for each in node.decorator_list:
            self._look_at_decorator(each, node)
        if isinstance(node, ast.ClassDef):
            self._look_at_class(node)
        else:
            given = (each for each in (*node.args.defaults, *node.args.kw_defaults) if each)
            self.effects += [_alone(each) for each in given if self._judge.acts(each)]

    def _look_at_class(self, node: ast.ClassDef) -> None:
        self._look(node.body)
        cls = self._judge.space.get(node.name)
        if isinstance(cls, type) and not all(map(self._judge.is_pure, class_hooks(cls))):
            self.effects.append(node)

    def _look_at_decorator(
        self, decorator: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        """What a decorator does at once, or the functions of the project that it is given."""
        found = self._judge.meant(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if found is not None and is_ours(found):
            return
        named = [] if found is None else code_called(found)
        altered = self._judge.alters([*named, *code_named(decorator, self._judge.meant)])
        if any(altered):
            self.effects.append(_alone(decorator))
        if altered.registers:
            self.effects.append(node)
            self.registered.append(node.name)
        if isinstance(found, FunctionType) and owner_of(found) == "project":
            self._look_at_decorated(found, decorator, node)

    def _look_at_decorated(
        self,
        found: FunctionType,
        decorator: ast.expr,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
    ) -> None:
        """What a decorator that is a function does with what it decorates."""
        made = self._judge.space.get(node.name)
        is_pure = isinstance(made, FunctionType) and self._judge.is_pure(made)
        given = decorator.args if isinstance(decorator, ast.Call) else []
        if (calls_argument(found) and not is_pure) or any(map(self._judge.is_foreign, given)):
            self.effects += [_alone(decorator), *node.body]

    def _look_at_compound(self, node: ast.stmt) -> None:
        """What its blocks do; and what decides that they do it."""
        before = len(self.effects)
        if not (isinstance(node, ast.If) and is_guarded(node.test)):
            self._note_header(node)
        inner = [case.body for case in node.cases] if isinstance(node, ast.Match) else blocks(node)
        for block in inner:
            self._look(block)
        header = getattr(node, "test", None) or getattr(node, "iter", None)
        header = header or getattr(node, "subject", None)
        if header is not None and (len(self.effects) > before or self._judge.acts(header)):
            self.effects.append(_alone(header))

    def _note_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            self.modules += [alias.name for alias in node.names]
            return
        names = tuple(alias.name for alias in node.names)
        wanted = Import(node.module or "", node.level, names)
        self.modules += imported_names([wanted], self._judge.module)

    def _note_header(self, node: ast.stmt) -> None:
        if isinstance(node, ast.With):
            self.effects += [_alone(item.context_expr) for item in node.items]

    def _is_effect(self, node: ast.stmt) -> bool:
        assigns = isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete)
        changed = isinstance(node, ast.AugAssign)  # as in `names += ["x"]`
        targets = targets_of(node) if assigns else []
        if any(self._judge.is_outside(each, is_changed=changed) for each in targets):
            return True
        if not assigns and not isinstance(node, ast.Expr | ast.Assert):
            return False
        if isinstance(node, ast.Expr) and isinstance(node.value, _OPERATIONS):
            return True  # what is thrown away was worked out for what it does
        if assigns and not _is_thrown_away(node):
            return self._judge.acts(node)
        return any(self._judge.changes(call, is_kept=False) for call in calls(node))


def _alone(node: ast.expr) -> ast.stmt:
    """An expression as a statement of its own."""
    return ast.Expr(node, lineno=node.lineno, end_lineno=node.end_lineno)


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
