"""`windlass portability`: equal where it is, and every control that must fail does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.program import Folder, web_variables

DECLARED = "[windlass.targets]\n" + "".join(
    f"{name} = portable:{name.title()}Target\n"
    for name in ("fresh", "threads", "copying", "checked", "locked")
)


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """A project beside a package that brings targets."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "windlass.toml").touch()
    shutil.copy(Path(__file__).with_name("portable.py"), root)
    package = tmp_path / "site" / "portable-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: portable\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(DECLARED)
    return Folder(root, {"PYTHONPATH": f"{tmp_path / 'site'}:{root}"})


def matrix(project: Folder, pipeline: str, targets: str, code: int) -> dict[str, Any]:
    return project.document(
        "portability", f"portable.py:{pipeline}", "--targets", targets, code=code
    )


def differing(told: dict[str, Any]) -> list[str]:
    return [node["node"] for node in told["nodes"] if not node["equal"]]


def test_what_is_the_same_everywhere_is_equal(project: Folder) -> None:
    told = matrix(project, "squares", "local,fresh", 0)
    assert told["verdict"] == "equal"
    assert [each["kind"] for each in told["targets"]] == ["executed", "executed"]
    names = [node["node"] for node in told["nodes"]]
    assert names == ["square[0]", "square[1]", "square[2]", "total"]
    assert all(set(node["targets"]) == {"local", "fresh"} for node in told["nodes"])
    again = matrix(project, "squares", "fresh,local", 0)
    assert again["nodes"][0]["targets"]["local"] == told["nodes"][0]["targets"]["local"]
    text = project.windlass("portability", "portable.py:squares", "--targets", "local,fresh").out
    assert "square[0] … [2]" in text
    assert "squares is equal: all 4 artifacts, on local and fresh" in text


def test_nothing_is_taken_from_the_cache(project: Folder) -> None:
    assert project.windlass("run", "portable.py:squares").code == 0
    assert matrix(project, "squares", "local,fresh", 0)["verdict"] == "equal"


def test_a_step_that_rests_on_its_threads_is_caught(project: Folder) -> None:
    told = matrix(project, "threaded", "local,threads", 1)
    assert told["verdict"] == "different"
    assert differing(told) == ["by_threads", "total"]
    text = project.windlass("portability", "portable.py:threaded", "--targets", "local,threads").out
    assert "'by_threads' is the first node that differs" in text


def test_a_step_that_leaks_a_global_is_caught(project: Folder) -> None:
    (project.root / "windlass.toml").write_text("[run]\nworkers = 1\n")
    assert differing(matrix(project, "leaking", "local,fresh", 1)) == ["count"]


def test_a_target_that_copies_is_caught(project: Folder) -> None:
    told = matrix(project, "squares", "local,copying", 3)
    assert told["verdict"] == "inconclusive"
    doubts = {node["targets"]["copying"]["doubt"] for node in told["nodes"]}
    assert doubts == {"no attempt at it was recorded"}
    text = project.windlass("portability", "portable.py:squares", "--targets", "local,copying").out
    assert "it does not look as if it had executed 'square[0]'" in text


def test_what_was_only_checked_proves_nothing(project: Folder) -> None:
    told = matrix(project, "squares", "local,checked", 3)
    assert [each["kind"] for each in told["targets"]] == ["executed", "checked"]
    assert matrix(project, "squares", "local,fresh,checked", 0)["verdict"] == "equal"


def test_a_target_that_refuses_is_told(project: Folder) -> None:
    told = matrix(project, "squares", "local,fresh,nowhere", 3)
    assert told["verdict"] == "inconclusive"
    assert "there is no target 'nowhere'" in told["targets"][2]["problem"]
    assert differing(told) == []


def test_an_interpreter_that_is_not_as_the_lock_says_is_no_proof(project: Folder) -> None:
    (project.root / "requirements.txt").write_text("toolz==0.12.0\n")
    place = Folder(project.root, {**project.environment, **web_variables()})
    told = matrix(place, "squares", "local,locked", 3)
    local, locked = told["targets"]
    assert (local["status"], locked["status"]) == ("refused", "succeeded")
    assert "this interpreter is not as requirements.txt says: no toolz" in local["problem"]
    assert matrix(project, "squares", "local,fresh", 0)["verdict"] == "equal"


def test_a_failure_everywhere_proves_nothing(project: Folder) -> None:
    told = matrix(project, "failing", "local,fresh", 3)
    assert [each["status"] for each in told["targets"]] == ["failed", "failed"]
    assert json.dumps(told)
