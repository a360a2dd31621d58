"""``execute``: by which other machines run one node of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from windlass.errors import ConfigError, StoreError, UnreachableError

if TYPE_CHECKING:
    from windlass.artifacts.store import ArtifactStore
    from windlass.execution.execute import Result
    from windlass.execution.job import Job
    from windlass.execution.relay.worker import Relayed, Told
    from windlass.pipeline.graph import Node

_HASH_SEED = "PYTHONHASHSEED"
_ENTERED = "WINDLASS_ENTERED"
"""Set where this program was started anew in the environment that the step asks for."""
_FOLLOW = Path(__file__).with_name("follow.py")

TRY_AGAIN = 75
"""The store or the record could not be reached: another try, or another machine, may do better."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be executed."""

    plan: str
    run: str
    node: str
    index: int | None
    attempt: int | None
    first: int


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
    number = _attempt(attempt, store)
    _fix_hash_seed()
    try:
        wanted = _Wanted(plan, run, node, index, number, first)
        if store is not None:
            return _relayed(store, wanted, ask=ask, json=json)
        return _recorded(stack, wanted, json=json)
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


def _recorded(stack: str | None, wanted: _Wanted, *, json: bool) -> int:
    """Executes a node by the record, in the project's folder."""
    from windlass.cli.place import stores_here
    from windlass.execution.execute import execute as execute_node
    from windlass.execution.job import open_job
    from windlass.provenance.project import find_project
    from windlass.targets.recorded import look_in

    job = open_job(wanted.run, stores_here(stack))
    if job.plan.digest != wanted.plan:
        raise ConfigError(f"the run {job.name} is of the plan {job.plan.digest}, not {wanted.plan}")
    node, index = _node(job, wanted), wanted.index
    assert wanted.attempt is not None
    _check_length(job, node, index)
    look_in(find_project(Path.cwd()).root, job.plan)
    with _as_worker(job, node, json=json):
        result = execute_node(
            job, node.name, index, wanted.attempt, captured_and_shown, first=wanted.first
        )
    if json:
        print_json(asdict(result))
    return DONE if result.status == "succeeded" else FAILED


def _relayed(store: str, wanted: _Wanted, *, ask: bool, json: bool) -> int:
    """Executes a node by what was posted to the artifact store, and posts what comes of it."""
    from windlass.targets.relayed import open_relayed, own_interpreter

    with tempfile.TemporaryDirectory(prefix="windlass-", ignore_cleanup_errors=True) as scratch:
        relayed = open_relayed(open_store(store), wanted.run, wanted.plan, Path(scratch))
        node = _node(relayed.job, wanted, ask=ask)
        is_there = ask or os.environ.pop(_ENTERED, None) is not None
        python = None if is_there else own_interpreter(relayed, node)
        if python is None:
            with _as_worker(relayed.job, node, json=json):
                told = relayed.ask(node) if ask else _executed(relayed, node, wanted)
    if python is not None:
        words = [str(python), "-P", "-m", "windlass", *sys.argv[1:]]
        os.execve(python, words, {**os.environ, _ENTERED: "1"})  # noqa: S606
    _tell(told, json=json)
    if told.is_of_the_place:
        return TRY_AGAIN
    return DONE if told.is_well else FAILED


def _executed(relayed: Relayed, node: Node, wanted: _Wanted) -> Told:
    index, first = wanted.index, wanted.first
    attempt = wanted.attempt or relayed.next_attempt(node, index)
    return relayed.execute(node, index, attempt, captured_and_shown, first=first)


def open_store(store: str) -> ArtifactStore:
    """The artifact store of an address, which may hold references to secrets."""
    from windlass.artifacts.store import ArtifactStore
    from windlass.provenance import secrets
    from windlass.provenance.environments import cache_folder

    url = secrets.resolve(store, root=Path.cwd(), where="--store")
    cache = cache_folder()
    return ArtifactStore.open_store(url, verified=cache / "verified", cache=cache / "artifacts")


def _tell(told: Told, *, json: bool) -> None:
    """Says what the step itself did not, such as that it was skipped."""
    result = told.result
    if json:
        print_json({**asdict(result), "lengths": told.lengths, "choices": told.choices})
    elif told.blamed is not None:
        tell_error("RunError", f"'{result.node}' cannot run: {result.reason}", None)
    elif result.status not in ("succeeded", "failed") or result.reason == "done before":
        typer.echo(f"{result.node}  {_words(result)}", err=True)


def _words(result: Result) -> str:
    return f"{result.status}: {result.reason}" if result.reason else result.status


def _fix_hash_seed() -> None:
    """Starts this program anew where sets and dicts would be ordered otherwise than in workers."""
    if os.environ.get(_HASH_SEED) != "0":
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, _HASH_SEED: "0"})  # noqa: S606


def _node(job: Job, wanted: _Wanted, *, ask: bool = False) -> Node:
    node, index = wanted.node, wanted.index
    if node not in job.plan.graph.nodes:
        raise ConfigError(f"the plan of {job.name} has no node '{node}'")
    found = job.plan.graph.nodes[node]
    if not ask and found.mapped != (index is not None):
        hint = "Say which item: --index N" if found.mapped else "Leave --index out."
        raise ConfigError(f"'{node}' is {'a map' if found.mapped else 'no map'}", hint=hint)
    return found


def _check_length(job: Job, node: Node, index: int | None) -> None:
    if index is not None:
        from windlass.execution.inputs import Inputs

        length = Inputs(job).length(node)
        if index >= length:
            raise ConfigError(f"'{node.name}' has {length} items; there is none at --index {index}")


@contextlib.contextmanager
def _as_worker(job: Job, node: Node, *, json: bool) -> Iterator[None]:
    """Makes this process what a worker is: its streams, the threads of its step."""
    from windlass.execution import capture
    from windlass.execution.pool import THREAD_VARIABLES
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
    with subprocess.Popen(words, stdin=subprocess.PIPE) as follower:
        with captured(path):
            yield
        assert follower.stdin is not None
        follower.stdin.close()  # it copies what is left, and ends
