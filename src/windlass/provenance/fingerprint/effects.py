"""What importing a module does besides defining things, such as ``pd.set_option(…)``.

A step is run after its module was imported, so these statements can change what any step does,
though none reads them. What they change in the project's own objects is seen in these objects.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

from windlass.provenance.fingerprint.bytecode import Import, absolute
from windlass.provenance.fingerprint.changes import calls_argument, changes_outside
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.owners import CONTAINERS, is_inside, is_own, owner_of
from windlass.provenance.fingerprint.source import Source, blocks, is_guarded, root_of, targets_of

_HARMLESS = {"print", "super"}
_CONFIGURING = (
    *("set", "config", "enable", "disable", "register", "use", "seed", "option", "filter", "patch"),
    *("install", "basic", "update", "manual_seed", "err", "put", "add", "insert", "simplefilter"),
)
"""How functions of libraries begin that change how these behave."""
_COMPOUND = (*(ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match),)
_OPERATIONS = (ast.Attribute, ast.Subscript, ast.BinOp, ast.UnaryOp, ast.Compare)


class Imports:
    """What a module imports when it is imported itself, and the effects that it has.

    Args:
        module: An imported module of the project.
        source: Its source.
        is_pure: Whether a function of the project changes nothing but the project's own objects.
    """

    def __init__(
        self, module: ModuleType, source: Source, is_pure: Callable[[FunctionType], bool]
    ) -> None:
        self._module = module
        self._source = source
        self._space: Mapping[str, Any] = vars(module)
        self._is_pure = is_pure
        self.modules: list[str] = []
        self.effects: list[ast.stmt] = []
        self.registered: list[str] = []
        self._look(source.tree.body)

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
        if any(self._registers(each) for each in node.decorator_list):
            self.effects.append(node)
            self.registered.append(node.name)
            if not isinstance(self._space.get(node.name), FunctionType | type):
                self.effects += node.body  # the decorator gave something else in its place
        for each in node.decorator_list:
            self._look_at_decorator(each, node)
        if isinstance(node, ast.ClassDef):
            self._look_at_class(node)
        else:
            given = (each for each in (*node.args.defaults, *node.args.kw_defaults) if each)
            self.effects += [_alone(each) for each in given if self._acts(each)]

    def _look_at_class(self, node: ast.ClassDef) -> None:
        self._look(node.body)
        cls = self._space.get(node.name)
        if isinstance(cls, type) and not all(map(self._is_pure, _class_hooks(cls))):
            self.effects.append(node)

    def _look_at_decorator(
        self, decorator: ast.expr, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ) -> None:
        """What a decorator of the project's own does at once."""
        found = self._object(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if not isinstance(found, FunctionType) or owner_of(found) != "project":
            return
        made = self._space.get(node.name)
        is_pure = isinstance(made, FunctionType) and self._is_pure(made)
        given = decorator.args if isinstance(decorator, ast.Call) else []
        if (calls_argument(found) and not is_pure) or any(map(self._is_foreign, given)):
            self.effects += [_alone(decorator), *node.body]
        elif changes_outside(found):
            self.effects.append(_alone(decorator))

    def _acts(self, node: ast.AST) -> bool:
        """Whether an expression, whose value is kept, makes calls that change something."""
        return any(self._changes(call, is_kept=True) for call in _calls(node))

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
        if header is not None and (len(self.effects) > before or self._acts(header)):
            self.effects.append(_alone(header))

    def _note_import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            self.modules += [alias.name for alias in node.names]
            return
        names = tuple(alias.name for alias in node.names)
        wanted = Import(node.module or "", node.level, names)
        self.modules += imported_names([wanted], self._module)

    def _note_header(self, node: ast.stmt) -> None:
        if isinstance(node, ast.With):
            self.effects += [_alone(item.context_expr) for item in node.items]

    def _is_effect(self, node: ast.stmt) -> bool:
        assigns = isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete)
        if assigns and any(map(self._is_outside, targets_of(node))):
            return True
        if not assigns and not isinstance(node, ast.Expr | ast.Assert):
            return False
        if isinstance(node, ast.Expr) and isinstance(node.value, _OPERATIONS):
            return True  # what is thrown away was worked out for what it does
        is_kept = assigns and not _is_thrown_away(node)
        return any(self._changes(call, is_kept=is_kept) for call in _calls(node))

    def _is_outside(self, target: ast.expr) -> bool:
        """Whether an assignment changes an object that is not the project's own."""
        if isinstance(target, ast.Tuple | ast.List):
            return any(map(self._is_outside, target.elts))
        if not isinstance(target, ast.Attribute | ast.Subscript):
            return False
        root = root_of(target) or ""
        if root not in self._space or self._is_library_name(root):
            return True
        return not is_inside(self._space[root])

    def _is_library_name(self, name: str) -> bool:
        """Whether a name stands for a module of a library, or for something taken from one."""
        value = self._space.get(name)
        if isinstance(value, ModuleType):
            return not is_own(value)
        wanted = self._source.imported(name)
        found = absolute(wanted, self._space) if wanted is not None else None
        return found is not None and origin_of_module(found).owner != "project"

    def _is_foreign(self, node: ast.expr) -> bool:
        """Whether an argument is something of a library that can be changed for all."""
        found = self._object(node.value if isinstance(node, ast.Starred) else node)
        return found is not None and not isinstance(found, FunctionType) and not is_inside(found)

    def _registers(self, decorator: ast.expr) -> bool:
        """Whether a decorator of a library may note what it decorates, and where."""
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        found = self._object(function)
        if isinstance(found, FunctionType) and owner_of(found) in ("project", "windlass"):
            return False
        root = self._space.get(root_of(function) or "")
        if root is None or (is_own(root) and not isinstance(root, ModuleType)):
            return False
        return _last_name(function).startswith("register")

    def _changes(self, call: ast.Call, *, is_kept: bool) -> bool:
        """Whether a call may change what is not seen in the project's own objects."""
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        is_harmless = name in _HARMLESS and name not in self._space
        if is_harmless or isinstance(call.func, ast.Call):  # that inner call is looked at itself
            return False
        found = _unwrapped(self._object(call.func))
        if isinstance(found, type) and owner_of(found) == "project":
            return not all(map(self._is_pure, _makers(found)))
        if isinstance(found, FunctionType) and owner_of(found) == "project":
            given = [*call.args, *(each.value for each in call.keywords)]
            return any(map(self._is_foreign, given)) or not self._is_pure(found)
        if isinstance(call.func, ast.Attribute):
            holder = self._object(call.func.value)
            if type(holder) in CONTAINERS:
                return self._is_library_name(root_of(call.func) or "")
            if holder is not None and is_inside(holder) and not is_own(holder):
                is_kept = True  # it changes itself, which is seen in it
        return _last_name(call.func).startswith(_CONFIGURING) if is_kept else True

    def _object(self, node: ast.expr) -> Any:
        """What an expression of names and attributes stands for; None if that cannot be told."""
        if isinstance(node, ast.Name):
            return self._space.get(node.id, getattr(builtins, node.id, None))
        if isinstance(node, ast.Attribute):
            holder = self._object(node.value)
            if holder is None:
                return None
            found = inspect.getattr_static(holder, node.attr, None)
            return getattr(found, "__func__", found)
        return None


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    """The calls that a statement makes, not those that functions in it would."""
    if isinstance(node, ast.Call):
        yield node
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, ast.Lambda):
            yield from _calls(inner)


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


