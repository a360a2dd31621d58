"""The target `ray`: a cluster on this machine, started once for all of these tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conformance_cases import CASES
from conformance.promises import check
from windlass import Run

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    from windlass.targets.ray.cluster import Cluster
    from windlass.targets.ray.options import RayOptions

    os.environ["RAY_AUTH_MODE"] = "disabled"  # as all tests of Ray have it
    started = Cluster(RayOptions())
    yield
    started.close()


@pytest.mark.parametrize("name", CASES)
def test_a_graph_runs_as_promised(name: str, graphs: Any, folder: Path) -> None:
    def launch(
        pipeline: Any, parameters: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Run[Any]:
        run: Run[Any] = pipeline.options(target="ray", **options).run(**parameters)
        return run

    check(graphs.CASES[name], launch, folder)
