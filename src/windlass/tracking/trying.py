"""Whether the tracker of a stack can be told from here: before a run, and for ``stack check``."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.errors import ConfigError
from windlass.stacks.check import Check, in_time
from windlass.stacks.stack import Stack
from windlass.tracking.tracker import Tracker, make_tracker

_SECONDS = 60.0
"""Of which a tracker's library may take some to be imported."""


def tracker_of(stack: Stack) -> Tracker | None:
    """The tracker of a stack; None where it has none. That it does not answer is no matter here.

    Raises:
        ConfigError: A reference cannot be resolved, a password is written out, or what speaks to
            the tracker is not installed.
    """
    if stack.tracker_shown is None:
        return None
    if stack.tracker_shown != stack.tracker:  # it stands in the record, and reaches workers
        raise ConfigError(
            f"the stack '{stack.name}' names a password in its tracker's address",
            hint='Refer to it: tracker = "mlflow:http://${env:USER}:${env:PASSWORD}@HOST".',
        )
    return make_tracker(stack.tracker_name, stack.tracker_address)


def look_at_tracker(stack: Stack, seconds: float = _SECONDS) -> Iterable[Check]:
    """Has a stack's tracker written, read and cleaned up; nothing for a stack without one.

    Args:
        stack: Which one.
        seconds: How long the tracker may take.
    """
    if stack.tracker_shown is not None:
        yield in_time("tracker", lambda: _try_out(stack), seconds)


def _try_out(stack: Stack) -> Check:
    tracker = tracker_of(stack)
    assert tracker is not None
    try_out = getattr(tracker, "try_out", None)
    if try_out is None:
        tracker.reach()
        return Check("tracker", "ok", f"{stack.tracker_shown} answers")
    done = f"{try_out()}; written, read and cleaned up"
    return Check("tracker", "ok", f"{stack.tracker_shown}: {done}")
