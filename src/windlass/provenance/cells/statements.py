"""The statements at the top of a notebook's cells: what each binds, and what it reads."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from windlass.places import cell_name
from windlass.provenance.cells.kernel import Cell

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_MAGICS = {"run_line_magic": "%", "run_cell_magic": "%%", "getoutput": "!", "system": "!"}
"""By which methods of IPython's shell a cell runs what is no Python, and how that is written."""
LATE_ANNOTATIONS = "from __future__ import annotations\n"


@dataclass(frozen=True)
class Statement:
    """A statement at the top of a cell.

    Args:
        cell: The number of its cell.
        node: The statement.
        text: Its source.
    """

    cell: int
    node: ast.stmt
    text: str

    @property
    def where(self) -> str:
        """Its cell, as notebooks show it."""
        return cell_name(self.cell)

    @property
    def line(self) -> int:
        """Where in its cell it begins, from 1."""
        return _first_line(self.node)


def statements(cell: Cell) -> Iterator[Statement]:
    """The statements at the top of a cell."""
    rows = cell.text.splitlines()
    lines = [range(_first_line(node), (node.end_lineno or 0) + 1) for node in cell.body]
    for place, node in enumerate(cell.body):
        shared = [each for each in (place - 1, place + 1) if 0 <= each < len(lines)]
        if is_future(node) or any(set(lines[place]) & set(lines[each]) for each in shared):
            text = ast.unparse(node)  # on a line of its own
        else:
            text = "\n".join(rows[lines[place].start - 1 : lines[place].stop - 1])
        yield Statement(cell.number, node, text)


def _first_line(node: ast.stmt) -> int:
    return min((each.lineno for each in getattr(node, "decorator_list", [])), default=node.lineno)


def names_bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement binds in the scope that it is in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    else:
        for target in targets_of(node):
            yield from (each.id for each in _named(target) if isinstance(each.ctx, ast.Store))
        yield from (each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr))
        for inner in inner_of(node):
            yield from names_bound(inner)


def _named(node: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Name))


def targets_of(node: ast.stmt) -> list[ast.expr]:
    """What a statement assigns to."""
    match node:
        case ast.Assign(targets=targets):
            return targets
        case ast.AnnAssign(target=target, value=value):
            return [target] if value is not None else []
        case ast.AugAssign(target=target) | ast.For(target=target):
            return [target]
        case ast.With(items=items):
            return [item.optional_vars for item in items if item.optional_vars is not None]
    return []


def inner_of(node: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in a compound one that run in the same scope."""
    if isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.TryStar):
        for block in ("body", "orelse", "finalbody"):
            yield from getattr(node, block, [])
        for handler in getattr(node, "handlers", []):
            yield from handler.body


def root_of(node: ast.expr) -> str | None:
    """The name at the beginning of ``name.attribute[item]``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def calls_with(name: str, node: ast.stmt) -> Iterator[bool]:
    """For each call in a statement that gets what a name stands for: whether it is a method of it.

    Built-in functions, such as ``print``, change nothing.
    """
    for call in ast.walk(node) if not isinstance(node, DEFINITIONS) else ():
        if not isinstance(call, ast.Call) or hasattr(builtins, root_of(call.func) or ""):
            continue
        given = [*call.args, *(each.value for each in call.keywords)]
        if root_of(call.func) == name:
            yield True
        elif any(each.id == name for value in given for each in _named(value)):
            yield False


def magics_in(node: ast.stmt) -> Iterator[str]:
    """The magics in a statement, as they were written: ``%env HOME``, ``!ls``."""
    for call in ast.walk(node):
        match call:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attr),
                args=args,
            ) if attr in _MAGICS:
                told = (str(each.value) for each in args if isinstance(each, ast.Constant))
                yield (_MAGICS[attr] + " ".join(told)).partition("\n")[0].strip()


def awaits(statement: Statement) -> bool:
    """Whether a statement awaits something, which outside a function only a notebook can."""
    code = compile(statement.text, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return bool(code.co_flags & inspect.CO_COROUTINE)


def imports_all(node: ast.stmt) -> bool:
    """Whether a statement is ``from module import *``."""
    return isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names)


def binds_surely(node: ast.stmt) -> bool:
    """Whether nothing is left of what its names stood for, once a statement was run."""
    return not isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.TryStar)


def is_future(node: ast.stmt) -> bool:
    """Whether a statement is ``from __future__ import ...``, which counts for all cells after."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class Reads(NamedTuple):
    """The globals that a statement reads.

    Args:
        at_once: When it is run.
        late: When a function in it is called; and in annotations.
    """

    at_once: set[str]
    late: set[str]


def names_read(text: str) -> Reads:
    """The globals that a statement reads."""
    text = LATE_ANNOTATIONS + text
    found = Reads(set(), set())
    _add_globals(symtable.symtable(text, "cell", "exec"), found, is_late=False)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.at_once.add(node.target.id)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if annotation is not None:
                found.late.update(_names_in_annotation(annotation))
    return found


def _add_globals(table: symtable.SymbolTable, found: Reads, *, is_late: bool) -> None:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_top or symbol.is_global()):
            (found.late if is_late else found.at_once).add(symbol.get_name())
    for inner in table.get_children():
        is_called = inner.get_type() == "function" and inner.get_name() not in _COMPREHENSIONS
        _add_globals(inner, found, is_late=is_late or is_called)


_COMPREHENSIONS = {"listcomp", "setcomp", "dictcomp", "genexpr"}


def _names_in_annotation(annotation: ast.expr) -> set[str]:
    """The names in an annotation, also in one that is written as text, such as ``"Split"``."""
    found: set[str] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            with contextlib.suppress(SyntaxError, ValueError):  # `Literal["a b"]` is none
                found |= _names_in_annotation(ast.parse(node.value, mode="eval").body)
    return found
