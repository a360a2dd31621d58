"""Airflow as a column of ``windlass portability``: executed by its own engine, on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.program import Folder, web_variables
from engines import AIRFLOW, engine_python, needed

FLOW = """
from pathlib import Path
from windlass import each, pipeline, step

@step
def square(x: int) -> int:
    return x * x

@step
def total(numbers: list[int]) -> int:
    return sum(numbers)

@pipeline
def squares(n: int) -> int:
    return total(square.map(each([n, 4])))
"""
STACKS = """
[stacks.air]
target = "airflow"
[stacks.air.options]
python = "{airflow}"
[stacks.broken]
target = "airflow"
[stacks.broken.options]
python = "{airflow}"
command = ["false"]
[stacks.bare]
target = "airflow"
[stacks.bare.options]
python = "{here}"
[stacks.gone]
target = "airflow"
[stacks.gone.options]
python = "/nowhere/python"
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project whose lock is what this interpreter has."""
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "requirements.txt").write_text("".join(needed("windlass")))
    return Folder(tmp_path, web_variables())


def with_stacks(project: Folder, airflow: Path) -> None:
    text = STACKS.format(airflow=airflow, here=sys.executable)
    (project.root / "windlass.toml").write_text(text)


def test_what_airflow_executes_is_compared(project: Folder) -> None:
    with_stacks(project, engine_python("airflow", AIRFLOW))
    words = ("portability", "flow.py:squares", "-p", "n=3", "--targets", "local,airflow@air")
    assert project.windlass("run", "flow.py:squares", "-p", "n=3").code == 0
    assert project.windlass("compile", "flow.py:squares", "--stack", "air", "-o", "dags").code == 0
    done = project.windlass(*words)
    assert done.code == 0, done
    assert "squares is equal: all 3 artifacts, on local and airflow@air" in done.out
    assert "airflow  square[1]  succeeded" in done.err
    run = project.document("show", "squares")
    assert (run["target"], run["stack"], run["status"]) == ("airflow", "air", "succeeded")
    assert not any(node["cached"] for node in run["nodes"])


def test_a_dag_that_fails_is_told(project: Folder) -> None:
    with_stacks(project, engine_python("airflow", AIRFLOW))
    words = ("portability", "flow.py:squares", "-p", "n=3", "--targets", "local,airflow@broken")
    done = project.windlass(*words)
    assert done.code == 3, done
    assert "airflow  windlass.begin  failed: windlass ended without a word" in done.err
    assert "airflow was to begin one run of squares, and began no run" in done.out
    assert "squares is inconclusive: only local could be compared" in done.out


def test_an_airflow_that_is_not_there_is_refused_before_anything_runs(project: Folder) -> None:
    with_stacks(project, Path("/nowhere/python"))
    words = (
        "portability",
        "flow.py:squares",
        "-p",
        "n=3",
        "--targets",
        "airflow@bare,airflow@gone",
    )
    bare, gone = project.document(*words, code=3)["targets"]
    assert f"{sys.executable} has no Airflow" in bare["problem"]
    assert "Install Airflow 3 in an environment of its own" in bare["problem"]
    assert "/nowhere/python is no Python that can be started" in gone["problem"]
    assert not (project.root / ".windlass" / "artifacts" / "named" / "plans").exists()
    assert "Airflow" in project.windlass("stack", "check", "gone").out


def test_an_airflow_that_is_too_old_is_refused(project: Folder) -> None:
    with_stacks(project, Path("/nowhere/python"))
    package = project.root / "site" / "apache_airflow-2.11.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: apache-airflow\nVersion: 2.11.0\n"
    )
    done = project.windlass("stack", "check", "bare", PYTHONPATH=str(package.parent))
    assert done.code == 1, done
    assert "has Airflow 2.11.0, which is too old" in " ".join(done.out.split())
