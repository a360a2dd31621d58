"""How the names of a module are defined, by its source: for what its live objects don't tell.

A module is parsed only where that is needed: for a class, for an object that cannot be looked
into, for a module that does more on import than define things.
"""

from __future__ import annotations

import ast
import contextlib
import io
import tokenize
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

from windlass.provenance.fingerprint.by_file import ByFile
from windlass.provenance.fingerprint.bytecode import Import
from windlass.provenance.fingerprint.packing import digest_packed
from windlass.provenance.fingerprint.syntax import (
    binds,
    by_name,
    find_classes,
    first_line,
    leaves,
    root_of,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_LAYOUT = ("ctx", "kind", "type_comment", "type_ignores")
"""Fields of nodes that change nothing, or follow from where the node stands."""


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
        changed: What `windlass.provenance.fingerprint.changes` found in its functions, by their
            first lines: many are asked for again and again.
    """

    data: bytes
    tree: ast.Module
    changed: dict[int, frozenset[str | None]] = field(default_factory=dict, repr=False)
    _named: dict[str, list[ast.stmt]] | None = field(default=None, repr=False)
    _functions: dict[int, ast.AST] | None = field(default=None, repr=False)

    def definition(self, name: str) -> Definition | None:
        """How a top-level name is made, by all the statements that take part in it."""
        if self._named is None:
            self._named = by_name(self.tree.body)
        found = self._named.get(name)
        return self.told(found) if found else None

    def function_at(self, line: int) -> ast.AST | None:
        """The function, also one without a name, that begins in a line, with its decorators."""
        if self._functions is None:
            self._functions = {}
            for node in ast.walk(self.tree):
                if isinstance(node, _FUNCTIONS):
                    self._functions.setdefault(first_line(node), node)
                elif isinstance(node, ast.Lambda):
                    self._functions.setdefault(node.lineno, node)
        return self._functions.get(line)

    def line_of(self, qualname: str) -> int | None:
        """Where a name of the module, or of a class in it, was last bound."""
        *path, name = qualname.split(".")
        found = find_classes(self.tree.body, path) if path else [self.tree]
        body = getattr(found[-1], "body", []) if found else []
        return max((node.lineno for node in leaves(body) if name in binds(node)), default=None)

    def imported(self, name: str) -> Import | None:
        """The import that a top-level name comes from, with the name that it has there."""
        for node in leaves(self.tree.body):
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
        found = find_classes(self.tree.body, qualname.split("."))
        return self.told(found) if found else None

    def told(self, nodes: Sequence[ast.stmt]) -> Definition:
        """Statements as a definition."""
        reads: dict[tuple[str, ...], None] = {}
        told = digest_packed("definition", [_statement(node, reads) for node in nodes])
        spans = [(first_line(node) - 1, node.end_lineno) for node in nodes]
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
    return _parsed.get(file, _parse)


_parsed: ByFile[Source] = ByFile()


def _parse(file: str) -> Source | None:
    data = read_file(file)
    try:
        return Source(data, ast.parse(data)) if data is not None else None
    except (SyntaxError, ValueError, RecursionError):
        return None


def read_file(file: str) -> bytes | None:
    """The bytes of a file; None if it cannot be read."""
    try:
        with open(file, "rb") as opened:  # noqa: PTH123
            return opened.read()
    except OSError:
        return None


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
