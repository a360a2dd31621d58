"""How ``show`` tells of a map as an experiment: a table of its items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.cli.marks import MARKS, STYLES
from windlass.cli.tables import MOST_ITEMS, print_fitted
from windlass.words import number_text, seconds_text, shortened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MOST_METRICS = 6
_WIDEST = 30


def print_sweeps(out: Console, sweeps: Sequence[dict[str, Any]], *, every: bool) -> None:
    """Prints a table for each map whose items logged metrics.

    Args:
        out: Where.
        sweeps: As `windlass.execution.sweeps` tells of them.
        every: Whether all items are told, and not the first alone.
    """
    for sweep in sweeps:
        if sweep["metrics"]:
            items = sweep["items"] if every else sweep["items"][:MOST_ITEMS]
            out.print()
            print_fitted(out, _table(sweep, items), *sweep["parameters"])
            left = len(sweep["items"]) - len(items)
            if left:
                out.print(f"[dim]and {left:,} more: --all[/]")


def _table(sweep: dict[str, Any], items: Sequence[dict[str, Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(Text(" → ".join(sweep["nodes"])))
    metrics = sweep["metrics"][:_MOST_METRICS]
    for name in (*sweep["parameters"], *metrics, "took"):
        table.add_column(Text(name), justify="right")
    for item in items:
        status = item["status"]
        label = Text.assemble(
            (MARKS.get(status, "?"), STYLES.get(status, "")), f" [{item['index']}]"
        )
        given = [item["arguments"].get(name) for name in sweep["parameters"]]
        table.add_row(
            label,
            *(Text("" if value is None else shortened(str(value), _WIDEST)) for value in given),
            *(_number(item, name) for name in metrics),
            "cached" if item["cached"] else seconds_text(item["seconds"]),
        )
    return table


def _number(item: dict[str, Any], name: str) -> str:
    return number_text(item["metrics"][name]) if name in item["metrics"] else ""
