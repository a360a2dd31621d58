"""What was run in the notebook that this process is the kernel of."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TRANSPARENT = {"time", "timeit", "capture", "prun", "memit"}
"""Magics that only run their cell: what it defines, it defines."""
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_PLACE = re.compile(r"In *\[\d+\], line (\d+)|<timed exec>:(\d+)")


@dataclass(frozen=True)
class Cell:
    """A cell that was run.

    Args:
        number: As in ``In [3]``.
        text: Plain Python: magics are calls in it.
        body: The same, parsed.
    """

    number: int
    text: str
    body: list[ast.stmt]

    def until(self, line: int) -> Cell:
        """What was run of it, if it failed in a line."""
        done = [each for each in self.body if (each.end_lineno or 0) < line]
        return Cell(self.number, self.text, done)


def executed() -> list[Cell]:
    """The cells that were run in this kernel, in their order; those that are no Python left out.

    Of a cell that failed there is what ran before, where this IPython keeps how it failed.
    """
    history = sys.modules["IPython"].get_ipython().history_manager
    failed = getattr(history, "exceptions", {})
    found = []
    for number, text in enumerate(history.input_hist_parsed):
        cell = _parse(number, text)
        if cell is not None:
            found.append(cell.until(_line_of(failed[number])) if number in failed else cell)
    return found


def _line_of(failure: Mapping[str, Any]) -> int:
    """The line of a cell in which it failed; 0 where that is not told."""
    told = _COLOR.sub("", "\n".join(failure.get("traceback", ())))
    found = _PLACE.findall(told)  # of a cell under a magic, the second is in the cell itself
    lines = [int(inner) + 1 for _, inner in found if inner] or [int(c) for c, _ in found]
    return lines[0] if lines else 0


def _parse(number: int, text: str) -> Cell | None:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    inner = _under_magic(body)
    if inner is None:
        timed = _without_time(text, body)
        return Cell(number, text, body) if timed == text else _parse(number, timed)
    return _parse(number, f"\n{inner}")  # a line for the magic, to count lines as in the cell


def _without_time(text: str, body: list[ast.stmt]) -> str:
    """A cell's text with what stands after ``%time`` as a statement of its own."""
    rows = text.split("\n")
    for node in body:
        match node:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="run_line_magic"),
                    args=[ast.Constant(value="time"), ast.Constant(value=str(inner))],
                )
            ) if node.lineno == node.end_lineno and is_python(inner):
                rows[node.lineno - 1] = inner
    return "\n".join(rows)


def _under_magic(body: list[ast.stmt]) -> str | None:
    """The text of a cell under a magic such as ``%%time``."""
    call: Any = getattr(body[0], "value", None) if len(body) == 1 else None
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "run_cell_magic":
        return None
    told = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return str(told[2]) if len(told) == 3 and told[0] in _TRANSPARENT else None


def is_python(text: str) -> bool:
    """Whether a text can be parsed."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def is_shell_list(value: object) -> bool:
    """Whether a value is what ``files = !ls`` gives: lines as a list of IPython's own class."""
    text = sys.modules.get("IPython.utils.text")
    return text is not None and type(value) is text.SList
