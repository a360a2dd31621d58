"""What checks have found, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from windlass.cli.output import DONE, FAILED, console

if TYPE_CHECKING:
    from windlass.stacks.check import Check

_MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}


def checks_document(checks: Sequence[Check]) -> dict[str, Any]:
    """The checks, and whether none failed."""
    return {"ok": code_of(checks) == DONE, "checks": [asdict(check) for check in checks]}


def code_of(checks: Sequence[Check]) -> int:
    """The exit code that checks come to."""
    return FAILED if any(check.status == "fail" for check in checks) else DONE


def print_checks(checks: Sequence[Check]) -> None:
    """Prints a line for each check, and what to do about it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for check in checks:
        told = check.message + (f"\n{check.hint}" if check.hint else "")
        table.add_row(_MARKS[check.status], check.name, Text(told))
    console().print(table)
