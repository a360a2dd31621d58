"""The command line. Of its commands only the one that is called is imported."""

from __future__ import annotations

import functools
import importlib
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import typer

import windlass
from windlass.cli.commands import COMMANDS, GROUPS, Command
from windlass.cli.output import (
    FAILED,
    INTERRUPTED,
    REFUSED,
    open_missing_streams,
    prepare_streams,
    tell_error,
)

_UsageError: type[Exception] = next(
    cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException"
)
"""Found by way of what Typer exports: some versions of it bring a Click of their own."""


def make_app(names: Collection[str]) -> typer.Typer:
    """The program, with these commands and groups of commands alone."""
    app = typer.Typer(
        name="windlass",
        help="Machine learning in production, turn after turn.",
        add_completion=False,
        rich_markup_mode=None,  # Rich's help takes a tenth of a second to import
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(about)
    _add(app, {name: each for name, each in COMMANDS.items() if name in names})
    for name in [name for name in GROUPS if name in names]:
        app.add_typer(_group(name), name=name)
    return app


@functools.cache  # its module has one, to which commands are added once
def _group(name: str) -> typer.Typer:
    app: typer.Typer = _module(GROUPS[name].module).app
    _add(app, GROUPS[name].more)
    return app


def _add(app: typer.Typer, commands: Mapping[str, Command]) -> None:
    for name, each in commands.items():
        module, _, function = each.place.partition(":")
        add = app.command(name, help=each.help, hidden=each.hidden)
        add(getattr(_module(module), function))


def _module(name: str) -> Any:
    return importlib.import_module(f"windlass.cli.{name}")


def _wanted(arguments: Sequence[str]) -> Collection[str]:
    """What a command line is about: the command that it begins with, or else any of them."""
    known, first = {*COMMANDS, *GROUPS}, set(arguments[:1])
    return first & known if first <= {*known, "--version"} and first else known


def about(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Prints the version, where that is asked; without a command, the help."""
    if version:
        typer.echo(f"windlass {windlass.__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(REFUSED)


def run_app(arguments: Sequence[str]) -> int:
    """Runs one command line.

    Returns:
        Its exit code: 0 done, 1 the work failed, 2 bad usage or input, 130 interrupted.
    """
    open_missing_streams()
    prepare_streams()
    as_json = "--json" in arguments
    try:
        app = make_app(_wanted(arguments))
        code = app(list(arguments), prog_name="windlass", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        tell_error("Interrupted", "interrupted", None, as_json=as_json)
        return INTERRUPTED
    except _UsageError as error:
        _tell_usage(error, arguments, as_json=as_json)
        return REFUSED
    except Exception as error:  # noqa: BLE001 (the last resort: it must be told as a bug of ours)
        _tell_bug(error, as_json=as_json)
        return FAILED
    return code if isinstance(code, int) else 0


def _tell_usage(error: Exception, arguments: Sequence[str], *, as_json: bool) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else _command_of(arguments)
    message = getattr(error, "format_message", error.__str__)()
    tell_error("UsageError", message, f"See: {path} --help", as_json=as_json)


def _command_of(arguments: Sequence[str]) -> str:
    """The command that is meant, where its options cannot be read."""
    return " ".join(["windlass", *(each for each in arguments[:1] if each in {*COMMANDS, *GROUPS})])


def _tell_bug(error: Exception, *, as_json: bool) -> None:
    traceback.print_exc(file=sys.stderr)
    tell_error(
        type(error).__name__,
        f"this is a bug in Windlass: {error or type(error).__name__}",
        "Please report it with the lines above.",
        as_json=as_json,
    )


def __getattr__(name: str) -> typer.Typer:
    """``app``: the program with all that it has."""
    if name != "app":
        raise AttributeError(name)
    return make_app({*COMMANDS, *GROUPS})
