"""Runs from scripts, prompts and projects: what is recorded, found again, and not run twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from execution import fault_pipelines as fp
from windlass import each, open_run, pipeline, step
from windlass.errors import ConfigError, DefinitionError, NotFoundError, ParameterError, RunError

SCRIPT = """
from pathlib import Path
from typing import NamedTuple
from windlass import each, pipeline, step
import helper

class Pair(NamedTuple):
    left: int
    right: list[str]

@step
def make(a: int, source: Path | None = None) -> Pair:
    text = source.read_text() if source else ""
    return Pair(helper.double(a), [text])

@step
def use(pair: Pair, left: int) -> int:
    return pair.left + left

@pipeline
def script(a: int = 1, source: Path | None = None) -> Pair:
    pair = make(a, source)
    use(pair, pair.left)
    return pair

if __name__ == "__main__":
    import json, sys
    path = sys.argv[1] if len(sys.argv) > 1 else None
    run = script.options(workers=1).run(a=4, source=path)
    print(json.dumps({"status": run.status, "error": run.error, "name": run.name,
                      "cached": {n.name: n.outcome.cached for n in run.nodes},
                      "result": list(run.result()), "type": type(run.result()).__name__,
                      "plan": run.row.plan, "bundle": run.row.bundle}))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("WINDLASS_HOME")
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "windlass.toml").touch()
    (folder / "script.py").write_text(SCRIPT)
    (folder / "helper.py").write_text("def double(a):\n    return 2 * a\n")
    return folder


def told(project: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, str(project / "script.py"), *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["status"] == "succeeded", found["error"]
    return found


def test_a_script_runs_its_own_pipeline(project: Path) -> None:
    first = told(project)
    assert first["result"] == [8, [""]]
    assert first["type"] == "Pair"
    assert first["cached"] == {"make": False, "use": False}
    second = told(project)
    assert (second["name"], second["plan"]) == ("script-2", first["plan"])
    assert second["cached"] == {"make": True, "use": True}


def test_the_plan_is_the_same_wherever_the_project_lies(project: Path, tmp_path: Path) -> None:
    first = told(project)
    moved = tmp_path / "elsewhere"
    project.rename(moved)
    seed = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "C", "HOME": str(tmp_path)}
    second = told(moved, **seed)
    assert (second["plan"], second["bundle"]) == (first["plan"], first["bundle"])
    assert second["cached"] == {"make": True, "use": True}


@pytest.mark.parametrize("change", ["script", "helper", "ignored module", "folder on PYTHONPATH"])
def test_an_edit_of_any_code_makes_steps_run_again(
    project: Path, tmp_path: Path, change: str
) -> None:
    other = tmp_path / "library"
    other.mkdir()
    (other / "library.py").write_text("FACTOR = 2\n")
    (project / ".gitignore").write_text("generated.py\n")
    (project / "generated.py").write_text("FACTOR = 2\n")
    if change == "ignored module":
        (project / "helper.py").write_text(
            "import generated\ndef double(a):\n    return generated.FACTOR * a\n"
        )
    if change == "folder on PYTHONPATH":
        (project / "helper.py").write_text(
            "import library\ndef double(a):\n    return library.FACTOR * a\n"
        )
    environment = {"PYTHONPATH": str(other)}
    assert told(project, **environment)["result"] == [8, [""]]
    assert all(told(project, **environment)["cached"].values())
    edited = {
        "script": (project / "script.py", "helper.double(a)", "helper.double(a) * 10"),
        "helper": (project / "helper.py", "2 * a", "20 * a"),
        "ignored module": (project / "generated.py", "2", "20"),
        "folder on PYTHONPATH": (other / "library.py", "2", "20"),
    }
    path, before, after = edited[change]
    path.write_text(path.read_text().replace(before, after))
    third = told(project, **environment)
    assert third["result"] == [80, [""]]
    assert third["cached"]["make"] is False


