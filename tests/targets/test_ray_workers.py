"""What runs on a node of Ray, without Ray's processes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import windlass
from cli.program import Folder
from windlass.execution.pool import Pool
from windlass.execution.stores import stack_to_json
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.ray import on_node
from windlass.targets.ray.on_node import Request, trying
from windlass.targets.ray.workers import NodeWorkers


@pytest.fixture
def request_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """A run that was recorded, as nodes that see this disk are told of it."""
    shutil.copy(Path(__file__).with_name("ray_flow.py"), tmp_path / "flow.py")
    Folder(tmp_path).document("run", "flow.py:squares")
    monkeypatch.chdir(tmp_path)
    stack = stack_to_json(load_stack(None, find_project(tmp_path)))
    path = (str(tmp_path), *sys.path)
    monkeypatch.setattr(sys, "path", list(path))  # which is set to that of the driver
    return Request(windlass.open_run("latest").id, stack, str(tmp_path), path)


def test_what_was_begun_early_starts_the_workers(request_here: Request) -> None:
    """It has no workers yet, which once was taken for no pool at all."""
    pool = Pool()
    workers = NodeWorkers(request_here, pool)
    try:
        workers.try_task("count", None, 2, 2, ())
        assert pool.size == 1
    finally:
        workers.close()


def test_it_begins_where_the_function_arrives(
    request_here: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudpickle = pytest.importorskip("ray.cloudpickle", reason="Ray is not installed")
    here = on_node._Here()
    monkeypatch.setattr(on_node, "_here", here)
    monkeypatch.setattr(on_node, "_gpus", tuple)  # of which Ray tells
    sent = cloudpickle.dumps(trying(request_here))
    assert here.early is None

    def arrive() -> tuple[Any, Any]:
        return cloudpickle.loads(sent), here.early

    function, pool = arrive()
    again, later = arrive()
    try:
        assert None not in (pool, later)
        assert later is not pool  # which is closed: nothing was tried by it
        assert function("count", None, 2, 2).ended["status"] == "succeeded"
        assert (here.early, later.size) == (None, 1)
        assert again("count", None, 3, 3).ended["status"] == "succeeded"
        cloudpickle.loads(sent)
        assert (here.early, later.size) == (None, 1)  # of the same run, whose workers are there
    finally:
        here.close()
