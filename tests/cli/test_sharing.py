"""Hits from other folders, users' homes and machines that share a record and a store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from object_server import ObjectServer

from .program import Folder

FLOW = """
from pathlib import Path
import time
import numpy as np
from windlass import pipeline, step
import helpers

@step
def make(rows: int) -> np.ndarray:
    time.sleep(0.3)
    return np.arange(rows)

@step
def total(data: np.ndarray) -> int:
    return helpers.scaled(int(data.sum()))

@step
def weigh(file: Path) -> int:
    return len(file.read_text())

@pipeline
def summing(file: Path, rows: int = 5000) -> int:
    weigh(file)
    return total(make(rows))
"""
STUMBLING = """
from pathlib import Path
from windlass import pipeline, step
from flow import make, total

@step
def stumble(total: int) -> int:
    print("I was here")
    if not Path("ready.txt").exists():
        raise RuntimeError("not ready")
    return total + 1

@pipeline
def stumbling() -> int:
    return stumble(total(make(5000)))
"""
OTHER = """
from flow import make, step, pipeline

@step
def length(data) -> int:
    return len(data)

@pipeline
def counting(rows: int = 5000) -> int:
    return length(make(rows))
"""


@pytest.fixture(params=["sqlite", "postgres", "postgres and bucket"])
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> list[Folder]:
    """Two machines: folders, homes and temporary folders of their own, one record and store."""
    records = str(tmp_path / "shared" / "windlass.db")
    artifacts, variables = str(tmp_path / "shared" / "artifacts"), {}
    if "postgres" in request.param:
        records = str(request.getfixturevalue("postgres_url"))
    if "bucket" in request.param:
        artifacts = f"{request.getfixturevalue('bucket')}/team"
        variables = request.getfixturevalue("object_server").variables
    stack = (
        'default = "team"\n[stacks.team]\ntarget = "local"\n'
        f'records = "{records}"\nartifacts = "{artifacts}"\n'
    )
    found = []
    for name in ("one", "the other"):
        root = tmp_path / name / "project"
        root.mkdir(parents=True)
        (root / "windlass.toml").write_text(stack)
        (root / "flow.py").write_text(FLOW)
        (root / "other.py").write_text(OTHER)
        (root / "stumbling.py").write_text(STUMBLING)
        (root / "helpers.py").write_text("def scaled(number):\n    return number * 2\n")
        (root / "words.txt").write_text("the same words")
        home = tmp_path / name / "home"
        home.mkdir()
        found.append(Folder(root, {"HOME": str(home), "TMPDIR": str(home), **variables}))
    return found


def ran(folder: Folder, *words: str) -> set[str]:
    """Runs a pipeline; the nodes that were not taken from the cache."""
    told = folder.document("run", *words)
    return {node["node"] for node in told["nodes"] if not node["cached"]}


SUMMING = ("flow.py", "-p", "file=words.txt")


def test_what_one_machine_computed_another_has(machines: list[Folder]) -> None:
    one, other = machines
    assert ran(one, *SUMMING) == {"make", "total", "weigh"}
    assert ran(other, *SUMMING) == set()
    assert ran(other, "other.py:counting") == {"length"}  # another pipeline, with a step of it
    (other.root / "helpers.py").write_text("def scaled(number):\n    return number * 3\n")
    assert ran(other, *SUMMING) == {"total"}
    told = other.windlass("explain", "latest", "total").out
    assert "helper helpers.scaled changed (helpers.py:1)" in told
    assert "-     return number * 2" in told.replace("-    ", "-     ")
    assert ran(one, *SUMMING) == set()


def test_two_that_need_the_same_at_once_both_finish(machines: list[Folder]) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda folder: folder.windlass("run", *SUMMING), machines))
    assert [done.code for done in both] == [0, 0]
    assert ["24995000" in done.out.splitlines() for done in both] == [True, True]
    assert [ran(folder, *SUMMING) for folder in machines] == [set(), set()]


@pytest.mark.parametrize("machines", ["postgres and bucket"], indirect=True)
def test_a_run_that_one_machine_began_another_looks_at_and_resumes(machines: list[Folder]) -> None:
    one, other = machines
    begun = one.document("run", "stumbling.py:stumbling", code=1)
    seen = other.document("show", begun["name"])
    assert {node["node"]: node["status"] for node in seen["nodes"]} == {
        "make": "succeeded",
        "total": "succeeded",
        "stumble": "failed",
    }
    assert "24995000" in other.windlass("artifacts", "show", f"{begun['name']}:total").out
    told = other.windlass("logs", begun["name"], "stumble").out
    assert told.startswith("I was here\n")
    assert "botocore" not in other.windlass("logs", begun["name"]).out
    (other.root / "ready.txt").write_text("")
    resumed = other.document("resume", begun["name"])
    assert resumed["status"] == "succeeded"
    assert {node["node"]: node["attempts"] for node in resumed["nodes"]} == {
        "make": 1,
        "total": 1,
        "stumble": 2,
    }
    assert one.document("show", begun["name"])["status"] == "succeeded"
    assert "24995001" in one.windlass("artifacts", "show", f"{begun['name']}:stumble").out
    assert one.windlass("logs", begun["name"], "stumble").out.count("I was here") == 2


@pytest.mark.parametrize("machines", ["postgres and bucket"], indirect=True)
def test_old_runs_leave_nothing_in_the_bucket(
    machines: list[Folder], object_server: ObjectServer, bucket: str
) -> None:
    one, other = machines
    begun = one.document("run", "stumbling.py:stumbling", code=1)
    one.document("run", "stumbling.py:stumbling", "--no-cache", code=1)
    logs = f"{bucket.removeprefix('s3://')}?prefix=team/named/runs/{begun['id']}"
    assert b"<Key>" in object_server.call("GET", logs)
    told = other.document("gc", "--older-than", "0.001 seconds")
    assert begun["name"] in told["runs"]
    assert told["cache"]["bytes"] >= 0
    assert b"<Key>" not in object_server.call("GET", logs)
