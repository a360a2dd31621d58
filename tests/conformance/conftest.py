"""Every test of this folder has a record of its own, outside the project of the graphs."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import conformance_cases

pytest.register_assert_rewrite("conformance.promises")  # so that a broken one is told with values


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module of the graphs in a project of its own: every run keeps its project's files."""
    root = tmp_path_factory.mktemp("graphs")
    shutil.copy(conformance_cases.__file__, root / "graphs_here.py")
    (root / "windlass.toml").touch()
    (root / "requirements.txt").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        yield importlib.import_module("graphs_here")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("WINDLASS_HOME", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a graph is given that needs a folder."""
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"
