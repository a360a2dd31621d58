"""``cache``: what the cache holds, what it has saved, and taking results out of it."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stack_here, stores_here
from windlass.cli.tables import print_fitted
from windlass.errors import ConfigError
from windlass.words import ago_text, seconds_text

if TYPE_CHECKING:
    from windlass.records.caching import Kept

app = typer.Typer(help="What the cache holds, and what it has saved.")


@app.callback(invoke_without_command=True)
def cache(context: typer.Context, stack: StackName = None, json: Json = False) -> None:
    """Lists, where no command says otherwise."""
    if context.invoked_subcommand is None:
        listed(stack=stack, json=json)
    elif stack is not None or json:
        raise typer.BadParameter("options stand behind the command: windlass cache list --json")


@app.command("list", help="List what the cache holds, by step, and the time it has saved.")
@command
def listed(stack: StackName = None, json: Json = False) -> int:
    """Lists what the cache holds."""
    found = [] if stack_here(stack).is_untouched() else stores_here(stack).records.kept()
    if json:
        saved = sum(each.saved for each in found)
        hits = sum(each.hits for each in found)
        steps = [asdict(each) for each in found]
        print_json({"hits": hits, "seconds_saved": saved, "steps": steps})
    elif not found:
        console(error=True).print("the cache is empty; it fills as pipelines run")
    else:
        _tell(found)
    return DONE


@app.command("prune", help="Take results out of the cache: the next run computes them again.")
@command
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", metavar="AGE", help="Neither made nor used since, such as '30 days'."
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="However new they are.")] = False,
    step: Annotated[str | None, typer.Option("--step", help="Only of this step.")] = None,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Takes results out of the cache."""
    from windlass.pipeline.settings import parse_duration

    if every == (older_than is not None):
        raise ConfigError(
            "which results are to go?", hint="Say --older-than '30 days', or --all for every one."
        )
    age = 0.0 if older_than is None else parse_duration(older_than)
    records = stores_here(stack).records
    which = None if step is None else _step(records.kept(), step)
    # What a clock that was put back since made in the future goes, too, where all is to go.
    before = time.time() - age if older_than is not None else float("1e18")
    gone = records.forget(before, which)
    if json:
        print_json({"forgotten": gone})
    else:
        console().print(
            f"{gone:,} {'result' if gone == 1 else 'results'} taken out of the cache;"
            " runs and their values stay"
        )
    return DONE


def _step(kept: list[Kept], named: str) -> str:
    """The reference of a step that is named in short.

    Raises:
        ConfigError: The cache holds nothing of it, or of several of that name.
    """
    short = {each.step: re.split(r"[:.]", each.step)[-1] for each in kept}
    found = [step for step, name in short.items() if named in (step, name)]
    if len(found) != 1:
        there = ", ".join(found or sorted(short)[:9])
        what = "holds nothing of the step" if not found else "holds several steps of the name"
        raise ConfigError(f"the cache {what} '{named}'", hint=f"There is {there}.")
    return found[0]


def _tell(kept: list[Kept]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("step", style="bold")
    for name in ("results", "took", "hits", "saved"):
        table.add_column(name, justify="right")
    for name in ("made", "used"):
        table.add_column(name)
    for each in kept:
        table.add_row(
            each.step,
            f"{each.results:,}",
            seconds_text(each.seconds),
            f"{each.hits:,}",
            seconds_text(each.saved),
            ago_text(each.made),
            ago_text(each.used) if each.used else "never",
        )
    out = console()
    print_fitted(out, table, "used", "made", "step")
    hits, saved = sum(each.hits for each in kept), sum(each.saved for each in kept)
    out.print(f"\n{hits:,} hits have saved {seconds_text(saved)}")
