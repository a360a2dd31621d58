from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.provenance.project import find_project


@pytest.mark.parametrize("marker", ["windlass.toml", "pyproject.toml"])
def test_the_root_is_the_nearest_folder_with_a_marker(tmp_path: Path, marker: str) -> None:
    (tmp_path / "windlass.toml").touch()
    inner = tmp_path / "inner"
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    (inner / marker).touch()
    (deep / "pipeline.py").touch()
    assert find_project(deep / "pipeline.py").root == inner
    assert find_project(deep).root == inner


def test_without_a_marker_the_folder_itself_is_the_root(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pipeline.py").touch()
    project = find_project(tmp_path / "sub" / "pipeline.py")
    assert project.root == tmp_path / "sub"
    assert project.home == tmp_path / "sub" / ".windlass"
    assert project.config is None


def test_the_configuration_is_windlass_toml_only(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert find_project(tmp_path).config is None
    (tmp_path / "windlass.toml").touch()
    assert find_project(tmp_path).config == tmp_path / "windlass.toml"


def test_a_folder_named_like_a_marker_is_none(tmp_path: Path) -> None:
    (tmp_path / "sub" / "windlass.toml").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    assert find_project(tmp_path / "sub").root == tmp_path


def test_home_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINDLASS_HOME", "state")
    assert find_project(tmp_path).home == tmp_path / "state"


def test_finding_writes_nothing_and_making_home_hides_it_from_git(tmp_path: Path) -> None:
    project = find_project(tmp_path)
    assert list(tmp_path.iterdir()) == []
    project.make_home()
    assert (project.home / ".gitignore").read_text() == "*\n"
    (project.home / ".gitignore").write_text("kept")
    project.make_home()
    assert (project.home / ".gitignore").read_text() == "kept"


def test_a_home_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(ConfigError, match="WINDLASS_HOME"):
        find_project(tmp_path).make_home()
