"""Statements of a module: which run when it is imported, and what names they make."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)


def first_line(node: ast.stmt) -> int:
    """Where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min((each.lineno for each in decorators), default=node.lineno)


def is_guarded(test: ast.expr) -> bool:
    """Whether a condition is false in a module that is imported and runs."""
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name):
        return test.left.id == "__name__"
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"


def blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of statements in a compound statement that can run on import."""
    if not (isinstance(node, ast.If) and is_guarded(node.test)):
        yield getattr(node, "body", [])
    yield getattr(node, "orelse", [])
    yield getattr(node, "finalbody", [])
    for handler in getattr(node, "handlers", []):
        yield handler.body


def root_of(node: ast.expr) -> str | None:
    """The name that an expression such as ``a.b["c"].d()`` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def targets_of(node: ast.stmt) -> list[ast.expr]:
    """What a simple statement assigns to."""
    match node:
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            return [target]
        case ast.For(target=target):
            return [target]
        case ast.With(items=items):
            return [item.optional_vars for item in items if item.optional_vars is not None]
    return []


def by_name(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """The statements that take part in making each name."""
    named: dict[str, list[ast.stmt]] = {}
    for node in leaves(body):
        for name in _names_made(node):
            named.setdefault(name, []).append(node)
    return named


def leaves(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run on import, also those in others; loops and ``with`` as one."""
    for node in body:
        if isinstance(node, _COMPOUND):
            if isinstance(node, ast.For | ast.With):
                yield node
            else:
                for block in blocks(node):
                    yield from leaves(block)
        else:
            yield node


def _names_made(node: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose objects it changes."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Expr):
        if not isinstance(node.value, ast.Call):
            return set()
        given = [each for each in ast.walk(node.value) if isinstance(each, ast.Name)]
        return {each.id for each in given}  # what a function is given, it may change
    if isinstance(node, ast.For | ast.With):
        inner = {name for block in blocks(node) for each in block for name in _names_made(each)}
        return inner | {name for target in targets_of(node) for name in _roots(target)}
    return {name for target in targets_of(node) for name in _roots(target)}


def binds(node: ast.stmt) -> set[str]:
    """The names that a statement gives a value to."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return {node.name}
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    return {each.id for each in names if isinstance(each.ctx, ast.Store)}


def _roots(target: ast.expr) -> set[str]:
    if isinstance(target, ast.Tuple | ast.List):
        return {name for item in target.elts for name in _roots(item)}
    root = root_of(target)
    return {root} if root else set()


def find_classes(body: list[ast.stmt], path: list[str]) -> list[ast.stmt]:
    """The classes of a qualified name: of several, nobody can tell which one stands."""
    found: list[ast.stmt] = []
    for node in _inner(body):
        if isinstance(node, ast.ClassDef) and node.name == path[0]:
            found += [node] if len(path) == 1 else find_classes(node.body, path[1:])
        elif isinstance(node, _FUNCTIONS) and path[:2] == [node.name, "<locals>"]:
            found += find_classes(node.body, path[2:])
    return found


def _inner(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, _COMPOUND):
            for block in blocks(node):
                yield from _inner(block)
