"""Every test of this folder has a record of its own, outside the project of the graphs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.projects import project_of_graphs

pytest.register_assert_rewrite("conformance.promises")  # so that a broken one is told with values


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module of the graphs, in a project without a stack."""
    with project_of_graphs(tmp_path_factory.mktemp("graphs"), "graphs_here") as found:
        yield found


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
