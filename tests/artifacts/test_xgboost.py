"""XGBoost's models come back predicting the same to the bit, and forged ones never reach it."""

from __future__ import annotations

import contextlib
import json
import math
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.artifacts.formats.ubjson import read_ubjson
from windlass.artifacts.formats.xgboost_models import XGBoostBoosterFormat, XGBoostModelFormat
from windlass.artifacts.formats.xgboost_trees import check_model
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

xgb = pytest.importorskip("xgboost", reason="XGBoost is not installed")

pytestmark = pytest.mark.filterwarnings(  # what newer ones advise against is still in use
    r"ignore:`XGBRF\w+` is deprecated:FutureWarning",
    r"ignore:.*(dart|gblinear).* is deprecated:UserWarning",
)

BOOSTERS, MODELS = XGBoostBoosterFormat(), XGBoostModelFormat()
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(120, 4)), columns=["a", "b", "c", "d"])
X.loc[:9, "b"] = np.nan
KINDS = X.assign(kind=pd.Categorical(RNG.choice(list("uvwxyz"), 120)))  # one of six
Y = (X["a"] + X["c"] > 0).astype(int)
GROUPS = np.repeat(np.arange(12), 10)


def _booster(data: pd.DataFrame = X, label: Any = Y, rounds: int = 4, **parameters: Any) -> Any:
    matrix = xgb.DMatrix(data, label, enable_categorical=True)
    return xgb.train({"nthread": 1, "max_depth": 3, **parameters}, matrix, rounds)


def _stopped() -> Any:
    model = xgb.XGBClassifier(
        n_estimators=40, early_stopping_rounds=2, eval_metric="logloss", max_depth=np.int64(2)
    )
    return model.fit(X[:60], Y[:60], eval_set=[(X[60:], Y[60:])], verbose=False)


def _linear() -> Any:
    return xgb.XGBRegressor(n_estimators=4, booster="gblinear", updater="coord_descent")


MAKERS: dict[str, Any] = {
    "classifier": lambda: xgb.XGBClassifier(n_estimators=3).fit(X, Y),
    "three": lambda: xgb.XGBClassifier(n_estimators=3).fit(X, np.arange(120) % 3),
    "stopped": _stopped,
    "kinds": lambda: xgb.XGBRegressor(
        n_estimators=3, max_cat_to_onehot=1, enable_categorical=True
    ).fit(KINDS, Y),
    "ranker": lambda: xgb.XGBRanker(n_estimators=3).fit(X, Y, qid=GROUPS),
    "forest": lambda: xgb.XGBRFRegressor(n_estimators=3, random_state=0).fit(X, Y),
    "random": lambda: xgb.XGBRFClassifier(n_estimators=3, random_state=0).fit(X, Y),
    "dart": lambda: xgb.XGBRegressor(n_estimators=4, booster="dart", rate_drop=0.5).fit(X, Y),
    "linear": lambda: _linear().fit(X.fillna(0), Y),
    "exact": lambda: xgb.XGBRegressor(n_estimators=2, tree_method="exact", gamma=3).fit(X, Y),
    "targets": lambda: xgb.XGBRegressor(n_estimators=2, multi_strategy="multi_output_tree").fit(
        X, X[["a", "c"]]
    ),
    "poisson": lambda: xgb.XGBRegressor(n_estimators=2, objective="count:poisson").fit(X, Y),
}


@pytest.mark.parametrize("name", MAKERS)
def test_models_come_back_predicting_the_same(name: str) -> None:
    model = MAKERS[name]()
    again = back(MODELS, model)
    data = KINDS if name == "kinds" else X.fillna(0) if name == "linear" else X
    assert type(again) is type(model)
    assert np.array_equal(again.predict(data), model.predict(data))
    if hasattr(model, "predict_proba"):
        assert np.array_equal(again.predict_proba(data), model.predict_proba(data))
    assert _told(again) == _told(model)
    assert content(MODELS, again) == content(MODELS, model) == content(MODELS, MAKERS[name]())
    assert written(MODELS, again) == written(MODELS, model)
    assert MODELS.preview(model)
    to_text(MODELS.summary(model))


