from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.provenance.project import Project
from windlass.provenance.wanted import Wanted
from windlass.stacks import settings as settings_module
from windlass.stacks.settings import RunDefaults, Settings, StackSettings, load_settings
from windlass.stacks.toml import find_line


def load(project: Project, text: str) -> Settings:
    assert project.config is not None
    project.config.write_text(text)
    return load_settings(project)


def refusal(project: Project, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(project, text)
    told = str(caught.value)
    assert str(project.config) in told
    return told


def test_without_a_file_all_is_at_its_defaults(project: Project) -> None:
    assert load_settings(Project(project.root, project.home)) == Settings()
    assert Settings().stack() == ("default", StackSettings())


def test_a_file_that_says_nothing_is_as_none(project: Project) -> None:
    found = load(project, "# only\n\n   # comments\n")
    assert (found.default, found.run, found.stacks) == (
        "default",
        RunDefaults(),
        {"default": StackSettings()},
    )


def test_the_example_in_the_module_s_own_words_is_valid(project: Project) -> None:
    docs = settings_module.__doc__ or ""
    found = load(project, docs.partition("\n")[2].replace("    ", ""))
    assert found.default == "team"
    assert found.run == RunDefaults(keep_going=False, workers=4, memory=8 * 2**30)
    name, team = found.stack()
    assert name == "team"
    assert team.artifacts == "s3://bucket/windlass"
    assert team.records == "${env:DATABASE_URL}"
    assert team.trust_pickle is False


def test_options_are_handed_on_as_they_are(project: Project) -> None:
    text = (
        '[stacks.k]\ntarget = "argo"\n[stacks.k.options]\nqueue = "q"\n[stacks.k.options.a]\nb = 1'
    )
    assert load(project, text).stacks["k"].options == {"queue": "q", "a": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("\ndefalt = 'x'", 2, "Did you mean 'default'?"),
        ("[stack.team]\n", 1, "Did you mean 'stacks'?"),
        ("[run]\nworkers = 2\n\nkeepgoing = true", 4, "Did you mean 'keep_going'?"),
        ("[stacks.a]\n[stacks.b]\nartefacts = 'x'", 3, "Did you mean 'artifacts'?"),
        ("[stacks.a]\nzzz = 1", 2, "There is: artifacts, cache, durable, options"),
        ('[stacks."a b"]\nrecord = 1', 2, "Did you mean 'records'?"),
        ("stacks.a.recods = 1", 1, "Did you mean 'records'?"),
        ("[run]\nworkers = '4'", 2, "'run.workers' must be a whole number, not a text"),
        ("[run]\nworkers = true", 2, "'run.workers' must be a whole number, not true"),
        ("[run]\nworkers = 0", 2, "'run.workers' must be 1 or more"),
        ("[run]\nworkers = -1", 2, "'run.workers' must be 1 or more"),
        ("[run]\nmemory = 'lots'", 2, "'lots' is not a size"),
        ("[stacks.a]\ncache = 'lots'", 2, "cache = 'lots' is not a size"),
        ("[stacks.a]\nstorage = 's3'", 2, "'stacks.a.storage' must be a table"),
        ("[run]\nmemory = 8", 2, "must be a text in quotes, not 8"),
        ("[run]\nkeep_going = 1", 2, "must be true or false, not 1"),
        ("run = 3", 1, "'run' must be a table, not 3"),
        ("[stacks]\nteam = 'x'", 2, "'stacks.team' must be a table, not a text"),
        ("[stacks.a]\noptions = 3", 2, "'stacks.a.options' must be a table"),
        ("[[stacks.a]]\n", 1, "'stacks.a' must be a table"),
        ("default = 'teem'\n[stacks.team]", 1, "there is no stack 'teem'"),
        ("stacks = {a = {\nrecod = 1}}", 1, "invalid initial character"),
        ("stacks = {a = {recod = 1}}", 1, "Did you mean 'records'?"),
    ],
)
def test_mistakes_are_told_with_their_line(
    project: Project, text: str, line: int, told: str
) -> None:
    refused = refusal(project, text)
    assert f"line {line}" in refused
    assert told in refused


