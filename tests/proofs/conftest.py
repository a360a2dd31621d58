from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.program import Folder


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project with the pipelines that are reproduced, and data that its bundle has not."""
    root = tmp_path / "work" / "project"
    root.mkdir(parents=True)
    (root / "windlass.toml").touch()
    (root / ".gitignore").write_text("*.csv\n")
    (root / "data.csv").write_text("1\n2\n3\n")
    here = Path(__file__).parent / "samples"
    shutil.copy(here / "proved.py", root)
    shutil.copy(here / "proved_helpers.py", root)
    return Folder(root)
