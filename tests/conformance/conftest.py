"""Every test of this folder has a record of its own, outside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.register_assert_rewrite("conformance.promises")  # so that a broken one is told with values


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("WINDLASS_HOME", str(folder))
    return folder
