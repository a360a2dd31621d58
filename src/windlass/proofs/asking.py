"""Asking a process in the scratch place, and hearing from it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import RunError, WorkerDiedError
from windlass.execution.channel import Channel, channel_pair
from windlass.execution.execute import Result
from windlass.execution.observer import Observer
from windlass.execution.pool import how_it_ended
from windlass.proofs.scratch import Scratch
from windlass.provenance.machine import COMPUTING

_STRANGE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""What would lead another environment's Python back to this one."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks processes of one environment.

    Args:
        scratch: Where they work.
        python: The interpreter; of the environment in which nodes are to run.
        variables: Variables of the recorded run that may change what steps compute.
        is_present: Whether the environment is that of this process.
    """

    scratch: Scratch
    python: Path
    variables: Mapping[str, str]
    is_present: bool

    def ask(self, task: str, observer: Observer | None = None, **request: Any) -> dict[str, Any]:
        """What comes of a task of `windlass.proofs.child`.

        Raises:
            RunError: It could not be done.
            WorkerDiedError: The process ended under it.
        """
        ours, theirs = channel_pair()
        process = subprocess.Popen(
            [str(self.python), "-P", "-m", "windlass.proofs.child", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=self.scratch.folders.inside,
            env=self._environment(),
        )
        theirs.close()
        try:
            ours.send({**request, **self._common(), "task": task})
            answer = _hear(ours, observer or Observer())
        finally:
            ours.close()
            _end(process)
        if answer is None:
            told = how_it_ended(process.returncode)
            raise WorkerDiedError(f"the process that was to reproduce the run ended: {told}")
        return answer

    def _common(self) -> dict[str, Any]:
        code = self.scratch.folders.code
        return {
            "stack": self.scratch.stack_document,
            "sources": [str((code / source).resolve()) for source in self.scratch.sources],
            "root": str(self.scratch.folders.root),
        }

    def _environment(self) -> dict[str, str]:
        """Variables as here; of those that change what is computed, as they were recorded.

        But for the language and the time zone: what rests on them should show.
        """
        strange = () if self.is_present else _STRANGE
        kept = {name: value for name, value in os.environ.items() if name not in strange}
        for name in COMPUTING:
            kept.pop(name, None)
            if name in self.variables:
                kept[name] = self.variables[name]
        return kept


def _hear(channel: Channel, observer: Observer) -> dict[str, Any] | None:
    """The answer; what happens before goes to the observer. None: it ended without one."""
    while (message := channel.receive()) is not None:
        if "done" in message:
            found: dict[str, Any] = message["done"]
            return found
        if "failed" in message:
            raise RunError(message["failed"]["message"], hint=message["failed"]["hint"])
        if message["event"] == "node_ended":
            observer.node_ended(Result(**message["result"]))
        else:
            getattr(observer, message["event"])(*message["given"])
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Waits for a process that has answered; one that has not is ended."""
    try:
        process.wait(timeout=10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.terminate()
        process.wait()
