"""The addresses of the default stack, as the environment tells them."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.provenance.project import Project, find_project
from windlass.stacks.stack import load_stack

SETTINGS = """
default = "team"
[stacks.team]
records = "postgresql://db.example/windlass"
[stacks.own]
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "windlass.toml").write_text(SETTINGS)
    return find_project(tmp_path)


def test_they_take_the_place_of_what_is_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDLASS_RECORDS", "postgresql://me:sesame@database/windlass")
    monkeypatch.setenv("WINDLASS_ARTIFACTS", "s3://bucket/store")
    for name in (None, "team"):
        stack = load_stack(name, project)
        assert stack.records_url == "postgresql://me:sesame@database/windlass"
        assert stack.artifacts_url == "s3://bucket/store"
        assert not stack.trust_pickle
        assert "sesame" not in repr(stack) + str(stack.describe())
        assert ("env", "WINDLASS_RECORDS") in stack.references()  # containers are handed it on


def test_other_stacks_stay_as_they_are(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDLASS_RECORDS", "postgresql://database/windlass")
    assert load_stack("own", project).records is None
    monkeypatch.setenv("WINDLASS_RECORDS", "")
    assert load_stack("team", project).records_url == "postgresql://db.example/windlass"
