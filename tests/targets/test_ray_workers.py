"""The workers of a node of Ray, without Ray."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import windlass
from cli.program import Folder
from windlass.execution.pool import Pool
from windlass.execution.stores import stack_to_json
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.ray.on_node import Request
from windlass.targets.ray.workers import NodeWorkers


def test_what_was_begun_early_starts_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no workers yet, which once was taken for no pool at all."""
    shutil.copy(Path(__file__).with_name("ray_flow.py"), tmp_path / "flow.py")
    Folder(tmp_path).document("run", "flow.py:squares")
    monkeypatch.chdir(tmp_path)
    stack = stack_to_json(load_stack(None, find_project(tmp_path)))
    run = windlass.open_run("latest").id
    path = (str(tmp_path), *sys.path)
    monkeypatch.setattr(sys, "path", list(path))  # which is set to that of the driver
    pool = Pool()
    workers = NodeWorkers(Request(run, stack, str(tmp_path), path), pool)
    try:
        workers.try_task("count", None, 2, 2, ())
        assert pool.size == 1
    finally:
        workers.close()
