"""What every target has that drives runs from here: a crew, which tries nodes as it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

from windlass.execution.execute import Result
from windlass.execution.schedule import Task


class Death(NamedTuple):
    """How an attempt ended whose process did not live to say so itself.

    Args:
        message: What happened to the process, such as "its process ended: killed by SIGKILL".
        hint: What to do about it.
        kind: The name of the error, as a person is shown it.
        is_lost: Whether the machine under it went, which is no fault of the step: it is begun again
            elsewhere, beyond the retries of the step.
    """

    message: str
    hint: str | None = None
    kind: str = "WorkerDiedError"
    is_lost: bool = False


def timed_out(timeout: float) -> Death:
    """How an attempt ended that was killed because it took longer than the step allows."""
    hint = "Raise the step's timeout, or make it faster."
    return Death(f"it ran past its timeout of {timeout:g} s", hint, "StepTimeoutError")


Ended: TypeAlias = tuple[str, Result | Death]
"""The name of a task, and what came of it."""


class Crew(Protocol):
    """Tries nodes, as many at once as it has room for. The driver tells it which, and when.

    Attributes:
        keeps_time: Whether it ends what runs past its timeout by itself, since only it knows when
            an attempt has really begun.
    """

    keeps_time: bool

    def start(self, task: Task, attempt: int, first: int) -> bool:
        """Begins an attempt; False, and nothing is begun, where there is no room for it now.

        Args:
            task: What is tried.
            attempt: Counted from 1.
            first: The first attempt since the run was last resumed.
        """
        ...

    def wait(self, timeout: float) -> Sequence[Ended]:
        """What has ended, as soon as something has, or nothing when the time is over.

        Args:
            timeout: In seconds.

        Raises:
            RunError: The record could not be written, so that it is not known what happened.
        """
        ...

    def kill(self, name: str) -> None:
        """Kills a task's process, and all that it started; its death is told by `wait`."""
        ...

    def close(self) -> None:
        """Ends everything that it started."""
        ...
