"""The words by which an engine starts the container of an attempt."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from windlass.execution.liveness import is_of_here, is_process_gone, this_process
from windlass.execution.resources import Share
from windlass.targets.container.engine import Engine
from windlass.targets.container.mounts import Mount
from windlass.targets.container.options import Options
from windlass.targets.container.recipe import PYTHON

DRIVER = "windlass.driver"
"""The label that tells which process wants a container."""
_SHARED_MEMORY = 2**30


@dataclass(frozen=True, slots=True)
class Box:
    """What the containers of a run have in common.

    Args:
        engine: What makes them.
        options: Those of the target.
        images: Their names, by the environment that steps ask for; None for the pipeline's own.
        mounts: What they see, beside a working directory of their own.
        variables: What is set in them.
        passed: Names of this machine's variables that are set in them, too.
        home: The folder of the project's state.
    """

    engine: Engine
    options: Options
    images: Mapping[str | None, str]
    mounts: Sequence[Mount]
    variables: Mapping[str, str]
    passed: Sequence[str]
    home: Path

    def command(self, name: str, share: Share, memory: int, scratch: Path) -> list[str]:
        """The command that runs a container until its attempt has ended.

        Args:
            name: The container's.
            share: What its step is given.
            memory: The most memory that it may have, in bytes; 0 if that does not matter.
            scratch: The folder that it sees as its working directory.
        """
        return [
            *(self.engine.program, "run", "--rm", "--interactive", "--name", name),
            *("--log-driver", "none", "--pull", "never", "--workdir", str(Path.cwd())),
            *("--network", self.options.network),
            *self._user(),
            *self._labels(),
            *_limits(share, memory),
            *_gpus(share, self.engine),
            *self._variables(),
            *self._mounts(scratch),
            *self.options.arguments,
            self.images[share.kind.environment],
            *(PYTHON, "-P", "-m", "windlass.targets.container.entry"),
        ]

    def _user(self) -> list[str]:
        """The present user, whose files are the present user's on this machine, too."""
        ids = ["--user", f"{os.getuid()}:{os.getgid()}"]
        # With this, a container may use what is mounted where SELinux forbids it, without
        # this machine's files being labelled anew.
        ids += ["--security-opt", "label=disable"]
        return [*ids, "--userns", "keep-id"] if self.engine.rootless else ids

    def _labels(self) -> list[str]:
        return ["--label", f"{DRIVER}={json.dumps(this_process())}"]

    def _variables(self) -> list[str]:
        given = [f"--env={name}={value}" for name, value in self.variables.items()]
        # Without a value: it is not to be seen in the list of processes.
        return given + [f"--env={name}" for name in self.passed if name in os.environ]

    def _mounts(self, scratch: Path) -> list[str]:
        own = Mount(scratch, Path.cwd())
        is_named = any(each.place == own.place for each in self.mounts)  # then it is that one
        shown = [*self.mounts] if is_named else [own, *self.mounts]
        shown.sort(key=lambda mount: len(mount.place.parts))  # the outer ones first
        return [word for mount in shown for word in ("--mount", mount.word())]


def remove_leftovers(engine: Engine) -> None:
    """Removes the containers of drivers of this machine that are gone."""
    gone = [name for name, text in engine.containers(DRIVER) if _is_gone(text)]
    engine.remove(gone)


def _is_gone(text: str) -> bool:
    try:
        told = json.loads(text)
        return is_of_here(told) and is_process_gone(told)
    except (ValueError, KeyError, AttributeError):  # of another Windlass
        return False


def _limits(share: Share, memory: int) -> list[str]:
    shared = memory or _SHARED_MEMORY
    words = [f"--cpus={share.kind.cpus}", f"--shm-size={shared}"]
    return [*words, f"--memory={memory}", f"--memory-swap={memory}"] if memory else words


def _gpus(share: Share, engine: Engine) -> list[str]:
    if engine.kind == "podman":
        return [f"--device=nvidia.com/gpu={each}" for each in share.kind.gpus]
    return [f'--gpus="device={",".join(share.kind.gpus)}"'] if share.kind.gpus else []
