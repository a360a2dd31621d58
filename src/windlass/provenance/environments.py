"""Environments that uv builds from locks, kept in the user's cache and shared by all projects.

One is made when it is first needed. Two processes that need it at once wait for one another; one
that was killed halfway is built again, since it lacks the stamp that is written last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.errors import LockError
from windlass.hashing import digest
from windlass.provenance import uv
from windlass.provenance.lock import Lock

if TYPE_CHECKING:
    from windlass.artifacts import ArtifactStore

CACHE_VARIABLE = "WINDLASS_CACHE"

_STAMP = ".windlass"


def cache_folder() -> Path:
    """The user's folder for what can be made again: `CACHE_VARIABLE`, or as XDG says."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    told = os.environ.get("XDG_CACHE_HOME")
    return (Path(told) if told else Path.home() / ".cache") / "windlass"


def place_wheel(store: ArtifactStore, blob: str) -> Path:
    """A wheel of the artifact store as a file under its own name, which installers insist on.

    Raises:
        CorruptError: Its bytes are gone or altered.
        LockError: The cache cannot be written.
    """
    source = store.path(blob)
    with zipfile.ZipFile(source) as archive:
        info = next(name for name in archive.namelist() if ".dist-info/" in name)
    name = f"{info.partition('.dist-info')[0]}-py3-none-any.whl"
    file = cache_folder() / "wheels" / blob[:32] / name
    if not file.exists():
        with _telling(), tempfile.TemporaryDirectory(dir=_made(file.parent)) as folder:
            shutil.copyfile(source, Path(folder) / name)
            (Path(folder) / name).replace(file)
    return file


def environment_folder(lock: Lock, windlass: Path | None) -> Path:
    """Where the environment of a lock is, or will be."""
    # By the wheel's folder, too: another Windlass needs an environment of its own.
    wheel = windlass.parent.name if windlass is not None else ""
    name = digest("environment", lock.digest, wheel)[:32]
    return cache_folder() / "environments" / name


def is_ready(lock: Lock, windlass: Path | None) -> bool:
    """Whether the environment of a lock is built, and its Python still there."""
    place = environment_folder(lock, windlass)
    return (place / _STAMP).exists() and _python(place).exists()


def ready_environment(lock: Lock, windlass: Path | None, folder: Path | None = None) -> Path:
    """The interpreter of the environment of a lock, which is built if it is not there.

    Args:
        lock: What is in it.
        windlass: The wheel of Windlass, as `place_wheel` gives it; None for what runs without it.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: It cannot be built: a package or its Python is not to be had.
    """
    place = environment_folder(lock, windlass)
    if not is_ready(lock, windlass):
        lock.refuse_missing()
        with _telling(), _alone(place):
            if not is_ready(lock, windlass):
                _build(lock, windlass, place, uv.index_folder(folder))
    return _python(place)


def _python(place: Path) -> Path:
    return place / "bin" / "python"


def _build(lock: Lock, windlass: Path | None, place: Path, folder: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    _make_empty(lock, place, folder)
    hashed = [each for each in lock.requirements if "--hash" in each]
    others = [each for each in lock.requirements if "--hash" not in each]
    own = "" if windlass is None else f"windlass @ {windlass.as_uri()}"
    _install(place, folder, "\n".join(others))  # by their commits
    _install(place, folder, own)
    _install(place, folder, "\n".join(hashed), "--require-hashes")
    (place / _STAMP).write_text(lock.document())


def _make_empty(lock: Lock, place: Path, folder: Path) -> None:
    python = uv.find_python(lock.python)
    try:
        uv.run_uv("venv", "--quiet", "--no-project", "--python", python, str(place), folder=folder)
    except LockError as error:
        raise uv.no_python(lock.python, error) from error


def _install(place: Path, folder: Path, requirements: str, *options: str) -> None:
    if not requirements:
        return
    try:
        uv.run_uv(
            # uv compiles what it installs, and nothing that was there before.
            *("pip", "install", "--quiet", "--no-deps", "--compile-bytecode"),
            *("--python", str(_python(place)), "--requirements", "-", *options),
            folder=folder,
            text=requirements,
        )
    except LockError as error:
        raise LockError(
            f"the environment cannot be built: {error.message}",
            hint="Bring the package back to an index that uv is told of (UV_INDEX) or to a folder "
            "(UV_FIND_LINKS); or change what the environment asks for.",
        ) from error


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Held by one process at a time; free again when it dies."""
    from windlass.records.lock import FileLock

    lock = FileLock(_made(place.parent) / f"{place.name}.lock")
    with contextlib.closing(lock), lock:
        yield


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LockError(
            f"the cache {cache_folder()} cannot be written: {error.strerror or error}",
            hint=f"Make room there, or name another folder: {CACHE_VARIABLE}.",
        ) from error
