"""``init`` and ``doctor``: a project, and whether it can work here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windlass.cli.output import DONE, FAILED, Json, StackName, command, console, print_json


@command
def init(
    folder: Annotated[Path, typer.Argument(help="The folder.")] = Path(),
    no_example: Annotated[
        bool, typer.Option("--no-example", help="Write no first pipeline.")
    ] = False,
    json: Json = False,
) -> int:
    """Makes a folder a project; what is there is left alone."""
    from windlass.stacks.init import initialise

    done = initialise(folder, example=not no_example)
    if json:
        print_json({"folder": str(folder.resolve()), "done": done})
    else:
        for line in done:
            console().print(line, markup=False, soft_wrap=True)
    return DONE


_MARKS = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[red]FAIL[/]"}


@command
def doctor(stack: StackName = None, json: Json = False) -> int:
    """Examines everything that a run here needs."""
    from windlass.execution.liveness import is_gone
    from windlass.provenance.project import find_project
    from windlass.stacks.doctor import examine

    checks = list(examine(find_project(Path.cwd()), stack, is_gone=is_gone))
    failed = any(check.status == "fail" for check in checks)
    if json:
        told = [
            {"name": c.name, "status": c.status, "message": c.message, "hint": c.hint}
            for c in checks
        ]
        print_json({"ok": not failed, "checks": told})
        return FAILED if failed else DONE
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for check in checks:
        told_text = check.message + (f"\n{check.hint}" if check.hint else "")
        table.add_row(_MARKS[check.status], check.name, Text(told_text))
    console().print(table)
    return FAILED if failed else DONE
