"""Models in files of other tools become versions; what is beyond our lists is refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

import windlass
from windlass.cli.app import app
from windlass.errors import CorruptError, ModelError, UntrustedError, WindlassError
from windlass.models.files import read_model, read_table
from windlass.models.registry import open_version

COLUMNS = ["a", "b"]


@pytest.fixture
def data() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    made = pd.DataFrame(draw.normal(size=(60, 2)), columns=COLUMNS)
    return made.assign(late=(made.a > 0).astype(int))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "windlass.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sklearn_file(folder: Path, data: pd.DataFrame) -> Path:
    file = folder / "model.skops"
    skops.io.dump(LogisticRegression().fit(data[COLUMNS], data.late), file)
    return file


def test_a_file_of_skops_is_registered_by_the_command_line(
    project: Path, data: pd.DataFrame
) -> None:
    data.to_parquet(project / "train.parquet")
    data.to_csv(project / "test.csv", index=False)
    sklearn_file(project, data)
    words = ["models", "register", "delay", "model.skops", "--target", "late", "--json"]
    tables = ["--reference", "train.parquet", "--holdout", "test.csv"]
    done = CliRunner().invoke(app, [*words, *tables])
    assert done.exit_code == 0, done
    assert json.loads(done.stdout)["version"] == "delay@1"
    assert json.loads(done.stdout)["known"] == ["facts", "golden", "profile", "signature"]
    version = open_version("delay@1")
    assert version.predict(data).tolist() == version.model.predict(data[COLUMNS]).tolist()


@pytest.mark.parametrize("kind", ["json", "ubj"])
def test_xgboost(tmp_path: Path, data: pd.DataFrame, kind: str) -> None:
    xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
    booster = xgboost.train({}, xgboost.DMatrix(data[COLUMNS], data.late), 3)
    file = tmp_path / f"model.{kind}"
    booster.save_model(file)
    rows = xgboost.DMatrix(data[COLUMNS])
    assert np.array_equal(read_model(file).predict(rows), booster.predict(rows))
    if kind == "json":  # a feature that is not there: XGBoost would read foreign memory
        document = json.loads(file.read_text())
        trees = document["learner"]["gradient_booster"]["model"]["trees"]
        trees[0]["split_indices"][0] = 1 << 20
        file.write_text(json.dumps(document))
        with pytest.raises(CorruptError, match="a tree points outside itself"):
            read_model(file)
        file.write_text("{")
        with pytest.raises(CorruptError, match="not JSON"):
            read_model(file)


def test_lightgbm(tmp_path: Path, data: pd.DataFrame) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    booster = lightgbm.train({"verbose": -1}, lightgbm.Dataset(data[COLUMNS], data.late), 3)
    file = tmp_path / "model.txt"
    booster.save_model(file)
    assert np.array_equal(read_model(file).predict(data[COLUMNS]), booster.predict(data[COLUMNS]))
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(CorruptError):
        read_model(file)


def test_catboost(tmp_path: Path, data: pd.DataFrame) -> None:
    catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
    model = catboost.CatBoostRegressor(iterations=3, verbose=0, allow_writing_files=False)
    file = tmp_path / "model.cbm"
    model.fit(data[COLUMNS], data.late).save_model(str(file))
    assert np.array_equal(read_model(file).predict(data[COLUMNS]), model.predict(data[COLUMNS]))


def test_onnx(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="ONNX is not installed")
    kind = onnx.TensorProto.FLOAT
    sides = [[onnx.helper.make_tensor_value_info(name, kind, [None, 1])] for name in "XY"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Abs", ["X"], ["Y"])], "m", *sides)
    model = onnx.helper.make_model(graph, ir_version=8)
    file = tmp_path / "model.onnx"
    onnx.save(model, str(file))
    assert read_model(file) == model
    tensor = onnx.TensorProto(name="W", dims=[1], data_type=kind, data_location=1)
    tensor.external_data.add(key="location", value="../../secret")
    graph.initializer.append(tensor)
    file.write_bytes(onnx.helper.make_model(graph, ir_version=8).SerializeToString())
    with pytest.raises(CorruptError, match="looks for its 'W' in another file"):
        read_model(file)
    file.write_bytes(b"nothing")
    with pytest.raises(CorruptError, match="not an ONNX model"):
        read_model(file)


def test_types_beyond_our_list_are_refused(tmp_path: Path, data: pd.DataFrame) -> None:
    """The archive names a function that runs commands, where scikit-learn has a class."""
    file = sklearn_file(tmp_path, data)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts["schema.json"])
    schema["__class__"], schema["__module__"] = "system", "os"
    parts["schema.json"] = json.dumps(schema).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.write_bytes(made.getvalue())
    with pytest.raises(UntrustedError, match=r"asks for os\.system, which Windlass does not load"):
        read_model(file)


def test_what_is_no_data_is_not_read(tmp_path: Path) -> None:
    for suffix in (".pkl", ".joblib", ".pt"):
        file = tmp_path / f"model{suffix}"
        file.write_bytes(pickle.dumps(print))
        with pytest.raises(ModelError, match="is a pickle, which runs whatever code"):
            read_model(file)
    with pytest.raises(ModelError, match="of no kind that is read here"):
        read_model(tmp_path / "model.h5")
    with pytest.raises(ModelError, match=r"model\.onnx cannot be read: No such file"):
        read_model(tmp_path / "model.onnx")
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(ModelError, match="cannot be read as a table"):
        read_table(tmp_path / "rows.parquet")


class Stranger(LogisticRegression):  # type: ignore[misc]
    """A class of the project's."""


def test_a_version_holds_only_what_our_lists_name(project: Path, data: pd.DataFrame) -> None:
    model = Stranger().fit(data[COLUMNS], data.late)
    with pytest.raises(WindlassError, match=r"Stranger, which cannot be stored safely"):
        windlass.register("delay", model, reference=data, target="late")


def test_altered_bytes_of_a_version_are_told(project: Path, data: pd.DataFrame) -> None:
    model = LogisticRegression().fit(data[COLUMNS], data.late)
    version = windlass.register("delay", model, reference=data, target="late")
    artifact = version.stores.records.artifact(version.row.content)
    assert artifact is not None
    (path,) = (
        each
        for each in (project / ".windlass" / "artifacts").rglob("*")
        if artifact.blob[2:] in each.name
    )
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="cannot be read") as caught:
        _: Any = open_version("delay@1").model
    assert isinstance(caught.value.__cause__, CorruptError)
