from __future__ import annotations

from pathlib import Path

import pytest

from windlass.provenance.project import Project


@pytest.fixture(autouse=True)
def _no_home_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WINDLASS_HOME", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return Project(root, root / ".windlass", root / "windlass.toml")
