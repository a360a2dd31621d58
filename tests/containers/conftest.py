"""A project whose stack runs in containers."""

from __future__ import annotations

import pytest

from containers.boxed import PACKAGING, SHOWN, Boxed


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.delenv("WINDLASS_HOME", raising=False)


@pytest.fixture(scope="module")
def boxed(container_base: str, tmp_path_factory: pytest.TempPathFactory) -> Boxed:
    """One project for the tests of a module: its lock is solved once."""
    root = tmp_path_factory.mktemp("boxed") / "project"
    more = '[environments.old]\nrequirements = ["packaging==23.2"]\n' + SHOWN.format(container_base)
    return Boxed(root, container_base).write(PACKAGING, more=more)
