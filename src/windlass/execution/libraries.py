"""Which numeric libraries a run really computed with: told in its history, once a process."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from windlass.provenance.hardware import blas_libraries
from windlass.records.model import Event
from windlass.values import Json

if TYPE_CHECKING:
    from windlass.execution.job import Job

KIND = "libraries"
"""Of the event."""

_USERS = ("numpy", "scipy", "torch", "sklearn")
"""Each may bring a BLAS of its own."""

_told: dict[str, list[str]] = {}
"""The users that had been imported when a run was last told."""


def note_libraries(job: Job) -> None:
    """Notes the BLAS libraries that this process has loaded, when more may have come."""
    users = [name for name in _USERS if name in sys.modules]
    if _told.get(job.run, []) == users:
        return
    _told[job.run] = users
    data: dict[str, Json] = {"pid": os.getpid(), "blas": [*blas_libraries()]}
    job.stores.records.add_event(Event(job.run, "", time.time(), KIND, data))
