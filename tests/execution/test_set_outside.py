"""Modules whose constants are set by another file: workers see them, or the run says why not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

STEPS = """
from pathlib import Path
from windlass import step

RATE = 30
SETTINGS = {"rate": 1}
CALLS = 0

@step
def rated(item: int) -> int:
    return item * RATE * SETTINGS["rate"]

@step
def counted(item: int) -> int:
    global CALLS
    CALLS += 1
    return item + CALLS

@step
def edit() -> int:
    file = Path(__file__)
    file.write_text(file.read_text().replace("RATE = 30", "RATE = 70"))
    return 2
"""
FLOW = """
from windlass import pipeline
import steps

@pipeline
def rating(item: int = 2) -> int:
    return steps.rated(item)

@pipeline
def counting(item: int = 2) -> int:
    return steps.counted(item)

@pipeline
def editing() -> int:
    return steps.rated(steps.edit())
"""
MAIN = """
import json
import flow, steps

if __name__ == "__main__":
    {change}
    run = flow.{pipeline}.options(workers=1, fresh=True).run()
    told = [node.outcome.error or dict(reason=node.outcome.reason) for node in run.nodes]
    print(json.dumps([run.result() if run.status == "succeeded" else None, *told]))
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("windlass.toml", ""), ("steps.py", STEPS), ("flow.py", FLOW)):
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WINDLASS_HOME", raising=False)
    return tmp_path


def started(pipeline: str, change: str = "pass") -> Any:
    """Runs a pipeline from a script: its result, and what each node tells."""
    Path("main.py").write_text(MAIN.format(pipeline=pipeline, change=change))
    done = subprocess.run([sys.executable, "main.py"], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def test_what_the_pipelines_file_sets_holds_in_workers(project: Path) -> None:
    flow = project / "flow.py"
    flow.write_text(f"{FLOW}\nsteps.RATE = 40\nsteps.SETTINGS['rate'] = 2\n")
    assert started("rating") == [160, {"reason": "never run before"}]
    assert started("rating")[1]["reason"].startswith("the same as in")
    flow.write_text(f"{FLOW}\nsteps.RATE = 50\nsteps.SETTINGS['rate'] = 2\n")
    assert started("rating")[0] == 200


def test_a_pipelines_file_that_cannot_be_imported_twice(project: Path) -> None:
    (project / "flow.py").write_text(f"{FLOW}\nimport os\nPath = open('once', 'x')\n")
    assert started("rating") == [60, {"reason": "never run before"}]


def test_a_constant_that_a_script_sets_is_refused(project: Path) -> None:
    result, error = started("rating", "steps.RATE = 50")
    assert result is None
    assert error["kind"] == "DefinitionError"
    assert "steps.RATE was set to 50 where the run was started" in error["message"]
    assert "steps.py, where it is 30" in error["message"]
    assert "at the top of the pipeline's own file" in error["hint"]


def test_what_may_have_been_changed_by_a_step_is_not_kept(project: Path) -> None:
    for pipeline, change in (
        ("rating", "steps.SETTINGS['rate'] = 5"),
        ("counting", "steps.CALLS = 7"),
    ):
        result, told = started(pipeline, change)
        assert result in (60, 3)
        assert "not kept for the cache: steps." in told["reason"]
        assert "it was set from outside" in told["reason"]


def test_an_edit_while_a_run_goes_on_is_none(project: Path) -> None:
    result, _, told = started("editing")
    assert result == 140
    assert "not kept for the cache: steps.RATE" in told["reason"]
