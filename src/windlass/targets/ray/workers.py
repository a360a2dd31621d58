"""The workers of a run on a node of Ray: those of this machine, for one attempt at a time."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path

from windlass.execution.crew import Death, timed_out
from windlass.execution.execute import Result
from windlass.execution.job import open_job
from windlass.execution.pool import Kind, Pool
from windlass.execution.resources import Resources, Share
from windlass.execution.schedule import Task
from windlass.execution.shipment import shipment_in
from windlass.execution.stores import open_stores, stack_from_json, stack_to_json
from windlass.pipeline.settings import Settings
from windlass.provenance.project import Project
from windlass.stacks.stack import Stack
from windlass.targets.ray.on_node import Answer, Request
from windlass.targets.recorded import unpacked_once
from windlass.targets.worker_crew import WorkerCrew
from windlass.targets.worker_pools import own_pools, project_folders

_MOST_OF_A_LOG = 1 << 24
_TICK = 0.1


class NodeWorkers:
    """The workers of one run on one node.

    Args:
        request: The run.
        pool: What starts the workers, in the folder of the driver, if it is there already.

    Raises:
        WindlassError: Its record or its code cannot be read.
    """

    def __init__(self, request: Request, pool: Pool | None = None) -> None:
        self._request = request
        self._is_seen = request.folder is not None
        self._stack = stack_from_json(request.stack)
        if request.folder is None:
            self._stack = _placed(self._stack, request.run)
        else:
            os.chdir(request.folder)
            if not request.locked:
                sys.path[:] = request.path
        self._job = open_job(request.run, open_stores(self._stack, patient=True))
        self._crew: WorkerCrew | None = None
        self._begin(self._pool() if pool is None else pool)

    def renew(self) -> None:
        """Starts anew, where what starts the workers has died."""
        self.close()
        self._begin(self._pool())

    def _begin(self, pool: Pool) -> None:
        start = own_pools(self._job, lambda _: None) if self._job.plan.environments else None
        self._granted = _Granted()
        self._crew = WorkerCrew(
            self._job,
            {None: pool},
            start or (lambda _: pool),
            self._granted,
            stack_to_json(self._stack),
            fresh=self._request.fresh,
        )

    def close(self) -> None:
        """Ends the workers."""
        if self._crew is not None:
            self._crew.close()

    def _pool(self) -> Pool:
        request = self._request
        if self._is_seen and not request.locked:
            return Pool(libraries=request.libraries)
        folders = list(request.path) or project_folders(self._job)
        return Pool(Path(sys.executable), folders, request.libraries)

    def try_task(
        self, node: str, index: int | None, attempt: int, first: int, gpus: tuple[str, ...]
    ) -> Answer:
        """Tries a node, and waits for it.

        Args:
            node: The node's name in the graph.
            index: Which item, if it is a map.
            attempt: Counted from 1.
            first: The first attempt since the run was last resumed.
            gpus: The ids of those that Ray has granted.

        Raises:
            WorkerDiedError: What starts the workers has died.
        """
        assert self._crew is not None
        self._granted.gpus = gpus
        task = Task(self._job.plan.graph.nodes[node], index)
        timeout = self._job.plan.settings(task.node).timeout
        end = self._ended(task, attempt, first, timeout)
        told = tuple(end) if isinstance(end, Death) else dataclasses.asdict(end)
        return Answer(task.name, attempt, told, None if self._is_seen else self._log(task, attempt))

    def _ended(self, task: Task, attempt: int, first: int, timeout: float | None) -> Result | Death:
        assert self._crew is not None
        begun = time.monotonic()
        self._crew.start(task, attempt, first)
        is_late = False
        while not (ended := self._crew.wait(_TICK)):
            if timeout is not None and time.monotonic() - begun > timeout and not is_late:
                is_late = True
                self._crew.kill(task.name)
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
    unpacked_once(row.bundle, stores, code, shipment_in(row.details))
    os.chdir(code)
    return found


class _Granted(Resources):
    """What Ray has granted to the task that this process is at, all of it."""

    def __init__(self) -> None:
        super().__init__(cpus=os.cpu_count() or 1, memory=0)
        self.gpus: tuple[str, ...] = ()

    def take(self, settings: Settings) -> Share:
        """The cores that the step asks for, and the GPUs that Ray chose."""
        return Share(Kind(settings.cpus, self.gpus, settings.environment), 0)

    def give_back(self, share: Share) -> None:
        """Nothing: Ray takes it back."""
