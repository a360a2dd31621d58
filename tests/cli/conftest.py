from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .program import Folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """What `windlass init` makes, and the sample pipelines."""
    folder = Folder(tmp_path_factory.mktemp("template"))
    done = folder.windlass("init")
    assert done.code == 0, done
    for name in ("sample.py", "arrays.py"):
        shutil.copy(Path(__file__).with_name(name), folder.root / name)
    return folder


@pytest.fixture
def project(template: Folder, tmp_path: Path) -> Folder:
    """A new project with the example of `windlass init` and the sample pipelines."""
    return Folder(shutil.copytree(template.root, tmp_path / "project"))


@pytest.fixture(scope="session")
def trained(template: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with runs in it; tests only look at it."""
    root = tmp_path_factory.mktemp("trained") / "project"
    folder = Folder(shutil.copytree(template.root, root))
    assert folder.windlass("run", "pipeline.py:training", "--tag", "why=first").code == 0
    assert folder.windlass("run", "sample.py:talk", "-p", "n=3").code == 0
    assert folder.windlass("run", "sample.py:fails").code == 1
    assert folder.windlass("run", "arrays.py:tabular").code == 0
    return folder
