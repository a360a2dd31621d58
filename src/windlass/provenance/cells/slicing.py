"""The part of a notebook's cells that some names need: a slice, statement by statement.

Of each name those statements count that made what it stands for now, in the order in which they
were run. A global that is plain data is written as the value that it has now. Runs of pipelines,
plots and tables that were looked at are left out.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from windlass.places import CELLS, mark
from windlass.provenance.cells import refusals
from windlass.provenance.cells.configuring import Configuring
from windlass.provenance.cells.kernel import Cell
from windlass.provenance.cells.literals import literal
from windlass.provenance.cells.statements import (
    DEFINITIONS,
    LATE_ANNOTATIONS,
    Statement,
    awaits,
    binds_surely,
    calls_with,
    imports_all,
    inner_of,
    is_future,
    magics_in,
    names_bound,
    names_read,
    root_of,
    statements,
    targets_of,
)

_CHANGING = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"),
    *("register", "remove", "reverse", "setdefault", "sort", "update"),
    *("compile", "eval", "fit", "load_state_dict", "partial_fit", "set_params", "train"),
}
_GIVEN = {"display": "from IPython.display import display"}


class Slicer:
    """Finds what names need.

    The statements that count are run anew in the order in which they were run; so what held the
    earlier of two functions of a name holds it there, too.

    Args:
        cells: What was run, in order.
        space: What names stand for now.

    Attributes:
        statements: What was run, statement by statement.
    """

    def __init__(self, cells: Iterable[Cell], space: Mapping[str, Any]) -> None:
        self.statements = [each for cell in cells for each in statements(cell)]
        self._space = space
        self._binds = [set(names_bound(each.node)) for each in self.statements]
        self._changes = [set(self._changed(each.node)) for each in self.statements]
        self._reads = [names_read(each.text) for each in self.statements]
        self._bound = {name: at for at, names in enumerate(self._binds) for name in names}
        self._configuring = Configuring(space, self._is_taken)
        self._whole: set[int] = set()
        self._values: defaultdict[int, set[str]] = defaultdict(set)
        self._seen: set[str] = set()
        self._needed: set[str] = set()

    def module(self, wanted: Iterable[str]) -> str:
        """The text of a module in which the wanted names stand for what they do here.

        Raises:
            DefinitionError: One of them, or what it needs, is defined by no cell or by a magic.
        """
        self._needed = self._reached(wanted) & self._space.keys()
        self._slice(self._needed)
        self._refuse_others()
        parts = [CELLS, *self._given(), *self._marked()]
        parts += [f"del {name}" for name in sorted(self._gone())]
        return _with_future_first("\n".join(parts) + "\n")

    def _marked(self) -> Iterator[str]:
        """The statements that count, with a comment wherever it is not the next line of a cell."""
        after, last = (0, 0), 0
        for index in sorted(self._whole | self._values.keys()):
            each = self.statements[index]
            if (each.cell, each.line) != after:
                yield ("\n" if each.cell != last else "") + mark(each.cell, each.line)
            text = self._text(index, each)
            moved = is_future(each.node)  # to the top
            after, last = (each.cell, 0 if moved else each.line + text.count("\n") + 1), each.cell
            yield text

    def made_anew(self) -> list[str]:
        """The globals of the module that its steps may read, in the order of what made them."""
        return sorted(self._needed & self._bound.keys(), key=lambda name: (self._bound[name], name))

    def made(self, name: str) -> list[Statement]:
        """What was run anew, as far as the last statement that made what a name stands for."""
        last = self._touching(name)[-1]
        return [self.statements[at] for at in sorted({*self._whole, last}) if at <= last]

    def _gone(self) -> set[str]:
        """The names that were deleted since: what reads them does not find them."""
        sure = [at for at in self._whole if binds_surely(self.statements[at].node)]
        bound = {name for at in sure for name in self._binds[at]}
        return bound - self._space.keys() - {"*"}

    def suspect(self, name: str) -> Statement | None:
        """What perhaps changed a global, though nothing in it says so: a call that got it.

        Of those that are left out of the module the last, its own methods before other functions.
        """
        got = [
            (rank, at)
            for at in range(self._bound[name], len(self.statements))
            if at not in self._whole
            for rank in calls_with(name, self.statements[at].node)
        ]
        return self.statements[max(got)[1]] if got else None

    def _slice(self, needed: set[str]) -> None:
        """Goes back through what was run, with the names whose values still have to be made."""
        alive = set(needed)
        for index in reversed(range(len(self.statements))):
            statement = self.statements[index]
            if is_future(statement.node) or self._is_configured_by(statement.node, alive):
                self._whole.add(index)
                alive |= self._reached(self._reads[index].at_once, index)
            touched = (self._binds[index] | self._changes[index]) & alive
            values = {
                n for n in touched if self._is_last(index, n) and self._literal(n, statement.node)
            }
            self._values[index] |= values
            alive -= values
            if not values:
                del self._values[index]
            if not (touched - values or imports_all(statement.node)):
                continue
            self._whole.add(index)
            self._refuse_runs(statement)
            if binds_surely(statement.node):
                alive -= self._binds[index] - self._changes[index]
            at_once = self._reads[index].at_once
            runs = any(isinstance(each, ast.Call) for each in ast.walk(statement.node))
            alive |= self._reached(at_once, index) if runs else at_once & self._bound.keys()

    def _is_configured_by(self, node: ast.stmt, alive: set[str]) -> bool:
        return self._configuring.is_done_by(node, lambda name: name in alive or name in self._seen)

    def _refuse_runs(self, statement: Statement) -> None:
        """Refuses what a run of a pipeline gave: to have it, the pipeline would be run anew."""
        for node in ast.walk(statement.node):
            root = root_of(node.func) if isinstance(node, ast.Call) else getattr(node, "id", None)
            is_call = isinstance(node, ast.Call)
            if _KINDS_OF_RUNS.get(_class_name(self._space.get(root or ""))) is is_call:
                raise refusals.of_run(statement, str(root))

    def _refuse_others(self) -> None:
        """Refuses what only a notebook can run."""
        for statement in map(self.statements.__getitem__, sorted(self._whole)):
            for magic in magics_in(statement.node):
                raise refusals.of_magic(statement, magic)
            if awaits(statement):
                raise refusals.of_await(statement)

    def _given(self) -> list[str]:
        """What binds the names that IPython gives to every cell, of those that are read."""
        reads = [self._reads[index] for index in self._whole]
        read = set().union(*(each.at_once | each.late for each in reads))
        return [text for name, text in _GIVEN.items() if name in read - self._bound.keys()]

    def _touching(self, name: str) -> list[int]:
        """The statements that bind a name or change what it stands for."""
        every = range(len(self.statements))
        return [at for at in every if name in self._binds[at] or name in self._changes[at]]

    def _since_bound(self, name: str, before: int | None) -> list[int]:
        """The statements that made what a name stood for: the last that bound it, and after."""
        found = [at for at in self._touching(name) if before is None or at < before]
        for place in reversed(range(len(found))):
            is_sure = binds_surely(self.statements[found[place]].node)
            if is_sure and name in self._binds[found[place]] - self._changes[found[place]]:
                return found[place:]
        return found

    def _is_last(self, index: int, name: str) -> bool:
        """Whether nothing later binds a name or changes what it stands for."""
        return self._touching(name)[-1] == index

    def _is_value(self, name: str) -> bool:
        """Whether a name is written as the value that it has now."""
        touching = self._touching(name)
        return bool(touching and self._literal(name, self.statements[touching[-1]].node))

    def _reached(self, names: Iterable[str], before: int | None = None) -> set[str]:
        """Names, and all that what they stand for reads when it is called.

        Args:
            names: The names.
            before: When that is: before this statement; None for now.

        Raises:
            DefinitionError: One is defined by no cell.
        """
        waiting: list[tuple[str, int | None]] = [(name, before) for name in names]
        found: set[tuple[str, int | None]] = set()
        while waiting:
            name, time = each = waiting.pop()
            if each in found or not self._is_of_cells(name):
                continue
            found.add(each)
            if time is None and self._is_value(name):
                continue
            for at in self._since_bound(name, time):
                waiting += [(read, before) for read in self._reads[at].late]
                waiting += [(read, at) for read in self._reads[at].at_once]  # held by it
        reached = {name for name, time in found if time == before}
        self._seen |= reached
        return reached

    def _is_of_cells(self, name: str) -> bool:
        if name in self._bound:
            return True
        if name not in self._space or hasattr(builtins, name) or name.startswith("__"):
            return False
        if any(imports_all(each.node) for each in self.statements):
            return False
        raise refusals.of_unknown(name, self.statements)

    def _text(self, index: int, statement: Statement) -> str:
        values = [str(self._literal(name, statement.node)) for name in sorted(self._values[index])]
        return "\n".join([*([statement.text] if index in self._whole else []), *values])

    def _literal(self, name: str, node: ast.stmt) -> str | None:
        """``NAME = value`` where the value is plain data; None where it is not."""
        if isinstance(node, DEFINITIONS) or name not in self._space:
            return None
        if self._configuring.is_shared(name):  # a copy would not be the module's
            return None
        return literal(name, self._space[name])

    def _changed(self, node: ast.stmt) -> Iterator[str]:
        """The names whose objects a statement changes."""
        for decorator in getattr(node, "decorator_list", ()):
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            root = root_of(function) if isinstance(function, ast.Attribute) else None
            if root is not None and not isinstance(self._space.get(root), ModuleType):
                yield root  # as in `@area.register`
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

    def _is_taken(self, name: str) -> bool:
        """Whether a name was imported from a module, as by ``from matplotlib import rcParams``."""
        at = self._bound.get(name)
        return at is not None and isinstance(self.statements[at].node, ast.ImportFrom)


_KINDS_OF_RUNS = {
    "windlass.execution.run.Run": False,
    "windlass.pipeline.pipeline.Pipeline": True,
}
"""Classes whose objects give what a run gave; and whether they do so by a call, as ``p.run()``."""


def _class_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _with_future_first(text: str) -> str:
    """A module's text with what it imports from ``__future__`` at its top.

    Annotations are always read late: a class that was defined anew since is meant by them.
    """
    first, *rows = text.splitlines(keepends=True)
    future = [row for row in rows if row.startswith("from __future__ import")]
    rows = [row for row in rows if row not in future]
    return "".join([first, *dict.fromkeys([LATE_ANNOTATIONS, *future]), *rows])
