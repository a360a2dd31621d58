"""Hits from other folders, users' homes and machines that share a record and a store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

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
OTHER = """
from flow import make, step, pipeline

@step
def length(data) -> int:
    return len(data)

@pipeline
def counting(rows: int = 5000) -> int:
    return length(make(rows))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def machines(request: pytest.FixtureRequest, tmp_path: Path) -> list[Folder]:
    """Two machines: folders, homes and temporary folders of their own, one record and store."""
    records = str(tmp_path / "shared" / "windlass.db")
    if request.param == "postgres":
        records = str(request.getfixturevalue("postgres_url"))
    stack = (
        'default = "team"\n[stacks.team]\ntarget = "local"\n'
        f'records = "{records}"\nartifacts = "{tmp_path / "shared" / "artifacts"}"\n'
    )
    found = []
    for name in ("one", "the other"):
        root = tmp_path / name / "project"
        root.mkdir(parents=True)
        (root / "windlass.toml").write_text(stack)
        (root / "flow.py").write_text(FLOW)
        (root / "other.py").write_text(OTHER)
        (root / "helpers.py").write_text("def scaled(number):\n    return number * 2\n")
        (root / "words.txt").write_text("the same words")
        home = tmp_path / name / "home"
        home.mkdir()
        found.append(Folder(root, {"HOME": str(home), "TMPDIR": str(home)}))
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
