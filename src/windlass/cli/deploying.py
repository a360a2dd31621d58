"""``compose``: a compose file for the whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import DONE, Json, command, console, print_json
from windlass.cli.serving import tell_progress
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.deploying.whole import Whole

_RUNS = {"podman": "podman-compose", "docker": "docker compose"}


@command
def compose(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL[@ALIAS]…", help="Which; else all that windlass.toml describes."
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to.")
    ] = Path("compose.yaml"),
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="That of the server.")
    ] = 8080,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", "-t", metavar="NAME", help="What the image is called, too."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that was edited by hand.")
    ] = False,
    json: Json = False,
) -> int:
    """Builds the project's image, and writes a compose file: database, server, watcher."""
    from windlass.deploying.compose import compose_text, refuse_edited, write_compose
    from windlass.deploying.env_file import add_password
    from windlass.deploying.project import build_project
    from windlass.deploying.whole import PASSWORD, whole_of
    from windlass.provenance.project import find_project
    from windlass.stacks.settings import load_settings

    project, file = find_project(Path.cwd()), Path.cwd() / output
    settings = load_settings(project)
    whole = whole_of(project, settings, models or ())
    _refuse_folder(file)
    if not force:
        refuse_edited(file)
    outside = [*whole.seen(), os.path.relpath(file, project.root)]
    built = build_project(project, settings, whole.extras, outside, tags or (), tell_progress)
    text = compose_text(whole, (*(tags or ()), built.image)[0], port, file.parent)
    written = write_compose(file, text, force=force)
    drawn = whole.brings_database and add_password(file.parent, PASSWORD)
    document = {
        "file": str(file),
        "written": written,
        "image": built.image,
        "tags": tags or [],
        "services": [*(["database"] if whole.brings_database else []), "server", "watcher"],
        "models": [*whole.models],
        "password_drawn": drawn,
        "unset": _unset(whole, file.parent),
        "left_out": [*built.left_out],
    }
    if json:
        print_json(document)
    else:
        _tell(document, output, whole, built.engine)
    return DONE


def _refuse_folder(file: Path) -> None:
    if file.is_dir() or not file.parent.is_dir():
        raise ConfigError(
            f"{file} cannot be written: there is {'a folder' if file.is_dir() else 'no folder'}",
            hint="Name a file in a folder that is there: -o compose.yaml",
        )


def _unset(whole: Whole, folder: Path) -> list[str]:
    """What must be set and is neither in the environment nor in the file beside it."""
    from windlass.deploying.env_file import names_in

    there = {*os.environ} | names_in(folder)
    return [name for name in whole.required() if name not in there]


def _tell(document: dict[str, Any], output: Path, whole: Whole, engine: str) -> None:
    from windlass.deploying.env_file import FILE, is_shown_to_git
    from windlass.deploying.whole import PASSWORD

    out = console()
    for line in document["left_out"]:
        out.print(f"not in the image: {line}", highlight=False)
    state = "written" if document["written"] else "as it was"
    out.print(f"{output}: {state}: {', '.join(document['services'])}", highlight=False)
    if document["password_drawn"]:
        out.print(f"{FILE}: {PASSWORD} drawn, for you alone to read", highlight=False)
    if is_shown_to_git((Path.cwd() / output).parent) and whole.brings_database:
        out.print(f"git does not ignore {FILE}: add it to .gitignore", highlight=False)
    if document["unset"]:
        out.print(f"set in {FILE}, too: {', '.join(document['unset'])}", highlight=False)
    named = "" if output == Path("compose.yaml") else f" -f {output}"
    program = f"{_RUNS[engine]}{named}"
    out.print(f"bring it up: {program} up -d", highlight=False)
    for name, told in whole.models.items():
        if whole.brings_database and told.pipeline and not told.triggers:
            first = f"{program} exec watcher windlass turn {name}"
            out.print(f"the first turn of {name}: {first}", highlight=False)
