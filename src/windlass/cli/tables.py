"""Tables and sentences that fit a terminal: cut or wrapped where a person misses least."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text


class _Node(Protocol):
    @property
    def node(self) -> str: ...


Named = TypeVar("Named", bound=_Node)

MOST_ITEMS = 20
"""Items of a map that are told one by one, unless all are asked for."""
_LEAST = 8
"""Letters of a column that are left of it at the least."""
_GAP = 2


def print_fitted(out: Console, table: Table, *cut: str) -> None:
    """Prints a table of one line a row.

    Args:
        out: Where.
        table: With a padding of one, and no edges.
        cut: The columns that may be cut, the first first; the others are whole.
    """
    for column in table.columns:
        column.no_wrap = True
    widths = {str(column.header): _width(out, column) for column in table.columns}
    over = sum(widths.values()) + _GAP * (len(widths) - 1) - out.width
    for name in (each for each in cut if each in widths):
        taken = max(0, min(over, widths[name] - _LEAST))
        widths[name] -= taken
        over -= taken
    for column in table.columns:
        column.width = widths[str(column.header)]
    out.print(table)


def _width(out: Console, column: Column) -> int:
    return max(out.measure(cell).maximum for cell in (column.header, *column.cells))


def first_items(nodes: Sequence[Named]) -> list[Named]:
    """What is told of nodes, without the later items of large maps."""
    shown: Counter[str] = Counter()
    kept = []
    for each in nodes:
        base, bracket, _ = each.node.partition("[")
        shown[base] += bool(bracket)
        if shown[base] <= MOST_ITEMS:
            kept.append(each)
    return kept


def print_words(out: Console, text: Text | str, *, indent: int = 0) -> None:
    """Prints sentences, wrapped at words on a terminal; elsewhere lines stay as they are."""
    from rich.padding import Padding
    from rich.text import Text

    told = Text(text) if isinstance(text, str) else text
    if out.is_terminal:
        out.print(Padding(told, (0, 0, 0, indent), expand=False))
    else:
        out.print(Text(" " * indent) + told, soft_wrap=True)
