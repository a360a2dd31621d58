"""What a run would do, told before it is begun: ``run --dry-run``."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from windlass.cli.output import console, print_json
from windlass.cli.tables import first_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from windlass.execution.forecast import Expected

_WORDS = {
    "run": "would run",
    "unknown": "not known before these have run",
    "cached": "cached",
    "skip": "would be skipped",
}
_STYLES = {"cached": "cyan", "run": "bold", "skip": "dim", "unknown": "yellow"}


def tell_expected(pipeline: str, expected: Sequence[Expected], *, json: bool) -> None:
    """Prints what every node would do, and why.

    Args:
        pipeline: The pipeline's name.
        expected: The nodes.
        json: Whether as one document.
    """
    if json:
        from windlass.execution.document import step_document

        nodes = [{**asdict(each), **step_document(each.step)} for each in expected]
        print_json({"pipeline": pipeline, "dry_run": True, "nodes": nodes})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", style="dim")
    for each in first_items(expected):
        table.add_row(each.node, Text(each.would, _STYLES[each.would]), Text(each.reason or ""))
    counts = Counter[str](each.would for each in expected)
    told = [f"{counts[would]:,} {words}" for would, words in _WORDS.items() if counts[would]]
    out = console()
    out.print(table)
    out.print(Text(f"\n{', '.join(told)}; nothing was run"))
