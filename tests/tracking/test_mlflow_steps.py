"""What steps say to MLflow by themselves lands in the runs of their nodes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.test_shipping import plan_in
from mlflow_server import MlflowServer

from .mlflow_place import ADDRESS, AWAY, api, nobody_beside, project_in, runs_of, told, windlass

pytestmark = pytest.mark.filterwarnings("default")  # MLflow warns of itself, as it is imported


@pytest.fixture
def project(mlflow_server: MlflowServer, tmp_path: Path) -> Iterator[Path]:
    flow = Path(__file__).with_name("mlflow_saying.py")
    with project_in(tmp_path, mlflow_server, flow) as made:
        yield made


@pytest.mark.parametrize("mode", ["workers", "in-process", "away"])
def test_what_a_step_says_by_itself_lands_in_its_nodes_run(
    mlflow_server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    if mode == "in-process":
        (project / "died").touch()  # else it would be this process
    if mode == "away":
        monkeypatch.setenv(ADDRESS, AWAY)
    more = ["--in-process"] if mode == "in-process" else ["--workers", "1"]
    with contextlib.nullcontext() if mode == "workers" else nobody_beside():
        document = windlass("run", "flow.py:saying", "-p", f"folder={project}", *more)
    if mode == "away":
        monkeypatch.setenv(ADDRESS, mlflow_server.address)
        assert windlass("sync")["tracker"]["left"] == {}
    told(project, patience=60)
    client, found = api(mlflow_server), runs_of(mlflow_server, document["id"])
    assert {"says", "says[0]", "says[1]", "fits", "dies", "silent"} < set(found)
    assert {each.info.status for each in found.values()} == {"FINISHED"}
    for number, depth in enumerate((3, 4)):
        item = found[f"says[{number}]"]
        assert own(item) == {"plain": depth}
        assert item.data.params["in"] == "first"
        assert [each.path for each in client.list_artifacts(item.info.run_id)] == ["said.txt"]
        experiment = item.info.experiment_id
        inside = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{item.info.run_id}'")
        assert {each.info.run_name: each.data.params["in"] for each in inside} == {
            "further 0": "0", "further 1": "1",
        }  # fmt: skip
    fitted = found["fits"].data
    assert fitted.params["C"] == "0.5"
    assert fitted.metrics["after"] == 1.0
    assert "training_score" in fitted.metrics
    assert found["dies"].data.metrics["tries"] == 2.0
    assert own(found["silent"]) == {}


def own(run: Any) -> dict[str, float]:
    """The metrics of a run but for the machine's: of a step that takes longer there are such."""
    return {name: n for name, n in run.data.metrics.items() if not name.startswith("system/")}


def by_a_process(folder: Path, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "windlass", *words, "--json"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_on_ray_it_is_the_same(
    mlflow_server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    run = by_a_process(project, "run", "flow.py:speaking", "--target", "ray")["id"]
    told(project, patience=60)
    found = runs_of(mlflow_server, run)
    assert set(found) == {"", "speaks", "says_one_thing"}
    assert "training_score" in found["speaks"].data.metrics
    assert found["speaks"].data.params["C"] == "0.5"
    assert own(found["says_one_thing"]) == {"plain": 3}


def test_workers_of_an_engine_that_reach_the_store_alone_are_told_the_tracker(
    mlflow_server: MlflowServer, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (project / "requirements.txt").write_text("toolz==1.0.0\n")
    elsewhere, dags = (tmp_path_factory.mktemp(name) for name in ("elsewhere", "dags"))
    windlass("compile", "flow.py:plainly", "--target", "airflow", "-o", str(dags))
    plan = plan_in(dags / "plainly.py")
    store = ("--store", str(project / ".windlass" / "artifacts"), "--plan", plan["plan"])
    named = ("--as", plan["shared"], "--key", "monday")
    run = by_a_process(elsewhere, "begin", *store, *named)["run"]
    by_a_process(elsewhere, "execute", *store, "--run", run, "--node", "says_one_thing")
    (synced,) = windlass("sync")["runs"]
    assert synced["id"] == run
    assert synced["status"] == "succeeded"
    found = runs_of(mlflow_server, run)
    assert set(found) == {"", "says_one_thing"}
    assert own(found["says_one_thing"]) == {"plain": 3}
    assert found["says_one_thing"].info.status == "FINISHED"
