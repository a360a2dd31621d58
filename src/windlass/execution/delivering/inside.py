"""What a step says to a tracker by itself is brought to where its node is shown there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from windlass.errors import WindlassError
from windlass.provenance import secrets
from windlass.tracking.machine import import_libraries
from windlass.tracking.tracker import StepPlace, find_tracker

if TYPE_CHECKING:
    from windlass.execution.job import Job


@contextlib.contextmanager
def inside(job: Job, node: str, attempt: int) -> Iterator[None]:
    """While a step runs, its own calls of the tracker's library land where the node is shown.

    Where the tracker's address cannot be resolved or its library is not there, the step runs all
    the same, and what it says goes where it would without us.
    """
    import_libraries()
    name, _, written = (job.tracker or "").partition(":")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(WindlassError):
            address = secrets.resolve(written, root=job.stores.project, where="the tracker")
            in_step = getattr(find_tracker(name), "in_step", None)
            if in_step is not None:
                spool = job.spool_path(node, attempt)
                stack.enter_context(
                    in_step(address, StepPlace(job.run, job.plan.name, node, attempt, spool))
                )
        yield
