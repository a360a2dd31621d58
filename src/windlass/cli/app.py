"""Every command by its name. A command's own module is imported when it is called."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import click
import typer

import windlass
from windlass.cli import looking, making, running, values
from windlass.cli.output import REFUSED, tell_error

app = typer.Typer(
    name="windlass",
    help="Machine learning in production, turn after turn.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # Rich's help takes a tenth of a second to import
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init", help="Make this folder a Windlass project.")(making.init)
app.command("run", help="Run a pipeline.")(running.run)
app.command("runs", help="List runs, the newest first.")(looking.runs)
app.command("show", help="Show a run: its nodes, their states and outputs.")(looking.show)
app.command("logs", help="Print what a run, or one node of it, has written.")(looking.logs)
app.add_typer(values.app, name="artifacts")
app.command("lineage", help="Show how an artifact came to be, and what came of it.")(values.lineage)
app.command("doctor", help="Examine this machine, the settings and the stores.")(making.doctor)
app.command("execute", hidden=True, help="Execute one node of a recorded run.")(running.execute)


@app.callback(invoke_without_command=True)
def about(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Prints the version, where that is asked."""
    if version:
        typer.echo(f"windlass {windlass.__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(REFUSED)


def run_app(arguments: list[str]) -> None:
    """Runs the command line and exits with its code."""
    as_json = "--json" in arguments
    try:
        code = app(arguments, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        hint = f"See: {_command_of(error)} --help"
        tell_error("UsageError", error.format_message(), hint, as_json=as_json)
        sys.exit(REFUSED)
    except click.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 (the last resort: it must be told as a bug of ours)
        traceback.print_exc()
        tell_error(
            type(error).__name__,
            f"this is a bug in Windlass: {error}",
            "Please report it with the lines above.",
            as_json=as_json,
        )
        sys.exit(1)


def _command_of(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "windlass"
