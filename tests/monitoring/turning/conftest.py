from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from windlass.cli.app import run_app
from windlass.records import Records

from .project import make

Windlass = Callable[..., dict[str, Any]]


@contextlib.contextmanager
def fresh_modules() -> Iterator[None]:
    """The pipeline's file has one name in every test's folder: each is imported as the first."""
    path = [*sys.path]
    sys.modules.pop("flow", None)  # another folder's tests may have left theirs
    try:
        yield
    finally:
        sys.path[:] = path
        sys.modules.pop("flow", None)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    with fresh_modules():
        yield


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing was done yet, as the working directory."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(make(tmp_path / "project"))
    return tmp_path / "project"


@pytest.fixture(scope="session")
def _turned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make(tmp_path_factory.mktemp("turned"))
    with contextlib.chdir(root), fresh_modules():
        assert run_app(["turn", "mean"]) == 0
    return root


@pytest.fixture
def project(_turned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose first turn was taken, as the working directory."""
    root = shutil.copytree(_turned, tmp_path / "project")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def records(project: Path) -> Iterator[Records]:
    with contextlib.closing(Records.open(project / ".windlass" / "windlass.db")) as opened:
        yield opened


@pytest.fixture
def windlass(capfd: pytest.CaptureFixture[str]) -> Windlass:
    """Runs a command in this process; returns its document."""

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        capfd.readouterr()
        assert run_app([*words, "--json"]) == code
        document: dict[str, Any] = json.loads(capfd.readouterr().out)
        return document

    return run
