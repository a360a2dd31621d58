"""Runs on a real server of MLflow: told beside the run, told again, told later, told once."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlflow_server import MlflowServer
from windlass.execution.delivering.rounds import Round
from windlass.models.registry import open_version
from windlass.records.models import Move
from windlass.tracking.mlflow import names
from windlass.tracking.mlflow.saving import save_model
from windlass.tracking.tracker import TrackedVersion

from .mlflow_place import (
    ADDRESS,
    AWAY,
    api,
    project_in,
    run_untold,
    runs_of,
    stack,
    told,
    windlass,
)

pytestmark = pytest.mark.filterwarnings("default")  # MLflow warns of itself, as it is imported

FLOW = Path(__file__).with_name("mlflow_pipelines.py")


@pytest.fixture
def project(mlflow_server: MlflowServer, tmp_path: Path) -> Iterator[Path]:
    """A project of which nothing was told."""
    with project_in(tmp_path, mlflow_server, FLOW) as made:
        yield made


@pytest.fixture(scope="module")
def _trained(
    mlflow_server: MlflowServer, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    with project_in(tmp_path_factory.mktemp("trained"), mlflow_server, FLOW) as made:
        return made, windlass("run", "flow.py:training", "-p", "rows=40")


@pytest.fixture
def trained(
    _trained: tuple[Path, dict[str, Any]], mlflow_server: MlflowServer
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A project with a run that was told by the process beside it, and its document."""
    project, document = _trained
    with project_in(project, mlflow_server, FLOW):
        yield project, document


def states(found: dict[str, Any]) -> str:
    """All that a second telling might change."""
    return json.dumps(
        {name: [each.info.status, each.info.end_time, each.data.to_dictionary()]
         for name, each in found.items()},
        sort_keys=True, default=str,
    )  # fmt: skip


def test_a_run_is_parent_and_its_nodes_are_children(
    mlflow_server: MlflowServer, trained: tuple[Path, dict[str, Any]]
) -> None:
    project, document = trained
    told(project, models=False, patience=60)
    found, client = runs_of(mlflow_server, document["id"]), api(mlflow_server)
    assert set(found) == {"", "load", "train", "train[0]", "train[1]", "pick"}
    parent = found[""]
    assert parent.info.run_name == document["name"]
    assert client.get_experiment(parent.info.experiment_id).name == "training"
    assert parent.data.params == {"rows": "40"}
    assert parent.data.tags["windlass.plan"] == document["plan"]
    assert parent.data.metrics["auc"] in (0.1, 0.2)
    assert {each.info.status for each in found.values()} == {"FINISHED"}
    parents = {name: each.data.tags.get("mlflow.parentRunId") for name, each in found.items()}
    root, joined = parent.info.run_id, found["train"].info.run_id
    assert parents == {
        "": None, "load": root, "pick": root, "train": root, "train[0]": joined, "train[1]": joined,
    }  # fmt: skip
    item = found["train[1]"]
    assert item.data.params == {"c": "2.0", "penalty": "l2", "odd name: _b_": "[1, 2]"}
    assert item.data.metrics["auc"] == 0.2
    assert math.isnan(item.data.metrics["never"])
    loss = client.get_metric_history(item.info.run_id, "loss")
    assert sorted(each.step for each in loss) == list(range(2500))
    assert all(each.value == 1 / (each.step + 1) for each in loss)
    (dataset,) = item.inputs.dataset_inputs
    assert dataset.dataset.name == "load"
    made = next(each for each in document["nodes"] if each["node"] == "load")["outputs"][0]
    assert made["content"].startswith(dataset.dataset.digest)
    assert item.data.tags["windlass.input.data"] == f"{made['content']} of load"
    files = {each.path for folder in ("texts", "tables")
             for each in client.list_artifacts(item.info.run_id, folder)}  # fmt: skip
    assert files == {"texts/note.txt", "tables/history-3.json"}

    before = states(found)
    with _forgotten(project):
        again = told(project, models=False)
    assert again.told["run"] == 1
    assert states(runs_of(mlflow_server, document["id"])) == before


@contextlib.contextmanager
def _forgotten(project: Path) -> Iterator[None]:
    """As if a kill had come before anything was noted as told."""
    with contextlib.closing(stack(project).open_records()) as records:
        with records.write():
            records.change("DELETE FROM deliveries WHERE kind = :kind", {"kind": "node"})
            records.change("UPDATE deliveries SET state = 'waiting' WHERE kind = :k", {"k": "run"})
        yield


def test_a_server_that_is_away_is_told_later(
    mlflow_server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, AWAY)
    document = windlass("run", "flow.py:breaking", code=1)
    assert document["status"] == "failed"
    first = windlass("sync", code=1)["tracker"]
    assert "does not answer" in first["away"]
    assert first["left"] == {"run": 1}
    monkeypatch.setenv(ADDRESS, mlflow_server.address)
    second = windlass("sync")["tracker"]
    assert second["told"] == {"node": 1, "run": 1}
    assert second["left"] == {}
    found = runs_of(mlflow_server, document["id"])
    assert {name: each.info.status for name, each in found.items()} == {
        "": "FAILED", "breaks": "FAILED",
    }  # fmt: skip
    assert "no good: 1" in found["breaks"].data.tags["windlass.error"]
    assert windlass("sync")["tracker"]["told"] == {}


