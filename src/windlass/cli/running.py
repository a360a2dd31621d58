"""``run``: one pipeline, with a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INTERRUPTED,
    Json,
    StackName,
    command,
    kept_for_json,
    perhaps_unread,
    print_json,
)
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.execution.run import Run

_Pairs = list[str] | None


@command
def run(
    pipeline: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:PIPELINE",
            help="The pipeline's name may be left out where the file holds one.",
        ),
    ],
    parameters: Annotated[
        _Pairs, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="Where it runs.")
    ] = None,
    stack: StackName = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run every step, and keep no result for others.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Run every step, and keep the new results.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would run, and why.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="What random generators are seeded from; else 0.")
    ] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="After a failure, finish what does not need it.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many steps at once; else one a core.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="A new process for every node.")] = False,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="In this process, for a debugger.")
    ] = False,
    tags: Annotated[
        _Pairs, typer.Option("--tag", metavar="NAME=TEXT", help="A tag to find the run by.")
    ] = None,
    json: Json = False,
) -> int:
    """Runs a pipeline."""
    from windlass.cli.expecting import tell_expected
    from windlass.cli.live import make_observer
    from windlass.cli.place import find_pipeline
    from windlass.targets.launch import foresee, launch

    if fresh and in_process:
        raise ConfigError("--fresh and --in-process exclude each other", hint="Leave one out.")
    if refresh and no_cache:
        raise ConfigError("--refresh and --no-cache exclude each other", hint="Leave one out.")
    given, tagged = pairs(parameters, "-p"), pairs(tags, "--tag")
    with kept_for_json(json):
        found = find_pipeline(pipeline)
        own = found.settings
        options = own.but(
            target=target or own.target,
            stack=stack or own.stack,
            cache=own.cache and not no_cache,
            refresh=refresh or own.refresh,
            seed=own.seed if seed is None else seed,
            keep_going=keep_going or own.keep_going,
            workers=workers or own.workers,
            fresh=fresh or (own.fresh and not in_process),
            in_process=in_process or (own.in_process and not fresh),
            tags={**own.tags, **tagged},
        )
        if dry_run:
            expected = foresee(found, options, given)
        else:
            with make_observer(in_process=options.in_process) as observer:
                done = launch(found, {}, options, observer=observer, text=given)
    if dry_run:
        with perhaps_unread():
            tell_expected(found.name, expected, json=json)
        return DONE
    return tell_done(done, json=json)


def tell_done(done: Run[Any], *, json: bool) -> int:
    """Tells how a run ended; returns the command's exit code."""
    with perhaps_unread():
        _tell(done, json=json)
    return {"succeeded": DONE, "cancelled": INTERRUPTED}.get(done.status, FAILED)


def _tell(done: Run[Any], *, json: bool) -> None:
    if json:
        from windlass.execution.document import run_document

        records = done.job.stores.records
        print_json(run_document(records, records.run_by_id(done.id)))
    else:
        from windlass.cli.ending import tell_end

        tell_end(done)


def pairs(texts: _Pairs, option: str) -> dict[str, str]:
    """The values of an option that is given as NAME=VALUE, several times.

    Raises:
        ConfigError: One is not of that form, or a name is given twice.
    """
    found: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            lacking = "'='" if not equals else "name before the '='"
            raise ConfigError(
                f"{option} {text}: there is no {lacking}", hint=f"Write {option} name=value"
            )
        if name in found:
            raise ConfigError(f"{option} {name} is given twice")
        found[name] = value
    return found
