"""Models that MLflow has saved, registered as our own."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.linear_model import LogisticRegression

from windlass.cli.registering import register
from windlass.errors import ModelError, UntrustedError
from windlass.models.mlflow_models import read_mlflow
from windlass.models.registry import open_version
from windlass.models.version import Version

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

    made = FunctionTransformer(np.lookfor if hasattr(np, "lookfor") else np.save)
    trusted = ["numpy.save", "numpy.lookfor", "numpy.lib._npyio_impl.save", "numpy.lib.npyio.save"]
    try:
        folder = saved(
            made, tmp_path / "m", serialization_format="skops", skops_trusted_types=trusted
        )
    except Exception as error:  # skops itself may refuse to write it
        pytest.skip(f"it cannot be saved: {error}")
    with pytest.raises(UntrustedError):
        read_mlflow(folder, None)


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "onnx"])
def test_models_of_other_libraries_are_read_from_their_own_files(
    library: str, tmp_path: Path
) -> None:
    pytest.importorskip(library)
    rows, folder = ROWS.to_numpy(), tmp_path / "m"
    if library == "xgboost":
        import mlflow.xgboost
        import xgboost

        booster = xgboost.train({}, xgboost.DMatrix(rows, LABELS), 3)
        mlflow.xgboost.save_model(booster, folder, pip_requirements=NEEDED, model_format="json")
        found = read_mlflow(str(folder), None).model
        np.testing.assert_allclose(
            found.predict(xgboost.DMatrix(rows)), booster.predict(xgboost.DMatrix(rows))
        )
    elif library == "lightgbm":
        import lightgbm
        import mlflow.lightgbm

        made = lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, LABELS), 3)
        mlflow.lightgbm.save_model(made, folder, pip_requirements=NEEDED)
        found = read_mlflow(str(folder), None).model
        np.testing.assert_allclose(found.predict(rows), made.predict(rows))
    else:
        import mlflow.onnx
        from onnx import TensorProto, helper

        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None]) for n in "ab"]
        graph = helper.make_graph([helper.make_node("Neg", ["a"], ["b"])], "g", ends[:1], ends[1:])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        mlflow.onnx.save_model(made, folder, pip_requirements=NEEDED)
        assert read_mlflow(str(folder), None).model.graph == made.graph


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
