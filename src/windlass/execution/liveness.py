"""Whether the process that drives a run is still there."""

from __future__ import annotations

import functools
import os
import socket
import time
from typing import Any

from windlass.records.model import Run
from windlass.values import Json

BEAT_SECONDS = 5.0
"""How often the driver of a run says that it is alive."""
LEASE_SECONDS = 60.0
"""How long a driver elsewhere may say nothing; clocks may differ by less than that."""


def this_process() -> dict[str, Json]:
    """What a run keeps of the process that drives it, to know later whether it lives."""
    return process(os.getpid())


def process(pid: int) -> dict[str, Json]:
    """What is kept of a process of this machine, to know later whether it lives."""
    return {
        "hostname": socket.gethostname(),
        "boot": _boot(),
        "namespace": _namespace(),
        "pid": pid,
        "pid_started": _started(pid),
    }


def is_gone(run: Run) -> bool:
    """Whether a run that is recorded as running has lost its process.

    A process of this machine is looked at. One elsewhere, or in another container here, is gone
    when nothing was heard of it for `LEASE_SECONDS`; one of an older Windlass never says a word,
    and is never said to be gone.
    """
    host: Any = run.host
    if run.status != "running" or not host:
        return False
    if not is_of_here(host):
        return run.beat is not None and time.time() - run.beat > LEASE_SECONDS
    return is_process_gone(host)


def is_of_here(told: Any) -> bool:
    """Whether a process, as `this_process` told of it, could be seen from here."""
    is_beside = told.get("namespace", _namespace()) != _namespace()  # older ones told none
    return told.get("hostname") == socket.gethostname() and not is_beside


def is_process_gone(told: Any) -> bool:
    """Whether a process of this machine has ended."""
    return bool(told["boot"] != _boot() or told["pid_started"] != _started(told["pid"]))


@functools.cache
def _boot() -> str | None:
    """What distinguishes this start of the machine from its others."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123
            return file.read().strip()
    except OSError:
        return None


@functools.cache
def _namespace() -> int | None:
    """What distinguishes the processes that can be seen from here from those of a container."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
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
