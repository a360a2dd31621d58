"""What was run in the notebook that this process is the kernel of."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import Any

_TRANSPARENT = {"time", "timeit", "capture", "prun", "memit"}
"""Magics that only run their cell: what it defines, it defines."""


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


def executed() -> list[Cell]:
    """The cells that were run in this kernel, in their order; those that are no Python left out."""
    shell = sys.modules["IPython"].get_ipython()
    found = []
    for number, text in enumerate(shell.history_manager.input_hist_parsed):
        cell = _parse(number, text)
        if cell is not None:
            found.append(cell)
    return found


def _parse(number: int, text: str) -> Cell | None:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    inner = _under_magic(body)
    return Cell(number, text, body) if inner is None else _parse(number, inner)


def _under_magic(body: list[ast.stmt]) -> str | None:
    """The text of a cell under a magic such as ``%%time``."""
    call: Any = getattr(body[0], "value", None) if len(body) == 1 else None
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "run_cell_magic":
        return None
    told = [each.value for each in call.args if isinstance(each, ast.Constant)]
    return str(told[2]) if len(told) == 3 and told[0] in _TRANSPARENT else None


def is_shell_list(value: object) -> bool:
    """Whether a value is what ``files = !ls`` gives: lines as a list of IPython's own class."""
    text = sys.modules.get("IPython.utils.text")
    return text is not None and type(value) is text.SList
