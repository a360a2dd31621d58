"""The target `airflow`: graphs compiled, and run by Airflow itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.conformance_cases import CASES, Case
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

TRIED = (
    *("map", "empty map", "one-item map", "chain of maps", "product"),
    *("zip of different lengths", "choice, first way", "choice, other way", "choice in a choice"),
    *("choice of maps, other way", "nested group", "map of named outputs", "order without data"),
    *("failure, then retry", "retries exhausted", "partial failure"),
    *("data that break a check", "model of checked data"),
)
"""Each further one takes seconds: every node is a process that begins cold."""
SERIES = (*TRIED, "model of checked data")
"""One again at the end: it comes from the cache, and mints no version."""

Ran = Mapping[str, tuple[list[dict[str, Any]], list[Run[Any]], Path]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Every case, compiled, run by one Airflow, and taken into one record."""
    top, airflow = tmp_path_factory.mktemp("cases"), installed_airflow()
    dags, home = top / "dags", top / "airflow"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINDLASS_HOME", str(top / "home"))
        folders = {name: top / str(number) for number, name in enumerate(TRIED)}
        given = {name: _given(CASES[name], folders[name]) for name in TRIED}
        files = {}
        for name in TRIED:
            folders[name].mkdir()
            options = RunOptions(target="airflow", **CASES[name].options)
            files[name] = _compiled(CASES[name].pipeline, options, dags)
        told = airflow.run([(files[name], given[name]) for name in SERIES], home)
        synced = {each.run.name: each for each in sync_all()}
        stores = open_stores(load_stack(None, find_project(Path.cwd())))
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


def _compiled(pipeline: Any, options: RunOptions, folder: Path) -> Path:
    _, (file,) = compile_pipeline(pipeline, options, folder)
    return file


def _given(case: Case, folder: Path) -> dict[str, str]:
    found = {name: _text(value) for name, value in case.parameters.items()}
    return {name: text.format(folder=folder) for name, text in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def test_graphs_run_as_promised(ran: Ran, subtests: pytest.Subtests) -> None:
    """All in one: several workers of the tests would each start an Airflow and run them all."""
    for name, (told, runs, folder) in ran.items():
        with subtests.test(name):
            expected = "success" if CASES[name].status == "succeeded" else "failed"
            assert {each["state"] for each in told} == {expected}, told
            check(CASES[name], one_after_another(runs), folder)
