"""What a driver that was lost left behind: its workers, and their attempts."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from windlass.execution.forkserver import kill_group
from windlass.execution.job import Job
from windlass.execution.liveness import is_of_here, is_process_gone
from windlass.execution.logged import record_logged
from windlass.records.model import Attempt

_PATIENCE = 2.0
"""Seconds that workers have to die by themselves."""


def end_leftovers(job: Job) -> None:
    """Sees to it that no worker of an earlier driver runs on here, and ends their attempts.

    What they logged is kept. An outcome that one of them wrote before its end counts.
    """
    found = [a for a in job.stores.records.attempts(job.run) if a.status == "running"]
    _outlive([attempt for attempt in found if is_of_here(attempt.worker)])
    told = {"kind": "lost", "message": "the run lost its process", "hint": None}
    done = job.stores.records.succeeded_nodes(job.run)
    for attempt in found:
        if attempt.node not in done:
            job.stores.records.fail_attempt(job.run, attempt.node, attempt.attempt, "lost", told)
            record_logged(job, attempt.node, attempt.attempt)


def _outlive(attempts: Sequence[Attempt]) -> None:
    """Waits until workers have died, as they do with their driver; kills one that does not."""
    patience = time.monotonic() + _PATIENCE
    waiting = [a.worker for a in attempts if a.worker["pid"] != os.getpid()]
    while waiting := [worker for worker in waiting if not is_process_gone(worker)]:
        if time.monotonic() > patience:
            for worker in waiting:
                kill_group(int(str(worker["pid"])))
        if time.monotonic() > patience + _PATIENCE:  # in the hands of the kernel: it writes no more
            return
        time.sleep(0.01)
