"""``windlass execute``: one node, in a process that is as a worker is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .program import Folder, wait_until

CODE = """
import os, subprocess, sys, time
from pathlib import Path
from windlass import each, pipeline, step

GATE = Path(__file__).with_name("gate")

@step(cpus=2)
def speak() -> str:
    if not GATE.exists():
        raise ValueError("not yet")
    print("from Python")
    os.write(1, b"from a descriptor\\n")
    subprocess.run(["echo", "from a child"], check=True)
    if GATE.read_text() == "wait":
        while GATE.exists():
            time.sleep(0.02)
    return f"{os.environ['PYTHONHASHSEED']} {os.environ['OMP_NUM_THREADS']}"

@step
def double(n: int) -> int:
    return 2 * n

@pipeline
def speaking() -> list[int]:
    speak()
    return double.map(each([1, 2]))
"""
WRITTEN = ["from Python", "from a descriptor", "from a child"]


@pytest.fixture
def failed(project: Folder) -> dict[str, Any]:
    """A run whose node is still to be executed."""
    (project.root / "speaking.py").write_text(CODE)
    return project.document("run", "speaking.py", "--keep-going", code=1)


def words(run: dict[str, Any], node: str, *more: str) -> list[str]:
    return ["execute", "--plan", run["plan"], "--run", run["id"], "--node", node, *more]


def test_what_it_writes_is_kept_and_passed_on(project: Folder, failed: dict[str, Any]) -> None:
    (project.root / "gate").write_text("go")
    done = project.windlass(*words(failed, "speak", "--attempt", "2"))
    assert done.code == 0, done
    assert done.out.splitlines() == WRITTEN
    logs = project.windlass("logs", "speaking-1", "speak", "--attempt", "2")
    assert logs.out.splitlines() == WRITTEN
    told = project.document("artifacts", "show", "speaking-1:speak")
    assert told["preview"]["text"] == "0 2"


def test_what_it_writes_is_passed_on_as_it_comes(project: Folder, failed: dict[str, Any]) -> None:
    gate = project.root / "gate"
    gate.write_text("wait")
    log = project.root / ".windlass" / "logs" / failed["id"] / "speak.2.log"
    with project.started(*words(failed, "speak", "--attempt", "2")) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().rstrip() for _ in WRITTEN] == WRITTEN
        wait_until(lambda: log.read_text().splitlines() == WRITTEN)
        gate.unlink()
        assert process.wait(30) == 0


def test_a_failure_is_told_where_the_backend_keeps_its_own_logs(
    project: Folder, failed: dict[str, Any]
) -> None:
    done = project.windlass(*words(failed, "speak", "--attempt", "2"))
    assert done.code == 1
    assert "ValueError: not yet" in done.out


def test_the_document_stands_alone(project: Folder, failed: dict[str, Any]) -> None:
    (project.root / "gate").write_text("go")
    done = project.windlass(*words(failed, "speak", "--attempt", "2", "--json"))
    assert json.loads(done.out)["status"] == "succeeded"
    assert done.err.splitlines() == WRITTEN


@pytest.mark.parametrize(
    ("node", "more", "told"),
    [
        ("double", [], "'double' is a map"),
        ("double", ["--index", "2"], "'double' has 2 items"),
        ("speak", ["--index", "0"], "'speak' is no map"),
        ("double", ["--index", "-1"], "--index"),
        ("speak", ["--attempt", "0"], "--attempt"),
    ],
)
def test_a_wrong_item_is_refused(
    project: Folder, failed: dict[str, Any], node: str, more: list[str], told: str
) -> None:
    assert told in project.refused(*words(failed, node, *more))
    assert project.document("show", "speaking-1") == failed


def test_a_plan_that_is_not_the_runs_is_refused(project: Folder, failed: dict[str, Any]) -> None:
    said = project.refused(*words({**failed, "plan": "0" * 64}, "speak"))
    assert failed["plan"] in said
