"""``stack``: which stacks a project has, what they say, and whether they work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.checks import checks_document, code_of, print_checks
from windlass.cli.output import DONE, Json, command, console, print_json
from windlass.cli.place import stack_here
from windlass.words import size_text

if TYPE_CHECKING:
    from windlass.stacks.stack import Stack

app = typer.Typer(help="Where pipelines run and what they make is kept.")

_Name = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="A stack of windlass.toml; else the default one."),
]


@app.callback(invoke_without_command=True)
def stack(context: typer.Context, json: Json = False) -> None:
    """Lists, where no command says otherwise."""
    if context.invoked_subcommand is None:
        listed(json=json)
    elif json:
        raise typer.BadParameter("options stand behind the command: windlass stack list --json")


@app.command("list", help="List the stacks of this project.")
@command
def listed(json: Json = False) -> int:
    """Lists the stacks."""
    from windlass.provenance.project import find_project
    from windlass.stacks.settings import load_settings
    from windlass.stacks.stack import load_stack

    project = find_project(Path.cwd())
    settings = load_settings(project)
    found = [load_stack(name, project, settings) for name in settings.stacks]
    if json:
        stacks = [_document(each, settings.default) for each in found]
        print_json({"default": settings.default, "stacks": stacks})
    else:
        _tell_all(found, settings.default)
    return DONE


@app.command("show", help="Show what a stack says, without secrets.")
@command
def show(name: _Name = None, json: Json = False) -> int:
    """Shows a stack."""
    from windlass.stacks.settings import load_settings

    found = stack_here(name)
    document = _document(found, load_settings(found.project).default)
    if json:
        print_json(document)
    else:
        _tell(found, document)
    return DONE


@app.command("check", help="Connect to all that a stack names: write, read, and clean up.")
@command
def check(name: _Name = None, json: Json = False) -> int:
    """Tries a stack out."""
    from windlass.stacks.checking import check_stack
    from windlass.targets.target import look_at_target
    from windlass.tracking.trying import look_at_tracker

    found = stack_here(name)
    checks = list(check_stack(found, look_at_target, look_at_tracker))
    if json:
        print_json({"stack": found.name, **checks_document(checks)})
    else:
        console().print(f"[bold]stack {found.name}[/]")
        print_checks(checks)
    return code_of(checks)


def _document(stack: Stack, default: str) -> dict[str, Any]:
    return {**stack.describe(), "default": stack.name == default}


def _tell_all(found: list[Stack], default: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("stack", style="bold", no_wrap=True)
    table.add_column("target")
    for name in ("artifacts", "records"):
        table.add_column(name, overflow="fold")  # an address that is cut is of no use
    for each in found:
        told = each.describe()
        name = each.name + (" (default)" if each.name == default else "")
        places = [_near(each, told[store]) for store in ("artifacts", "records")]
        table.add_row(name, each.target, *places)
    console().print(table)


def _tell(stack: Stack, document: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    told = {
        "target": document["target"],
        **{f"  {key}": str(value) for key, value in document["options"].items()},
        "artifacts": _near(stack, document["artifacts"]),
        **{f"  {key}": str(value) for key, value in document["storage"].items()},
        "records": _near(stack, document["records"]),
        "tracker": document["tracker"],
        "durable": "yes" if document["durable"] else "no: covers the death of processes",
        "pickles": "read" if document["trust_pickle"] else "refused",
        "cache": f"at most {size_text(document['cache'])} of artifacts that lie elsewhere",
    }
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for key, value in told.items():
        table.add_row(key, Text(value))
    out = console()
    out.print(f"[bold]{stack.name}[/]{' (default)' if document['default'] else ''}")
    out.print(table)


def _near(stack: Stack, place: str) -> str:
    """A place as it is seen from the project's folder, where it lies in it."""
    root = f"{stack.project.root}/"
    return place.removeprefix(root)
