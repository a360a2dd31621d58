"""Whether the process that drives a run is still there."""

from __future__ import annotations

import functools
import os
import socket
from typing import Any

from windlass.records.model import Run
from windlass.values import Json


def this_process() -> dict[str, Json]:
    """What a run keeps of the process that drives it, to know later whether it lives."""
    return {
        "hostname": socket.gethostname(),
        "boot": _boot(),
        "pid": os.getpid(),
        "pid_started": _started(os.getpid()),
    }


def is_gone(run: Run) -> bool:
    """Whether a run that is recorded as running has lost its process.

    Only a process of this machine can be seen; of another's it is never said to be gone.
    """
    host: Any = run.host
    if run.status != "running" or not host or host["hostname"] != socket.gethostname():
        return False
    if host["boot"] != _boot():
        return True
    return bool(host["pid_started"] != _started(host["pid"]))


@functools.cache
def _boot() -> str | None:
    """What distinguishes this start of the machine from its others."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            return file.read().strip()
    except OSError:
        return None


def _started(pid: int) -> float | None:
    """When a process started, in a unit of its own; None if there is none, or only its corpse."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112 (psutil takes 50 ms to import)
        return _started_linux(pid)
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def _started_linux(pid: int) -> float | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else float(fields[19])
