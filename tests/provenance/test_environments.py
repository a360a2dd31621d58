"""Environments are built by uv itself, with the Pythons of this machine."""

from __future__ import annotations

import configparser
import os
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from windlass.artifacts import ArtifactStore
from windlass.errors import LockError
from windlass.provenance import uv
from windlass.provenance.environment import Package, environment_of
from windlass.provenance.environments import (
    environment_folder,
    is_ready,
    place_wheel,
    ready_environment,
)
from windlass.provenance.lock import Lock, lock_recorded
from windlass.provenance.wheel import make_wheel, store_wheel

ROOT = Path(__file__).parents[2]
OTHERS = [each for each in ("3.12", "3.13", "3.11") if each != uv.PYTHON]

_BUILD = """
import sys
from pathlib import Path
from windlass.provenance.environment import Package, environment_of
from windlass.provenance.environments import ready_environment
from windlass.provenance.lock import lock_recorded
lock = lock_recorded(environment_of([Package("toolz", "0.12.0"), Package("iniconfig", "2.0.0")]))
print("begins", flush=True)
print(ready_environment(lock, Path(sys.argv[1])))
"""

COMPILED = """
from importlib.util import find_spec
from pathlib import Path
print([Path(find_spec(name).cached).exists() for name in ("{}", "{}")])
"""
"""Whether packages are compiled: a worker may write no bytecode, and compile at each start."""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDLASS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


@pytest.fixture
def windlass(tmp_path: Path) -> Path:
    store = ArtifactStore.open_store(tmp_path / "artifacts")
    return place_wheel(store, store_wheel(store, tmp_path / "notes"))


def lock_of(**versions: str) -> Lock:
    return lock_recorded(environment_of([Package(*each) for each in versions.items()]))


def says(python: Path, code: str) -> str:
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


def test_the_wheel_is_the_same_however_it_is_installed(tmp_path: Path) -> None:
    first = make_wheel()
    assert make_wheel() == first
    (tmp_path / "w.whl").write_bytes(first)
    with zipfile.ZipFile(tmp_path / "w.whl") as archive:
        archive.extractall(tmp_path / "site")
    code = "import sys, windlass.provenance.wheel as w; sys.stdout.buffer.write(w.make_wheel())"
    path = os.pathsep.join([str(tmp_path / "site"), *(p for p in sys.path if p and "src" not in p)])
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == first


def test_the_wheel_is_found_by_what_the_project_declares(tmp_path: Path) -> None:
    (tmp_path / "w.whl").write_bytes(make_wheel())
    with zipfile.ZipFile(tmp_path / "w.whl") as archive:
        name = next(each for each in archive.namelist() if each.endswith("/entry_points.txt"))
        told = configparser.ConfigParser()
        told.read_string(archive.read(name).decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {"console_scripts": project["scripts"], **project["entry-points"]}
    assert {section: dict(told[section]) for section in told.sections()} == declared


def test_the_wheel_is_stored_once(tmp_path: Path) -> None:
    store = ArtifactStore.open_store(tmp_path / "artifacts")
    blob = store_wheel(store, tmp_path / "notes")
    assert store_wheel(store, tmp_path / "notes") == blob
    store.delete(blob)
    assert store_wheel(store, tmp_path / "notes") == blob
    assert store.has(blob)
    assert store_wheel(store, tmp_path / "other") == blob


def test_an_environment_holds_what_its_lock_says_and_windlass(windlass: Path) -> None:
    lock = lock_of(toolz="0.12.0", blake3="1.0.5")
    assert not is_ready(lock, windlass)
    python = ready_environment(lock, windlass)
    assert is_ready(lock, windlass)
    assert says(python, COMPILED.format("toolz", "windlass")) == "[True, True]"
    told = says(python, "import toolz, windlass; print(toolz.__version__, windlass.__file__)")
    assert told.startswith(f"0.12.0 {python.parent.parent}/")
    before = python.parent.parent.stat().st_mtime_ns
    assert ready_environment(lock, windlass) == python
    assert python.parent.parent.stat().st_mtime_ns == before


@pytest.mark.parametrize("version", OTHERS)
def test_another_python_is_found_on_this_machine(windlass: Path, version: str) -> None:
    if uv.find_python(version) == version:
        pytest.skip(f"there is no Python {version} here")
    python = ready_environment(replace(lock_of(toolz="0.12.0"), python=version), windlass)
    assert says(python, "import sys; print(*sys.version_info[:2], sep='.')") == version


def test_a_python_that_is_not_to_be_had_is_told(windlass: Path) -> None:
    with pytest.raises(LockError, match=r"there is no Python 3\.99 on this machine") as told:
        ready_environment(Lock("3.99", "cpython", ()), windlass)
    assert told.value.hint == "Install it: uv python install 3.99."


def test_a_python_that_was_taken_away_is_looked_for_again(windlass: Path) -> None:
    lock = lock_of(toolz="0.12.0")
    python = ready_environment(lock, windlass)
    python.unlink()
    assert not is_ready(lock, windlass)
    assert says(ready_environment(lock, windlass), "print(1)") == "1"


def test_other_bytes_than_those_of_the_lock_are_refused(windlass: Path) -> None:
    lock = lock_of(toolz="0.12.0")
    forged = f"toolz==0.12.0 --hash=sha256:{'0' * 64}"
    with pytest.raises(LockError, match="toolz") as told:
        ready_environment(replace(lock, requirements=(forged,)), windlass)
    assert "hash" in told.value.message.lower()


def test_what_is_gone_from_its_address_is_named(windlass: Path) -> None:
    address = f"own @ https://h.invalid/own-1.0-py3-none-any.whl --hash=sha256:{'0' * 64}"
    with pytest.raises(LockError, match=r"h\.invalid/own-1\.0") as told:
        ready_environment(Lock(uv.PYTHON, "cpython", (address,)), windlass)
    assert told.value.hint is not None
    assert "UV_INDEX" in told.value.hint


def test_one_killed_halfway_is_built_again(windlass: Path) -> None:
    lock = lock_of(toolz="0.12.0", iniconfig="2.0.0")
    place = environment_folder(lock, windlass)
    builder = subprocess.Popen(
        [sys.executable, "-c", _BUILD, str(windlass)], start_new_session=True, cwd="/",
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with builder:
        while not (place / "bin").exists():
            assert builder.poll() is None, "it ended before it had begun to build"
            time.sleep(0.005)
        os.killpg(builder.pid, signal.SIGKILL)
    assert not is_ready(lock, windlass)
    python = ready_environment(lock, windlass)
    assert says(python, "import toolz, iniconfig, windlass; print(1)") == "1"


def test_two_at_once_make_one(windlass: Path) -> None:
    command = [sys.executable, "-c", _BUILD, str(windlass)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") for _ in "12"]
    told = [each.communicate()[0].split() for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert told[0] == told[1]
    assert says(Path(told[0][1]), "import toolz; print(toolz.__version__)") == "0.12.0"
