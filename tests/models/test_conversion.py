"""Versions as ONNX, by the real converters in their own environment, and how near they come."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from typer.testing import CliRunner

from windlass.cli.app import app
from windlass.errors import LockError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.card import model_card
from windlass.models.conversion import Converted, NotConverted, apart, convert, converting
from windlass.models.conversion.apart import prepare
from windlass.models.conversion.outcome import onnx_runs_here
from windlass.models.describing import describe
from windlass.models.estimator import Predictor
from windlass.models.registry import register_in
from windlass.models.release.sameness import skews
from windlass.models.version import Version
from windlass.pipeline.marks import Model
from windlass.provenance.environments import CACHE_VARIABLE
from windlass.provenance.project import find_project
from windlass.stacks.stack import load_stack

pytest.importorskip("onnx", reason="ONNX is not installed")
NUMBERS = ["a", "b", "c"]
Register = Callable[..., Version]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """One project, since each asks an index for its locks; environments outlive the tests."""
    root = tmp_path_factory.mktemp("converted")
    (root / "windlass.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(Path.home() / ".cache" / "windlass-tests" / "conversion"))
        stores = open_stores(load_stack(None, find_project(root)))
        with contextlib.closing(stores.records):
            yield stores


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    made = pd.DataFrame(draw.normal(size=(400, 3)), columns=NUMBERS)
    made["carrier"] = draw.choice(["AA", "UA", "WN"], 400)
    made["late"] = np.where(made.a + draw.normal(size=400) > 0, "late", "on time")
    return made.assign(delay=made.a * 1e4 + made.b)


@pytest.fixture
def register(shared: Stores, flights: pd.DataFrame, request: pytest.FixtureRequest) -> Register:
    def registered(model: Any, target: str, columns: list[str], kind: str | None = None) -> Version:
        try:
            prepare(kind or "runtime", shared)
        except LockError as error:
            pytest.skip(f"the environment of the converters cannot be built: {error.message}")
        data = flights[[*columns, target]]
        values = {"model": model, "reference": data[:300], "holdout": data[300:]}
        name = request.node.name.replace("[", "_").rstrip("]")
        return register_in(shared, Model(name, target=target, columns=columns), values)

    return registered


def near(outcome: Converted | NotConverted, n: int = 100) -> Converted:
    """Fails unless a version was converted, and gives the same from either type of numbers."""
    assert isinstance(outcome, Converted), outcome
    document = outcome.document
    assert document["verdict"] == "pass", document
    assert outcome.holds
    assert document["data"]["role"] == "holdout"
    for rows in ("float64", "float32"):
        parity = document["parity"][rows]
        assert parity["n"] == n
        assert parity["max_rel"] < 1e-5
        assert not parity["labels_differ"]
    assert set(document["why_not"]) | {document["numbers"]} >= {"float64"}
    return outcome


def found_again(version: Version) -> Version:
    """As the record has it now."""
    stores = version.stores
    return Version(stores.records.version(version.row.model, version.number), stores)


def asked_the_same(version: Version, data: pd.DataFrame) -> None:
    """Fails unless the model of ONNX is asked like any other; where no runtime is, it is left."""
    if importlib.util.find_spec("onnxruntime") is None:
        return
    rows = version.conform(data[300:])
    task = version.predictor.facts.task
    found = Predictor(version.value("onnx"), task=task).outputs(rows)
    for name, native in version.predictor.outputs(rows).items():
        if native.dtype.kind == "f":
            np.testing.assert_allclose(found[name], native, rtol=1e-4, atol=1e-5)
        else:
            assert found[name].tolist() == native.tolist()


def test_a_pipeline_takes_each_column_by_its_name(
    register: Register, flights: pd.DataFrame
) -> None:
    columns = [*NUMBERS, "carrier"]
    parts = ColumnTransformer(
        [("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(), ["carrier"])]
    )
    model = make_pipeline(parts, LogisticRegression()).fit(
        flights[columns][:300], flights.late[:300]
    )
    version = register(model, "late", columns, "sklearn")
    document = near(convert(version)).document
    assert [each["name"] for each in document["inputs"]] == columns
    assert document["inputs"][-1]["type"] == "tensor(string)"
    assert document["versions"]["protobuf"].startswith("6.")
    again = found_again(version)
    assert [each.name for each in again.value("onnx").graph.input] == columns
    asked_the_same(again, flights)
    assert convert(again) == Converted(document)  # found again, and not made twice
    assert "- As ONNX too, which gives the same for 100 rows of its holdout" in model_card(again)
    found = skews(again, flights[300:], rows=40)
    live = [each for each in found if "by ONNX, 0 numbers" in each.sentence()]
    assert [each.verdict for each in live] == (["pass"] if onnx_runs_here() else [])
    assert {each.verdict for each in found} == {"pass"}


def test_what_differs_is_told_and_not_kept(register: Register, flights: pd.DataFrame) -> None:
    """The converter takes categories of trees for numbers, and says nothing of it."""
    coded = flights.assign(a=flights.a.round().clip(-2, 2) + 2)
    model = HistGradientBoostingClassifier(max_iter=10, categorical_features=[0])
    version = register(model.fit(coded[NUMBERS], flights.late), "late", NUMBERS, "sklearn")
    outcome = convert(version)
    assert isinstance(outcome, Converted)
    assert not outcome.holds
    assert outcome.document["verdict"] == "fail"
    assert outcome.document["parity"]["float64"]["beyond"] > 0
    assert outcome.document["numbers"] == "float32"
    assert "- Not as ONNX, which gave " in model_card(found_again(version))
    assert "TreeEnsemble" in outcome.document["why_not"]["float64"]
    assert not Version(version.stores.records.version(version.row.model, 1), version.stores).has(
        "onnx"
    )


@pytest.mark.parametrize("early", [False, True])
def test_xgboost(register: Register, flights: pd.DataFrame, early: bool) -> None:
    xgboost = pytest.importorskip("xgboost", reason="XGBoost is not installed")
    train, test = flights[:300], flights[300:]
    if early:
        model: Any = xgboost.XGBRegressor(n_estimators=60, early_stopping_rounds=1, learning_rate=1)
        model.fit(
            train[NUMBERS], train.delay, eval_set=[(test[NUMBERS], test.delay)], verbose=False
        )
        assert model.best_iteration < 58
    else:
        labels = (train.late == "late").astype(int)
        matrix = xgboost.DMatrix(train[NUMBERS], labels)
        model = xgboost.train({"objective": "binary:logistic"}, matrix, 5)
    document = near(convert(register(model, "delay", NUMBERS, "xgboost"))).document
    assert "single precision" in document["why_not"]["float64"]
    assert document["inputs"][0]["shape"] == ["rows", 3]


def test_lightgbm_with_its_labels(register: Register, flights: pd.DataFrame) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    model = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1)
    version = register(model.fit(flights[NUMBERS], flights.late), "late", NUMBERS, "lightgbm")
    outputs = near(convert(version)).document["outputs"]
    asked_the_same(found_again(version), flights)
    assert outputs[0] == {"name": "label", "type": "tensor(string)", "shape": ["rows"]}


def test_catboost_with_its_labels(register: Register, flights: pd.DataFrame) -> None:
    catboost = pytest.importorskip("catboost", reason="CatBoost is not installed")
    model = catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False)
    version = register(model.fit(flights[NUMBERS], flights.late), "late", NUMBERS)
    assert near(convert(version)).document["outputs"][0]["type"] == "tensor(string)"
    asked_the_same(found_again(version), flights)


def test_a_network(register: Register) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    layers = (torch.nn.Linear(3, 4), torch.nn.Dropout(), torch.nn.Linear(4, 1))
    version = register(torch.nn.Sequential(*layers), "delay", NUMBERS)
    assert version.model.training
    near(convert(version))
    assert version.model.training  # it was measured in evaluation, and left as it was


class Own(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of the project's."""

    def fit(self, table: Any, labels: Any) -> Own:
        self.classes_ = np.unique(labels)
        return self

    def predict(self, table: Any) -> Any:
        return np.repeat(self.classes_[0], len(table))


