"""The crew of a Ray cluster: one task for each attempt, which Ray places where there is room."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from windlass.errors import RunError, WindlassError
from windlass.execution.crew import Death, Ended
from windlass.execution.execute import Result
from windlass.execution.job import Job
from windlass.execution.schedule import Task
from windlass.targets.ray import away
from windlass.targets.ray.cluster import Cluster
from windlass.targets.ray.on_node import Answer, Request, trying


class RayCrew:
    """Hands attempts to Ray, never more than it can soon begin: the rest waits here.

    Args:
        job: The run.
        cluster: Where.
        request: What every node must know of the run.
        environment: What nodes build first, as `windlass.targets.ray.away` takes it; None where
            Windlass and all that steps need is installed there.
        most: How many attempts at once; None for as many as the cluster soon can begin.
    """

    keeps_time = True

    def __init__(
        self,
        job: Job,
        cluster: Cluster,
        request: Request,
        environment: Mapping[str, Any] | None = None,
        most: int | None = None,
    ) -> None:
        self._job = job
        self._cluster = cluster
        self._ray = cluster.ray
        function: Any = trying(request)
        self._told: tuple[Any, ...] = ()
        if environment is not None:
            self._ray.cloudpickle.register_pickle_by_value(away)  # they have nothing of ours
            function = away.try_node
            told = {**environment, "run": request.run, "job": request._asdict()}
            told["wheel"] = self._ray.put(environment["wheel"])
            self._told = (self._ray.put(told),)
        # Retries have one owner, the driver. Ray, by itself, would try again what died.
        self._try_node = self._ray.remote(max_retries=0, retry_exceptions=False)(function)
        self._names: dict[Any, str] = {}
        self._most = most or cluster.most

    def start(self, task: Task, attempt: int, first: int) -> bool:
        """Hands an attempt to Ray, unless enough are waiting there."""
        if len(self._names) >= self._most:
            return False
        wanted = self._cluster.wanted(self._job.plan, task.node.name)
        remote = self._try_node.options(
            name=f"{self._job.name} {task.name}",
            num_cpus=wanted.pop("CPU", 0),
            num_gpus=wanted.pop("GPU", 0),
            memory=wanted.pop("memory", None),
            resources=wanted,
        )
        ref = remote.remote(*self._told, task.node.name, task.index, attempt, first)
        self._names[ref] = task.name
        return True

    def wait(self, timeout: float) -> list[Ended]:
        """What Ray says has ended."""
        refs = list(self._names)
        if not refs:
            return []
        ready, waiting = self._ray.wait(refs, timeout=timeout)
        if ready and waiting:  # all that are ready, and not the first alone
            ready += self._ray.wait(waiting, num_returns=len(waiting), timeout=0)[0]
        return [(self._names.pop(ref), self._answer(ref)) for ref in ready]

    def kill(self, name: str) -> None:
        """Kills the process that is at a task."""
        for ref, task in self._names.items():
            if task == name:
                self._cancel(ref)

    def close(self) -> None:
        """Ends all that was handed to Ray."""
        for ref in self._names:
            self._cancel(ref)
        self._names.clear()

    def _cancel(self, ref: Any) -> None:
        with contextlib.suppress(Exception):  # it has ended meanwhile, or its node has
            self._ray.cancel(ref, force=True)

    def _answer(self, ref: Any) -> Result | Death:
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise _broken(error.cause) from error
        except self._ray.exceptions.RayError as error:
            return _death(error)
        if isinstance(answer, dict):
            if "broken" in answer:
                told = answer["broken"]
                raise RunError(f"the run cannot go on: {told['message']}", hint=told["hint"])
            answer = Answer(**answer)
        if answer.log is not None:
            path = self._job.log_path(answer.name, answer.attempt)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.log)
        return Result(**answer.ended) if isinstance(answer.ended, dict) else Death(*answer.ended)


def _broken(error: BaseException) -> RunError:
    message = error.message if isinstance(error, WindlassError) else repr(error)
    hint = error.hint if isinstance(error, WindlassError) else None
    return RunError(f"the run cannot go on: {message}", hint=hint)


def _death(error: Exception) -> Death:
    """What Ray says of a process that it lost, in words."""
    kind = type(error).__name__
    if kind == "OutOfMemoryError":
        return Death(
            "its process was killed: the memory of its node ran out",
            "Ask for more: @step(memory=…), so that fewer run beside it.",
        )
    if kind in ("NodeDiedError", "ObjectLostError", "OwnerDiedError"):
        return Death("the node of the Ray cluster that it was on is gone", is_lost=True)
    if kind in ("RuntimeEnvSetupError", "TaskUnschedulableError"):
        return Death(f"Ray could not begin it: {str(error).strip().splitlines()[0]}")
    return Death("its process ended without a word, as when it is killed")
