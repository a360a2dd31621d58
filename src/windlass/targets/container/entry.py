"""What runs in a container: one attempt at one node, told by lines of JSON.

The first process here stays small. It reads what is to be done and starts the worker; when its
input ends, the driver is gone or wants no more, and it ends, whereby the kernel ends the rest. When
the worker has ended it tells how, and whether memory ran out, which only this place knows.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from typing import Any

from windlass.execution.memory_kills import killed_for_memory


class _OneTask:
    """The worker's end of the talk: there is one task, and what is sent is a line."""

    def __init__(self, task: Any, out: int) -> None:
        self._tasks = [task]
        self._out = out

    def receive(self) -> Any:
        return self._tasks.pop() if self._tasks else None

    def send(self, message: Any) -> None:
        say(self._out, message)


def say(out: int, message: Any) -> None:
    """Writes a message as a line."""
    data = json.dumps(message).encode() + b"\n"
    while data:
        data = data[os.write(out, data) :]


def main() -> None:
    """Does what the first line on standard input says."""
    asked = json.loads(sys.stdin.buffer.readline())
    out = os.dup(1)
    os.set_inheritable(out, False)
    killed_before = killed_for_memory()
    worker = os.fork()
    if worker == 0:
        _work(asked, out)
    status = _outlive(worker)
    with contextlib.suppress(OSError):
        say(out, {"ended": status, "memory": killed_for_memory() > killed_before})
    os._exit(0)


def _work(asked: Any, out: int) -> None:
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        from windlass.execution.worker import work

        work(_OneTask(asked["task"], out), asked["request"])
        code = 0
    except BaseException:  # noqa: BLE001 (nothing may unwind into what the parent does)
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _outlive(worker: int) -> int:
    """Waits for the worker; its exit status. Ends with it when nobody listens any more."""
    wake, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:  # orphans come to us, too
                if ended[0] == worker:
                    return os.waitstatus_to_exitcode(ended[1])
        readable, _, _ = select.select([0, wake], [], [])
        if wake in readable:
            os.read(wake, 4096)
        if 0 in readable and not os.read(0, 4096):
            os._exit(137)


if __name__ == "__main__":
    main()
