"""The parent of all workers: a clean interpreter with all imported but the project's own code.

Workers are forked from it, in milliseconds, and not from the user's process, whose threads, locks
and hash seed they would inherit. It reports each worker's death to the driver. When the driver is
gone, it kills every worker with all that the worker started, and ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import select
import signal
import socket
import sys
from typing import Any

from windlass.execution import orphans
from windlass.execution.channel import Channel

_PRELOADED = ("windlass.execution.worker",)


class _Forkserver:
    def __init__(self, control: Channel) -> None:
        self._control = control
        self._children: set[int] = set()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_write)

    def serve(self) -> None:
        while True:
            control = self._control.fileno()
            readable, _, _ = select.select([control, self._wake_read], [], [])
            if self._wake_read in readable:
                self._reap()
            if control in readable:
                request, descriptor = self._control.receive_with_descriptor()
                if request is None:
                    break
                with contextlib.suppress(OSError):  # the driver is gone: the next look tells
                    self._control.send({"spawned": self._spawn(request, descriptor)})
        for child in self._children:
            kill_group(child)

    def _spawn(self, request: Any, descriptor: int) -> int:
        pid = os.fork()
        if pid == 0:
            self._become_worker(request, descriptor)
        os.close(descriptor)
        self._children.add(pid)
        return pid

    def _become_worker(self, request: Any, descriptor: int) -> None:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setsid()  # a group of its own, so that all it starts can be killed with it
            orphans.die_with_parent(os.getppid())
            self._control.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            from windlass.execution import worker

            worker.work(Channel(socket.socket(fileno=descriptor)), request)
            code = 0
        except BaseException:  # noqa: BLE001 (nothing may unwind into the server's own loop)
            import traceback

            traceback.print_exc()
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake_read, 4096):
                pass
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._children.discard(pid)
            kill_group(pid)  # what it started and left behind
            with contextlib.suppress(OSError):
                self._control.send({"died": pid, "status": os.waitstatus_to_exitcode(status)})


def kill_group(pid: int) -> None:
    """Kills a worker and everything that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Serves the driver whose socket is the descriptor named as the first argument.

    Further arguments name libraries that every worker will need. One that cannot be imported is
    left to the workers, who say in words what is missing.
    """
    control = Channel(socket.socket(fileno=int(sys.argv[1])))
    gc.disable()  # what is imported stays: looking through it takes a tenth of the start
    for name in _PRELOADED:
        importlib.import_module(name)
    for name in sys.argv[2:]:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()  # so that collections in workers don't copy the pages they share with us
    gc.enable()
    _Forkserver(control).serve()


if __name__ == "__main__":
    main()
