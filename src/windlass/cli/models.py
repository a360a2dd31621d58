"""``models``: what models there are, their versions, and what is known of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    Json,
    StackName,
    command,
    console,
    kept_for_json,
    print_json,
)
from windlass.cli.place import stack_here, stores_here
from windlass.cli.promoting import move_document
from windlass.cli.tables import print_fitted
from windlass.words import ago_text, time_text

if TYPE_CHECKING:
    from windlass.execution.job import Stores
    from windlass.models.version import Version
    from windlass.records import Records
    from windlass.records.models import ModelRow, VersionRow
    from windlass.records.production import Deployment

app = typer.Typer(help="Models, their versions, and what is known of them.")

_Named = Annotated[
    str, typer.Argument(metavar="MODEL[@VERSION]", help="Such as delay, delay@3, delay@champion.")
]


@app.callback(invoke_without_command=True)
def models(context: typer.Context, stack: StackName = None, json: Json = False) -> None:
    """Lists, where no command says otherwise."""
    if context.invoked_subcommand is None:
        listed(stack=stack, json=json)
    elif json or stack:
        raise typer.BadParameter("options stand behind the command: windlass models list --json")


@app.command("list", help="List the models of this project.")
@command
def listed(stack: StackName = None, json: Json = False) -> int:
    """Lists the models."""
    records = stores_here(stack).records
    found = records.models()
    if json:
        print_json({"models": [_model_document(each) for each in found]})
    elif found:
        _tell_models(records, found)
    else:
        console().print(
            "no run has made a model yet: mark what a step returns, Annotated[…, Model(NAME)]",
            markup=False,
        )
    return DONE


@app.command("show", help="Show a model and its versions; or one version and its evidence.")
@command
def show(named: _Named, stack: StackName = None, json: Json = False) -> int:
    """Shows a model, or a version."""
    from windlass.models.naming import find_version, known_model

    stores = stores_here(stack)
    if "@" in named:
        from windlass.cli.versions import show_version

        return show_version(stores, find_version(stores.records, named), json=json)
    known_model(stores.records, named)
    if json:
        print_json(_line_document(stores.records, named))
    else:
        _tell_line(stores, named)
    return DONE


@app.command("alias", help="Let an alias name a version; not the champion, which is promoted.")
@command
def alias(
    named: _Named,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="Such as challenger.")],
    remove: Annotated[bool, typer.Option("--remove", help="Take it away.")] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Sets or removes an alias."""
    from windlass.models.naming import find_version, known_model
    from windlass.models.promoting import remove_alias, set_alias

    records = stores_here(stack).records
    if remove:
        model = named.partition("@")[0]
        known_model(records, model)
        moved = remove_alias(records, model, alias)
    else:
        moved = set_alias(records, find_version(records, named), alias)
    if json:
        print_json(move_document(moved))
    elif moved.new is None:
        console().print(f"{moved.model} has no {alias} now; it was version {moved.old}")
    else:
        console().print(f"{moved.model}@{moved.new} is the {alias} now")
    return DONE


@app.command("describe", help="Look for what is not known of a version yet.")
@command
def describe(named: _Named, stack: StackName = None, json: Json = False) -> int:
    """Describes a version, as it is when it is made."""
    from windlass.models.describing import describe as look

    version = version_here(stores_here(stack), named)
    with kept_for_json(json):
        problems = look(version)
    if json:
        print_json(
            {"version": version.name, "known": sorted(version.evidence), "problems": problems}
        )
        return DONE
    console().print(
        f"{version.name}: {', '.join(version.evidence) or 'nothing'} known", markup=False
    )
    for kind, why in problems.items():
        console().print(f"  no {kind}: {why}", markup=False)
    return DONE


@app.command("card", help="Print the model card of a version, in Markdown.")
@command
def card(named: _Named, stack: StackName = None) -> int:
    """Prints a model card."""
    from windlass.models.card import model_card
    from windlass.stacks.settings import load_settings

    found = stack_here(stack)
    version = version_here(stores_here(stack), named)
    told = load_settings(found.project).models.get(version.row.model)
    typer.echo(model_card(version, told.description if told else None), nl=False)
    return DONE


def version_here(stores: Stores, named: str) -> Version:
    """The version that is meant, ready to be read."""
    from windlass.models.code import find_modules
    from windlass.models.naming import find_version
    from windlass.models.version import Version

    version = Version(find_version(stores.records, named), stores)
    find_modules(version)
    return version


def _model_document(model: ModelRow) -> dict[str, Any]:
    return {
        "model": model.name,
        "versions": model.versions,
        "newest": model.newest,
        "created": model.created,
        "aliases": dict(model.aliases),
    }


def _line_document(records: Records, model: str) -> dict[str, Any]:
    verdicts, versions = records.verdicts(model), records.versions(model)
    runs = _run_names(records, versions)
    return {
        "model": model,
        "aliases": records.aliases(model),
        "versions": [
            {
                "version": each.number,
                "name": each.name,
                "created": each.created,
                "run": runs.get(each.run or ""),
                "content": each.content,
                "verdict": verdicts.get(each.number),
            }
            for each in versions
        ],
        "servers": [
            {"alias": each.alias, "host": each.host, "beat": each.beat, **each.document}
            for each in _servers(records, model)
        ],
    }


def _servers(records: Records, model: str) -> list[Deployment]:
    """Those that serve a model now."""
    return [each for each in records.deployments(model) if each.lives(time.time())]


def _tell_models(records: Records, found: list[ModelRow]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("model", "champion", "newest", "tested", "aliases", "made"):
        table.add_column(name)
    for each in found:
        champion = each.aliases.get("champion")
        others = {name: n for name, n in each.aliases.items() if name != "champion"}
        table.add_row(
            f"[bold]{each.name}[/]",
            str(champion or "none yet"),
            str(each.newest),
            records.verdicts(each.name).get(each.newest, "not yet"),
            ", ".join(f"{name} {number}" for name, number in others.items()),
            ago_text(each.created),
        )
    print_fitted(console(), table, "aliases")


def _tell_line(stores: Stores, model: str) -> None:
    from rich.table import Table

    records = stores.records
    versions, verdicts = records.versions(model), records.verdicts(model)
    runs = _run_names(records, versions)
    named: dict[int, list[str]] = {}
    for alias, number in records.aliases(model).items():
        named.setdefault(number, []).append(alias)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("version", "aliases", "tested", "run", "made"):
        table.add_column(name)
    for each in versions[:_MOST]:
        table.add_row(
            f"[bold]{each.name}[/]",
            ", ".join(named.get(each.number, [])),
            verdicts.get(each.number, "not yet"),
            runs.get(each.run or "", "registered"),
            time_text(each.created),
        )
    print_fitted(console(), table, "aliases", "run")
    if len(versions) > _MOST:
        console().print(f"and {len(versions) - _MOST} before these: --json has all", style="dim")
    for server in _servers(records, model):
        told = server.document
        name = f"{model}@{told['version']}"
        console().print(
            f"served: {name}, as its {server.alias}, by {server.host} at {told['address']}",
            markup=False,
        )
        if told["trouble"]:
            console().print(f"  but: {told['trouble']['why']}", style="yellow", markup=False)


_MOST = 30


def _run_names(records: Records, versions: list[VersionRow]) -> dict[str, str]:
    return records.run_names([each.run for each in versions if each.run])
