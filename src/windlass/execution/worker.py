"""A warm worker: executes node after node of one run, as it is asked."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from typing import Any

from windlass import places
from windlass.errors import WindlassError
from windlass.execution import capture
from windlass.execution.channel import Talk
from windlass.execution.execute import execute
from windlass.execution.failure import describe_failure
from windlass.execution.job import Job, open_job
from windlass.execution.libraries import note_libraries
from windlass.execution.stores import open_stores, stack_from_json
from windlass.execution.worker_state import become_worker


def work(channel: Talk, request: Any) -> None:
    """Answers tasks until the driver is gone.

    Args:
        channel: Tasks come by it, as ``{"node", "index", "attempt", "first"}``; results go.
        request: ``environment``: variables to set; ``sys_path``: where modules are, before what
            this interpreter has by itself if ``keeps_path``; ``job``: the run's id and the
            stack that its stores are in; ``told_as``, if recorded code is run: its folder, and
            the one that it was written in.
    """
    become_worker()
    os.environ.update(request["environment"])
    sys.path[:] = [*request["sys_path"], *(sys.path if request["keeps_path"] else ())]
    sys.argv[:] = [""]
    if "told_as" in request:
        places.tell_as(*request["told_as"])
    _leave_terminal()
    capture.open_streams()
    job: Job | None = None
    while (task := channel.receive()) is not None:
        try:
            job = job or _open(request["job"])
            capture.show_logging()
            result = execute(
                *(job, task["node"], task["index"], task["attempt"]),
                capture.captured,
                first=task["first"],
            )
            note_libraries(job)
        except WindlassError as error:  # the record cannot be written: the driver must stop
            channel.send({"broken": describe_failure(error)})
        else:
            channel.send(dataclasses.asdict(result))
        _close_figures()


def _leave_terminal() -> None:
    """Between tasks nothing is written: a step's stray thread must not disturb the display."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)


def _close_figures() -> None:
    """Forgets what a step left open in pyplot: in a warm worker figures would pile up."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        with contextlib.suppress(Exception):  # a figure's own handlers may fail
            pyplot.close("all")


def _open(job: Any) -> Job:
    return open_job(job["run"], open_stores(stack_from_json(job["stack"]), patient=True))
