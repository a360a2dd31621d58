"""The present interpreter against the lock of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from windlass.provenance import uv

from .program import Folder

FLOW = """
from windlass import pipeline, step


@step
def one() -> int:
    return 1


@pipeline
def flow() -> int:
    return one()
"""


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    (tmp_path / "flow.py").write_text(FLOW)
    return Folder(tmp_path)


def declare(project: Folder, *requirements: str) -> None:
    text = f'[project]\nname = "p"\nversion = "0"\ndependencies = {list(requirements)}\n'
    (project.root / "pyproject.toml").write_text(text + 'requires-python = ">=3.11"\n')
    uv.run_uv("lock", folder=project.root)


def drift(project: Folder) -> list[str]:
    done = project.windlass("run", "flow.py")
    assert done.code == 0, done
    return [line.partition("  ")[2] for line in done.err.splitlines() if "this interpreter" in line]


def test_it_is_told_once_and_nothing_is_refused(project: Folder) -> None:
    declare(project, "toolz==0.12.0", "iniconfig==1.1.1")
    assert drift(project) == [
        "this interpreter is not as uv.lock says: "
        "iniconfig 2.3.0 (locked: 1.1.1), no toolz (locked: 0.12.0)".replace(
            "2.3.0", _version("iniconfig")
        )
    ]
    (project.root / "flow.py").write_text(FLOW.replace("return 1", "return 2"))
    assert len(drift(project)) == 1  # the lock as it was read before
    check = _check(project)
    assert check["status"] == "warn"
    assert "no toolz (locked: 0.12.0)" in check["message"]
    assert check["hint"] == "Bring it there: uv sync."


def test_an_interpreter_as_its_lock_says_is_told_by_the_doctor_alone(project: Folder) -> None:
    declare(project, f"iniconfig=={_version('iniconfig')}", "colorama; sys_platform == 'win32'")
    assert drift(project) == []
    assert _check(project)["message"] == "as uv.lock says"


def test_without_a_lock_there_is_nothing_to_compare(project: Folder) -> None:
    (project.root / "requirements.txt").write_text("toolz==0.12.0\n")
    assert drift(project) == []
    assert _check(project)["status"] == "ok"


def test_another_python_than_is_asked_for_is_told(project: Folder) -> None:
    (project.root / "windlass.toml").write_text('[environment]\npython = "3.99"\n')
    asked = f"Python {uv.PYTHON} (asked for: 3.99)"
    assert drift(project) == [f"this interpreter is not as windlass.toml says: {asked}"]
    (project.root / "windlass.toml").write_text(f'[environment]\npython = "{uv.PYTHON}"\n')
    assert drift(project) == []


def test_a_broken_declaration_stops_no_run_and_the_doctor_tells(project: Folder) -> None:
    declare(project, "toolz")
    (project.root / "uv.lock").write_text("version = 99\n")
    assert drift(project) == []
    assert _check(project)["status"] == "fail"


def test_the_doctor_names_a_python_that_is_not_here(project: Folder) -> None:
    text = '[environments.far]\npython = "3.99"\nrequirements = ["toolz"]\n'
    (project.root / "windlass.toml").write_text(text)
    check = _check(project)
    assert check["status"] == "warn"
    assert check["message"].startswith("the environment 'far' asks for Python 3.99")


def _check(project: Folder) -> dict[str, str]:
    done = project.windlass("doctor", "--json")
    import json

    checks = json.loads(done.out)["checks"]
    found: dict[str, str] = next(each for each in checks if each["name"] == "environment")
    return found


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)
