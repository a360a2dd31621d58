"""Driving a recorded run on a target, to an end that is recorded, too."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from windlass.errors import NotDrivenError, RecordError

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.targets.target import Target


def drive(
    job: Job,
    target: Target,
    watcher: Observer,
    interrupted: str | None,
    notice: str | None = None,
) -> None:
    """Runs what is left to do of a run that this process owns.

    Args:
        job: The run, with its owner.
        target: Where it runs.
        watcher: Who watches.
        interrupted: Why it is not to begin at all.
        notice: What a person should know of it.

    Raises:
        KeyboardInterrupt: It was interrupted before it began.
        NotDrivenError: Another process has taken it over.
        RecordError: Its record was deleted while it ran.
    """
    from windlass.execution.shared_logs import share_logs
    from windlass.models.minted import tell_versions

    assert job.owner is not None
    with _ending(job), job.owner:
        if interrupted:
            raise KeyboardInterrupt
        watcher.run_started(job)
        if notice is not None:
            watcher.told(notice)
        if done := job.stores.records.succeeded_nodes(job.run):
            watcher.done_before(done)
        started = time.monotonic()
        try:
            status, _ = target.run(job, watcher)
        finally:
            kept_back = share_logs(job)
        if kept_back is not None:
            watcher.told(kept_back)
        watcher.run_ended(status, time.monotonic() - started)
        if status == "succeeded":
            tell_versions(job, watcher.told)
    if job.stores.records.is_gone():
        raise RecordError(
            f"the record of {job.name} was deleted while it ran: nothing of it is kept",
            hint="Leave .windlass alone while a run goes on, and run it again.",
        )


@contextlib.contextmanager
def _ending(job: Job) -> Iterator[None]:
    """Leaves no run that is recorded as running, whatever happens to the process that drives it."""
    try:
        yield
    except BaseException as error:
        records = job.stores.records
        # The first error is the one to tell; and what another process drives is its to end.
        with contextlib.suppress(RecordError, NotDrivenError):
            if records.run_by_id(job.run).status == "running":
                interrupted = isinstance(error, KeyboardInterrupt)
                status = "cancelled" if interrupted else "failed"
                told = "interrupted" if interrupted else str(error) or type(error).__name__
                records.finish_run(job.run, status, told, driver=job.driver)
        raise
