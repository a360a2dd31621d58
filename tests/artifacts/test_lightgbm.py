"""LightGBM's models come back predicting the same to the bit, and forged ones never reach it."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from windlass.artifacts.formats.lightgbm_models import LightGBMBoosterFormat, LightGBMModelFormat
from windlass.artifacts.formats.lightgbm_trees import check_model
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

lgb = pytest.importorskip("lightgbm", reason="LightGBM is not installed")

BOOSTERS, MODELS = LightGBMBoosterFormat(), LightGBMModelFormat()
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(200, 4)), columns=["a", "b", "c", "d"])
X.loc[:9, "b"] = np.nan
KINDS = X.assign(kind=pd.Categorical(RNG.choice(list("uvwxyz"), 200)))
Y = (X["a"] + X["c"] > 0).astype(int)
LABELS = np.array(["no", "yes", "maybe"], object)[np.arange(200) % 3]


def _model(kind: str, **parameters: Any) -> Any:
    settings = {"n_estimators": 4, "min_child_samples": 5, "verbose": -1, **parameters}
    return getattr(lgb, f"LGBM{kind}")(**settings)


def _stopped() -> Any:
    model = _model("Classifier", n_estimators=60, max_depth=np.int64(3), class_weight={0: 1, 1: 2})
    stop = lgb.early_stopping(2, verbose=False)
    sets = {"eval_X": (X[100:],), "eval_y": (Y[100:],)}
    return model.fit(X[:100], Y[:100], callbacks=[stop], eval_metric="auc", **sets)


MAKERS: dict[str, Any] = {
    "binary": lambda: _model("Classifier").fit(X, Y),
    "labels": lambda: _model("Classifier").fit(X, LABELS),
    "stopped": _stopped,
    "kinds": lambda: _model("Regressor", max_cat_to_onehot=1, min_data_per_group=2).fit(KINDS, Y),
    "ranker": lambda: _model("Ranker").fit(X, Y, group=[10] * 20),
    "dart": lambda: _model("Regressor", boosting_type="dart", random_state=1).fit(X, Y),
    "forest": lambda: _model(
        "Regressor", boosting_type="rf", subsample=0.5, subsample_freq=1, n_jobs=1
    ).fit(X, Y),
    "linear": lambda: _model("Regressor", linear_tree=True).fit(X, Y),
    "quantile": lambda: _model("Regressor", objective="quantile", alpha=0.2).fit(X, Y),
    "stumps": lambda: _model("Regressor", min_child_samples=150).fit(X, Y),
}


@pytest.mark.parametrize("name", MAKERS)
def test_models_come_back_predicting_the_same(name: str) -> None:
    model = MAKERS[name]()
    again = back(MODELS, model)
    data = KINDS if name == "kinds" else X
    assert type(again) is type(model)
    assert np.array_equal(again.predict(data), model.predict(data))
    if hasattr(model, "predict_proba"):
        assert np.array_equal(again.predict_proba(data), model.predict_proba(data))
        assert again.classes_.dtype == model.classes_.dtype
    assert again.get_params() == model.get_params()
    for attribute in ("best_iteration_", "best_score_", "evals_result_", "n_features_in_"):
        assert getattr(again, attribute) == getattr(model, attribute)
    assert again.feature_names_in_.tolist() == model.feature_names_in_.tolist()
    assert content(MODELS, again) == content(MODELS, model) == content(MODELS, MAKERS[name]())
    assert written(MODELS, again) == written(MODELS, model)
    assert MODELS.preview(model)
    to_text(MODELS.summary(model))


def test_contents_of_other_models_differ() -> None:
    made = [content(MODELS, make()) for make in MAKERS.values()]
    unfitted = [_model("Classifier"), _model("Regressor"), _model("Classifier", max_depth=3)]
    assert len({*made, *(content(MODELS, model) for model in unfitted)}) == len(made) + 3


def test_a_model_that_was_not_fitted_comes_back_so() -> None:
    model = _model("Classifier", class_weight="balanced")
    again = back(MODELS, model)
    assert again.get_params() == model.get_params()
    assert vars(again) == vars(model)
    assert MODELS.preview(model) is None
    assert MODELS.summary(model)["fitted"] is False
    assert np.array_equal(again.fit(X, Y).predict_proba(X), model.fit(X, Y).predict_proba(X))


def _booster(**parameters: Any) -> Any:
    settings = {"verbose": -1, "objective": "regression", "min_data_in_leaf": 5, **parameters}
    return lgb.train(settings, lgb.Dataset(X, Y), 6)


def test_boosters_keep_what_they_found() -> None:
    booster = _booster(num_threads=1)
    booster.best_iteration = 3
    again = back(BOOSTERS, booster)
    assert np.array_equal(again.predict(X), booster.predict(X))
    assert np.array_equal(again.predict(X, num_iteration=6), booster.predict(X, num_iteration=6))
    assert again.best_iteration == 3
    assert again.num_trees() == 6
    assert again.feature_name() == booster.feature_name()
    assert again.params["objective"] == "regression"
    assert content(BOOSTERS, again) == content(BOOSTERS, booster)
    assert BOOSTERS.summary(booster)["objective"] == "regression"
    assert BOOSTERS.preview(booster).media_type == "text/html"


def test_contents_tell_nothing_of_the_machine() -> None:
    assert content(BOOSTERS, _booster(num_threads=1)) == content(BOOSTERS, _booster(num_threads=2))
    assert content(BOOSTERS, _booster(seed=1)) != content(BOOSTERS, _booster(seed=2))


def test_a_booster_can_be_trained_further() -> None:
    first = _booster()
    one, other = (
        lgb.train({"verbose": -1}, lgb.Dataset(X, Y), 2, init_model=b)
        for b in (first, back(BOOSTERS, first))
    )
    assert one.num_trees() == 8
    assert np.array_equal(one.predict(X), other.predict(X))


def test_a_leaf_that_differs_is_another_content() -> None:
    booster = _booster()
    other = back(BOOSTERS, booster).set_leaf_output(1, 2, 0.5)
    assert content(BOOSTERS, other) != content(BOOSTERS, booster)


def test_models_lie_in_collections(box: Box) -> None:
    model, booster = MAKERS["labels"](), _booster()
    again = box.there_and_back({"model": model, "more": [booster]})
    assert again["model"].predict(X).tolist() == model.predict(X).tolist()
    assert type(again["more"][0]) is lgb.Booster


def test_parameters_that_are_code_are_named(box: Box) -> None:
    def loss(one: Any, other: Any) -> Any:
        return other - one, np.ones(len(one))

    with pytest.raises(FormatError, match="'objective' of a LGBMRegressor") as caught:
        box.save(_model("Regressor", objective=loss).fit(X, Y))
    assert "booster_" in str(caught.value.hint)
    assert not MODELS.accepts(type("Mine", (lgb.LGBMRegressor,), {})())


def test_only_classes_on_the_list_are_made() -> None:
    head, _, body = written(MODELS, MAKERS["binary"]()).partition(b"\n")
    for name in ("Dataset", "basic", "os.system", None):
        forged = json.dumps({**json.loads(head), "class": name}).encode()
        with pytest.raises(UntrustedError, match="does not load"):
            MODELS.read(MemorySource(forged + b"\n" + body))
    forged = json.dumps({**json.loads(head), "fitted": {"fit": 1}}).encode()
    with pytest.raises(CorruptError, match="its own 'fit'"):
        MODELS.read(MemorySource(forged + b"\n" + body))


_FORGERIES = {
    r"left_child=.*": "left_child=1 0",
    r"right_child=.*": "right_child=-2 -9",
    r"split_feature=.*": "split_feature=0 77",
    r"leaf_value=.*": "leaf_value=0.1",
    r"threshold=.*": "threshold=1e999 0",
    r"num_leaves=.*": "num_leaves=9",
    r"decision_type=.*": "decision_type=1 1",
    r"num_cat=.*": "num_cat=2",
    r"split_gain=.*": "split_gain=",
    r"tree_sizes=.*": "tree_sizes=1 1",
    r"max_feature_idx=.*": "max_feature_idx=9",
    r"Tree=1": "Tree=2",
    r"parameters:": "parameters:\nx",
    r"\[max_depth: .*": "[max_depth 3]",
}


@pytest.mark.parametrize("pattern", _FORGERIES)
def test_trees_that_point_outside_themselves_are_refused(pattern: str) -> None:
    booster = lgb.train(
        {"verbose": -1, "num_leaves": 3, "min_data_in_leaf": 5}, lgb.Dataset(X, Y), 2
    )
    text = booster.model_to_string()
    check_model(text.encode())
    forged, count = re.subn(pattern, lambda _: _FORGERIES[pattern], text, count=1)
    assert count == 1
    sizes = [len(tree) for tree in re.findall(r"Tree=.*?\n\n\n", forged, re.DOTALL)]
    if not pattern.startswith("tree_sizes"):
        forged = re.sub("tree_sizes=.*", f"tree_sizes={' '.join(map(str, sizes))}", forged)
    with pytest.raises(CorruptError, match="not a model of LightGBM"):
        check_model(forged.encode())


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    make = (
        "import lightgbm as lgb, numpy as np\n"
        "x = np.random.default_rng(0).normal(size=(50, 3))\n"
        "value = lgb.LGBMRegressor(n_estimators=3, min_child_samples=5, linear_tree=True)\n"
        "value.set_params(verbose=-1).fit(x, x[:, 0])\n"
    )
    told = survives("lightgbm_models", "LightGBMModelFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 100


_CONTENT = """
import lightgbm as lgb, numpy as np
from artifacts.roundtrip import content
from windlass.artifacts.formats.lightgbm_models import LightGBMModelFormat
x = np.random.default_rng(0).normal(size=(50, 3))
labels = np.array(["u", "v"])[(x[:, 0] > 0).astype(int)]
model = lgb.LGBMClassifier(n_estimators=3, min_child_samples=5, verbose=-1).fit(x, labels)
print(content(LightGBMModelFormat(), model))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
