"""Places in a user's own code, as they know them: ``flow.py:12``, ``In [5], line 3``.

What stands in a notebook's cell stands in a file, too: in one that the kernel only names, or in the
module that the cells became, where comments tell which cell each part is from.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
import traceback
from types import TracebackType
from typing import NamedTuple

from windlass.modules import is_user_file

CELLS = '"""Cells of a notebook, as far as its steps need them."""'
"""The first line of a module that cells became."""

_MARK = re.compile(r"# In \[(\d+)\](?:, line (\d+))?")
_FRAME = re.compile(r'File "([^"\n]+_cells\.py)", line (\d+)')


class Place(NamedTuple):
    """A line of a file, or of a cell.

    Args:
        file: Its path; of a cell, ``In [5]``.
        line: The line, from 1.
    """

    file: str
    line: int | None

    def __str__(self) -> str:
        if self.line is None:
            return self.file
        return f"{self.file}{', line ' if self.file.startswith('In [') else ':'}{self.line}"

    def short(self) -> Place:
        """The same, by the file's name alone."""
        return self._replace(file=self.file.replace("\\", "/").rpartition("/")[2])

    def from_here(self) -> Place:
        """The same, seen from the present folder if it is in there."""
        here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 (on the path of a local run)
        return self._replace(file=self.file.removeprefix(here))


_told_as: dict[str, str] = {}


def tell_as(folder: str, root: str) -> None:
    """Tells places in a folder as of another: recorded code as of where it was written."""
    _told_as[f"{folder}/"] = f"{root}/"


def cell_name(number: int) -> str:
    """A cell, as notebooks show its number."""
    return f"In [{number}]"


def mark(number: int, line: int) -> str:
    """The comment above what is from a cell, in the module that cells became."""
    return f"# {cell_name(number)}" + (f", line {line}" if line > 1 else "")


def place(file: str, line: int | None) -> Place:
    """A line, told of the cell that it is in, if it is in one."""
    return _of_kernel(file, line) or _of_module(file, line) or Place(_as_written(file), line)


def with_cells(text: str) -> str:
    """A traceback's text with cells in the place of the module that they became."""
    return _as_written(_FRAME.sub(_told, text))


def _as_written(text: str) -> str:
    for folder, root in _told_as.items():
        text = text.replace(folder, root)
    return text


def own_lines(error: TracebackType | None) -> list[str]:
    """The lines of the user's own code that a traceback goes through, each with its place."""
    told = []
    for frame in traceback.extract_tb(error):
        found = place(frame.filename, frame.lineno)
        if found.file != frame.filename or is_user_file(frame.filename):
            told.append(f"{found.from_here()}: {frame.line}")
    return told


def _told(frame: re.Match[str]) -> str:
    found = _of_module(frame[1], int(frame[2]))
    return frame[0] if found is None else str(found)


def _of_module(file: str, line: int | None) -> Place | None:
    if not file.endswith("_cells.py"):
        return None
    rows = linecache.getlines(file)[:line]
    if not rows or rows[0].strip() != CELLS:
        return None
    for above, row in enumerate(reversed(rows)):
        if marked := _MARK.match(row):
            return Place(cell_name(int(marked[1])), int(marked[2] or 1) + above - 1)
    return None


def _of_kernel(file: str, line: int | None) -> Place | None:
    """The place in the cell that this very process ran."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    told = shell.compile.format_code_name(file) if shell is not None else None
    number = re.search(r"\d+", told[1]) if told else None
    return Place(cell_name(int(number[0])), line) if number else None
