"""``diff``: what differs between two runs."""

from __future__ import annotations

from typing import Annotated

import typer

from windlass.cli.output import DONE, FAILED, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.errors import ConfigError

_First = Annotated[
    str, typer.Argument(metavar="BEFORE", help="A run: its name, id, pipeline, or 'latest'.")
]
_Second = Annotated[str, typer.Argument(metavar="AFTER", help="Another run.")]


@command
def diff(
    before: _First,
    after: _Second,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="SECTION", help="One section: code, packages, outputs, …"),
    ] = None,
    stat: Annotated[
        bool, typer.Option("--stat", help="Of code, only how many lines of each file.")
    ] = False,
    data: Annotated[
        bool, typer.Option("--data", help="Read large outputs, too, to say how they differ.")
    ] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if anything differs.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Tells what differs between two runs: causes first, then effects."""
    from windlass.execution.comparison import SECTIONS, compare_runs

    unknown = sorted({*(only or ())} - {*SECTIONS})
    if unknown:
        raise ConfigError(
            f"there is no section '{unknown[0]}'", hint=f"There is {', '.join(SECTIONS)}."
        )
    stores = stores_here(stack)
    runs = (stores.records.run(before), stores.records.run(after))
    told = compare_runs(stores, *runs, only=only or (), data=data)
    if json:
        print_json(told)
    else:
        from windlass.cli.differences import tell_differences

        tell_differences(console(), told, stat=stat)
    return FAILED if exit_code and told["differ"] else DONE
