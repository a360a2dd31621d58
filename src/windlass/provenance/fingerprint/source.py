"""How the names of a module are defined, by its source: for what its live objects don't tell.

A module is parsed only where that is needed: for a class, for an object that cannot be looked
into, for a module that does more on import than define things.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

from windlass.provenance.fingerprint.bytecode import Import
from windlass.provenance.fingerprint.packing import digest_packed

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LAYOUT = ("ctx", "kind", "type_comment", "type_ignores")
"""Fields of nodes that change nothing, or follow from where the node stands."""
_COMPOUND = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While)


@dataclass(frozen=True, slots=True)
class Definition:
    """The statements that make what a name stands for.

    Args:
        digest: Of what they say, not of how it is laid out.
        reads: The names that they read, each with the attributes read off it.
        line: Where the first one begins.
        text: Gives the source.
    """

    digest: str
    reads: tuple[tuple[str, ...], ...]
    line: int
    text: Callable[[], str]


@dataclass
class Source:
    """The source of a module, parsed.

    Args:
        data: The bytes of its file.
        tree: Its syntax tree.
    """

    data: bytes
    tree: ast.Module
    _named: dict[str, list[ast.stmt]] | None = field(default=None, repr=False)

    def definition(self, name: str) -> Definition | None:
        """How a top-level name is made, by all the statements that take part in it."""
        if self._named is None:
            self._named = _by_name(self.tree.body)
        found = self._named.get(name)
        return self.told(found) if found else None

    def line_of(self, qualname: str) -> int | None:
        """Where a name of the module, or of a class in it, was last bound."""
        *path, name = qualname.split(".")
        found = _find_classes(self.tree.body, path) if path else [self.tree]
        body = getattr(found[-1], "body", []) if found else []
        return max((node.lineno for node in _leaves(body) if name in _binds(node)), default=None)

    def imported(self, name: str) -> Import | None:
        """The import that a top-level name comes from, with the name that it has there."""
        for node in _leaves(self.tree.body):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return Import(node.module or "", node.level, (alias.name,))
        return None

    def roots(self, name: str) -> set[str]:
        """The names of what a top-level name is a part of, or another name for."""
        self.definition(name)
        named = (self._named or {}).get(name, [])
        given = [node.value for node in named if isinstance(node, ast.Assign)]
        parts = [
            each for each in given if isinstance(each, ast.Attribute | ast.Subscript | ast.Name)
        ]
        return {root for each in parts if (root := root_of(each))}

    def class_head(self, qualname: str) -> Definition | None:
        """A class but for the bodies of its methods, which are looked at by themselves."""
        found = _find_classes(self.tree.body, qualname.split("."))
        return self.told(found) if found else None

    def told(self, nodes: Sequence[ast.stmt]) -> Definition:
        """Statements as a definition."""
        reads: dict[tuple[str, ...], None] = {}
        told = digest_packed("definition", [_statement(node, reads) for node in nodes])
        spans = [(_first_line(node) - 1, node.end_lineno) for node in nodes]
        return Definition(told, tuple(reads), spans[0][0] + 1, partial(self._lines, spans))

    def text(self) -> str:
        """All of it."""
        return self._lines([(0, None)])

    def _lines(self, spans: Sequence[tuple[int, int | None]]) -> str:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(self.data).readline)
        rows = io.StringIO(self.data.decode(encoding, "replace"), newline=None).read().split("\n")
        return "\n".join(row for first, end in spans for row in rows[first:end])


def source_of(module: ModuleType) -> Source | None:
    """The source of an imported module; None if it has none, as a notebook's."""
    file = getattr(module, "__file__", None)
    return parse_file(file) if isinstance(file, str) and file.endswith(".py") else None


def parse_file(file: str) -> Source | None:
    """The source of a file as it stands; None if it cannot be read or is not Python."""
    try:
        status = os.stat(file)  # noqa: PTH116
    except OSError:
        return None
    stamp = (status.st_mtime_ns, status.st_size)
    known = _parsed.get(file)
    if known is None or known[0] != stamp:
        known = _parsed[file] = (stamp, _parse(file))
    return known[1]


_parsed: dict[str, tuple[tuple[int, int], Source | None]] = {}


def forget_trees() -> None:
    """Gives back the memory of what was parsed."""
    _parsed.clear()


def _parse(file: str) -> Source | None:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            data = opened.read()
        return Source(data, ast.parse(data))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _first_line(node: ast.stmt) -> int:
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


def _by_name(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    named: dict[str, list[ast.stmt]] = {}
    for node in _leaves(body):
        for name in _names_made(node):
            named.setdefault(name, []).append(node)
    return named


def _leaves(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, _COMPOUND):
            if isinstance(node, ast.For | ast.With):
                yield node
            else:
                for block in blocks(node):
                    yield from _leaves(block)
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


def _binds(node: ast.stmt) -> set[str]:
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


def _find_classes(body: list[ast.stmt], path: list[str]) -> list[ast.stmt]:
    """The classes of a qualified name: of several, nobody can tell which one stands."""
    found: list[ast.stmt] = []
    for node in _inner(body):
        if isinstance(node, ast.ClassDef) and node.name == path[0]:
            found += [node] if len(path) == 1 else _find_classes(node.body, path[1:])
        elif isinstance(node, _FUNCTIONS) and path[:2] == [node.name, "<locals>"]:
            found += _find_classes(node.body, path[2:])
    return found


def _inner(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, _COMPOUND):
            for block in blocks(node):
                yield from _inner(block)


def _statement(node: ast.stmt, reads: dict[tuple[str, ...], None]) -> Any:
    """What a statement says, without docstrings and the bodies of functions; notes what it reads.

    Not `ast.dump`: one pass for both, over every class of a project.
    """
    if isinstance(node, _FUNCTIONS):
        return _told(node, reads, without="body")
    if isinstance(node, ast.AnnAssign):
        _note_texts(node.annotation, reads)
    if isinstance(node, ast.ClassDef):
        body = [_statement(each, reads) for each in node.body if not _is_text(each)]
        return (*_told(node, reads, without="body"), body)
    return _told(node, reads)


def _told(node: Any, reads: dict[tuple[str, ...], None], without: str | None = None) -> Any:
    """A node as plain data; names with the attributes read off them are noted as a whole.

    ``features.lag`` does not read all of `features`.
    """
    if isinstance(node, list):
        return [_told(each, reads) for each in node]
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.Attribute | ast.Name):
        chain = _chain(node)
        if chain is not None:
            reads[chain] = None
            return ("reads", *chain)
    cls = type(node)
    fields = [name for name in cls._fields if name not in _LAYOUT and name != without]
    return (cls.__name__, *(_told(getattr(node, name, None), reads) for name in fields))


def _note_texts(annotation: ast.expr, reads: dict[tuple[str, ...], None]) -> None:
    """Notes the names in an annotation that is written as a text, as in ``k: "Item"``."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            with contextlib.suppress(SyntaxError, ValueError):
                _told(ast.parse(node.value, mode="eval"), reads)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _chain(node: ast.expr) -> tuple[str, ...] | None:
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return None
    return (node.id, *reversed(attributes))
