"""``execute``: by which other machines run one node of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windlass.cli.output import (
    DONE,
    FAILED,
    Json,
    StackName,
    command,
    kept_for_json,
    print_json,
    tell_error,
)
from windlass.cli.reaching import Wanted, Where, check_length, node_of
from windlass.errors import ConfigError, StoreError, UnreachableError

if TYPE_CHECKING:
    from windlass.execution.crew import Death
    from windlass.execution.execute import Result
    from windlass.execution.job import Job
    from windlass.execution.outliving import Child
    from windlass.execution.relay.worker import Relayed, Told
    from windlass.pipeline.graph import Node

_ENTERED = "WINDLASS_ENTERED"
"""Set where this program was started anew in the environment that the step asks for: by which pipe
it tells how far it is, and the folder for logs."""
_FOLLOW = Path(__file__).with_name("follow.py")

TRY_AGAIN = 75
"""The store or the record could not be reached: another try, or another machine, may do better."""


@command
def execute(
    plan: Annotated[str, typer.Option(help="The plan's digest.")],
    run: Annotated[str, typer.Option(help="The run's id.")],
    node: Annotated[str, typer.Option(help="The node's name in the graph.")],
    index: Annotated[int | None, typer.Option(min=0, help="Which item, if it is a map.")] = None,
    attempt: Annotated[
        str,
        typer.Option(metavar="N", help="Which try; next, with --store: after those that failed."),
    ] = "1",
    first: Annotated[
        int, typer.Option(min=1, help="The attempt from which retries are counted.")
    ] = 1,
    store: Annotated[
        str | None,
        typer.Option(
            help="The artifact store's address, which is all that is needed of the project: the "
            "outcome is posted there, and not recorded. ${env:NAME} stands for a variable."
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="With --store: tell how the node stands; run nothing.")
    ] = False,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Executes one attempt at one node of a recorded run; 0 if it has succeeded, now or before.

    1 if the step failed, 2 for bad input, 75 if the store or the record cannot be reached.
    """
    _refuse_mixed(store, stack, ask=ask)
    wanted = Wanted(plan, run, node, index, _attempt(attempt, store), first)
    where = Where(store, stack)
    try:
        return _ask(where, wanted, json=json) if ask else _outlived(where, wanted, json=json)
    except (StoreError, UnreachableError) as error:
        tell_error(type(error).__name__, error.message, error.hint, as_json=json)
        return TRY_AGAIN


def _refuse_mixed(store: str | None, stack: str | None, *, ask: bool) -> None:
    if store is not None and stack is not None:
        raise ConfigError(
            "--store and --stack are given both",
            hint="--store where the record cannot be reached; --stack where it can.",
        )
    if ask and store is None:
        raise ConfigError("--ask needs --store", hint="Else look at it: windlass show RUN")


def _attempt(written: str, store: str | None) -> int | None:
    """The number of an attempt; None for the next, which what was posted tells."""
    if written == "next" and store is not None:
        return None
    if not (written.isascii() and written.isdecimal() and int(written) > 0):
        raise ConfigError(
            f"--attempt {written} is no number of a try",
            hint="A number, 1 or more; or, with --store, next: that after those that failed.",
        )
    return int(written)


def _ask(where: Where, wanted: Wanted, *, json: bool) -> int:
    with tempfile.TemporaryDirectory(prefix="windlass-") as scratch:
        relayed = where.relayed(wanted, Path(scratch))
        node = node_of(relayed.job, wanted, ask=True)
        with _as_worker(relayed.job, node, json=json):
            told = relayed.ask(node)
    return _tell(told, json=json)


def _outlived(where: Where, wanted: Wanted, *, json: bool) -> int:
    """Executes a node in a child of this process, which tells of it where the child cannot."""
    from windlass.execution.outliving import Child, outlive

    entered = os.environ.pop(_ENTERED, None)
    if entered is not None:
        pipe, _, folder = entered.partition(":")
        return _executed(where, wanted, Child(int(pipe)), Path(folder), json=json, entered=True)
    with tempfile.TemporaryDirectory(prefix="windlass-", ignore_cleanup_errors=True) as scratch:
        end = outlive()
        if isinstance(end, Child):
            return _executed(where, wanted, end, Path(scratch), json=json, entered=False)
        if end.death is None:
            return end.code
        return _buried(where, wanted, end.death, end.seconds, Path(scratch), json=json)


def _executed(
    where: Where, wanted: Wanted, child: Child, scratch: Path, *, json: bool, entered: bool
) -> int:
    if where.store is None:
        return _recorded(where, wanted, child, json=json)
    relayed = where.relayed(wanted, scratch)
    node = node_of(relayed.job, wanted)
    if not entered:
        _enter(relayed, node, child, scratch)
    with _as_worker(relayed.job, node, json=json), child.attempt(_timeout(relayed.job, node)):
        index, first = wanted.index, wanted.first
        attempt = wanted.attempt or relayed.next_attempt(node, index)
        told = relayed.execute(node, index, attempt, captured_and_shown, first=first)
    return _tell(told, json=json)


