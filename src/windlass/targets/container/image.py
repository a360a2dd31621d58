"""Images: one for each locked environment, built once."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from windlass.errors import ConfigError, LockError
from windlass.provenance.environments import cache_folder
from windlass.provenance.indexes import Indexes, find_indexes
from windlass.provenance.lock import Lock
from windlass.provenance.uv import clean_words
from windlass.records.lock import FileLock
from windlass.targets.container.engine import Engine, last_words
from windlass.targets.container.recipe import (
    CACHE,
    NO_PYTHON,
    NO_SYSTEM,
    TOLD,
    image_name,
    write_context,
)

_WHERE = "under [image] in windlass.toml, or for a target under [stacks.NAME.options]"
_NO_BASE = f"Name an image that you can have: base = … {_WHERE}; or log in to its registry."

REFUSED = "refused: "
"""What stands before the line in which a check in an image says why it fails."""

_OF_ENGINE = (
    *("STEP ", "-->", TOLD, "Error: building", "Error: error building", "building at STEP"),
    *("Sending build context", "DEPRECATED:", "            "),
)
"""How lines begin that an engine tells of its own work."""


def refuse_base(engine: Engine, base: str) -> None:
    """Refuses a base image that is neither here nor in a registry.

    Raises:
        ConfigError: It is not.
    """
    trouble = engine.trouble_with(base)
    if trouble is not None:
        raise ConfigError(f"the base image {base} cannot be had: {trouble}", hint=_NO_BASE)


def ready_image(
    engine: Engine, lock: Lock, wheel: Path, base: str, root: Path, tell: Callable[[str], None]
) -> str:
    """The name of the image of a lock, which is built if it is not there.

    Args:
        engine: What builds it.
        lock: What is in it.
        wheel: That of Windlass, as `place_wheel` gives it.
        base: The image that it is built on.
        root: The project's folder: uv looks for its settings there.
        tell: Says what takes time.

    Raises:
        ConfigError: It cannot be built.
    """
    name = image_name(lock, wheel, base)
    if not engine.has_image(name):
        with _alone(name):
            if not engine.has_image(name):
                _make(engine, name, lock, wheel, base, root, tell)
    return name


def ready_upon(engine: Engine, name: str, write: Callable[[Path], None]) -> None:
    """Builds an image upon another one of this machine, if it is not there.

    Args:
        engine: What builds it.
        name: Its name, which tells all that is in it.
        write: Writes its Containerfile, and what that copies, into an empty folder.

    Raises:
        ConfigError: It cannot be built.
    """
    if engine.has_image(name):
        return
    with _alone(name):
        if engine.has_image(name):
            return
        with tempfile.TemporaryDirectory(prefix="windlass-image-") as folder:
            write(Path(folder))
            words = ["build", "--network=none", "--tag", name]
            # Podman's own form has no healthchecks.
            words += ["--format=docker"] if engine.kind == "podman" else []
            words += ["--file", f"{folder}/Containerfile", folder]
            status, text = engine.follow(words, lambda _: None)
        if status != 0 or not engine.has_image(name):
            lines = [line for line in text.splitlines() if not _is_of_engine(line)]
            told = [line.removeprefix(REFUSED) for line in lines if line.startswith(REFUSED)]
            why = told[-1] if told else last_words("\n".join(lines) or text)
            raise ConfigError(f"the image {name} cannot be built: {why}")


def _make(
    engine: Engine,
    name: str,
    lock: Lock,
    wheel: Path,
    base: str,
    root: Path,
    tell: Callable[[str], None],
) -> None:
    system = f", {len(lock.system)} of the system" if lock.system else ""
    contents = f"Python {lock.python}, {len(lock.requirements)} packages{system}"
    tell(f"building an image on {base}: {contents}")
    # docker shows no folder of this machine to a build, but keeps a cache of its own.
    is_docker = engine.kind == "docker"
    indexes = find_indexes(root).without_folders() if is_docker else find_indexes(root)
    with tempfile.TemporaryDirectory(prefix="windlass-image-") as folder:
        write_context(Path(folder), lock, wheel, base, indexes, keep_cache=is_docker)
        _build(engine, name, Path(folder), lock, base, indexes, tell)


def _build(
    engine: Engine,
    name: str,
    folder: Path,
    lock: Lock,
    base: str,
    indexes: Indexes,
    tell: Callable[[str], None],
) -> None:
    def hear(line: str) -> None:
        if line.startswith(TOLD):
            tell(line.removeprefix(TOLD))

    words = ["build", "--network=host", "--tag", name, "--file", str(folder / "Containerfile")]
    words += [f"--volume={each}:{each}:ro" for each in indexes.folders]
    if engine.kind == "podman":
        cache = cache_folder() / "uv"
        cache.mkdir(parents=True, exist_ok=True)
        words += [f"--volume={cache}:{CACHE}", "--security-opt=label=disable"]
    status, text = engine.follow([*words, str(folder)], hear)
    if status != 0 or not engine.has_image(name):
        raise _refusal(text, lock, base)


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    """Held by one process at a time: what one builds the others wait for."""
    folder = cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name.partition(':')[2]}.lock")
    with contextlib.closing(lock), lock:
        yield


def _refusal(text: str, lock: Lock, base: str) -> ConfigError:
    told = clean_words("\n".join(each for each in text.splitlines() if not _is_of_engine(each)))
    if _ended_with(NO_PYTHON, text):
        return ConfigError(
            f"the base image {base} brings no Python {lock.python}, which the lock is for",
            hint="Name one that does, such as "
            f'base = "docker.io/library/python:{lock.python}-slim" {_WHERE}; or python = "…" '
            "under [environment].",
        )
    if _ended_with(NO_SYSTEM, text):
        return ConfigError(
            f"{', '.join(lock.system)} cannot be installed in the image: {last_words(told)}",
            hint="Check system = […] under [environment] in windlass.toml: they are packages of "
            "Debian, installed by apt.",
        )
    return LockError(
        f"the image cannot be built: {_sentence(told) or last_words(clean_words(text))}",
        hint="Bring what is missing to an index that this machine is told of (UV_INDEX); what has "
        'to be compiled needs its tools: system = ["build-essential", "git"] under '
        "[environment].",
    )


def _ended_with(code: int, text: str) -> bool:
    """Whether a build ended with an exit code, in the words of any engine."""
    return re.search(rf"(exit status|exit code:|non-zero code:) {code}\b", text) is not None


def _is_of_engine(line: str) -> bool:
    return line.startswith(_OF_ENGINE)


def _sentence(text: str) -> str:
    lines = [line.strip(" ×╰─▶├│").rstrip(".:") for line in text.splitlines()]
    return ": ".join([line.removeprefix("error: ") for line in lines if line][-4:])
