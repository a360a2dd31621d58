"""What steps print, for other machines: in the artifact store, where that is elsewhere.

While a step runs, what it prints is on the machine that runs it. Whoever drives the run puts it
into the store when the run ends, an object an attempt; another machine lays it where it looks for
its own.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterable
from pathlib import Path

from windlass.errors import WindlassError
from windlass.execution.job import Job
from windlass.execution.liveness import is_of_here
from windlass.records.model import Attempt

_MOST = 16 << 20
"""Bytes of a log that are shared: its last ones."""

_AT_ONCE = 16


def share_logs(job: Job) -> str | None:
    """Puts what was printed here into the store; returns why it cannot be, if so."""
    if not job.stores.artifacts.is_elsewhere:
        return None
    from concurrent.futures import ThreadPoolExecutor

    try:
        shared = _shared(job)
        fresh = [
            each
            for each in job.stores.records.attempts(job.run)
            if _size(job, each) and _name(job, each) not in shared
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(functools.partial(_share, job), fresh))
    except (WindlassError, OSError) as error:
        return f"what was printed stays on this machine: {error}"
    return None


def bring_logs(job: Job, attempts: Iterable[Attempt]) -> None:
    """Lays logs that others have shared where those of this machine are.

    Raises:
        StoreError: The store cannot be read.
    """
    missing = {_name(job, each): _path(job, each) for each in attempts if not _size(job, each)}
    if missing and job.stores.artifacts.is_elsewhere:
        for name in missing.keys() & _shared(job):
            data = job.stores.artifacts.named.read(name)
            with contextlib.suppress(OSError):  # a folder that can only be read
                _lay(missing[name], data or b"")


def written_elsewhere(job: Job, attempts: Iterable[Attempt]) -> list[str]:
    """The other machines that have what attempts wrote, which is not here."""
    found = {
        str(each.worker.get("hostname"))
        for each in attempts
        if not _path(job, each).exists() and not is_of_here(each.worker)
    }
    return sorted(found)


def _shared(job: Job) -> set[str]:
    return set(job.stores.artifacts.named.names(f"runs/{job.run}/logs"))


def _share(job: Job, attempt: Attempt) -> None:
    with _path(job, attempt).open("rb") as file:
        left_out = file.seek(max(0, _size(job, attempt) - _MOST))
        data = file.read()
    if left_out:
        told = f"… the {left_out:,} bytes before are on {attempt.worker.get('hostname')}\n"
        data = told.encode() + data
    job.stores.artifacts.named.create(_name(job, attempt), data)


def _lay(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f"{path.name}.{os.getpid()}")
    passing.write_bytes(data)
    passing.replace(path)


def _name(job: Job, attempt: Attempt) -> str:
    return f"runs/{job.run}/logs/{attempt.node}/{attempt.attempt}"


def _path(job: Job, attempt: Attempt) -> Path:
    return job.log_path(attempt.node, attempt.attempt)


def _size(job: Job, attempt: Attempt) -> int:
    try:
        return _path(job, attempt).stat().st_size
    except OSError:
        return 0