def _told(model: Any) -> Any:
    parameters = {key: repr(value).strip() for key, value in model.get_params().items()}
    parameters["max_depth"] = str(model.max_depth)
    fitted = [name for name in ("n_classes_", "best_iteration", "best_score") if _has(model, name)]
    return {
        **parameters,
        "names": model.feature_names_in_.tolist(),
        "fitted": {name: str(getattr(model, name)) for name in fitted},
        "logs": vars(model).get("evals_result_", {}),
    }


def _has(model: Any, name: str) -> bool:
    try:
        getattr(model, name)
    except AttributeError:
        return False
    return True


def test_contents_of_other_models_differ() -> None:
    made = [content(MODELS, make()) for make in MAKERS.values()]
    unfitted = [xgb.XGBClassifier(), xgb.XGBRegressor(), xgb.XGBClassifier(max_depth=3)]
    assert len({*made, *(content(MODELS, model) for model in unfitted)}) == len(made) + 3
    one, other = MAKERS["classifier"](), MAKERS["classifier"]()
    other.get_booster().set_attr(note="x")
    assert content(MODELS, one) != content(MODELS, other)


def test_a_model_that_was_not_fitted_comes_back_so() -> None:
    model = xgb.XGBClassifier(max_depth=3, monotone_constraints=(1, 0, -1), missing=-1.0)
    again = back(MODELS, model)
    assert again.get_params() == model.get_params()
    assert not again.__sklearn_is_fitted__()
    assert MODELS.preview(model) is None
    assert MODELS.summary(model)["fitted"] is False
    again.set_params(missing=np.nan, monotone_constraints=None).fit(X, Y)
    assert np.array_equal(again.predict(X), xgb.XGBClassifier(max_depth=3).fit(X, Y).predict(X))


def test_boosters_keep_names_types_and_attributes() -> None:
    booster = _booster(KINDS, max_cat_to_onehot=1)
    booster.set_attr(owner="Ada", best_iteration="2")
    again = back(BOOSTERS, booster)
    matrix = xgb.DMatrix(KINDS, enable_categorical=True)
    assert np.array_equal(again.predict(matrix), booster.predict(matrix))
    assert again.feature_names == booster.feature_names
    assert again.feature_types == booster.feature_types
    assert again.attributes() == {"owner": "Ada", "best_iteration": "2"}
    assert again.best_iteration == 2
    assert content(BOOSTERS, again) == content(BOOSTERS, booster)
    assert BOOSTERS.summary(booster)["rounds"] == 4
    assert BOOSTERS.summary(booster)["objective"] == "reg:squarederror"


def test_a_booster_can_be_trained_further() -> None:
    first = _booster()
    again = back(BOOSTERS, first)
    assert again.save_config() == first.save_config()
    one, other = (xgb.train({}, xgb.DMatrix(X, Y), 2, xgb_model=b) for b in (first, again))
    assert one.num_boosted_rounds() == 6
    assert content(BOOSTERS, one) == content(BOOSTERS, other)


