"""podman or docker, whichever is there: how it is asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from windlass.errors import ConfigError
from windlass.stacks.settings import ENGINES

_OLDEST = {"podman": (4, 0), "docker": (20, 10)}
_NEEDS = "https://podman.io or https://docs.docker.com/engine"
_KEPT_LINES = 20


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that makes containers.

    Args:
        program: Its path.
        kind: ``podman`` or ``docker``: how it is spoken to.
        rootless: Whether it runs without the rights of root.
        version: Its own.
    """

    program: str
    kind: str
    rootless: bool = False
    version: str = ""

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What it says to a command; whether it refuses is for the caller to see."""
        return subprocess.run(
            [self.program, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def has_image(self, name: str) -> bool:
        """Whether an image is on this machine."""
        return self.ask("image", "inspect", "--format", "{{.Id}}", name).returncode == 0

    def trouble_with(self, image: str) -> str | None:
        """Why an image cannot be had, in words; None if it is here or a registry has it."""
        if self.has_image(image):
            return None
        asked = self.ask("manifest", "inspect", image)
        return None if asked.returncode == 0 else last_words(asked.stderr)

    def tag(self, image: str, name: str) -> None:
        """Gives an image another name.

        Raises:
            ConfigError: It cannot be called so.
        """
        asked = self.ask("tag", image, name)
        if asked.returncode:
            raise ConfigError(f"no image can be called {name}: {last_words(asked.stderr)}")

    def remove(self, containers: Sequence[str]) -> None:
        """Ends and removes containers; those that are gone are no matter."""
        if containers:
            now = ("--time", "0") if self.kind == "podman" else ()
            self.ask("rm", "--force", *now, *containers)

    def containers(self, label: str) -> list[tuple[str, str]]:
        """The containers that have a label, running or not: each one's id, and the label's text."""
        shown = f'{{{{.ID}}}} {{{{.Label "{label}"}}}}'
        if self.kind == "podman":
            shown = f'{{{{.ID}}}} {{{{index .Labels "{label}"}}}}'
        asked = self.ask(
            "ps", "--all", "--no-trunc", "--filter", f"label={label}", "--format", shown
        )
        lines = (line.partition(" ") for line in asked.stdout.splitlines() if line)
        return [(name, text) for name, _, text in lines]

    def follow(self, words: Sequence[str], tell: Callable[[str], None]) -> tuple[int, str]:
        """Runs a command that takes long, and tells every line; its exit status and last lines."""
        kept: list[str] = []
        with subprocess.Popen(
            [self.program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    kept = [*kept[1 - _KEPT_LINES :], line.rstrip()]
                    tell(kept[-1])
            except BaseException:
                process.kill()
                raise
        return process.returncode, "\n".join(kept)


def find_engine(
    wanted: str | None,
    what: str = "the target 'container'",
    instead: str = "run on this machine itself: --target local",
) -> Engine:
    """The engine that is wanted, or the first that is there.

    Args:
        wanted: ``podman``, ``docker`` or None.
        what: What needs it, in words.
        instead: What can be done without one.

    Raises:
        ConfigError: There is none, it does not answer, or it is too old.
    """
    names = ENGINES if wanted is None else (wanted,)
    found = next(((name, path) for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise ConfigError(
            f"{what} needs {' or '.join(names)}, and there is none on this machine",
            hint=f"Install it ({_NEEDS}), or {instead}.",
        )
    name, path = found
    told = Engine(path, name).ask(
        "version", "--format", "json" if name == "podman" else "{{json .}}"
    )
    version = _version(told.stdout) if told.returncode == 0 else None
    if version is None:
        raise ConfigError(
            f"{name} does not answer: {last_words(told.stderr) or 'it says nothing'}",
            hint=f"See that `{name} info` works for you; docker may need its service started, or "
            "DOCKER_HOST to say where it listens.",
        )
    _refuse_old(name, version)
    return Engine(path, name, name == "podman" and os.getuid() != 0, version)


def last_words(text: str) -> str:
    """The line of an engine's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"error\b", line, re.IGNORECASE)]
    line = (errors or lines or [""])[-1]
    return re.sub(r"^error:\s*", "", line, flags=re.IGNORECASE).rstrip(".")


def _version(text: str) -> str | None:
    """The engine's own version, not that of the program that asks it."""
    try:
        told: Any = json.loads(text)
        own = told.get("Server") or told["Client"]
        return str(own["Version"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _refuse_old(name: str, version: str) -> None:
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    # Behind docker's program may be podman's service, which counts as podman does.
    oldest = min(_OLDEST.values()) if name == "docker" and found < (10,) else _OLDEST[name]
    if found < oldest:
        wanted = ".".join(map(str, oldest))
        raise ConfigError(
            f"{name} {version} is too old: at least {wanted} is needed",
            hint=f"Install a newer one ({_NEEDS}).",
        )
