"""``execute``: by which other machines run one node of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.cli.output import DONE, FAILED, Json, StackName, command, kept_for_json, print_json
from windlass.errors import ConfigError

if TYPE_CHECKING:
    from windlass.execution.job import Job

_HASH_SEED = "PYTHONHASHSEED"
_FOLLOW = Path(__file__).with_name("follow.py")


@command
def execute(
    plan: Annotated[str, typer.Option(help="The plan's digest.")],
    run: Annotated[str, typer.Option(help="The run's id.")],
    node: Annotated[str, typer.Option(help="The node's name in the graph.")],
    index: Annotated[int | None, typer.Option(min=0, help="Which item, if it is a map.")] = None,
    attempt: Annotated[int, typer.Option(min=1)] = 1,
    stack: StackName = None,
    json: Json = False,
) -> int:
    """Executes one attempt at one node of a recorded run; 0 if it has succeeded, now or before."""
    _fix_hash_seed()
    from dataclasses import asdict

    from windlass.cli.place import stores_here
    from windlass.execution import capture
    from windlass.execution.execute import execute as execute_node
    from windlass.execution.job import open_job
    from windlass.execution.worker_state import become_worker

    job = open_job(run, stores_here(stack))
    _check(job, plan, node, index)
    _prepare(job, node)
    become_worker()
    capture.open_streams()
    with kept_for_json(json):
        capture.show_logging()
        result = execute_node(job, node, index, attempt, captured_and_shown)
    if json:
        print_json(asdict(result))
    return DONE if result.status == "succeeded" else FAILED


def _fix_hash_seed() -> None:
    """Starts this program anew where sets and dicts would be ordered otherwise than in workers."""
    if os.environ.get(_HASH_SEED) != "0":
        arguments = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, _HASH_SEED: "0"})  # noqa: S606


def _check(job: Job, plan: str, node: str, index: int | None) -> None:
    if job.plan.digest != plan:
        raise ConfigError(f"the run {job.name} is of the plan {job.plan.digest}, not {plan}")
    if node not in job.plan.graph.nodes:
        raise ConfigError(f"the plan of {job.name} has no node '{node}'")
    found = job.plan.graph.nodes[node]
    if found.mapped != (index is not None):
        hint = "Say which item: --index N" if found.mapped else "Leave --index out."
        raise ConfigError(f"'{node}' is {'a map' if found.mapped else 'no map'}", hint=hint)
    if index is not None:
        from windlass.execution.inputs import Inputs

        length = Inputs(job).length(found)
        if index >= length:
            raise ConfigError(f"'{node}' has {length} items; there is none at --index {index}")


def _prepare(job: Job, node: str) -> None:
    """Makes this process what a worker is: the project's modules, the threads of its step."""
    from windlass.execution.pool import THREAD_VARIABLES
    from windlass.provenance.project import find_project

    root = find_project(Path.cwd()).root
    sys.path[:0] = [str((root / source).resolve()) for source in job.plan.sources]
    cpus = job.plan.settings(job.plan.graph.nodes[node]).cpus
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(cpus)))


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