def no_environment(kind: str, stores: Stores) -> Any:
    raise LockError("the index is not to be reached")


def plain(stores: Stores, model: Any, data: pd.DataFrame, **marks: Any) -> Version:
    return register_in(stores, Model("plain", **marks), {"model": model, "reference": data})


def test_what_has_no_converter_says_why(
    stores: Stores, flights: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = plain(stores, LogisticRegression().fit(flights[NUMBERS], flights.late), flights)
    monkeypatch.setattr(version, "model", Own().fit(flights[NUMBERS], flights.late))
    outcome = convert(version)
    assert isinstance(outcome, NotConverted)
    assert "Own, which no converter knows" in outcome.reason
    assert outcome.is_final
    stands = version.stores.records.evidence(version.row)["onnx"]
    assert stands == {"converted": False, "reason": outcome.reason, "hint": outcome.hint}
    assert convert(version).document == stands


def test_without_data_nothing_is_known_of_its_inputs(stores: Stores, flights: pd.DataFrame) -> None:
    model = LogisticRegression().fit(flights[NUMBERS], flights.late)
    outcome = convert(register_in(stores, Model("bare"), {"model": model}))
    assert isinstance(outcome, NotConverted)
    assert "neither a holdout nor a reference" in outcome.reason


def test_what_may_be_gone_tomorrow_is_not_kept(
    stores: Stores, flights: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = flights[[*NUMBERS, "late"]]
    version = plain(stores, LogisticRegression().fit(data[NUMBERS], data.late), data, target="late")
    monkeypatch.setattr(converting, "prepare", no_environment)
    outcome = convert(version)
    assert outcome == NotConverted("the index is not to be reached", None, is_final=False)
    assert "onnx" not in version.evidence


def test_the_settings_ask_for_it(stores: Stores, flights: pd.DataFrame) -> None:
    (stores.project / "windlass.toml").write_text("[models.plain]\nonnx = true\n")
    reasons = describe(plain(stores, {"mean": 3.0}, flights))
    assert "the signature of plain@1 is not known" in reasons["onnx"]
    stands = stores.records.evidence(stores.records.version("plain", 1))["onnx"]
    assert stands["converted"] is False
    other = register_in(stores, Model("other"), {"model": {"mean": 4.0}, "reference": flights})
    assert "onnx" not in describe(other)


def test_the_command_line_tells_why_not(
    stores: Stores, flights: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stores.project)
    data = flights[[*NUMBERS, "late"]]
    plain(stores, LogisticRegression().fit(data[NUMBERS], data.late), data, target="late")
    monkeypatch.setattr(converting, "prepare", no_environment)
    told = CliRunner().invoke(app, ["models", "convert", "plain@1"])
    assert told.exit_code == 1
    assert "plain@1 is not converted: the index is not to be reached" in told.stdout
    document = json.loads(CliRunner().invoke(app, ["models", "convert", "plain", "--json"]).stdout)
    assert (document["version"], document["converted"]) == ("plain@1", False)


def test_a_program_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(apart, "_PROGRAM", slow)
    python = Path(sys.executable)
    with pytest.raises(TimeoutError, match="takes longer than"):
        apart._run(python, tmp_path, 0.5)
