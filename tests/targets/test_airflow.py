"""Compiling for Airflow: what the file needs, what is refused, what a run is given."""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

import pytest

from cli.program import Folder, web_variables
from targets.airflow_home import installed_airflow


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    root = tmp_path / "project"
    root.mkdir()
    shutil.copy(Path(__file__).with_name("ray_flow.py"), root / "flow.py")
    (root / "windlass.toml").touch()
    (root / "requirements.txt").write_text("toolz==1.0.0\n")
    return Folder(root, web_variables())


def test_the_file_needs_airflow_and_python_alone(project: Folder, tmp_path: Path) -> None:
    done = project.windlass("compile", "flow.py:squares", "--target", "airflow", "-o", "dags")
    assert done.code == 0, done
    tree = ast.parse((project.root / "dags" / "squares.py").read_text())
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"airflow"}


def test_the_same_pipeline_gives_the_same_file(project: Folder, tmp_path: Path) -> None:
    words = ("compile", "flow.py:squares", "--target", "airflow", "-o")
    first, second = (project.document(*words, str(tmp_path / name))["files"] for name in "ab")
    assert Path(first[0]).name == "squares.py"
    one, two = (Path(path).read_text() for (path,) in (first, second))
    assert one == two


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("compile", "--target", "local", "-o", "x"), "the target 'local' is run, not compiled"),
        (("run", "--target", "airflow"), "windlass compile FILE.py:PIPELINE --target airflow"),
        (("compile", "--stack", "odd", "-o", "x"), "the target airflow has no option 'shedule'"),
        (("compile", "--stack", "wrong", "-o", "x"), "options.start must be a day"),
        (("compile", "--target", "airflow", "-o", "flow.py"), "cannot be written"),
        (("compile", "--target", "airflow", "-o", "x", "gpu"), "'on_gpu' asks for GPUs"),
    ],
)
def test_what_cannot_be_is_refused(project: Folder, words: tuple[str, ...], told: str) -> None:
    (project.root / "windlass.toml").write_text(
        '[stacks.odd]\ntarget = "airflow"\n[stacks.odd.options]\nshedule = "@daily"\n'
        '[stacks.wrong]\ntarget = "airflow"\n[stacks.wrong.options]\nstart = 2026\n'
    )
    command, *more = words
    pipeline = more.pop() if more[-1] == "gpu" else "squares"
    assert told in project.refused(command, f"flow.py:{pipeline}", *more)
    assert not (project.root / ".windlass" / "windlass.db").exists() or project.recorded() == 0


def test_that_no_step_is_held_to_its_memory_is_said(project: Folder) -> None:
    words = ("compile", "flow.py:large_memory", "--target", "airflow", "-o", "dags")
    told = "Airflow neither reserves nor limits memory, which 'fill' asks for"
    assert told in project.windlass(*words).err
    assert project.document(*words)["notices"] == [told]


def test_a_run_is_given_parameters_and_refuses_bad_ones(project: Folder, tmp_path: Path) -> None:
    airflow, dags, home = installed_airflow(), tmp_path / "dags", tmp_path / "airflow"
    home.mkdir()
    words = ("compile", "flow.py:squares", "--target", "airflow", "--seed", "5")
    assert project.windlass(*words, "-o", str(dags)).code == 0
    file = dags / "squares.py"
    good, bad = airflow.run([(file, {"n": "3"}), (file, {"n": "three"})], home)
    assert (good["state"], bad["state"]) == ("success", "failed")
    assert good["tasks"]["square[2]"] == "success"
    assert bad["tasks"]["windlass.begin"] == "failed"
    assert bad["tasks"]["count"] == "upstream_failed"
    told = project.windlass("sync")
    assert told.code == 0, told
    run = project.document("show", "squares")
    assert (run["target"], run["status"], run["parameters"]) == ("airflow", "succeeded", {"n": 3})
    assert run["seed"] == 5
    assert run["metrics"]["squared"] in (0, 1, 4)  # of the item that Airflow took last
    assert project.windlass("logs", "squares", "square[2]").out.strip() == "squaring 2"
    again = project.document("run", "flow.py:squares", "-p", "n=3", "--seed", "5")
    assert all(node["cached"] for node in again["nodes"])