def test_a_server_that_is_killed_in_the_middle_of_a_run_loses_nothing(
    mlflow_server: MlflowServer, project: Path
) -> None:
    words = [sys.executable, "-m", "windlass", "run", "flow.py:waiting", "--json"]
    words += ["-p", f"folder={project}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            _until(lambda: _has_told(project, "node"))
            mlflow_server.kill()
            (project / "go").touch()
            out, _ = process.communicate(timeout=120)
        finally:
            (project / "go").touch()
            mlflow_server.start()
    document = json.loads(out)
    assert document["status"] == "succeeded", "the pipeline goes on"
    told(project, again=True, patience=40)
    found = runs_of(mlflow_server, document["id"])
    assert {each.info.status for each in found.values()} == {"FINISHED"}
    assert found["waits"].data.metrics["waited"] == 1
    assert found["fails_once"].data.tags["windlass.attempts"] == "2"
    assert found["fails_once"].data.metrics["try"] == 2.0, "that of the last attempt"


def _has_told(project: Path, kind: str) -> bool:
    with contextlib.closing(stack(project).open_records()) as records:
        return bool(records.execute("SELECT 1 FROM deliveries WHERE kind = :kind", {"kind": kind}))


def _until(done: Any) -> None:
    for _ in range(600):
        with contextlib.suppress(Exception):
            if done():
                return
        threading.Event().wait(0.1)
    raise AssertionError("nothing has happened")


def test_two_that_tell_at_once_make_nothing_twice(
    mlflow_server: MlflowServer, project: Path
) -> None:
    run = run_untold("breaking")
    found: list[Round] = []
    threads = [
        threading.Thread(target=lambda: found.append(told(project, patience=30))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.told.get("run", 0) for each in found) == 1
    assert set(runs_of(mlflow_server, run)) == {"", "breaks"}


def test_a_version_is_registered_with_signature_alias_and_report(
    mlflow_server: MlflowServer,
    trained: tuple[Path, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow
    import pandas as pd

    project, document = trained
    with contextlib.closing(stack(project).open_records()) as records:
        version = records.version("toy", 1)
        records.save_report(version, "pass", {"cases": []})
    windlass("promote", "toy@1", "--force", "--reason", "try")
    first = told(project, patience=60)
    assert (first.told["report"], first.told["alias"], first.refused, first.left) == (1, 1, {}, {})
    assert told(project).told == {}
    client = api(mlflow_server)
    found = client.get_model_version_by_alias("toy", "champion")
    assert found.tags["windlass.content"] == version.content
    assert found.tags["windlass.verdict"] == "pass"
    picked = runs_of(mlflow_server, document["id"])["pick"]
    assert found.run_id == picked.info.run_id
    (report,) = client.list_artifacts(found.run_id, "reports/toy")
    assert report.path == found.tags["windlass.report"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.address)
    model = mlflow.pyfunc.load_model(found.source)
    rows = pd.DataFrame({"x": [1, 2, 3]})
    assert model.metadata.signature.inputs.to_dict()[0] == {
        "type": "long", "name": "x", "required": True,
    }  # fmt: skip
    assert list(model.predict(rows)) == list(open_version("toy@1").predict(rows))
    _without_alias(project)
    assert told(project).told == {"alias": 1}
    assert "champion" not in client.get_registered_model("toy").aliases


def _without_alias(project: Path) -> None:
    with contextlib.closing(stack(project).open_records()) as records:
        assert records.move_alias(Move("toy", "champion", 1, None, "ada", "removed"))


def test_a_model_of_another_library_is_read_by_windlass(tmp_path: Path) -> None:
    xgboost, mlflow = pytest.importorskip("xgboost"), pytest.importorskip("mlflow")
    import numpy as np

    rows = np.arange(40.0).reshape(20, 2)
    model = xgboost.XGBRegressor(n_estimators=3).fit(rows, rows.sum(axis=1))
    version = TrackedVersion("toy", 1, "c" * 64, 0.0, None, None, None, {}, lambda: model)
    save_model(version, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(rows), model.predict(rows))


def test_of_a_large_map_the_whole_is_told_alone(mlflow_server: MlflowServer, project: Path) -> None:
    run = run_untold("wide")
    told(project)
    assert set(runs_of(mlflow_server, run)) == {"", "one"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a/b", "a/b"), ("/a", "_/a"), ("a/../b", "a/_/b"), ("a<b", "a_b"), ("ü", "ü"), ("", "_")],
)
def test_names_are_made_such_as_mlflow_takes(name: str, plain: str) -> None:
    assert names.plain_name(name) == plain