def test_a_files_bytes_are_part_of_what_a_step_is_given(project: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.txt"
    data.write_text("one")
    assert told(project, str(data))["result"] == [8, ["one"]]
    assert told(project, str(data))["cached"]["make"] is True
    data.write_text("two")
    again = told(project, str(data))
    assert again["result"] == [8, ["two"]]
    assert again["cached"]["make"] is False


def test_a_script_without_a_guard_is_told_of_it(project: Path) -> None:
    unguarded = SCRIPT.replace('if __name__ == "__main__":', "if True:")
    (project / "script.py").write_text(unguarded)
    done = subprocess.run(
        [sys.executable, str(project / "script.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0 or '"failed"' in done.stdout
    log = next((project / ".windlass" / "logs").rglob("make.1.log")).read_text()
    assert "is called while a worker imports" in log
    assert 'if __name__ == "__main__"' in log


def test_steps_of_a_prompt_run_in_this_process_and_are_never_cached(project: Path) -> None:
    code = (
        "import os\n"
        "from windlass import each, pipeline, step\n"
        "@step\n"
        "def pid(a: int) -> int: return os.getpid()\n"
        "@pipeline\n"
        "def prompt() -> list[int]: return pid.map(each([1, 2]))\n"
        "runs = [prompt.run() for _ in range(2)]\n"
        "print(all(run.result() == [os.getpid()] * 2 for run in runs))\n"
        "print(runs[1]['pid[0]'].outcome.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-"], input=code, cwd=project, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        "True",
        "never cached: the step is not in a file of the project",
    ], done.stderr


class Named(NamedTuple):
    total: int
    parts: list[int]


def test_steps_inside_functions_work_and_results_keep_their_shape() -> None:
    @step
    def double(a: int) -> int:
        return 2 * a

    @pipeline
    def local(numbers: list[int]) -> Named:
        parts = double.map(each(numbers))
        return Named(double(10), parts)

    run = local.options(tags={"why": "test"}, seed=3).run([1, 2])
    assert run.result() == Named(20, [2, 4])
    assert type(run.result()) is Named
    assert (run.seed, run.row.tags) == (3, {"why": "test"})
    assert run.seconds is not None
    assert run["double"].values == [2, 4]
    assert run["double_2"].value == 20
    assert run["double[1]"].value == 4
    with pytest.raises(NotFoundError, match="no node 'duble'") as caught:
        run["duble"]
    assert "double" in str(caught.value)
    for wrong, words in (
        (0, "named by text, not by 0"),
        ("double_2[0]", "no node"),
        ("a.b", "no node"),
    ):
        with pytest.raises(NotFoundError, match=words):
            run[wrong]  # type: ignore[index]
    with pytest.raises(RunError, match="the map has fewer items"):
        _ = run["double[9]"].value
    with pytest.raises(RunError, match="'double_2' is no map"):
        _ = run["double_2"].values


def test_a_run_is_opened_again_and_tells_one_output_of_several(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(ConfigError, match="nothing has been recorded"):
        open_run()
    done = subprocess.run([sys.executable, "script.py"], check=True, capture_output=True, text=True)
    name = json.loads(done.stdout)["name"]
    for told in (name, "latest", "script"):
        run = open_run(told)
        assert (run.name, run.status) == (name, "succeeded")
    assert run["make.left"].value == 8
    assert run["make.right"].value == [""]
    assert run["use"].value == 16
    with pytest.raises(NotFoundError, match=r"no node 'make\.up'"):
        run["make.up"]
    with pytest.raises(NotFoundError, match="no run 'other'"):
        open_run("other")


def test_a_run_that_failed_has_no_result() -> None:
    run = fp.ending.options(workers=1).run("exception")
    with pytest.raises(RunError, match="has failed"):
        run.result()
    with pytest.raises(RunError, match="no value: it has failed"):
        _ = run["end_badly"].value


def test_bad_parameters_are_refused_before_anything_is_recorded(home: Path) -> None:
    for arguments, words in (
        ({"howw": "x"}, "howw"),
        ({}, "how"),
        ({"how": "x", "log_first": "many"}, "log_first"),
    ):
        with pytest.raises(ParameterError, match=words):
            fp.ending.run(**arguments)  # type: ignore[arg-type]
    assert not home.exists()


def test_two_steps_under_one_name_are_refused() -> None:
    def made(factor: int) -> Any:
        @step
        def scaled(a: int) -> int:
            return a * factor

        return scaled

    @pipeline
    def confusing() -> int:
        result: int = made(2)(made(3)(1))
        return result

    with pytest.raises(DefinitionError, match="two different steps"):
        confusing.graph()
