"""Runs on a real server of MLflow: told beside the run, told again, told later, told once."""

from __future__ import annotations

import contextlib
import importlib.util
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
from windlass.execution.delivering.rounds import Round, deliver
from windlass.models.registry import open_version
from windlass.provenance.project import find_project
from windlass.records.models import Move
from windlass.stacks.stack import Stack, load_stack
from windlass.tracking.mlflow import names
from windlass.tracking.mlflow.saving import save_model
from windlass.tracking.tracker import TrackedVersion

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("mlflow") is None, reason="MLflow's client is not installed"
    ),
    pytest.mark.filterwarnings("default"),  # MLflow warns of itself, as it is imported
]

SOURCE = Path(__file__).with_name("mlflow_pipelines.py")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    made = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    made.start()
    yield made
    made.kill()


@pytest.fixture
def project(server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose stack has the server as its tracker; its pipelines have a name of its own."""
    monkeypatch.setenv("MLFLOW_OF_TESTS", server.address)
    (tmp_path / "windlass.toml").write_text(
        '[stacks.default]\ntracker = "mlflow:${env:MLFLOW_OF_TESTS}"\n'
    )
    (tmp_path / "flow.py").write_text(SOURCE.read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def windlass(*words: str, code: int | None = 0) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "windlass", *words, "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def stack(project: Path) -> Stack:
    return load_stack(None, find_project(project))


def told(project: Path, **options: Any) -> Round:
    found = deliver(stack(project), **options)
    assert found is not None
    return found


def api(server: MlflowServer) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=server.address)


def runs_of(server: MlflowServer, run: str) -> dict[str, Any]:
    """The runs there of a run of ours by node; each node has one."""
    client = api(server)
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.`windlass.run` = '{run}'", max_results=1000)
    nodes = [each.data.tags["windlass.node"] for each in found]
    assert len(nodes) == len(set(nodes)), nodes
    return dict(zip(nodes, found, strict=True))


def states(found: dict[str, Any]) -> str:
    """All that a second telling might change."""
    return json.dumps(
        {name: [each.info.status, each.info.end_time, each.data.to_dictionary()]
         for name, each in found.items()},
        sort_keys=True, default=str,
    )  # fmt: skip


def test_a_run_is_parent_and_its_nodes_are_children(server: MlflowServer, project: Path) -> None:
    document = windlass("run", "flow.py:training", "-p", "rows=40")
    told(project, patience=60)
    found, client = runs_of(server, document["id"]), api(server)
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
    assert states(runs_of(server, document["id"])) == before


@contextlib.contextmanager
def _forgotten(project: Path) -> Iterator[None]:
    """As if a kill had come before anything was noted as told."""
    with contextlib.closing(stack(project).open_records()) as records:
        with records.write():
            records.change("DELETE FROM deliveries WHERE kind = :kind", {"kind": "node"})
            records.change("UPDATE deliveries SET state = 'waiting' WHERE kind = :k", {"k": "run"})
        yield


def test_a_server_that_is_away_is_told_later(
    server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_OF_TESTS", "http://127.0.0.1:9")
    document = windlass("run", "flow.py:breaking", code=1)
    assert document["status"] == "failed"
    first = windlass("sync", code=1)["tracker"]
    assert "does not answer" in first["away"]
    assert first["left"] == {"run": 1}
    monkeypatch.setenv("MLFLOW_OF_TESTS", server.address)
    second = windlass("sync")["tracker"]
    assert second["told"] == {"node": 1, "run": 1}
    assert second["left"] == {}
    found = runs_of(server, document["id"])
    assert {name: each.info.status for name, each in found.items()} == {
        "": "FAILED", "breaks": "FAILED",
    }  # fmt: skip
    assert "no good: 1" in found["breaks"].data.tags["windlass.error"]
    assert windlass("sync")["tracker"]["told"] == {}


def test_a_server_that_is_killed_in_the_middle_of_a_run_loses_nothing(
    server: MlflowServer, project: Path
) -> None:
    words = [sys.executable, "-m", "windlass", "run", "flow.py:waiting", "--json"]
    words += ["-p", f"folder={project}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            _until(lambda: _has_told(project, "node"))
            server.kill()
            (project / "go").touch()
            out, _ = process.communicate(timeout=120)
        finally:
            (project / "go").touch()
            server.start()
    document = json.loads(out)
    assert document["status"] == "succeeded", "the pipeline goes on"
    told(project, again=True, patience=40)
    found = runs_of(server, document["id"])
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


def test_two_that_tell_at_once_make_nothing_twice(server: MlflowServer, project: Path) -> None:
    run = _run_untold(project, "breaking")
    found: list[Round] = []
    threads = [
        threading.Thread(target=lambda: found.append(told(project, patience=30))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.told.get("run", 0) for each in found) == 1
    assert set(runs_of(server, run)) == {"", "breaks"}


def _run_untold(project: Path, pipeline: str) -> str:
    """The id of a run that nobody was told of: its process died at once."""
    settings = project / "windlass.toml"
    kept = settings.read_text()
    settings.write_text("")
    run = str(windlass("run", f"flow.py:{pipeline}", code=None)["id"])
    settings.write_text(kept)
    with contextlib.closing(stack(project).open_records()) as records, records.write():
        records.put_waiting(run, stack(project).tracker_shown)
    return run


def test_a_version_is_registered_with_signature_alias_and_report(
    server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow
    import pandas as pd

    document = windlass("run", "flow.py:training", "-p", "rows=30")
    with contextlib.closing(stack(project).open_records()) as records:
        version = records.version("toy", 1)
        records.save_report(version, "pass", {"cases": []})
    windlass("promote", "toy@1", "--force", "--reason", "try")
    first = told(project, patience=60)
    assert (first.told["report"], first.told["alias"], first.refused, first.left) == (1, 1, {}, {})
    assert told(project).told == {}
    client = api(server)
    found = client.get_model_version_by_alias("toy", "champion")
    assert found.tags["windlass.content"] == version.content
    assert found.tags["windlass.verdict"] == "pass"
    picked = runs_of(server, document["id"])["pick"]
    assert found.run_id == picked.info.run_id
    (report,) = client.list_artifacts(found.run_id, "reports/toy")
    assert report.path == found.tags["windlass.report"]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address)
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
    xgboost = pytest.importorskip("xgboost")
    import mlflow
    import numpy as np

    rows = np.arange(40.0).reshape(20, 2)
    model = xgboost.XGBRegressor(n_estimators=3).fit(rows, rows.sum(axis=1))
    version = TrackedVersion("toy", 1, "c" * 64, 0.0, None, None, None, {}, lambda: model)
    save_model(version, tmp_path / "model")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(loaded.predict(rows), model.predict(rows))


SAYING = """
from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from windlass import each, pipeline, step


@step
def says(depth: int) -> int:
    import mlflow

    with mlflow.start_run():
        mlflow.log_param("in", "first")
    for further in range(2):
        with mlflow.start_run(run_name=f"further {further}"):
            mlflow.log_param("in", further)
    mlflow.log_metric("plain", depth)
    mlflow.log_text("said", "said.txt")
    return depth


@step
def fits(rows: int) -> float:
    import mlflow
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("another")
    mlflow.autolog(log_models=False, log_datasets=False)
    model = LogisticRegression(C=0.5).fit([[n] for n in range(rows)], [n % 2 for n in range(rows)])
    mlflow.log_metric("after", 1.0)
    mlflow.autolog(disable=True)
    return float(model.coef_[0, 0])


@step(retries=1)
def dies(folder: str) -> int:
    import mlflow

    mlflow.log_metric("tries", 1.0 + (Path(folder) / "died").exists(), step=1)
    if not (Path(folder) / "died").exists():
        (Path(folder) / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@step
def silent() -> str:
    return os.environ.get("MLFLOW_RUN_ID", "")


@pipeline
def saying(folder: str) -> tuple[list[int], float, int, str]:
    return says.map(depth=each([3, 4])), fits(20), dies(folder), silent()
"""


@pytest.mark.parametrize("mode", ["workers", "in-process", "away"])
def test_what_a_step_says_by_itself_lands_in_its_nodes_run(
    server: MlflowServer, project: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    (project / "saying.py").write_text(SAYING)
    if mode == "in-process":
        (project / "died").touch()  # else it would be this process
    if mode == "away":
        monkeypatch.setenv("MLFLOW_OF_TESTS", "http://127.0.0.1:9")
    more = ["--in-process"] if mode == "in-process" else []
    document = windlass("run", "saying.py:saying", "-p", f"folder={project}", *more)
    if mode == "away":
        monkeypatch.setenv("MLFLOW_OF_TESTS", server.address)
        assert windlass("sync")["tracker"]["left"] == {}
    told(project, patience=60)
    client, found = api(server), runs_of(server, document["id"])
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


def test_of_a_large_map_the_whole_is_told_alone(server: MlflowServer, project: Path) -> None:
    document = windlass("run", "flow.py:wide")
    told(project, patience=60)
    assert set(runs_of(server, document["id"])) == {"", "one"}


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a/b", "a/b"), ("/a", "_/a"), ("a/../b", "a/_/b"), ("a<b", "a_b"), ("ü", "ü"), ("", "_")],
)
def test_names_are_made_such_as_mlflow_takes(name: str, plain: str) -> None:
    assert names.plain_name(name) == plain
