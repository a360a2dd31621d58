"""The driver's side of the worker processes: starting, asking, killing, and hearing of a death."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from windlass.errors import WorkerDiedError
from windlass.execution.channel import Channel, channel_pair
from windlass.execution.forkserver import kill_group
from windlass.execution.threads import THREAD_VARIABLES
from windlass.modules import search_path


@dataclass(frozen=True, slots=True)
class Kind:
    """What distinguishes workers: a step only runs in one of its kind.

    Args:
        cpus: Threads of the numeric libraries, fixed when they are imported.
        gpus: Ids of the GPUs that it sees.
        environment: The name of the environment whose interpreter it is; None for the present one.
    """

    cpus: int = 1
    gpus: tuple[str, ...] = ()
    environment: str | None = None


@dataclass(eq=False, slots=True)
class Worker:
    """A worker process, as the driver sees it."""

    pid: int
    kind: Kind
    channel: Channel
    ended: bool = field(default=False)


class Pool:
    """Starts workers, by way of a fork server of its own, which gets ready while others work.

    Args:
        python: The interpreter of an environment of its own; None for the present one.
        folders: Where modules of the project are, for such an interpreter, which has a path of
            its own for all else.
        libraries: Modules that all workers will need, imported once for them.
    """

    def __init__(
        self,
        python: Path | None = None,
        folders: Sequence[str] = (),
        libraries: Sequence[str] = (),
    ) -> None:
        self._control, theirs = channel_pair()
        self._folders = None if python is None else list(folders)
        program = [sys.executable] if python is None else [str(python), "-P"]
        self._process = subprocess.Popen(
            [*program, "-m", "windlass.execution.forkserver", str(theirs.fileno()), *libraries],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=_variables(own=python is not None),
            start_new_session=True,  # a Ctrl-C in the terminal is the driver's to act on
        )
        theirs.close()
        self._workers: dict[int, Worker] = {}
        self._deaths: deque[tuple[Worker, int]] = deque()

    @property
    def size(self) -> int:
        """How many workers live. No length: a pool that has none yet is a pool."""
        return len(self._workers)

    def fileno(self) -> int:
        """Readable when `deaths` has news."""
        return self._control.fileno()

    def start(self, kind: Kind, job: Mapping[str, Any]) -> Worker:
        """Starts a worker.

        Args:
            kind: Which kind.
            job: What it must know of the run: see `windlass.execution.worker.work`.

        Raises:
            WorkerDiedError: The fork server is gone.
        """
        channel, theirs = channel_pair()
        path = search_path() if self._folders is None else self._folders
        request = {
            "environment": variables_of(kind),
            "sys_path": path,
            "keeps_path": self._folders is not None,
            "job": job,
        }
        try:
            self._control.send(request, (theirs.fileno(),))
        except OSError:
            raise self._lost() from None
        finally:
            theirs.close()
        while True:
            message = self._receive()
            if "spawned" in message:
                worker = Worker(message["spawned"], kind, channel)
                self._workers[worker.pid] = worker
                return worker
            self._note_death(message)

    def deaths(self) -> list[tuple[Worker, int]]:
        """Workers that ended since the last call, each with its exit status (negative: signal).

        Blocks for news unless some was noticed already; call it when `fileno` is readable.
        """
        if not self._deaths:
            self._note_death(self._receive())
        found = list(self._deaths)
        self._deaths.clear()
        return found

    @property
    def noticed(self) -> bool:
        """Whether a death was noticed while something else was awaited."""
        return bool(self._deaths)

    def kill(self, worker: Worker) -> None:
        """Kills a worker and all it started; its death is reported like any other."""
        kill_group(worker.pid)

    def close(self) -> None:
        """Kills every worker and the fork server."""
        for pid in list(self._workers):
            kill_group(pid)
        self._control.close()  # the fork server ends by itself; it is not waited for long
        try:
            self._process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for worker in self._workers.values():
            worker.channel.close()

    def _receive(self) -> Any:
        message = self._control.receive()
        if message is None:
            raise self._lost()
        return message

    def _note_death(self, message: Any) -> None:
        worker = self._workers.pop(message["died"], None)
        if worker is not None:
            worker.ended = True
            self._deaths.append((worker, message["status"]))

    def _lost(self) -> WorkerDiedError:
        code = self._process.wait()
        return WorkerDiedError(
            f"the process that starts the workers ended: {how_it_ended(code)}",
            hint="If memory ran out, run fewer at once: --workers 1.",
        )


def variables_of(kind: Kind) -> dict[str, str]:
    """What is set in workers of a kind."""
    variables = dict.fromkeys(THREAD_VARIABLES, str(kind.cpus))
    variables["CUDA_VISIBLE_DEVICES"] = ",".join(kind.gpus)
    return variables


def _variables(*, own: bool) -> dict[str, str]:
    """The variables of the fork server: none that would bring one environment into another."""
    kept = {name: value for name, value in os.environ.items() if not own or name not in _OF_PYTHON}
    return {**kept, "PYTHONHASHSEED": "0"}


_OF_PYTHON = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX")


def how_it_ended(status: int) -> str:
    """A process's exit status in words."""
    if status >= 0:
        return f"it called exit({status})" if status else "it ended without a word"
    number = -status
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    meaning = _SIGNALS.get(number)
    return f"killed by {name}" + (f" ({meaning})" if meaning else "")


_SIGNALS: dict[int, str] = {
    signal.SIGSEGV: "a memory error in native code",
    signal.SIGBUS: "a memory error in native code, or a full disk under a memory map",
    signal.SIGABRT: "native code gave up",
    signal.SIGFPE: "a division by zero in native code",
    signal.SIGILL: "an instruction that this processor does not know",
    signal.SIGKILL: "perhaps by the kernel, because memory ran out",
    signal.SIGTERM: "asked to end",
}
