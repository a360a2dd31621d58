"""Runs of notebooks that were killed: begun in a kernel that died, or inside a notebook step."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.program import Folder, wait_until
from cli.test_resume import succeeded

from .kernels import Kernel, write_notebook

CELLS = [
    "import time\nfrom pathlib import Path\nfrom windlass import pipeline, step",
    """FACTOR = 10
def noted(what):
    with Path('{notes}').open('a') as file:
        file.write(what + '\\n')""",
    "@step\ndef load(n: int) -> int:\n    noted('load')\n    return n * FACTOR",
    """@step
def wait(n: int) -> int:
    noted('wait')
    while not Path('{go}').exists():
        time.sleep(0.02)
    return n + 1""",
    "@pipeline\ndef celled(n: int = 4) -> int:\n    return wait(load(n))",
]
STEPS = """
from typing import NamedTuple
from windlass import notebook, pipeline, step

class Found(NamedTuple):
    best: int

@step
def load(n: int) -> int:
    return n * 10

@step
@notebook("explore.ipynb")
def explore(n: int) -> Found: ...

@pipeline
def exploring(n: int = 4) -> int:
    return explore(load(n)).best
"""


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    root = tmp_path / "project"
    root.mkdir()
    (root / "windlass.toml").touch()
    return Folder(root)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def test_a_run_of_cells_goes_on_after_its_kernel_was_killed(place: Folder, tmp_path: Path) -> None:
    notes, go = tmp_path / "notes", tmp_path / "go"
    kernel = Kernel(place.root)
    try:
        for cell in CELLS:
            kernel(cell.replace("{notes}", str(notes)).replace("{go}", str(go)))
        kernel.kill_during("celled.run()", lambda: "wait" in lines(notes))
    finally:
        kernel.close()
    assert place.document("show", "celled")["status"] == "lost"
    go.touch()
    document = place.document("resume", "celled")
    assert document["status"] == "succeeded"
    assert [node["status"] for node in document["nodes"]] == ["succeeded", "succeeded"]
    assert lines(notes) == ["load", "wait", "wait"]
    assert place.windlass("resume", "celled").out.startswith("41\n")


def test_a_notebook_step_that_was_killed_runs_again(place: Folder, tmp_path: Path) -> None:
    started, go = tmp_path / "started", tmp_path / "go"
    (place.root / "exploring.py").write_text(STEPS)
    cells = [
        f"import time\nfrom pathlib import Path\nPath({str(started)!r}).touch()",
        f"while not Path({str(go)!r}).exists():\n    time.sleep(0.02)",
        "best = n + 1",
    ]
    write_notebook(place.root / "explore.ipynb", cells)
    with place.started("run", "exploring.py:exploring") as process:
        wait_until(lambda: succeeded(place, "load") and started.exists(), seconds=60)
        process.kill()
    assert place.document("show", "exploring")["status"] == "lost"
    go.touch()
    document = place.document("resume", "exploring")
    assert document["status"] == "succeeded"
    assert {node["node"]: node["attempts"] for node in document["nodes"]} == {
        "load": 1,
        "explore": 2,
    }