def _alone(node: ast.expr) -> ast.stmt:
    """An expression as a statement of its own."""
    return ast.Expr(node, lineno=node.lineno, end_lineno=node.end_lineno)


def _makers(cls: type) -> list[FunctionType]:
    """What runs when an instance is made."""
    names = ("__new__", "__init__", "__post_init__", "__attrs_post_init__", "model_post_init")
    calling = [vars(meta).get("__call__") for meta in type.mro(type(cls))]
    return _own([*(vars(base).get(name) for base in cls.__mro__ for name in names), *calling])


def _class_hooks(cls: type) -> list[FunctionType]:
    """What runs when a class is made."""
    names = ("__new__", "__init__", "__prepare__")
    entries = [vars(meta).get(name) for meta in type.mro(type(cls)) for name in names]
    entries += [vars(base).get("__init_subclass__") for base in cls.__mro__[1:]]
    entries += [getattr(type(each), "__set_name__", None) for each in vars(cls).values()]
    return _own(entries)


def has_hooks(module: ModuleType) -> bool:
    """Whether making the classes of a module runs functions of the project."""
    found = [each for each in vars(module).values() if isinstance(each, type)]
    return any(_class_hooks(each) for each in found if each.__module__ == module.__name__)


def _own(entries: list[Any]) -> list[FunctionType]:
    """Those functions of the project among entries of classes."""
    found = [getattr(entry, "__func__", entry) for entry in entries]
    return [
        each for each in found if isinstance(each, FunctionType) and owner_of(each) == "project"
    ]


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