@pytest.mark.parametrize(
    ("text", "place"),
    [("a = \n", "line 1, column 5"), ("[run]\nx = 1\nx = 2\n", "line 3"), ("[a\n", "line 1")],
)
def test_what_is_no_toml_is_told_with_its_place(project: Project, text: str, place: str) -> None:
    assert place in refusal(project, text)


def test_a_secret_written_into_the_wrong_place_is_not_repeated(project: Project) -> None:
    assert "hunter2" not in refusal(project, "[run]\nkeep_going = 'hunter2'")


def test_files_that_cannot_be_read_are_told(project: Project) -> None:
    assert project.config is not None
    project.config.write_bytes(b"\xff\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_settings(project)
    project.config.unlink()
    project.config.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(project)


def test_an_unknown_stack_names_those_that_are(project: Project) -> None:
    found = load(project, "[stacks.team]\n[stacks.laptop]\n")
    with pytest.raises(ConfigError, match=r"'temm'.*\n.*Did you mean 'team'"):
        found.stack("temm")
    with pytest.raises(ConfigError, match="There is: default, laptop, team"):
        found.stack("zzz")


def test_the_built_in_stack_can_be_described_anew(project: Project) -> None:
    found = load(project, "[stacks.default]\nartifacts = 'here'\n")
    assert found.stack()[1].artifacts == "here"


def test_lines_are_found_in_the_right_table() -> None:
    text = '[a]\nx = 1\n[b]\nx = 2\n["c.d"]\nx.y = 3\n'
    assert find_line(text, ("b", "x")) == 4
    assert find_line(text, ("c.d", "x", "y")) == 6
    assert find_line(text, ("b", "gone")) == 3
    assert find_line(text, ("gone",)) is None


def test_the_ordinary_path_loads_no_parser(project: Project, tmp_path: Path) -> None:
    (project.root / "windlass.toml").write_text("# nothing said\n")
    code = (
        "import sys, pathlib\n"
        "from windlass.provenance.project import find_project\n"
        "from windlass.stacks.stack import load_stack\n"
        f"stack = load_stack(None, find_project(pathlib.Path({str(project.root)!r})))\n"
        "stack.artifacts_url, stack.records_url\n"
        "print({'tomllib', 'pydantic', 'sqlalchemy', 'fsspec', 'difflib', 'importlib.metadata'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_environments_are_read(project: Project) -> None:
    found = load(
        project,
        '[environment]\npython = "3.12"\nsystem = ["libgomp1"]\n'
        '[environments.gpu]\nrequirements = ["torch==2.4.0"]\n'
        '[environments.old]\nextras = ["old"]\npython = "3.11"\n',
    )
    assert found.environment == Wanted(python="3.12", system=("libgomp1",))
    assert found.environments == {
        "gpu": Wanted("gpu", requirements=("torch==2.4.0",)),
        "old": Wanted("old", python="3.11", extras=("old",)),
    }
    assert found.wanted("gpu", "train") == found.environments["gpu"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[environment]\npython = "3.12.1"', "must be Python's minor version"),
        ("[environment]\npython = 3.12", "'environment.python' must be a text in quotes"),
        ('[environment]\nsystem = "libgomp1"', "must be a list of texts, not a text"),
        ('[environment]\nsystem = ["a", 1]', "must be a list of texts"),
        ('[environment]\nrequirements = ["torch"]', "unknown key 'requirements'"),
        ('[environments.gpu]\npython = "3.12"', "says nothing of what is in it"),
        ('[environments.gpu]\nextras = ["a"]\nfile = "b"', "says extras and file of what"),
        ('[environments.gpu]\nrequires = ["a"]', "Did you mean 'requirements'?"),
        ("environments = 1", "'environments' must be a table"),
    ],
)
def test_environments_that_are_wrong_are_refused(project: Project, text: str, told: str) -> None:
    assert told in refusal(project, text)


def test_an_environment_that_is_not_described_is_refused(project: Project) -> None:
    found = load(project, '[environments.gpu]\nrequirements = ["torch"]')
    with pytest.raises(ConfigError, match="'train' asks for the environment 'gpv'") as caught:
        found.wanted("gpv", "train")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Did you mean 'gpu'? Or describe it: [environments.gpv]")
