"""The crew of containers: each attempt in one of its own."""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from windlass.errors import RunError
from windlass.execution.crew import Death, Ended
from windlass.execution.execute import Result
from windlass.execution.job import Job
from windlass.execution.pool import how_it_ended, variables_of
from windlass.execution.resources import Resources, Share
from windlass.execution.schedule import Task
from windlass.targets.container.command import Box
from windlass.targets.container.engine import last_words
from windlass.targets.container.mounts import make_places
from windlass.targets.container.recipe import PYTHON

_PATIENCE = 3.0
"""Seconds that containers have to end by themselves when they are wanted no more."""
_READ = 1 << 16
_OF_ENGINE = (125, 126, 127)
"""Exit codes of an engine that could not start a container."""


@dataclass(eq=False, slots=True)
class _Container:
    """An attempt's container, and the engine's process that is attached to it."""

    name: str
    task: str
    share: Share | None
    memory: int
    scratch: Path
    process: subprocess.Popen[bytes]
    errors: IO[bytes]
    heard: bytearray = field(default_factory=bytearray)
    killed: bool = False
    inside: dict[str, Any] | None = None

    def let_go(self) -> None:
        """Ends its input, by which it ends itself."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()


class ContainerCrew:
    """Starts a container for every attempt, as many at once as there is room for.

    Args:
        job: The run.
        box: What the containers have in common.
        resources: What there is to share out.
        request: What a worker must know: see `windlass.execution.worker.work`.
    """

    keeps_time = False

    def __init__(self, job: Job, box: Box, resources: Resources, request: dict[str, Any]) -> None:
        self._job = job
        self._box = box
        self._resources = resources
        self._request = request
        self._containers: list[_Container] = []
        self._selector = selectors.DefaultSelector()

    def start(self, task: Task, attempt: int, first: int) -> bool:
        """Starts a container, if there is room for what the step needs."""
        settings = self._job.plan.settings(task.node)
        share = self._resources.take(settings)
        if share is None:
            return False
        container = self._started(task.name, share, settings.memory_bytes)
        asked = {"node": task.node.name, "index": task.index, "attempt": attempt, "first": first}
        request = {**self._request, "environment": variables_of(share.kind)}
        assert container.process.stdin is not None
        with contextlib.suppress(OSError):  # the engine refused: its end tells
            container.process.stdin.write(_line({"task": asked, "request": request}))
            container.process.stdin.flush()
        return True

    def wait(self, timeout: float) -> list[Ended]:
        """What containers told, and which of them ended without a word."""
        ended: list[Ended] = []
        for key, _ in self._selector.select(timeout):
            ended += self._hear(key.data)
        return ended

    def kill(self, name: str) -> None:
        """Ends a task's container."""
        for container in self._containers:
            if container.task == name and container.share is not None:
                container.killed = True
                container.let_go()

    def close(self) -> None:
        """Ends all containers, and waits until they are gone."""
        for container in self._containers:
            container.let_go()
        deadline = time.monotonic() + _PATIENCE
        for container in self._containers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                container.process.wait(max(0.0, deadline - time.monotonic()))
        left = [each for each in self._containers if each.process.poll() is None]
        self._box.engine.remove([each.name for each in left])
        for container in [*self._containers]:
            self._forget(container)
        self._selector.close()

    def _started(self, task: str, share: Share, memory: int) -> _Container:
        # What is not a letter or digit stands for itself in no engine's names.
        plain = re.sub(r"[^A-Za-z0-9]+", "-", f"{self._job.name}-{task}").strip("-")
        name = f"windlass-{plain[:80]}-{uuid.uuid4().hex[:8]}"
        scratch = self._scratch()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the container is forgotten
        process = subprocess.Popen(
            self._box.command(name, share, memory, scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # a Ctrl-C in the terminal is the driver's to act on
        )
        container = _Container(name, task, share, memory, scratch, process, errors)
        self._containers.append(container)
        assert process.stdout is not None
        self._selector.register(process.stdout, selectors.EVENT_READ, container)
        return container

    def _scratch(self) -> Path:
        folder = self._box.home / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder))
        make_places(self._box.mounts, scratch)
        return scratch

    def _hear(self, container: _Container) -> Iterator[Ended]:
        assert container.process.stdout is not None
        data = container.process.stdout.read1(_READ)  # type: ignore[attr-defined]
        container.heard += data
        while (end := container.heard.find(b"\n")) >= 0:
            message = json.loads(container.heard[:end])
            del container.heard[: end + 1]
            yield from self._take(container, message)
        if not data:
            yield from self._bury(container)

    def _take(self, container: _Container, message: Any) -> Iterator[Ended]:
        if "broken" in message:
            error = message["broken"]
            raise RunError(f"the run cannot go on: {error['message']}", hint=error["hint"])
        if "ended" in message:
            container.inside = message
        elif container.share is not None:
            self._give_back(container)
            yield container.task, Result(**message)

    def _bury(self, container: _Container) -> Iterator[Ended]:
        code = container.process.wait()
        if container.share is not None:
            self._give_back(container)
            yield container.task, self._death(container, code)
        self._forget(container)

    def _give_back(self, container: _Container) -> None:
        assert container.share is not None
        self._resources.give_back(container.share)
        container.share = None

    def _forget(self, container: _Container) -> None:
        assert container.process.stdout is not None
        self._containers.remove(container)
        self._selector.unregister(container.process.stdout)
        container.let_go()
        container.process.wait()
        container.process.stdout.close()
        container.errors.close()
        shutil.rmtree(container.scratch, ignore_errors=True)

    def _death(self, container: _Container, code: int) -> Death:
        if container.killed:
            return Death("its container was ended")
        if container.inside is not None:
            return _inner_death(container, container.inside)
        container.errors.seek(0)
        words = last_words(container.errors.read().decode(errors="replace"))
        if code in _OF_ENGINE:
            return _refused(words)
        if code == 137:
            return Death("its container was killed", "Something on this machine ended it.")
        return Death(f"its container ended with exit code {code}: {words}")


def _inner_death(container: _Container, told: dict[str, Any]) -> Death:
    if told["memory"] and container.memory:
        return Death(
            f"it needed more memory than its limit of {_shown(container.memory)}, and was killed",
            f'Give the step more: @step(memory="{_shown(2 * container.memory)}"), or let it take '
            "less at once.",
            kind="OutOfMemoryError",
        )
    return Death(f"its process ended: {how_it_ended(told['ended'])}")


def _refused(words: str) -> Death:
    if PYTHON in words:
        hint = "The image is damaged: remove it, and it is built again."
    else:
        hint = "See that the engine can start containers, and what [stacks.NAME.options] asks for."
    return Death(f"its container could not be started: {words}", hint, kind="ContainerError")


def _line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _shown(size: int) -> str:
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size % unit == 0 or size >= 10 * unit:
            return f"{size // unit}{name}"
    return str(size)
