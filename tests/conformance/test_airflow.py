"""The target `airflow`: graphs compiled, and run by Airflow itself.

Nodes in the locked environment, each cold: `targets/test_airflow_trial.py`, `…_scheduler.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli import warm
from conformance.conformance_cases import CASES, CHOSEN
from conformance.projects import given_as_text, project_of_graphs
from conformance.promises import check, one_after_another
from targets.airflow_home import installed_airflow
from windlass import Run
from windlass.execution.run import Run as RunOf
from windlass.execution.stores import open_stores
from windlass.pipeline.settings import RunOptions
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack
from windlass.targets.compiling import compile_pipeline
from windlass.targets.sync import sync_all

SERIES = (*CHOSEN, "model of checked data")
"""One again at the end: it comes from the cache, and mints no version."""
STACK = """
[stacks.air]
target = "airflow"
[stacks.air.options]
command = {}
"""

Ran = Mapping[str, tuple[list[dict[str, Any]], list[Run[Any]], Path]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Every case, compiled, run by one Airflow, and taken into one record."""
    top, root = tmp_path_factory.mktemp("cases"), tmp_path_factory.mktemp("project")
    (top / "airflow").mkdir()
    with (
        pytest.MonkeyPatch.context() as patch,
        warm.program() as program,
        project_of_graphs(root, "airflow_cases", STACK.format(json.dumps(program))) as cases,
    ):
        patch.setenv("WINDLASS_HOME", str(top / "home"))
        folders = {name: top / str(number) for number, name in enumerate(CHOSEN)}
        files = {}
        for name in CHOSEN:
            folders[name].mkdir()
            case = cases.CASES[name]
            options = RunOptions(stack="air", **case.options)
            _, (files[name],) = compile_pipeline(case.pipeline, options, top / "dags")
        given = [(files[name], given_as_text(CASES[name], folders[name])) for name in SERIES]
        told = installed_airflow().run(given, top / "airflow")
        synced = sync_all(stack="air", project=root)
        stores = open_stores(load_stack("air", find_project(root)))
        rows = sorted(stores.records.runs(), key=lambda row: row.created)
        assert len(rows) == len(SERIES) == len(synced), told
        places = {name: [at for at, each in enumerate(SERIES) if each == name] for name in CHOSEN}
        yield {
            name: (
                [told[at] for at in some],
                [RunOf(rows[at], stores) for at in some],
                folders[name],
            )
            for name, some in places.items()
        }


def test_graphs_run_as_promised(ran: Ran, subtests: pytest.Subtests) -> None:
    """All in one: several workers of the tests would each start an Airflow and run them all."""
    for name, (told, runs, folder) in ran.items():
        with subtests.test(name):
            expected = "success" if CASES[name].status == "succeeded" else "failed"
            assert {each["state"] for each in told} == {expected}, told
            check(CASES[name], one_after_another(runs), folder)