def test_a_leaf_that_differs_is_another_content() -> None:
    booster = _booster()
    document = json.loads(booster.save_raw("json"))
    tree = document["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["split_conditions"][-1] += 0.001
    other = xgb.Booster()
    other.load_model(bytearray(json.dumps(document).encode()))
    assert content(BOOSTERS, other) != content(BOOSTERS, booster)


def test_models_lie_in_collections(box: Box) -> None:
    model, booster = MAKERS["classifier"](), _booster()
    again = box.there_and_back({"model": model, "more": [booster]})
    assert np.array_equal(again["model"].predict_proba(X), model.predict_proba(X))
    assert type(again["more"][0]) is xgb.Booster


def test_parameters_that_are_code_are_named(box: Box) -> None:
    def loss(one: Any, other: Any) -> Any:
        return one - other, np.ones(len(one))

    model = xgb.XGBRegressor(n_estimators=1, objective=loss).fit(X, Y)
    with pytest.raises(FormatError, match="'objective' of a XGBRegressor") as caught:
        box.save(model)
    assert "get_booster" in str(caught.value.hint)

    assert not MODELS.accepts(type("Mine", (xgb.XGBRegressor,), {})())


def test_only_classes_on_the_list_are_made() -> None:
    head, _, body = written(MODELS, MAKERS["classifier"]()).partition(b"\n")
    for name in ("DMatrix", "core", "os.system", None):
        forged = json.dumps({**json.loads(head), "class": name}).encode()
        with pytest.raises(UntrustedError, match="does not load"):
            MODELS.read(MemorySource(forged + b"\n" + body))
    forged = json.dumps({**json.loads(head), "fitted": {"predict": 1}}).encode()
    with pytest.raises(CorruptError, match="its own 'predict'"):
        MODELS.read(MemorySource(forged + b"\n" + body))
    forged = json.dumps({**json.loads(head), "parameters": {"objective": 5}}).encode()
    MODELS.read(MemorySource(forged + b"\n"))


_FORGERIES: dict[str, Any] = {
    "left_children": [1, 99999, -1],
    "right_children": [0, 0, 0],
    "split_indices": [70000, 0, 0],
    "split_conditions": [0.0],
    "split_type": [1, 1, 1],
    "categories_nodes": [5],
    "base_weights": [1.0],
}


@pytest.mark.parametrize("name", _FORGERIES)
def test_trees_that_point_outside_themselves_are_refused(name: str) -> None:
    document = read_ubjson(bytes(_booster(max_depth=1).save_raw("ubj")))
    check_model(document)
    tree = document["learner"]["gradient_booster"]["model"]["trees"][1]
    assert len(tree["left_children"]) == 3
    tree[name] = np.array(_FORGERIES[name])
    with pytest.raises(CorruptError, match="outside itself"):
        check_model(document)


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    make = (
        "import xgboost as xgb, numpy as np\n"
        "x = np.random.default_rng(0).normal(size=(50, 3))\n"
        "value = xgb.XGBRegressor(n_estimators=3).fit(x, x[:, 0])\n"
    )
    told = survives("xgboost_models", "XGBoostModelFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 100


_CONTENT = """
import numpy as np, xgboost as xgb
from artifacts.roundtrip import content
from windlass.artifacts.formats.xgboost_models import XGBoostModelFormat
x = np.random.default_rng(0).normal(size=(50, 3))
model = xgb.XGBClassifier(n_estimators=3, subsample=0.5).fit(x, x[:, 0] > 0)
print(content(XGBoostModelFormat(), model))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1


def _ubjson(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"Z", True: b"T", False: b"F"}[value]
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"S" + _name(value)
    if isinstance(value, list):
        return b"[" + b"".join(map(_ubjson, value)) + b"]"
    return b"{" + b"".join(_name(key) + _ubjson(part) for key, part in value.items()) + b"}"


def _name(text: str) -> bytes:
    return _ubjson(len(text.encode())) + text.encode()


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
    max_leaves=10,
)


@given(_DOCUMENTS)
def test_documents_are_read_as_they_were_written(document: Any) -> None:
    assert repr(read_ubjson(_ubjson(document))) == repr(document)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_document_are_named(data: bytes) -> None:
    with contextlib.suppress(CorruptError):
        read_ubjson(data)


def test_documents_that_are_nested_too_deep_are_named() -> None:
    with pytest.raises(CorruptError, match="too deep"):
        read_ubjson(b"[" * 10_000)
    assert math.isinf(read_ubjson(b"d" + struct.pack(">f", math.inf)))