def _enter(relayed: Relayed, node: Node, child: Child, scratch: Path) -> None:
    """Starts this program anew in the environment that a step asks for, if it does."""
    from windlass.targets.relayed import own_interpreter

    python = own_interpreter(relayed, node)
    if python is not None:
        os.set_inheritable(child.pipe, True)
        words = [str(python), "-P", "-m", "windlass", *sys.argv[1:]]
        told = {_ENTERED: f"{child.pipe}:{scratch}"}
        os.execve(python, words, {**os.environ, **told})  # noqa: S606


def _recorded(where: Where, wanted: Wanted, child: Child, *, json: bool) -> int:
    """Executes a node by the record, in the project's folder."""
    from windlass.execution.execute import execute as execute_node
    from windlass.provenance.project import find_project
    from windlass.targets.recorded import look_in

    job = where.job(wanted)
    node, index = node_of(job, wanted), wanted.index
    assert wanted.attempt is not None
    check_length(job, node, index)
    look_in(find_project(Path.cwd()).root, job.plan)
    with _as_worker(job, node, json=json), child.attempt(_timeout(job, node)):
        result = execute_node(
            job, node.name, index, wanted.attempt, captured_and_shown, first=wanted.first
        )
    if json:
        print_json(asdict(result))
    return DONE if result.status == "succeeded" else FAILED


def _buried(
    where: Where, wanted: Wanted, death: Death, seconds: float, scratch: Path, *, json: bool
) -> int:
    """Tells how an attempt ended whose process did not live to do so."""
    from windlass.execution.deaths import record_death
    from windlass.execution.schedule import Task

    attempt, first = wanted.attempt, wanted.first
    if where.store is not None:
        relayed = where.relayed(wanted, scratch)
        task = Task(node_of(relayed.job, wanted), wanted.index)
        attempt = attempt or relayed.next_attempt(task.node, task.index)
        told = relayed.died(task, attempt, death, first=first, seconds=seconds)
        result, document = told.result, _document(told)
    else:
        job = where.job(wanted)
        task = Task(node_of(job, wanted), wanted.index)
        assert attempt is not None
        result = record_death(job, task, attempt, death, first=first, seconds=seconds)
        document = asdict(result)
    if json:
        print_json(document)
    elif result.status == "failed":
        tell_error(death.kind, f"{result.node}: {death.message}", death.hint)
    return DONE if result.status == "succeeded" else FAILED


def _timeout(job: Job, node: Node) -> float | None:
    return job.plan.settings(node).timeout


def _document(told: Told) -> dict[str, Any]:
    return {**asdict(told.result), "lengths": told.lengths, "choices": told.choices}


def _tell(told: Told, *, json: bool) -> int:
    """Says what the step itself did not, such as that it was skipped; returns the exit code."""
    result = told.result
    if json:
        print_json(_document(told))
    elif told.blamed is not None:
        tell_error("RunError", f"'{result.node}' cannot run: {result.reason}", None)
    elif result.status not in ("succeeded", "failed") or result.reason == "done before":
        typer.echo(f"{result.node}  {_words(result)}", err=True)
    if told.is_of_the_place:
        return TRY_AGAIN
    return DONE if told.is_well else FAILED


def _words(result: Result) -> str:
    return f"{result.status}: {result.reason}" if result.reason else result.status


@contextlib.contextmanager
def _as_worker(job: Job, node: Node, *, json: bool) -> Iterator[None]:
    """Makes this process what a worker is: its streams, the threads of its step."""
    from windlass.execution import capture
    from windlass.execution.threads import THREAD_VARIABLES
    from windlass.execution.worker_state import become_worker

    cpus = job.plan.settings(node).cpus
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(cpus)))
    become_worker()
    capture.open_streams()
    with kept_for_json(json):
        capture.show_logging()
        yield


@contextlib.contextmanager
def captured_and_shown(path: Path) -> Iterator[None]:
    """Keeps what a step writes in a file, as every worker does, and copies it to our own output."""
    from windlass.execution.capture import captured

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    words = [sys.executable, "-I", "-S", str(_FOLLOW), str(path), str(path.stat().st_size)]
    # In a group of its own: when this process is killed with all of its group, it copies the rest.
    with subprocess.Popen(words, stdin=subprocess.PIPE, process_group=0) as follower:
        with captured(path):
            yield
        assert follower.stdin is not None
        follower.stdin.close()  # it copies what is left, and ends
