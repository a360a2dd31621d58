"""Models that MLflow has saved, registered as our own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
import typer
from sklearn.linear_model import LogisticRegression

from http_server import serving
from mlflow_server import MlflowServer
from tracking.mlflow_place import project_in, windlass
from windlass.cli.registering import register
from windlass.errors import ModelError, UntrustedError
from windlass.models.mlflow_models import read_mlflow
from windlass.models.registry import open_version
from windlass.models.version import Version
from windlass.tracking.mlflow.client import asking

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("mlflow") is None, reason="MLflow's client is not installed"
    ),
    pytest.mark.filterwarnings("default"),  # MLflow warns of itself, as it is imported
]

ROWS = pd.DataFrame({"x": [float(n % 7) for n in range(40)], "z": list(range(40))})
LABELS = [n % 2 for n in range(40)]
NEEDED = ["scikit-learn"]


@pytest.fixture(scope="module")
def fitted() -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(ROWS, LABELS)


def saved(model: Any, folder: Path, **options: Any) -> str:
    import mlflow.sklearn

    mlflow.sklearn.save_model(model, folder, pip_requirements=NEEDED, **options)
    return str(folder)


def registered(folder: str) -> Version:
    with pytest.raises(typer.Exit) as ended:
        register("theirs", f"mlflow:{folder}")
    assert ended.value.exit_code == 0
    return open_version("theirs@1")


def test_a_model_is_registered_with_its_example_as_its_reference(
    fitted: LogisticRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(fitted, tmp_path / "m", serialization_format="skops", input_example=ROWS)
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    version = registered(folder)
    assert list(version.predict(ROWS)) == list(fitted.predict(ROWS))
    assert [field.name for field in version.signature.inputs.fields] == ["x", "z"]  # type: ignore[attr-defined]
    assert version.signature.classes == (0, 1)


def test_without_an_example_its_signature_is_taken(
    fitted: LogisticRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.models import infer_signature

    told = infer_signature(ROWS, fitted.predict(ROWS))
    folder = saved(fitted, tmp_path / "m", serialization_format="skops", signature=told)
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    version = registered(folder)
    assert version.evidence["signature"]["inputs"]["fields"] == [
        {"name": "x", "kind": "number", "dtype": "float64"},
        {"name": "z", "kind": "integer", "dtype": "int64"},
    ]
    shuffled = ROWS[["z", "x"]]
    assert list(version.predict(shuffled)) == list(fitted.predict(ROWS))


def test_a_pickle_is_read_only_where_it_is_trusted(
    fitted: LogisticRegression, tmp_path: Path
) -> None:
    folder = saved(fitted, tmp_path / "m", serialization_format="cloudpickle")
    with pytest.raises(UntrustedError, match="is a pickle"):
        read_mlflow(folder, None)
    found = read_mlflow(folder, None, trust_pickle=True)
    assert list(found.model.predict(ROWS)) == list(fitted.predict(ROWS))


def test_a_type_that_is_not_on_our_list_is_not_built_whatever_the_model_says(
    tmp_path: Path,
) -> None:
    from sklearn.preprocessing import FunctionTransformer

    made = FunctionTransformer(np.save)
    options = {"skops_trusted_types": skops.io.get_untrusted_types(data=skops.io.dumps(made))}
    folder = saved(made, tmp_path / "m", serialization_format="skops", **options)
    with pytest.raises(UntrustedError):
        read_mlflow(folder, None)


def xgboost_model(folder: Path, rows: Any, ending: str) -> tuple[Any, Any]:
    mlflow, xgboost = pytest.importorskip("mlflow.xgboost"), pytest.importorskip("xgboost")
    data = xgboost.DMatrix(rows, LABELS)
    made = xgboost.train({}, data, 3)
    mlflow.save_model(made, folder, pip_requirements=NEEDED, model_format=ending)
    return made, data


def lightgbm_model(folder: Path, rows: Any) -> tuple[Any, Any]:
    mlflow, lightgbm = pytest.importorskip("mlflow.lightgbm"), pytest.importorskip("lightgbm")
    made = lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, LABELS), 3)
    mlflow.save_model(made, folder, pip_requirements=NEEDED)
    return made, rows


def catboost_model(folder: Path, rows: Any) -> tuple[Any, Any]:
    mlflow, catboost = pytest.importorskip("mlflow.catboost"), pytest.importorskip("catboost")
    made = catboost.CatBoostRegressor(iterations=3, verbose=False, allow_writing_files=False)
    mlflow.save_model(made.fit(rows, LABELS), folder, pip_requirements=NEEDED)
    return made, rows


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(partial(xgboost_model, ending="json"), id="xgboost-json"),
        pytest.param(partial(xgboost_model, ending="ubj"), id="xgboost-ubj"),
        lightgbm_model,
        catboost_model,
    ],
)
def test_boosters_are_read_from_their_own_files(make: Any, tmp_path: Path) -> None:
    made, data = make(tmp_path / "m", ROWS.to_numpy())
    found = read_mlflow(str(tmp_path / "m"), None).model
    np.testing.assert_allclose(found.predict(data), made.predict(data))


def test_a_graph_of_onnx_is_read(tmp_path: Path) -> None:
    onnx, mlflow = pytest.importorskip("onnx"), pytest.importorskip("mlflow.onnx")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(n, number, [None]) for n in "ab"]
    graph = helper.make_graph([helper.make_node("Neg", ["a"], ["b"])], "g", ends[:1], ends[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    mlflow.save_model(made, tmp_path / "m", pip_requirements=NEEDED)
    assert read_mlflow(str(tmp_path / "m"), None).model.graph == made.graph


def test_what_is_no_model_or_of_another_flavour_is_refused(tmp_path: Path) -> None:
    import mlflow.pyfunc

    class Odd(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return model_input

    with pytest.raises(ModelError, match="cannot be fetched"):
        read_mlflow(str(tmp_path / "absent"), None)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no file MLmodel"):
        read_mlflow(str(tmp_path / "empty"), None)
    mlflow.pyfunc.save_model(tmp_path / "m", python_model=Odd(), pip_requirements=NEEDED)
    with pytest.raises(ModelError, match="none of the flavours"):
        read_mlflow(str(tmp_path / "m"), None)


GATE = """
def test_it_is_as_it_was_trained(candidate, holdout):
    assert (candidate.predict(holdout) == holdout["late"]).mean() > 0.4
