"""Whether a function changes what is not the project's own, as ``json.dumps = faster`` does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import FunctionType

from windlass.provenance.fingerprint.owners import is_own
from windlass.provenance.fingerprint.source import parse_file
from windlass.provenance.fingerprint.syntax import root_of, targets_of

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SETTERS = {"setattr", "delattr", "__setattr__", "__delattr__", "__setitem__"}
_MUTATORS = {
    *("update", "append", "extend", "insert", "add", "setdefault", "pop", "popitem", "clear"),
    *("remove", "discard", "register"),
}
"""Methods by which what they belong to is another after."""


def changes_outside(function: FunctionType) -> bool:
    """Whether it assigns to an attribute or item of something that the project did not make.

    What it is given, and what it makes itself, is not looked at.
    """
    source, line = parse_file(function.__code__.co_filename), function.__code__.co_firstlineno
    if source is None:
        return False
    if line not in source.changed:
        node = source.function_at(line)
        source.changed[line] = frozenset() if node is None else _changed_names(node)
    space = function.__globals__
    return any(
        name is None or name not in space or not is_own(space[name])
        for name in source.changed[line]
    )


def _changed_names(node: ast.AST) -> frozenset[str | None]:
    """The globals of whose attributes and items some are assigned to; None for what is imported."""
    local, imported = _local(node)
    aliases = _aliases(node)
    roots = {root_of(target) for target in _changed(node)}
    named = {aliases.get(root, root) for root in roots if root is not None}
    return frozenset(
        None if name in imported else name
        for name in named
        if name in imported or name not in local
    )


def calls_argument(function: FunctionType) -> bool:
    """Whether it, or a function in it, calls what that very function is given, as ``now(f)`` may.

    What a decorator makes of a function calls what the decorator was given: that is later.
    """
    source = parse_file(function.__code__.co_filename)
    node = source.function_at(function.__code__.co_firstlineno) if source is not None else None
    inner = [each for each in ast.walk(node) if isinstance(each, _FUNCTIONS)] if node else []
    return any(_calls_own_argument(each) for each in inner)


def _calls_own_argument(node: ast.AST) -> bool:
    given = {
        each.arg for each in ast.walk(getattr(node, "args", node)) if isinstance(each, ast.arg)
    }
    waiting = list(ast.iter_child_nodes(node))
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.Call) and getattr(each.func, "id", None) in given:
            return True
        if not isinstance(each, _FUNCTIONS):
            waiting += ast.iter_child_nodes(each)
    return False


def _local(node: ast.AST) -> tuple[set[str], set[str]]:
    """The names that a function binds itself, and those of them that it imports."""
    inner = list(ast.walk(node))
    stated = {name for each in inner if isinstance(each, ast.Global) for name in each.names}
    local = {each.arg for each in inner if isinstance(each, ast.arg)}
    local |= {n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    aliases = [a for n in inner if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    return local - stated, {each.asname or each.name.partition(".")[0] for each in aliases}


def _changed(node: ast.AST) -> Iterator[ast.expr]:
    """What it assigns to besides names."""
    for each in ast.walk(node):
        if isinstance(each, ast.stmt):
            targets = targets_of(each)
            while targets:
                target = targets.pop()
                if isinstance(target, ast.Tuple | ast.List):
                    targets = [*targets, *target.elts]
                elif not isinstance(target, ast.Name):
                    yield target
        elif isinstance(each, ast.Call):
            yield from _changed_by(each)


def _changed_by(call: ast.Call) -> Iterator[ast.expr]:
    """What a call changes by the word of its name, as ``setattr(x, …)`` and ``x.y.update(…)``."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in _SETTERS and call.args:
        yield call.args[0]
    elif isinstance(call.func, ast.Attribute) and name in _MUTATORS and not _makes(call.func):
        yield call.func.value


def _makes(node: ast.AST) -> bool:
    """Whether a call in an expression makes what it stands for."""
    return any(isinstance(each, ast.Call) for each in ast.walk(node))


def _aliases(node: ast.AST) -> dict[str, str]:
    """Names that a function gives to what it did not make, each with the name that this is of."""
    found = {}
    for each in ast.walk(node):
        given = each.iter if isinstance(each, ast.For) else getattr(each, "value", None)
        if not isinstance(each, ast.For | ast.Assign | ast.AnnAssign) or _makes(given or each):
            continue
        holders = given.elts if isinstance(given, ast.Tuple | ast.List) else [given]
        roots = [root for holder in holders if holder and (root := root_of(holder))]
        names = [target.id for target in targets_of(each) if isinstance(target, ast.Name)]
        found.update({name: root for name in names for root in roots})
    return found
