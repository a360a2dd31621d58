"""``run``, and ``execute``, by which other machines run one node."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    INTERRUPTED,
    Json,
    StackName,
    command,
    console,
    print_json,
)
from windlass.errors import ConfigError, WindlassError

if TYPE_CHECKING:
    from windlass.execution.run import Run

_Pairs = list[str] | None


@command
def run(
    pipeline: Annotated[str, typer.Argument(metavar="FILE.py:PIPELINE")],
    parameters: Annotated[
        _Pairs, typer.Option("-p", "--param", metavar="NAME=VALUE", help="A parameter.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Where it runs.")] = None,
    stack: StackName = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Run every step, whatever ran before.")
    ] = False,
    seed: Annotated[int, typer.Option(help="What random generators are seeded from.")] = 0,
    keep_going: Annotated[
        bool, typer.Option(help="After a failure, finish what does not depend on it.")
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
    from windlass.cli.place import find_pipeline
    from windlass.targets.launch import launch

    given = _pairs(parameters, "-p")
    found = find_pipeline(pipeline)
    options = found.settings.but(
        target=target or found.settings.target,
        stack=stack or found.settings.stack,
        cache=found.settings.cache and not no_cache,
        seed=seed or found.settings.seed,
        keep_going=keep_going or found.settings.keep_going,
        workers=workers or found.settings.workers,
        fresh=fresh or found.settings.fresh,
        in_process=in_process or found.settings.in_process,
        tags={**found.settings.tags, **_pairs(tags, "--tag")},
    )
    from windlass.cli.live import make_observer

    with make_observer(in_process=options.in_process) as observer, _stdout_to_stderr(json):
        done = launch(found, {}, options, observer=observer, text=given)
    if json:
        from windlass.execution.document import run_document

        records = done.job.stores.records
        print_json(run_document(records, records.run_by_id(done.id)))
    else:
        _tell(done)
    return {"succeeded": DONE, "cancelled": INTERRUPTED}.get(done.status, FAILED)


def _pairs(texts: _Pairs, option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ConfigError(
                f"{option} {text}: there is no '='", hint=f"Write {option} name=value"
            )
        if name in found:
            raise ConfigError(f"{option} {name} is given twice")
        found[name] = value
    return found


def _tell(done: Run[Any]) -> None:
    """The end of a run, for a person: its result, or what failed, and where to look next."""
    out = console()
    if done.status == "succeeded":
        result = _result_text(done)
        if result:
            out.print(result, soft_wrap=True)
    else:
        _tell_failure(done)
    out.print(f"[bright_black]look at it:[/] windlass show {done.name}", soft_wrap=True)


def _result_text(done: Run[Any]) -> Any:
    """What the pipeline returned, if it says something to a person."""
    import dataclasses

    from windlass.artifacts.documents import HTML, Markdown

    try:
        value = done.result()
    except WindlassError as error:
        return f"(the result cannot be read here: {error.message})"
    if isinstance(value, Markdown):
        from rich.markdown import Markdown as Shown

        return Shown(value)
    if value is None or isinstance(value, HTML):
        return None
    own_text = dataclasses.is_dataclass(value) and "__str__" in vars(type(value))
    if isinstance(value, str | int | float | bool) or own_text:
        from rich.text import Text

        return Text(str(value))
    return None


def _tell_failure(done: Run[Any]) -> None:
    from rich.text import Text

    out = console(error=True)
    for node in done.nodes:
        error: Any = node.outcome.error if node.outcome else None
        if node.status != "failed" or not error:
            continue
        out.print(
            Text.assemble(
                ("✗ " if out.encoding.startswith("utf") else "x ", "red"),
                (node.name, "bold"),
                f": {error['kind']}: {error['message']}",
            )
        )
        if error.get("traceback"):
            lines = str(error["traceback"]).rstrip().splitlines()[1:-1]
            out.print(Text("\n".join(lines[-8:]), "bright_black"), soft_wrap=True)
        if error.get("hint"):
            out.print(Text(f"  {error['hint']}"), soft_wrap=True)
        out.print(Text(f"  what it wrote: windlass logs {done.name} {node.name}"), soft_wrap=True)
        break
    if done.status == "cancelled":
        out.print(f"{done.name} was {done.error}; what had succeeded is kept", soft_wrap=True)


@command
def execute(
    plan: Annotated[str, typer.Option(help="The plan's digest.")],
    run: Annotated[str, typer.Option(help="The run's id.")],
    node: Annotated[str, typer.Option(help="The node's name in the graph.")],
    index: Annotated[int | None, typer.Option(help="Which item, if it is a map.")] = None,
    attempt: Annotated[int, typer.Option(min=1)] = 1,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Executes one attempt at one node of a recorded run; 0 if it has succeeded, now or before."""
    from dataclasses import asdict

    from windlass.cli.place import stores_here
    from windlass.execution.capture import teed
    from windlass.execution.execute import execute as execute_node
    from windlass.execution.job import open_job

    job = open_job(run, stores_here(stack))
    if job.plan.digest != plan:
        raise ConfigError(f"the run {job.name} is of the plan {job.plan.digest}, not {plan}")
    if node not in job.plan.graph.nodes:
        raise ConfigError(f"the plan of {job.name} has no node '{node}'")
    _import_sources(job.plan.sources)
    with _stdout_to_stderr(json):
        result = execute_node(job, node, index, attempt, teed)
    if json:
        print_json(asdict(result))
    return DONE if result.status == "succeeded" else FAILED


def _import_sources(sources: tuple[str, ...]) -> None:
    from pathlib import Path

    from windlass.provenance.project import find_project

    root = find_project(Path.cwd()).root
    sys.path[:0] = [str((root / source).resolve()) for source in sources]


def _stdout_to_stderr(as_json: bool) -> Any:
    """Standard output holds the JSON document alone."""
    import contextlib

    return contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
