"""What runs in a process of Ray's: it hands each attempt on to a worker of ours beside it.

A step does not run in Ray's process itself: its worker has the variables, the modules and the
threads that it has everywhere, and may have another interpreter; and when it dies, that is told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from windlass.errors import WorkerDiedError

if TYPE_CHECKING:
    from windlass.execution.pool import Pool
    from windlass.targets.ray.workers import NodeWorkers


class Request(NamedTuple):
    """What every node must know of a run.

    Args:
        run: Its id.
        stack: The stack of its stores, as JSON.
        folder: Where the driver is, if this machine sees its files; else None.
        path: Where the driver finds modules, likewise.
        fresh: Whether every attempt gets a new process.
        locked: Whether this is the locked environment, whose modules are not to be mixed with
            those of the driver's interpreter; then the path has the project's own folders alone.
        libraries: Modules by which workers reach the stores, imported once for all of them.
    """

    run: str
    stack: Mapping[str, Any]
    folder: str | None = None
    path: Sequence[str] = ()
    fresh: bool = False
    locked: bool = False
    libraries: Sequence[str] = ()


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


class Arriving:
    """A request that is sent within a function: where it arrives, what starts workers begins.

    Ray reads a function before its arguments, for which it imports pydantic and NumPy first, if
    they are there: a seventh of a second, in which the fork server gets ready.
    """

    def __init__(self, request: Request) -> None:
        self.request = request

    def __reduce__(self) -> tuple[Callable[[Request], Arriving], tuple[Request]]:
        return _arrived, (self.request,)


def trying(request: Request) -> Callable[[str, int | None, int, int], Answer]:
    """`try_node` of a run, as a function that Ray can send."""
    sent = Arriving(request)

    def try_here(node: str, index: int | None, attempt: int, first: int) -> Answer:
        return try_node(sent.request, node, index, attempt, first)

    return try_here


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
        _here.run, _here.workers = request.run, _workers_of(request)
    assert _here.workers is not None
    try:
        return _here.workers.try_task(node, index, attempt, first, _gpus())
    except WorkerDiedError as error:
        from windlass.execution.crew import Death
        from windlass.execution.schedule import instance_name

        _here.close()
        death = Death(error.message, error.hint)
        return Answer(instance_name(node, index), attempt, tuple(death), None)


def _arrived(request: Request) -> Arriving:
    is_new = _here.run != request.run
    if is_new and request.folder is not None and not request.locked:
        from windlass.execution.pool import Pool

        if _here.early is not None:  # of a run of which nothing was tried here
            _here.early.close()
            _here.early = None
        with contextlib.suppress(OSError):  # which will be told when it is tried
            os.chdir(request.folder)
            _here.early = Pool(libraries=request.libraries)
    return Arriving(request)


def _workers_of(request: Request) -> NodeWorkers:
    """The workers of a run; what starts them gets ready while this process imports the rest."""
    pool, _here.early = _here.early, None
    from windlass.targets.ray.workers import NodeWorkers

    try:
        return NodeWorkers(request, pool)
    except BaseException:
        if pool is not None:
            pool.close()
        raise


def _gpus() -> tuple[str, ...]:
    """The GPUs that Ray has granted to the task that this process is at."""
    import ray

    return tuple(ray.get_runtime_context().get_accelerator_ids().get("GPU", []))


class _Here:
    """The run that this process is at."""

    run: str | None = None
    workers: NodeWorkers | None = None
    early: Pool | None = None
    """What starts the workers of the run whose function has come, and that was not tried yet."""

    def close(self) -> None:
        if self.workers is not None:
            self.workers.close()
        self.run = self.workers = None


_here = _Here()
