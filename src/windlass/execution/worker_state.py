"""Whether this process is a worker. Kept apart so that asking imports nothing."""

from __future__ import annotations

_state = {"worker": False}


def in_worker() -> bool:
    """Whether this process is a worker, where a run must not be started by an import."""
    return _state["worker"]


def become_worker() -> None:
    """Says that this process is a worker."""
    _state["worker"] = True
