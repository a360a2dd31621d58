"""No process of a run outlives the process that drives it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Lets the kernel kill this process when its parent ends (Linux; elsewhere, nothing).

    Elsewhere an idle worker ends when its channel closes, and a busy one after its step.

    Args:
        parent: The parent's process id, to notice one that ended before this call.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
