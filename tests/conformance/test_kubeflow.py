"""The target `kubeflow`: graphs compiled, and run by KFP's own local runner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli import warm
from conformance.projects import given_as_text, project_of_graphs
from conformance.promises import check, one_after_another
from targets.kubeflow_home import kfp_python, kfp_stack
from windlass import Run
from windlass.execution.run import Run as RunOf
from windlass.execution.stores import open_stores
from windlass.pipeline.settings import RunOptions
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.compiling import compile_pipeline
from windlass.targets.kubeflow.sdk import Sdk
from windlass.targets.sync import sync_all

TRIED = (
    *("map", "empty map", "zip of different lengths", "choice in a choice"),
    *("choice of maps, other way", "failure, then retry", "partial failure"),
    *("data that break a check", "model of checked data"),
)
"""Each feature of a graph occurs in one of these. ``make matrix`` runs all, each node cold."""
SERIES = (*TRIED, "model of checked data")
"""One again at the end: it comes from the cache, and mints no version."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The graphs, in a project whose stack names an interpreter that has kfp."""
    root = tmp_path_factory.mktemp("project")
    with warm.program() as program:
        stack = kfp_stack(kfp_python(), program)
        with project_of_graphs(root, "kubeflow_cases", stack) as found:
            yield found


Ran = Mapping[str, tuple[list[dict[str, Any]], list[Run[Any]], Path]]


@pytest.fixture(scope="module")
def ran(cases: Any, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Every case, compiled, run by one process of kfp, and taken into one record."""
    top, root = tmp_path_factory.mktemp("cases"), Path(cases.__file__).parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(top / "home"))
        told, folders = [], {name: top / str(number) for number, name in enumerate(TRIED)}
        with Sdk(str(kfp_python())) as sdk:
            for name in SERIES:
                folders[name].mkdir(exist_ok=True)
                case = cases.CASES[name]
                options = RunOptions(stack="kfp", **case.options)
                _, (file,) = compile_pipeline(case.pipeline, options, top / "compiled")
                given = given_as_text(case, folders[name])
                told.append(sdk.ask("trial", file=str(file), parameters=given))
        synced = sync_all(stack="kfp", project=root)
        stores = open_stores(load_stack("kfp", find_project(root)))
        rows = sorted(stores.records.runs(), key=lambda row: row.created)
        assert len(rows) == len(SERIES) == len(synced), told
        places = {name: [at for at, each in enumerate(SERIES) if each == name] for name in TRIED}
        return {
            name: (
                [told[at] for at in some],
                [RunOf(rows[at], stores) for at in some],
                folders[name],
            )
            for name, some in places.items()
        }


def test_graphs_run_as_promised(ran: Ran, cases: Any, subtests: pytest.Subtests) -> None:
    """All in one: several workers of the tests would each start kfp and run them all."""
    for name, (told, runs, folder) in ran.items():
        with subtests.test(name):
            case = cases.CASES[name]
            assert {each["succeeded"] for each in told} == {case.status == "succeeded"}, told
            check(case, one_after_another(runs), folder)
