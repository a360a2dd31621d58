"""Drives a run in this very process, one node after another: for a debugger, and for notebooks."""

from __future__ import annotations

import time
from collections import deque

from windlass.execution import capture
from windlass.execution.execute import execute
from windlass.execution.interrupt import Interrupts
from windlass.execution.libraries import note_libraries
from windlass.execution.progress import Progress, settle_all
from windlass.execution.schedule import Task


def drive_in_process(progress: Progress) -> None:
    """Returns when every node is settled and recorded. Timeouts cannot be enforced here.

    Raises:
        KeyboardInterrupt: Never: Ctrl-C raises in the step, and the run is recorded as cancelled.
    """
    ready = deque(progress.tasks())
    while ready:
        task = ready.popleft()
        try:
            with Interrupts(raising=True) as interrupts:
                _run(progress, task)
        except KeyboardInterrupt:
            progress.cancelled = interrupts.reason or "interrupted"
            with Interrupts():  # what remains is writing it down
                settle_all(progress, [task, *ready])
            return
        progress.cancelled = progress.asked_to_end  # a step here is not broken off for that
        if progress.stopping:
            settle_all(progress, list(ready))
            return
        ready.extend(progress.tasks())


def _run(progress: Progress, task: Task) -> None:
    settings = progress.job.plan.settings(task.node)
    first = progress.first_attempt(task)
    for attempt in range(first, first + settings.retries + 1):
        progress.check()
        progress.observer.node_started(task.name, attempt)
        place = (progress.job, task.node.name, task.index, attempt)
        result = execute(*place, capture.teed, first=first)
        note_libraries(progress.job)
        if result.final:
            progress.finish(task, result)
            return
        progress.observer.node_ended(result)
        time.sleep(settings.retry_delay)
