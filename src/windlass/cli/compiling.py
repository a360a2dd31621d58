"""``compile``: a pipeline as files for an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, kept_for_json, print_json


@command
def compile_(
    pipeline: Annotated[str, typer.Argument(metavar="FILE.py:PIPELINE")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder for the files.")],
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="Such as airflow.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="What random generators are seeded from; else 0.")
    ] = None,
    stack: StackName = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", metavar="NAME=TEXT", help="A tag of every run.")
    ] = None,
    json: Json = False,
) -> int:
    """Writes a pipeline as files for an engine that orders its nodes itself."""
    from windlass.cli.place import find_pipeline
    from windlass.cli.running import pairs
    from windlass.targets.compiling import compile_pipeline

    tagged = pairs(tags, "--tag")
    with kept_for_json(json):
        found = find_pipeline(pipeline)
        own = found.settings
        options = own.but(
            target=target or own.target,
            stack=stack or own.stack,
            seed=own.seed if seed is None else seed,
            tags={**own.tags, **tagged},
        )
        compiled, files = compile_pipeline(found, options, output)
    if json:
        document = {"plan": compiled.plan.digest, "files": [str(path) for path in files]}
        print_json({**document, "notices": list(compiled.notices)})
        return DONE
    for path in files:
        typer.echo(str(path))
    for notice in (*compiled.notices, "when it has run: windlass sync"):
        typer.echo(notice, err=True)
    return DONE
