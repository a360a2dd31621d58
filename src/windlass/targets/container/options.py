"""What the target takes in ``windlass.toml``.

[stacks.box]
target = "container"

[stacks.box.options]
engine = "podman"                       # or "docker"; the first of them that is there, if not given
base = "docker.io/library/python:3.12-slim"  # the image that environments are built on
network = "host"                        # of the containers: host, none, or a network's name
mounts = ["/data", "/models:ro"]        # folders and files of this machine, seen at their places
variables = ["AWS_PROFILE"]             # environment variables of this machine, passed on
arguments = ["--security-opt=…"]        # whatever else the engine's `run` is to be told
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError
from windlass.stacks.settings import ENGINES
from windlass.stacks.toml import did_you_mean

_BASE = "docker.io/library/python:{python}-slim"


@dataclass(frozen=True, slots=True)
class Options:
    """How containers are made.

    Args:
        engine: The program that makes them; None for the first that is there.
        base: The image that environments are built on; None for Python's own, slim.
        network: That of the containers.
        mounts: Folders and files of this machine, with ``:ro`` for those that are only read.
        variables: Names of environment variables that are passed on.
        arguments: Further ones of the engine's ``run``.
    """

    engine: str | None = None
    base: str | None = None
    network: str = "host"
    mounts: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    def base_for(self, python: str) -> str:
        """The image that an environment of a minor version of Python is built on."""
        return self.base or _BASE.format(python=python)


def read_options(said: Mapping[str, Any], stack: str) -> Options:
    """The options of a stack.

    Args:
        said: As in ``windlass.toml``, secrets resolved.
        stack: Its name.

    Raises:
        ConfigError: One is unknown or wrong.
    """
    known = {field.name for field in fields(Options)}
    where = f"[stacks.{stack}.options]"
    for name in said:
        if name not in known:
            raise ConfigError(
                f"{where} has '{name}', which the target 'container' does not take",
                hint=did_you_mean(name, known),
            )
    found = Options(**{name: _value(name, value, where) for name, value in said.items()})
    if found.engine not in (None, *ENGINES):
        raise ConfigError(
            f"{where}: engine = {found.engine!r} is not known", hint="Write podman or docker."
        )
    for mount in found.mounts:
        _check_mount(mount, where)
    return found


def _value(name: str, value: object, where: str) -> Any:
    if name in ("engine", "base", "network"):
        if isinstance(value, str) and value:
            return value
        raise ConfigError(f"{where}: {name} = {value!r} must be a text")
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return tuple(value)
    raise ConfigError(f"{where}: {name} = {value!r} must be a list of texts")


def _check_mount(mount: str, where: str) -> None:
    path = Path(mount.removesuffix(":ro")).expanduser()
    if not path.is_absolute() or ":" in str(path):
        raise ConfigError(
            f"{where}: the mount {mount!r} is not an absolute path",
            hint='It is seen at its own place: mounts = ["/data", "/models:ro"].',
        )
    if not path.exists():
        raise ConfigError(
            f"{where}: the mount {mount} is not there",
            hint=f"Make {path}, or leave it out.",
        )
