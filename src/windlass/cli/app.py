"""Every command by its name. What a command needs is imported when it is called."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import windlass
from windlass.cli import (
    caching,
    cancelling,
    collecting,
    comparing,
    compiling,
    converting,
    deploying,
    differing,
    executing,
    explaining,
    lineage,
    logs,
    looking,
    making,
    models,
    monitoring,
    porting,
    promoting,
    registering,
    reporting,
    reproducing,
    resuming,
    running,
    scoring,
    serving,
    stacks,
    syncing,
    testing,
    turning,
    values,
    watching,
    web,
)
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

app = typer.Typer(
    name="windlass",
    help="Machine learning in production, turn after turn.",
    add_completion=False,
    rich_markup_mode=None,  # Rich's help takes a tenth of a second to import
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("init", help="Make a folder a Windlass project.")(making.init)
app.command("run", help="Run a pipeline.")(running.run)
app.command("resume", help="Go on with a run that was killed, failed or cancelled.")(
    resuming.resume
)
app.command("cancel", help="Ask a run to end; what has succeeded is kept.")(cancelling.cancel)
app.command("sync", help="Take in what workers of a run posted that could not reach the record.")(
    syncing.sync
)
app.command("runs", help="List runs, the newest first.")(looking.runs)
app.command("show", help="Show a run: its nodes, their states and outputs.")(looking.show)
app.command("logs", help="Print what a run, or one node of it, has written.")(logs.logs)
app.command("diff", help="Show what differs between two runs.")(differing.diff)
app.command("explain", help="Explain why nodes of a run ran, or did not.")(explaining.explain)
app.command("reproduce", help="Run a recorded run again, and compare what comes out.")(
    reproducing.reproduce
)
app.command("compile", help="Write a pipeline as files for an engine.")(compiling.compile_)
app.command("portability", help="Run a pipeline on several targets, and compare.")(
    porting.portability
)
app.add_typer(values.app, name="artifacts")
app.add_typer(models.app, name="models")
models.app.command("compare", help="Compare two versions on held-out rows.")(comparing.compare)
models.app.command("convert", help="Make a version a model of ONNX too, and compare the two.")(
    converting.convert
)
models.app.command("register", help="Register a model that lies in a file of another tool.")(
    registering.register
)
app.command("power", help="Tell how many cases a comparison of models needs.")(comparing.power)
app.command("test", help="Run the release tests of a model's version, and keep the report.")(
    testing.run_tests
)
app.command("promote", help="Make a version of a model the champion, if its tests have passed.")(
    promoting.promote
)
app.command("rollback", help="Make the version the champion again that was it before.")(
    promoting.rollback
)
app.command("scorecard", help="Tell how ready a model is for production, line by line.")(
    scoring.scorecard
)
app.command("monitor", help="Tell what is off with a model in production.")(monitoring.monitor)
app.command("turn", help="Take a turn: make a model's next version, test it, and promote it.")(
    turning.turn
)
app.command("watch", help="Look after models, and begin a turn of each that is due.")(
    watching.watch
)
app.command("history", help="Tell where a model's aliases have been, and why.")(promoting.history)
app.command("serve", help="Serve models over HTTP, and follow what is promoted.")(serving.serve)
app.command("ui", help="Show runs, models and deployments in a browser.")(web.ui)
app.command("report", help="Write a run or a model as one file that opens in any browser.")(
    reporting.report
)
app.command("compose", help="Write a compose file: a database, the server, the watcher.")(
    deploying.compose
)
app.add_typer(caching.app, name="cache")
app.command("lineage", help="Show how an artifact came to be, and what came of it.")(
    lineage.lineage
)
app.command("gc", help="Remove what no run needs; and old runs, where that is asked for.")(
    collecting.gc
)
app.command("doctor", help="Examine this machine, the settings and the stores.")(making.doctor)
app.command("begin", hidden=True, help="Begin a run where no record can be reached.")(syncing.begin)
app.add_typer(stacks.app, name="stack")
app.command("execute", hidden=True, help="Execute one node of a recorded run.")(executing.execute)


@app.callback(invoke_without_command=True)
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
    known = {each.name for each in app.registered_commands}
    known |= {each.name for each in app.registered_groups}
    return " ".join(["windlass", *(each for each in arguments[:1] if each in known)])


def _tell_bug(error: Exception, *, as_json: bool) -> None:
    traceback.print_exc(file=sys.stderr)
    tell_error(
        type(error).__name__,
        f"this is a bug in Windlass: {error or type(error).__name__}",
        "Please report it with the lines above.",
        as_json=as_json,
    )
