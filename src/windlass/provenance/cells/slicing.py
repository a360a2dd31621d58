"""The part of a notebook's cells that some names need: a slice, statement by statement.

Of each name the statement counts that bound it last, with those that changed the object since. A
global that is plain data is written as the value that it has now: whatever was run, in whatever
order, is in it. Runs of pipelines, plots and tables that were looked at are left out.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from windlass.errors import DefinitionError
from windlass.provenance.cells.kernel import Cell
from windlass.provenance.cells.statements import (
    DEFINITIONS,
    Statement,
    imports_all,
    inner_of,
    is_future,
    names_bound,
    names_read,
    root_of,
    statements,
    targets_of,
)

_LONGEST = 20_000
_CHANGING = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
    *("register", "remove", "reverse", "setdefault", "sort", "update"),
}
_CONFIGURING = (
    *("config", "disable", "enable", "filterwarnings", "insert", "append", "register", "seed"),
    *("manual_seed", "set", "simplefilter", "update", "use"),
)
"""How functions begin that change how a library behaves, such as ``pd.set_option``."""


class Slicer:
    """Finds what names need.

    Args:
        cells: What was run, in order.
        space: What names stand for now.
    """

    def __init__(self, cells: Iterable[Cell], space: Mapping[str, Any]) -> None:
        self._statements = [each for cell in cells for each in statements(cell)]
        self._space = space
        self._bound: dict[str, int] = {}
        self._first: dict[str, int] = {}
        for index, statement in enumerate(self._statements):
            for name in names_bound(statement.node):
                self._first.setdefault(name, index)
                self._bound[name] = index
        self._whole: set[int] = set()
        self._values: defaultdict[int, set[str]] = defaultdict(set)
        self._seen: set[str] = set()

    def module(self, wanted: Iterable[str]) -> str:
        """The text of a module in which the wanted names stand for what they do here.

        Raises:
            DefinitionError: One of them, or what it needs, is defined by no cell.
        """
        self._need(list(wanted))
        for index, statement in enumerate(self._statements):
            if is_future(statement.node) or self._configures(statement.node):
                self._keep(index)
        parts, cell = ['"""Cells of a notebook, as far as its steps need them."""'], 0
        for index in self._in_order():
            statement = self._statements[index]
            if statement.cell != cell:
                cell = statement.cell
                parts.append(f"\n# In [{cell}]")
            parts.append(self._text(index, statement))
        return _with_future_first("\n".join(parts) + "\n")

    def made_anew(self) -> list[str]:
        """The globals of the module that are no definitions, so that it makes them anew."""
        return [
            name
            for name in sorted(self._seen & self._space.keys() & self._bound.keys())
            if not isinstance(self._statements[self._bound[name]].node, DEFINITIONS)
        ]

    def _in_order(self) -> list[int]:
        """What is kept, each after what it needs at once.

        A cell that was edited and run again stands where it stood at first: others that have not
        been run since rest on it.
        """
        found: dict[int, None] = {}

        def put(index: int) -> None:
            if index in waiting:
                waiting.discard(index)
                if index in self._whole:
                    for name in names_read(self._statements[index].text, at_once=True):
                        put(self._bound.get(name, -1))
                found[index] = None

        waiting = self._whole | self._values.keys()
        for index in sorted(waiting, key=self._first_place):
            put(index)
        return list(found)

    def _first_place(self, index: int) -> tuple[int, int]:
        names = names_bound(self._statements[index].node)
        return min((self._first[name] for name in names), default=index), index

    def _need(self, names: list[str]) -> None:
        while names:
            name = names.pop()
            if name in self._seen:
                continue
            self._seen.add(name)
            index = self._place_of(name)
            if index is None:
                continue
            if self._literal(name, self._statements[index].node) is not None:
                self._values[index].add(name)
                continue
            self._keep(index)
            for later in range(index + 1, len(self._statements)):
                if name in self._changed(self._statements[later].node):
                    self._keep(later)

    def _keep(self, index: int) -> None:
        """Keeps a statement as it is, with all that it needs."""
        if index not in self._whole:
            self._whole.add(index)
            self._need(sorted(names_read(self._statements[index].text)))

    def _place_of(self, name: str) -> int | None:
        if name in self._bound:
            return self._bound[name]
        if name not in self._space or hasattr(builtins, name) or name.startswith("__"):
            return None
        for index, statement in enumerate(self._statements):
            if imports_all(statement.node):
                self._keep(index)
                return None
        raise DefinitionError(
            f"a step needs '{name}', which no cell of this notebook defines",
            hint="Define it in a cell, or in a file that a cell imports.",
        )

    def _text(self, index: int, statement: Statement) -> str:
        values = [str(self._literal(name, statement.node)) for name in sorted(self._values[index])]
        return "\n".join([*([statement.text] if index in self._whole else []), *values])

    def _literal(self, name: str, node: ast.stmt) -> str | None:
        """``NAME = value`` where the value is plain data; None where it is not."""
        if isinstance(node, DEFINITIONS) or name not in self._space:
            return None
        text = repr(self._space[name])
        try:
            again = ast.literal_eval(text) if len(text) <= _LONGEST else None
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
        same = len(text) <= _LONGEST and type(again) is type(self._space[name])
        return f"{name} = {text}" if same and repr(again) == text else None

    def _changed(self, node: ast.stmt) -> Iterator[str]:
        """The names whose objects a statement changes."""
        if isinstance(node, ast.Expr):
            call = node.value
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                root = root_of(call.func)
                if call.func.attr in _CHANGING and root:
                    yield root
            return
        for target in targets_of(node):
            if isinstance(target, ast.Attribute | ast.Subscript) and (root := root_of(target)):
                yield root
        for inner in inner_of(node):
            yield from self._changed(inner)

    def _configures(self, node: ast.stmt) -> bool:
        """Whether a statement changes how a library that is needed behaves."""
        roots = set()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and function.attr.startswith(_CONFIGURING):
                roots.add(root_of(function))
        roots |= {root_of(each) for each in targets_of(node) if not isinstance(each, ast.Name)}
        return any(
            isinstance(self._space.get(root or ""), ModuleType)
            and (root in self._seen or root in ("sys", "os", "warnings"))
            for root in roots
        )


def _with_future_first(text: str) -> str:
    """A module's text with what it imports from ``__future__`` at its top."""
    rows = text.splitlines(keepends=True)
    future = [row for row in rows if row.startswith("from __future__ import")]
    return "".join(
        [rows[0], *dict.fromkeys(future), *(row for row in rows[1:] if row not in future)]
    )
