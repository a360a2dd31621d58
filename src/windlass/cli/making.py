"""``init`` and ``doctor``: a project, and whether it can work here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windlass.cli.checks import checks_document, code_of, print_checks
from windlass.cli.output import DONE, Json, StackName, command, console, print_json


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


@command
def doctor(stack: StackName = None, json: Json = False) -> int:
    """Examines everything that a run here needs."""
    from windlass.execution.liveness import is_gone
    from windlass.provenance.project import find_project
    from windlass.stacks.doctor import examine

    checks = list(examine(find_project(Path.cwd()), stack, is_gone=is_gone))
    if json:
        print_json(checks_document(checks))
    else:
        print_checks(checks)
    return code_of(checks)
