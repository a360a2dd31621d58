from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

from windlass.errors import ConfigError
from windlass.provenance.project import find_project
from windlass.stacks.init import initialise
from windlass.stacks.settings import BUILT_IN, load_settings
from windlass.stacks.stack import load_stack
from windlass.stacks.toml import read_document


def test_an_empty_folder_becomes_a_project(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "project"
    assert initialise(folder) == [
        "windlass.toml: written",
        "pipeline.py: written",
        ".windlass: made, for runs, artifacts and logs",
        "next: windlass run pipeline.py:training",
    ]
    project = find_project(folder / "pipeline.py")
    assert project.root == folder
    assert load_stack(None, project).name == BUILT_IN
    assert (folder / ".windlass" / "windlass.db").exists()


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    initialise(tmp_path)
    (tmp_path / "windlass.toml").write_text("default = 'default'\n")
    (tmp_path / "pipeline.py").write_text("# mine\n")
    assert initialise(tmp_path) == [
        "windlass.toml: there already, left as it is",
        ".windlass: there already",
        "next: windlass run FILE.py:PIPELINE",
    ]
    assert (tmp_path / "windlass.toml").read_text() == "default = 'default'\n"
    assert (tmp_path / "pipeline.py").read_text() == "# mine\n"


@pytest.mark.parametrize("decorator", ["@pipeline", "@windlass.pipeline", "@pipeline(seed=7)"])
def test_a_folder_with_a_pipeline_gets_no_example(tmp_path: Path, decorator: str) -> None:
    source = (
        f"from windlass import step, pipeline\n@step\ndef a(): ...\n{decorator}\ndef mine(): ...\n"
    )
    (tmp_path / "flow.py").write_text(source)
    lines = initialise(tmp_path)
    assert lines[-1] == "next: windlass run flow.py:mine"
    assert not (tmp_path / "pipeline.py").exists()


def test_the_example_can_be_declined(tmp_path: Path) -> None:
    initialise(tmp_path, example=False)
    assert sorted(os.listdir(tmp_path)) == [".windlass", "windlass.toml"]


def test_settings_with_a_mistake_are_refused(tmp_path: Path) -> None:
    (tmp_path / "windlass.toml").write_text("defalt = 1\n")
    with pytest.raises(ConfigError, match="line 1"):
        initialise(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be made a project"):
        initialise(tmp_path / "file" / "x")


def test_the_settings_it_writes_say_nothing_until_a_line_is_freed(tmp_path: Path) -> None:
    initialise(tmp_path, example=False)
    file = tmp_path / "windlass.toml"
    assert read_document(file).values == {}
    text = file.read_text()
    freed = [line.removeprefix("# ") for line in text.splitlines() if "=" in line or "[" in line]
    file.write_text("\n".join(freed))
    found = load_settings(find_project(tmp_path))
    assert found.default == "team"
    assert found.run.keep_going
    assert found.stacks["team"].records == "${env:DATABASE_URL}"


@pytest.fixture
def example(tmp_path: Path) -> ModuleType:
    initialise(tmp_path)
    spec = importlib.util.spec_from_file_location("windlass_example", tmp_path / "pipeline.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_fits_a_line(example: ModuleType) -> None:
    assert example.training(count=400).startswith("y = ")


def test_the_example_shows_maps_and_choices(example: ModuleType) -> None:
    nodes = example.training.graph().nodes
    assert {"measure", "split", "fit", "score", "pick", "is_good", "accept", "reject"} == set(nodes)
    assert nodes["fit"].mode == "zip"
