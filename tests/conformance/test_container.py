"""The target of containers: every node in one of its own, by a real engine."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance import conformance_cases
from conformance.conformance_cases import CHOSEN
from conformance.promises import check
from containers.boxed import PACKAGING, Boxed
from windlass import Run
from windlass.execution.liveness import this_process


@pytest.fixture(scope="module")
def project(container_base: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("boxed") / "project"
    mounts = f'mounts = ["{tmp_path_factory.getbasetemp()}"]'
    Boxed(root, container_base).write(PACKAGING, options=mounts)
    shutil.copyfile(conformance_cases.__file__, root / "boxed_cases.py")
    sys.path.insert(0, str(root))
    yield root
    sys.path.remove(str(root))


@pytest.mark.parametrize("name", CHOSEN)
def test_a_graph_runs_as_promised(
    name: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One record for all: a lock is solved once. No case is served by another's results.
    monkeypatch.setenv("WINDLASS_HOME", str(project / ".windlass"))
    monkeypatch.chdir(project)
    case = importlib.import_module("boxed_cases").CASES[name]

    def launch(
        pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Run[Any]:
        run: Run[Any] = pipeline.options(stack="box", **{"cache": False, **options}).run(
            **parameters
        )
        return run

    folder = tmp_path / "folder"
    folder.mkdir()
    run = check(case, launch, folder)
    here = this_process()["namespace"]
    attempts = run.job.stores.records.attempts(run.id)
    assert [each for each in attempts if each.worker["namespace"] == here] == []