"""


@pytest.fixture
def project(mlflow_server: MlflowServer, tmp_path: Path) -> Iterator[Path]:
    flow = Path(__file__).parents[1] / "tracking" / "mlflow_pipelines.py"
    (tmp_path / "release_tests").mkdir()
    (tmp_path / "release_tests" / "test_delay.py").write_text(GATE)
    ROWS.assign(late=LABELS).to_parquet(tmp_path / "rows.parquet")
    with project_in(tmp_path, mlflow_server, flow) as made:
        yield made


def logged(server: MlflowServer, model: Any) -> Any:
    """What MLflow tells of a model that somebody else has logged and registered there."""
    import mlflow.sklearn

    kept = {"serialization_format": "skops", "input_example": ROWS, "pip_requirements": NEEDED}
    with asking(server.address):
        mlflow.set_experiment("theirs")
        with mlflow.start_run():
            return mlflow.sklearn.log_model(
                model, name="model", registered_model_name="delay", **kept
            )


def test_a_model_of_a_server_is_tested_promoted_and_served(
    mlflow_server: MlflowServer, fitted: LogisticRegression, project: Path
) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    told = logged(mlflow_server, fitted)
    words = ("--holdout", "rows.parquet", "--target", "late")
    names = [f"models:/delay/{told.registered_model_version}", f"runs:/{told.run_id}/model"]
    for name in names:
        found = windlass("models", "register", "delay", f"mlflow:{name}", *words)
        assert found["version"] == "delay@1", "the same model is the same version"
        assert {"signature", "profile", "golden"} <= {*found["known"]}
    assert windlass("test", "delay@1")["verdict"] == "pass"
    assert windlass("promote", "delay@1")["to"] == 1
    rows = ROWS.head(3)
    with serving(project, "delay") as server:
        asked = {"rows": rows.to_dict(orient="records")}
        status, answer = server.post("/models/delay/predict", asked)
    assert (status, answer["version"]) == (200, "1")
    assert answer["predictions"] == fitted.predict(rows).tolist()
