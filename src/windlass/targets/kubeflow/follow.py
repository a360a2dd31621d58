"""Following a run that KFP orders: taking in what its tasks post, until it has ended there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from windlass.errors import UnreachableError
from windlass.execution.execute import Result
from windlass.execution.interrupt import Interrupts
from windlass.execution.progress import settle_all
from windlass.targets.sync import settled

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.execution.relay.driving import Relay
    from windlass.targets.kubeflow.sdk import Sdk

_ENDED = ("SUCCEEDED", "FAILED", "CANCELED", "SKIPPED")
_EVERY = 2.0
"""Seconds between two looks at the server and at the store."""
_TICK = 0.1
_PATIENCE = 120.0
"""Seconds for which the server may be away while the run goes on there."""


def follow(
    job: Job, relay: Relay, sdk: Sdk, submitted: str, observer: Observer
) -> tuple[str, str | None]:
    """Follows a submitted run to its end, and records that; a signal to end terminates it there.

    Args:
        job: The run, which this process owns.
        relay: Takes in what its tasks post.
        sdk: Connected to the server.
        submitted: The run's id there.
        observer: Who watches.

    Returns:
        The run's status, and why it did not succeed.

    Raises:
        UnreachableError: The server is away for minutes; the run may go on there.
    """
    with Interrupts() as interrupts:
        state, reason = "", None
        seen = time.monotonic()

        def asked() -> str | None:
            owner = job.owner
            return interrupts.reason or (None if owner is None else owner.asked_to_end)

        while state not in _ENDED and not asked():
            try:
                told = sdk.ask("state", id=submitted)
                state, reason, seen = told["state"], told["reason"], time.monotonic()
            except UnreachableError:
                if time.monotonic() - seen > _PATIENCE:
                    raise
            _take(job, relay, observer)
            _rest(asked, observer, 0 if state in _ENDED else _EVERY)
        if asked() and state not in _ENDED:
            sdk.ask("terminate", id=submitted)
            _take(job, relay, observer)
        cancelled = asked() or ("ended there" if state == "CANCELED" else None)
        return _end(job, cancelled, f"Kubeflow Pipelines tells {state}: {reason or 'see there'}")


def _rest(asked: Callable[[], str | None], observer: Observer, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not asked():
        observer.tick()
        time.sleep(_TICK)


def _take(job: Job, relay: Relay, observer: Observer) -> None:
    if job.owner is not None:
        job.owner.check()
    new, records = relay.take_new(), job.stores.records
    for node, attempt in new.failed:
        observer.node_started(node, attempt)
        observer.node_ended(Result(node, "failed", error=_error(job, node), final=False))
    for node in new.succeeded:
        found = records.outcome(job.run, node)
        if found is not None and found.attempt:
            observer.node_started(node, found.attempt)
        seconds = 0.0 if found is None else found.seconds or 0.0
        cached = found is not None and found.cached
        observer.node_ended(Result(node, "succeeded", seconds=seconds, cached=cached))


def _error(job: Job, node: str) -> dict[str, object]:
    """Why the last try at a node failed."""
    tried = job.stores.records.attempts(job.run, node)
    return dict(tried[-1].error or {}) if tried else {}


def _end(job: Job, cancelled: str | None, told: str) -> tuple[str, str | None]:
    """Records the end: by what was posted, and where that does not tell, by what KFP tells."""
    progress, waiting = settled(job)
    status, error = progress.status, progress.error
    if waiting:
        names = ", ".join(f"'{task.name}'" for task in waiting[:3])
        status = "cancelled" if cancelled else "failed"
        error = cancelled or error or f"{told}; nothing was posted of {names}"
        progress.cancelled = error
        settle_all(progress, waiting)
    job.stores.records.finish_run(job.run, status, error, driver=job.driver)
    return status, error
