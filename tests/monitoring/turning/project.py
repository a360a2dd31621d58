"""A project of which turns are taken: a tiny pipeline, a release test, and its windlass.toml."""

from __future__ import annotations

from pathlib import Path

FLOW = """
import os
from pathlib import Path
from typing import Annotated, NamedTuple
from windlass import Holdout, Model, Reference, pipeline, step

if Path("crash").exists():
    os._exit(7)

class Split(NamedTuple):
    train: Annotated[list[float], Reference("mean")]
    test: Annotated[list[float], Holdout("mean")]

@step
def split(n: int) -> Split:
    return Split([float(x) for x in range(n)], [float(x) for x in range(n, 2 * n)])

@step
def fit(rows: list[float]) -> Annotated[dict[str, float], Model("mean", target="x")]:
    return {"mean": sum(rows) / len(rows)}

@step
def look(rows: list[float]) -> float:
    return max(rows)

@pipeline
def training(n: int = 4) -> dict[str, float]:
    return fit(split(n).train)

@pipeline
def looking(n: int = 4) -> float:
    return look(split(n).test)

quick = training.options(in_process=True)
"""
TESTS = """
import os
import time
from windlass.models.testing.verdicts import Inconclusive

def test_the_data_are_those_of_the_run(candidate, reference):
    assert candidate.model == {"mean": sum(reference) / len(reference)}

def test_what_the_test_wishes(candidate):
    wish, parent = os.environ.get("WISH"), os.getppid()
    if wish == "inconclusive":
        raise Inconclusive("17 more cases would tell")
    while wish == "wait" and os.getppid() == parent:  # until whoever takes the turn is gone
        time.sleep(0.05)
    assert wish != "fail", "as it was wished"
"""
SETTINGS = """
[models.mean]
pipeline = "flow.py:quick"
parameters = {n = 4}
"""


def make(root: Path, more: str = "") -> Path:
    """Writes the project."""
    (root / "windlass.toml").write_text(SETTINGS + more)
    (root / "flow.py").write_text(FLOW)
    (root / "release_tests").mkdir()
    (root / "release_tests" / "test_mean.py").write_text(TESTS)
    return root
