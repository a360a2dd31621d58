"""What runs in a process of Ray's: it hands each attempt on to a worker of ours beside it.

A step does not run in Ray's process itself: its worker has the variables, the modules and the
threads that it has everywhere, and may have another interpreter; and when it dies, that is told.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from windlass.errors import WorkerDiedError
from windlass.execution.crew import Death, timed_out
from windlass.execution.execute import Result
from windlass.execution.job import open_job
from windlass.execution.pool import Kind, Pool
from windlass.execution.resources import Resources, Share
from windlass.execution.schedule import Task, instance_name
from windlass.execution.stores import open_stores, stack_from_json, stack_to_json
from windlass.pipeline.settings import Settings
from windlass.provenance.project import Project
from windlass.stacks.stack import Stack
from windlass.targets.recorded import unpacked_once
from windlass.targets.worker_crew import WorkerCrew
from windlass.targets.worker_pools import own_pools, project_folders

_MOST_OF_A_LOG = 1 << 24
_TICK = 0.1


class Request(NamedTuple):
    """What every node must know of a run.

    Args:
        run: Its id.
        stack: The stack of its stores, as JSON.
        folder: Where the driver is, if this machine sees its files; else None.
        path: Where the driver finds modules, likewise.
        fresh: Whether every attempt gets a new process.
    """

    run: str
    stack: Mapping[str, Any]
    folder: str | None = None
    path: tuple[str, ...] = ()
    fresh: bool = False


class Answer(NamedTuple):
    """What came of an attempt.

    Args:
        name: The node, or the item of a map.
        attempt: Which one.
        ended: The fields of a `Result`, or those of a `Death` in order.
        log: What the step printed, where the driver cannot read it by itself.
    """

    name: str
    attempt: int
    ended: dict[str, Any] | tuple[Any, ...]
    log: bytes | None


def try_node(request: Request, node: str, index: int | None, attempt: int, first: int) -> Answer:
    """Tries a node of a run, and waits for it.

    Args:
        request: The run.
        node: The node's name in the graph.
        index: Which item, if it is a map.
        attempt: Counted from 1.
        first: The first attempt since the run was last resumed.

    Raises:
        WindlassError: The record or the code of the run cannot be read.
    """
    if _here.run != request.run:
        _here.close()
        _here.run, _here.node = request.run, _Node(request)
    assert _here.node is not None
    try:
        return _here.node.try_task(node, index, attempt, first)
    except WorkerDiedError as error:
        _here.close()
        death = Death(error.message, error.hint)
        return Answer(instance_name(node, index), attempt, tuple(death), None)


class _Node:
    """The workers of one run on one node."""

    def __init__(self, request: Request) -> None:
        stack = stack_from_json(request.stack)
        self._is_seen = request.folder is not None
        if request.folder is not None:
            os.chdir(request.folder)
            sys.path[:] = request.path
        else:
            stack = _placed(stack, request.run)
        self._job = open_job(request.run, open_stores(stack, patient=True))
        here = None if self._is_seen else Path(sys.executable)
        pool = Pool(here, project_folders(self._job)) if here else Pool()
        start = own_pools(self._job, lambda _: None) if self._job.plan.environments else None
        self.crew = WorkerCrew(
            self._job,
            {None: pool},
            start or (lambda _: pool),
            _Granted(),
            stack_to_json(stack),
            fresh=request.fresh,
        )

    def try_task(self, node: str, index: int | None, attempt: int, first: int) -> Answer:
        task = Task(self._job.plan.graph.nodes[node], index)
        timeout = self._job.plan.settings(task.node).timeout
        end = self._ended(task, attempt, first, timeout)
        told = tuple(end) if isinstance(end, Death) else dataclasses.asdict(end)
        return Answer(task.name, attempt, told, None if self._is_seen else self._log(task, attempt))

    def _ended(self, task: Task, attempt: int, first: int, timeout: float | None) -> Result | Death:
        begun = time.monotonic()
        self.crew.start(task, attempt, first)
        is_late = False
        while not (ended := self.crew.wait(_TICK)):
            if timeout is not None and time.monotonic() - begun > timeout and not is_late:
                is_late = True
                self.crew.kill(task.name)
        ((_, end),) = ended
        return timed_out(timeout) if is_late and timeout and isinstance(end, Death) else end

    def _log(self, task: Task, attempt: int) -> bytes:
        with contextlib.suppress(OSError):
            return self._job.log_path(task.name, attempt).read_bytes()[-_MOST_OF_A_LOG:]
        return b""


def _placed(stack: Stack, run: str) -> Stack:
    """The stack as it is on a machine that has nothing of the project: with the code of a run."""
    home = Path(tempfile.gettempdir()) / f"windlass-{os.getuid()}"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    code = home / "code" / run
    found = dataclasses.replace(stack, project=Project(code, home), code=str(code))
    stores = open_stores(found, patient=True)
    row = stores.records.run_by_id(run)
    unpacked_once(row.bundle, stores, code)
    os.chdir(code)
    return found


class _Granted(Resources):
    """What Ray has granted to the task that this process is at, all of it."""

    def __init__(self) -> None:
        super().__init__(cpus=os.cpu_count() or 1, memory=0)

    def take(self, settings: Settings) -> Share:
        """The cores that the step asks for, and the GPUs that Ray chose."""
        import ray

        ids = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
        return Share(Kind(settings.cpus, tuple(ids), settings.environment), 0)

    def give_back(self, share: Share) -> None:
        """Nothing: Ray takes it back."""


class _Here:
    """The run that this process is at."""

    run: str | None = None
    node: _Node | None = None

    def close(self) -> None:
        if self.node is not None:
            self.node.crew.close()
        self.run = self.node = None


_here = _Here()
