"""CatBoost's models come back predicting the same to the bit, and forged ones never reach it."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest

from windlass.artifacts.formats.catboost_counts import check_counts
from windlass.artifacts.formats.catboost_file import check_file
from windlass.artifacts.formats.catboost_models import CatBoostFormat
from windlass.artifacts.formats.flatbuffer import Table
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .box import Box
from .hostile import survives
from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

cb = pytest.importorskip("catboost", reason="CatBoost is not installed")

MODELS = CatBoostFormat()
RNG = np.random.default_rng(0)
NUMBERS = pd.DataFrame(RNG.normal(size=(200, 3)), columns=["a", "b", "c"])
NUMBERS.loc[:9, "b"] = np.nan
X = NUMBERS.assign(kind=RNG.choice(list("uvwxyz"), 200), side=RNG.choice(["l", "r"], 200))
TEXTS = X.assign(text=[" ".join(RNG.choice(["aa", "bb", "cc"], 3)) for _ in range(200)])
Y = (X["a"] + X["c"] > 0).astype(int)
LABELS = np.array(["no", "yes", "maybe"])[np.arange(200) % 3]


def _model(kind: str = "Classifier", **parameters: Any) -> Any:
    settings: dict[str, Any] = {
        "iterations": 4,
        "depth": 3,
        "verbose": False,
        "allow_writing_files": False,
        "random_seed": 0,
        **parameters,
    }
    return getattr(cb, f"CatBoost{kind}")(**settings)


def _stopped() -> Any:
    return _model(iterations=50, early_stopping_rounds=2, depth=np.int64(2), **KINDS)


KINDS: dict[str, Any] = {"cat_features": ["kind", "side"]}
MAKERS: dict[str, Any] = {
    "binary": lambda: _model(**KINDS).fit(X, Y),
    "labels": lambda: _model(**KINDS).fit(X, LABELS),
    "stopped": lambda: _stopped().fit(X[:100], Y[:100], eval_set=(X[100:], Y[100:])),
    "lossguide": lambda: _model(grow_policy="Lossguide", max_leaves=6, **KINDS).fit(X, LABELS),
    "depthwise": lambda: _model("Regressor", grow_policy="Depthwise", **KINDS).fit(X, Y),
    "counter": lambda: _model(simple_ctr=["Counter"], **KINDS).fit(X, Y),
    "means": lambda: _model(simple_ctr=["BinarizedTargetMeanValue"], **KINDS).fit(X, Y),
    "texts": lambda: _model(text_features=["text"], **KINDS).fit(TEXTS, LABELS),
    "ranker": lambda: _model("Ranker", loss_function="YetiRank", **KINDS).fit(
        X, Y, group_id=np.repeat(range(20), 10)
    ),
    "targets": lambda: _model("Regressor", loss_function="MultiRMSE", **KINDS).fit(
        X, NUMBERS[["a", "c"]]
    ),
    "borders": lambda: _model("Regressor", border_count=500, depth=6).fit(NUMBERS, Y),
    "plain": lambda: cb.CatBoost(
        {"loss_function": "RMSE", "iterations": 2, "verbose": 0, "allow_writing_files": False}
    ).fit(NUMBERS, Y),
}


@pytest.mark.parametrize("name", MAKERS)
def test_models_come_back_predicting_the_same(name: str) -> None:
    model = MAKERS[name]()
    again = back(MODELS, model)
    data = {"texts": TEXTS, "borders": NUMBERS, "plain": NUMBERS}.get(name, X)
    assert type(again) is type(model)
    assert again == model
    assert np.array_equal(again.predict(data), model.predict(data))
    if hasattr(model, "predict_proba"):
        assert np.array_equal(again.predict_proba(data), model.predict_proba(data))
        assert again.classes_.tolist() == model.classes_.tolist()
    assert again.get_params() == model.get_params()
    assert again.feature_names_ == model.feature_names_
    assert again.best_iteration_ == model.best_iteration_
    assert _rounded(again.best_score_) == _rounded(model.best_score_)
    assert _rounded(again.evals_result_) == _rounded(model.evals_result_)
    assert content(MODELS, again) == content(MODELS, model)
    if name != "texts":  # what takes texts apart gets a random name each time it is trained
        assert content(MODELS, MAKERS[name]()) == content(MODELS, model)
    assert MODELS.preview(again) == MODELS.preview(model)
    assert MODELS.preview(model) or name == "ranker"
    to_text(MODELS.summary(model))


def _rounded(value: Any) -> Any:
    """CatBoost itself writes its log of metrics with the last digit rounded."""
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return np.round(value, 12).tolist()


def test_contents_of_other_models_differ() -> None:
    made = [content(MODELS, make()) for make in MAKERS.values()]
    unfitted = [_model(), _model("Regressor"), _model(depth=2)]
    assert len({*made, *(content(MODELS, model) for model in unfitted)}) == len(made) + 3
    noted = MAKERS["binary"]()
    noted.get_metadata()["note"] = "x"
    assert content(MODELS, noted) not in made
    assert back(MODELS, noted).get_metadata()["note"] == "x"


def test_contents_tell_nothing_of_the_clock_or_the_machine() -> None:
    one, other = (_model(thread_count=count, **KINDS).fit(X, Y) for count in (1, 2))
    bodies = [written(MODELS, model).partition(b"\n")[2] for model in (one, other)]
    assert bodies[0] != bodies[1]
    parameters = [model.get_metadata()["model_guid"] for model in (one, other)]
    assert parameters[0] != parameters[1]
    assert content(MODELS, MAKERS["binary"]()) == content(MODELS, MAKERS["binary"]())


def test_a_leaf_that_differs_is_another_content() -> None:
    one, other = MAKERS["binary"](), MAKERS["binary"]()
    other.set_leaf_values(other.get_leaf_values() + 1e-9)
    assert content(MODELS, one) != content(MODELS, other)


def test_a_model_that_was_not_fitted_comes_back_so() -> None:
    model = _model(class_weights={"u": 1, "v": 2}, **KINDS)
    again = back(MODELS, model)
    assert again.get_params() == model.get_params()
    assert not again.is_fitted()
    assert MODELS.preview(model) is None
    assert MODELS.summary(model)["fitted"] is False


def test_a_model_can_be_trained_further() -> None:
    first = MAKERS["plain"]()
    one, other = (
        _model("Regressor").fit(NUMBERS, Y, init_model=begun)
        for begun in (first.copy(), back(MODELS, first))
    )
    assert one.tree_count_ == 6
    assert np.array_equal(one.predict(NUMBERS), other.predict(NUMBERS))


def test_models_lie_in_collections(box: Box) -> None:
    model = MAKERS["labels"]()
    again = box.there_and_back({"model": model, "more": [model]})
    assert again["model"] == model == again["more"][0]


def test_parameters_that_are_code_are_named(box: Box) -> None:
    class Metric:
        pass

    with pytest.raises(FormatError, match="'eval_metric' of a CatBoostClassifier"):
        box.save(_model(eval_metric=Metric()))
    assert not MODELS.accepts(type("Mine", (cb.CatBoostClassifier,), {})())


def test_only_classes_on_the_list_are_made() -> None:
    head, _, body = written(MODELS, MAKERS["binary"]()).partition(b"\n")
    for name in ("Pool", "core", "os.system", None):
        forged = json.dumps({**json.loads(head), "class": name}).encode()
        with pytest.raises(UntrustedError, match="does not load"):
            MODELS.read(MemorySource(forged + b"\n" + body))


def _forged(body: bytes, old: bytes, new: bytes) -> bytes:
    assert body.count(old) == 1
    return body.replace(old, new)


def test_trees_that_point_outside_themselves_are_refused() -> None:
    for name in ("labels", "lossguide"):
        body = written(MODELS, MAKERS[name]()).partition(b"\n")[2]
        check_file(body)
        (size,) = struct.unpack_from("<I", body, 4)
        trees = Table.root(body[8 : 8 + size]).table(1)
        assert trees is not None
        splits, sizes = (trees.array(field, "<i4") for field in (1, 2))
        forged = [(splits, np.full_like(splits, 9999)), (splits, splits - 20), (sizes, sizes + 30)]
        if name == "lossguide":
            leaves = trees.array(11, "<u4")
            forged.append((leaves, leaves + 999))
        for old, new in forged:
            with pytest.raises(CorruptError, match="outside itself"):
                check_file(_forged(body, old.tobytes(), new.tobytes()))


@pytest.mark.parametrize(
    "forged", [b"", b"CBM1", b"CBM2" + bytes(20), b"CBM1\xff\xff\0\0" + bytes(9)]
)
def test_bytes_that_are_no_model_are_refused(forged: bytes) -> None:
    with pytest.raises(CorruptError, match="not a model of CatBoost"):
        check_file(forged)


def test_tables_of_categories_that_point_outside_themselves_are_refused() -> None:
    body = written(MODELS, MAKERS["labels"]()).partition(b"\n")[2]
    (size,) = struct.unpack_from("<I", body, 4)
    counts = body[8 + size :]
    assert check_counts(counts, 2) == len(counts)
    with pytest.raises(ValueError, match="outside itself"):
        check_counts(counts, 0)
    (length,) = struct.unpack_from("<I", counts, 4)
    raw = Table.root(counts[8 : 8 + length]).array(1, "u1")
    buckets = raw.view("<u8,<u4").copy()
    for field, value in (("f1", 9999), ("f0", 5)):
        changed = buckets.copy()
        changed[field] = value
        with pytest.raises(ValueError, match="outside itself"):
            check_counts(_forged(counts, raw.tobytes(), changed.tobytes()), 2)


def test_altered_bytes_are_refused_and_end_no_process() -> None:
    make = (
        "import catboost, numpy as np, pandas as pd\n"
        "r = np.random.default_rng(0)\n"
        "x = pd.DataFrame({'a': r.normal(size=90), 'k': r.choice(list('uvwxyz'), 90)})\n"
        "value = catboost.CatBoostClassifier(iterations=3, depth=2, grow_policy='Lossguide',\n"
        "    verbose=False, allow_writing_files=False, cat_features=['k'])\n"
        "value.fit(x, np.arange(90) % 3)\n"
    )
    told = survives("catboost_models", "CatBoostFormat", make)
    assert told.startswith("refused"), told
    assert int(told.split()[1]) > 50


_CONTENT = """
import catboost, numpy as np, pandas as pd
from artifacts.roundtrip import content
from windlass.artifacts.formats.catboost_models import CatBoostFormat
r = np.random.default_rng(0)
x = pd.DataFrame({"a": r.normal(size=90), "k": r.choice(list("uvwxyz"), 90)})
model = catboost.CatBoostClassifier(
    iterations=3, verbose=False, allow_writing_files=False, cat_features=["k"]
)
print(content(CatBoostFormat(), model.fit(x, np.arange(90) % 3)))
"""


def test_contents_are_equal_in_every_process() -> None:
    assert len(set(outputs_elsewhere(_CONTENT))) == 1
