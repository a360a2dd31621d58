"""Fitted objects of all libraries are asked in one way, and tell what they know."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from windlass.errors import ModelError
from windlass.models.estimator import Facts, Predictor, facts_of, input_columns
from windlass.models.golden import Golden, replay
from windlass.models.signature import signature_of

RNG = np.random.default_rng(0)
N = 120
X = pd.DataFrame(
    {
        "distance": RNG.normal(size=N),
        "wind speed": np.where(RNG.random(N) < 0.1, np.nan, RNG.normal(size=N)),
        "carrier": pd.Categorical(RNG.choice(["AA", "UA", "DL"], N)),
    }
)
NUMBERS = X[["distance", "wind speed"]].fillna(0.0)
LATE = np.where(X["distance"] > 0, "late", "ok")
ONES = (X["distance"] > 0).to_numpy().astype(int)
THREE = np.arange(N) % 3
DELAY = (X["distance"] * 2).to_numpy()


def _sklearn(kind: str) -> Any:
    trees = {"max_iter": 3, "categorical_features": "from_dtype"}
    encode = make_column_transformer((OneHotEncoder(), ["carrier"]), remainder="passthrough")
    makers: dict[str, Callable[[], Any]] = {
        "trees": lambda: HistGradientBoostingClassifier(**trees).fit(X, LATE),
        "regression": lambda: HistGradientBoostingRegressor(**trees).fit(X, DELAY),
        "pipeline": lambda: make_pipeline(encode, LogisticRegression()).fit(X.fillna(0.0), LATE),
        "search": lambda: GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2).fit(
            NUMBERS, LATE
        ),
        "array": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(
            NUMBERS.to_numpy(), THREE
        ),
        "ridge": lambda: RidgeClassifier().fit(NUMBERS, LATE),
    }
    return makers[kind]()


def _xgboost(kind: str) -> Any:
    xgb = pytest.importorskip("xgboost", reason="XGBoost is not installed")
    wrapped = {"n_estimators": 3, "enable_categorical": True}
    if kind == "classifier":
        return xgb.XGBClassifier(**wrapped).fit(X, ONES)
    if kind == "regressor":
        return xgb.XGBRegressor(**wrapped).fit(X, DELAY)
    data = xgb.DMatrix(X, THREE if kind.startswith("multi") else ONES, enable_categorical=True)
    many = {"num_class": 3} if kind.startswith("multi") else {}
    return xgb.train({"objective": kind, **many}, data, 3)


def _lightgbm(kind: str) -> Any:
    lgb = pytest.importorskip("lightgbm", reason="LightGBM is not installed")
    quiet = {"verbose": -1, "min_child_samples": 5}
    if kind == "classifier":
        return lgb.LGBMClassifier(n_estimators=3, **quiet).fit(X, LATE)
    if kind == "regressor":
        return lgb.LGBMRegressor(n_estimators=3, **quiet).fit(X, DELAY)
    if kind == "multiclass":
        data = lgb.Dataset(NUMBERS.to_numpy(), THREE)
        return lgb.train({"objective": kind, "num_class": 3, **quiet}, data, 3)
    return lgb.train({"objective": kind, **quiet}, lgb.Dataset(X, ONES), 3)


def _catboost(kind: str) -> Any:
    cat = pytest.importorskip("catboost", reason="CatBoost is not installed")
    quiet = {"iterations": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}
    if kind == "classifier":
        return cat.CatBoostClassifier(cat_features=["carrier"], **quiet).fit(X, LATE)
    if kind == "multi":
        return cat.CatBoostClassifier(**quiet).fit(NUMBERS.to_numpy(), THREE)
    if kind == "regressor":
        return cat.CatBoostRegressor(cat_features=["carrier"], **quiet).fit(X, DELAY)
    return cat.CatBoost({"loss_function": kind, "cat_features": ["carrier"], **quiet}).fit(X, LATE)


_NAMES = ("distance", "wind speed", "carrier")
_SPELLED = ("distance", "wind_speed", "carrier")  # as LightGBM does
_TWO = ("late", "ok")

# Of each: how it is made, its task, its classes, its features, whether it gives probabilities.
MODELS: Mapping[str, tuple[Callable[[], Any], Any, Any, Any, bool]] = {
    "trees": (lambda: _sklearn("trees"), "classification", _TWO, _NAMES, True),
    "regression": (lambda: _sklearn("regression"), "regression", None, _NAMES, False),
    "pipeline": (lambda: _sklearn("pipeline"), "classification", _TWO, _NAMES, True),
    "search": (lambda: _sklearn("search"), "classification", _TWO, _NAMES[:2], True),
    "array": (lambda: _sklearn("array"), "classification", (0, 1, 2), None, True),
    "ridge": (lambda: _sklearn("ridge"), "classification", _TWO, _NAMES[:2], False),
    "xgb": (lambda: _xgboost("classifier"), "classification", (0, 1), _NAMES, True),
    "xgb regressor": (lambda: _xgboost("regressor"), "regression", None, _NAMES, False),
    "xgb two": (lambda: _xgboost("binary:logistic"), "classification", (0, 1), _NAMES, True),
    "xgb raw": (lambda: _xgboost("binary:logitraw"), "classification", (0, 1), _NAMES, False),
    "xgb soft": (lambda: _xgboost("multi:softprob"), "classification", (0, 1, 2), _NAMES, True),
    "xgb hard": (lambda: _xgboost("multi:softmax"), "classification", (0, 1, 2), _NAMES, False),
    "xgb squares": (lambda: _xgboost("reg:squarederror"), "regression", None, _NAMES, False),
    "lgb": (lambda: _lightgbm("classifier"), "classification", _TWO, _SPELLED, True),
    "lgb regressor": (lambda: _lightgbm("regressor"), "regression", None, _SPELLED, False),
    "lgb two": (lambda: _lightgbm("binary"), "classification", (0, 1), _SPELLED, True),
    "lgb many": (lambda: _lightgbm("multiclass"), "classification", (0, 1, 2), None, True),
    "lgb squares": (lambda: _lightgbm("regression"), "regression", None, _SPELLED, False),
    "cat": (lambda: _catboost("classifier"), "classification", _TWO, _NAMES, True),
    "cat many": (lambda: _catboost("multi"), "classification", (0, 1, 2), None, True),
    "cat regressor": (lambda: _catboost("regressor"), "regression", None, _NAMES, False),
    "cat native": (lambda: _catboost("Logloss"), "classification", _TWO, _NAMES, True),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_tells_what_it_is_and_predicts(name: str) -> None:
    make, task, classes, features, has_proba = MODELS[name]
    model = make()
    facts = facts_of(model)
    assert (facts.task, facts.classes, facts.features) == (task, classes, features)
    assert facts.has_proba == has_proba
    wide = X.fillna({"wind speed": 0.0}) if name == "pipeline" else X
    table = wide if features is not None and len(features) == 3 else NUMBERS
    predictor = Predictor(model)
    labels = predictor.predict(table)
    assert labels.shape == (N,)
    if task == "classification":
        assert set(labels.tolist()) <= set(classes)
    if not has_proba:
        with pytest.raises(ModelError, match="gives no probabilities"):
            predictor.predict_proba(table)
        return
    proba = predictor.predict_proba(table)
    assert proba.shape == (N, len(classes))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert [classes[at] for at in proba.argmax(axis=1)] == labels.tolist()
    assert set(predictor.outputs(table)) == {"predict", "predict_proba"}


@pytest.mark.parametrize("name", ["trees", "pipeline", "xgb", "xgb two", "lgb", "lgb two", "cat"])
def test_the_library_and_the_order_of_the_table_do_not_matter(name: str) -> None:
    model = MODELS[name][0]()
    table = X.fillna({"wind speed": 0.0})
    expected = Predictor(model).predict_proba(table)
    shuffled = table[["carrier", "wind speed", "distance"]].assign(late=LATE)
    arrow = pa.Table.from_pandas(shuffled, preserve_index=False)
    frame = pl.from_pandas(shuffled)
    for other in (shuffled, arrow, frame):
        np.testing.assert_array_equal(Predictor(model).predict_proba(other), expected)
    signature = signature_of(table)
    for other in (shuffled, arrow, frame):
        found = Predictor(model, library="pandas").predict_proba(signature.conform(other))
        np.testing.assert_array_equal(found, expected)


def test_a_model_fitted_on_polars_is_given_polars() -> None:
    class Seen:
        n_features_in_ = 2
        feature_names_in_ = np.array(["distance", "wind speed"], object)
        given: Any = None

        def predict(self, table: Any) -> Any:
            self.given = table
            return [0] * len(table)

    model = Seen()
    Predictor(model, library="polars").predict(NUMBERS)
    assert isinstance(model.given, pl.DataFrame)
    Predictor(model, library="arrow").predict(NUMBERS)
    assert isinstance(model.given, pa.Table)
    Predictor(model, library="numpy").predict(NUMBERS)
    assert isinstance(model.given, np.ndarray)
    named = Seen()
    Predictor(named).predict(NUMBERS.to_numpy())
    assert list(named.given.columns) == ["distance", "wind speed"]


def test_columns_without_names_are_taken_by_their_places() -> None:
    numbered = pd.DataFrame(NUMBERS.to_numpy())
    model = LogisticRegression().fit(numbered, THREE)
    found = Predictor(model).predict(numbered)
    assert found.tolist() == model.predict(numbered).tolist()


def test_golden_examples_hold_for_the_model_that_made_them() -> None:
    model = _sklearn("trees")
    predictor = Predictor(model)
    golden = Golden.read(Golden.of(X, predictor.outputs(X)).document())
    assert replay(golden, predictor.outputs) == []
    other = HistGradientBoostingClassifier(max_iter=9, categorical_features="from_dtype")
    assert replay(golden, Predictor(other.fit(X, LATE[::-1])).outputs)


class Plain:
    """Nothing but a method."""

    def predict(self, table: Any) -> Any:
        return np.ones(len(table))


def test_anything_with_predict_is_a_model() -> None:
    predictor = Predictor(Plain())
    assert predictor.facts == Facts("python", "Plain")
    assert predictor.predict(X).tolist() == [1.0] * N
    assert predictor.predict(pl.from_pandas(X)).shape == (N,)
    assert predictor.predict(["a", "b"]).shape == (2,)
    assert Predictor(Plain(), task="classification", classes=[0, 1]).facts.classes == (0, 1)


def test_what_is_no_model_is_refused() -> None:
    for value, told in ((1, "an int"), (Plain, "the class Plain"), (X, "a DataFrame")):
        with pytest.raises(ModelError, match=f"{told} cannot be asked: it has no method 'predict'"):
            Predictor(value)


def test_what_a_model_cannot_do_is_told() -> None:
    with pytest.raises(ModelError, match="RidgeClassifier, gives no probabilities"):
        Predictor(_sklearn("ridge")).predict_proba(NUMBERS)
    with pytest.raises(ModelError, match="cannot predict these rows: NotFittedError"):
        Predictor(LinearRegression()).predict(NUMBERS)
    with pytest.raises(ModelError, match="takes the columns wind speed, carrier, which the table"):
        Predictor(_sklearn("trees")).predict(X[["distance"]])
    with pytest.raises(ModelError, match="the column 'carrier' holds categories"):
        Predictor(_sklearn("array")).predict(X[["distance", "carrier"]])
    with pytest.raises(ModelError, match=r"gives an array of the shape \(120, 2\)"):
        Predictor(LinearRegression().fit(NUMBERS, NUMBERS)).predict(NUMBERS)
    model = DummyClassifier().fit(NUMBERS, LATE)
    with pytest.raises(ModelError, match="of 3 classes"):
        Predictor(model, classes=["a", "b", "c"]).predict_proba(NUMBERS)
    broken: Any = Plain()
    broken.predict = lambda table: np.ones(3)
    with pytest.raises(ModelError, match=r"of the shape \(3,\) for 120 rows"):
        Predictor(broken).predict(X)


def test_the_columns_of_a_model_are_those_it_knows_or_all_but_the_target() -> None:
    names = ["carrier", "wind speed", "distance", "late"]
    lgb = Facts("lightgbm", "Booster", features=_SPELLED, width=3)
    assert input_columns(lgb, names) == list(_NAMES)
    both = [*names, "wind_speed"]
    assert input_columns(lgb, both)[1] == "wind_speed"
    with pytest.raises(ModelError, match="takes the column wind speed, which the table lacks"):
        input_columns(Facts("sklearn", "Tree", features=("wind speed",)), ["wind_speed"])
    nameless = Facts("sklearn", "Pipeline", width=3)
    assert input_columns(nameless, names, "late") == names[:3]
    assert input_columns(nameless, names, "late", names[1:4]) == names[1:4]
    with pytest.raises(ModelError, match="takes 3 columns, and there are 4"):
        input_columns(nameless, names)
    with pytest.raises(ModelError, match="takes the column speed, which the table lacks"):
        input_columns(Facts("sklearn", "Tree", features=("speed",)), names)


def test_networks_are_asked_by_rule() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    data = NUMBERS.to_numpy()
    three = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Dropout(0.9)).train()
    predictor = Predictor(three, task="classification", classes=["a", "b", "c"])
    proba = predictor.predict_proba(NUMBERS)
    assert three.training
    three.eval()
    with torch.no_grad():
        logits = three(torch.tensor(data, dtype=torch.float32))
    np.testing.assert_allclose(proba, torch.softmax(logits, 1), atol=1e-6)
    assert predictor.predict(data).tolist() == [("a", "b", "c")[at] for at in proba.argmax(axis=1)]
    for last in (torch.nn.Softmax(1), torch.nn.LogSoftmax(1)):
        ended = Predictor(torch.nn.Sequential(*three, last), task="classification")
        np.testing.assert_allclose(ended.predict_proba(data), proba, atol=1e-6)
    one = torch.nn.Linear(2, 1)
    assert Predictor(one).predict(data).shape == (N,)
    sure = Predictor(torch.nn.Sequential(one, torch.nn.Sigmoid()), task="classification")
    assert sure.predict(data).tolist() == (sure.predict_proba(data)[:, 1] > 0.5).tolist()
    with pytest.raises(ModelError, match="which may be a probability or a logit"):
        Predictor(one, task="classification").predict(data)
    with pytest.raises(ModelError, match="gives 3 numbers a row, and it is not known what"):
        Predictor(three).predict(data)


# Keras' own, on PyTorch.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_a_model_of_keras_is_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="PyTorch, on which Keras runs here, is not installed")
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras", reason="Keras has no backend", exc_type=ImportError)
    layers = [keras.layers.Input((2,)), keras.layers.Dense(1, activation="sigmoid")]
    predictor = Predictor(keras.Sequential(layers), task="classification", classes=["ok", "late"])
    proba = predictor.predict_proba(NUMBERS)
    assert proba.shape == (N, 2)
    assert set(predictor.predict(NUMBERS)) <= {"ok", "late"}
