"""The process beside a run that tells its tracker how it goes.

A process, and not a thread of the driver's: MLflow's client takes seconds to import and waits for
servers, and a model must be loaded to be handed on; none of that may hold up who orders the steps.
It is told of the end of the run by the end of its input, and is then waited for, but not for ever:
what it has not told by then is in the record as waiting.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

from windlass.errors import WindlassError
from windlass.execution.stores import stack_from_json, stack_to_json
from windlass.stacks.stack import Stack

_PAUSE = 2.0
"""Seconds between two rounds."""
_LONGEST_PAUSE = 30.0
"""While the tracker is away."""
PATIENCE = 20.0
"""Seconds that a run which has ended waits for its tracker."""


@contextlib.contextmanager
def told_beside(stack: Stack, tell: Callable[[str], None]) -> Iterator[None]:
    """Has a stack's tracker told, while the body runs a run and shortly after.

    Args:
        stack: The run's.
        tell: Takes a line for whoever watches, if not all could be told.
    """
    if stack.tracker_shown is None:
        yield
        return
    process = _start(stack)
    try:
        yield
    except BaseException:
        _end(process, patience=PATIENCE / 4)
        raise
    left = _end(process, patience=PATIENCE)
    if left is not None:
        tell(left)


def _start(stack: Stack) -> subprocess.Popen[str]:
    # In a group of its own: Ctrl-C is for the driver, which tells it of the end.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "windlass.execution.delivering.beside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    )
    assert process.stdin is not None
    document = {"stack": stack_to_json(stack), "path": sys.path}
    with contextlib.suppress(OSError):  # it is gone already: then all is told later
        process.stdin.write(f"{json.dumps(document)}\n")
        process.stdin.flush()
    return process


def _end(process: subprocess.Popen[str], patience: float) -> str | None:
    """Lets it end; returns what a person is to be told, None if all was told."""
    try:
        told, _ = process.communicate(timeout=patience)  # which closes its input
    except subprocess.TimeoutExpired:
        told = None
    except BaseException:
        _stop(process)
        raise
    if told is None:
        _stop(process)
        return f"not all was told in {PATIENCE:.0f} seconds; the rest: windlass sync"
    if process.returncode != 0:
        return (
            f"the tracker was not told: {told.strip() or 'its process died'}; later: windlass sync"
        )
    return told.strip() or None


def _stop(process: subprocess.Popen[str]) -> None:
    """Ends it: politely first, so that it lets the tracker go for others to tell."""
    process.terminate()
    try:
        process.communicate(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def main() -> int:
    """Tells until its input ends; prints what was not told."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    document = json.loads(sys.stdin.readline())
    sys.path[:] = [*dict.fromkeys([*document["path"], *sys.path])]
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    try:
        told = _tell(stack_from_json(document["stack"]), ended)
    except WindlassError as error:
        print(error.message)  # noqa: T201 (its parent reads it)
        return 1
    if told:
        print(told)  # noqa: T201
    return 0


def _tell(stack: Stack, ended: threading.Event) -> str:
    from windlass.execution.delivering.rounds import deliver, round_text

    pause = _PAUSE
    while not ended.is_set():
        found = deliver(stack, models=False)
        pause = min(2 * pause, _LONGEST_PAUSE) if found and found.away else _PAUSE
        ended.wait(pause)
    last = deliver(stack, patience=PATIENCE)
    return round_text(last) if last and (last.left or last.refused) else ""


def _wait_for_end(ended: threading.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.read(1 << 16):
            pass
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
