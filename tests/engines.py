"""Engines that tests start, each in an environment of its own, built once for a machine."""

from __future__ import annotations

import fcntl
import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from windlass.errors import WindlassError
from windlass.provenance.uv import find_uv

AIRFLOW = "apache-airflow==3.3.2"
"""Pinned: by other packages than its own release was tried with, it mostly does not start."""
KUBEFLOW = ("kfp==2.17.0", "docker")
"""With what its local runner of containers needs."""


def engine_python(name: str, *requirements: str) -> Path:
    """The interpreter of an engine's environment; the test is skipped where it cannot be built."""
    minor = "{}.{}".format(*sys.version_info)
    place = Path.home() / ".cache" / "windlass-tests" / f"{name}-{minor}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "ready").exists():
            try:
                _build(place, requirements)
            except (subprocess.CalledProcessError, OSError, WindlassError) as error:
                pytest.skip(f"{', '.join(requirements)} cannot be installed: {error}")
    return place / "bin" / "python"


def needed(name: str, seen: set[str] | None = None) -> Iterator[str]:
    """What a distribution needs, as requirements of the versions that are installed here."""
    seen = set() if seen is None else seen
    for line in importlib.metadata.requires(name) or []:
        found = Requirement(line)
        plain = re.sub(r"[-_.]+", "-", found.name).lower()
        if plain not in seen and (not found.marker or found.marker.evaluate({"extra": ""})):
            seen.add(plain)
            yield f"{plain}=={importlib.metadata.version(found.name)}\n"
            yield from needed(found.name, seen)


def _build(place: Path, requirements: tuple[str, ...]) -> None:
    shutil.rmtree(place, ignore_errors=True)
    uv = find_uv()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
    into = ("--quiet", "--python", str(place / "bin" / "python"))
    # Else each start compiles it anew where bytecode is not to be written.
    words = [uv, "pip", "install", *into, "--compile-bytecode", *requirements]
    subprocess.run(words, check=True)
    (place / "ready").touch()
