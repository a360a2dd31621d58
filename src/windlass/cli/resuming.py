"""``resume``: going on with a run that did not come to its end."""

from __future__ import annotations

from typing import Annotated

import typer

from windlass.cli.looking import RunName
from windlass.cli.output import Json, StackName, command, console, kept_for_json
from windlass.cli.running import tell_done


@command
def resume(
    run: RunName,
    with_changes: Annotated[
        bool,
        typer.Option(
            "--with-changes", help="Take code, packages and files as they are now, not as recorded."
        ),
    ] = False,
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="Where to go on.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many steps at once; else as it was.")
    ] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Goes on with a run."""
    from windlass.cli.live import make_observer
    from windlass.cli.place import stores_here
    from windlass.targets.resume import resume as go_on

    row = stores_here(stack).records.run(run)
    is_over = row.status == "succeeded"
    if is_over:
        _tell(f"{row.name} has succeeded: nothing is left to do")
    options = row.details.get("options", {})
    in_process = bool(options.get("in_process"))
    with kept_for_json(json), make_observer(in_process=in_process) as observer:
        done = go_on(
            row.id,
            stack=stack,
            target=target,
            workers=workers,
            with_changes=with_changes,
            observer=observer,
            tell=_tell,
        )
    return tell_done(done, json=json)


def _tell(what: str) -> None:
    console(error=True).print(what, markup=False, soft_wrap=True)
