"""Estimators come back as they were, by their content, and nothing else is ever loaded."""

from __future__ import annotations

import functools
import io
import json
import re
import warnings
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import Birch, KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    BaggingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, TweedieRegressor
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, SplineTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from windlass.artifacts.formats import estimators
from windlass.artifacts.formats.estimators import EstimatorFormat
from windlass.artifacts.formats.object_digest import object_digest
from windlass.artifacts.formats.skops_trust import is_trusted
from windlass.errors import CorruptError, FormatError, UntrustedError
from windlass.values import to_text

from .roundtrip import MemorySource, back, content, outputs_elsewhere, written

FORMAT = EstimatorFormat()
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(80, 4)), columns=["a", "b", "c", "d"])
Y = (X["a"] + X["b"] * X["c"] > 0).astype(int)
MIXED = X.assign(kind=pd.Categorical(np.where(X["d"] > 0, "x", "y")), gap=X["a"].where(X["a"] > 0))


def _columns() -> ColumnTransformer:
    return ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), PCA(2)), ["a", "b", "gap"]),
            ("kinds", OneHotEncoder(handle_unknown="ignore"), make_column_selector("kind")),
        ],
        remainder="passthrough",
    )


def _search(model: Any, **grid: Any) -> GridSearchCV:
    cv = TimeSeriesSplit(2)
    scoring = make_scorer(mean_absolute_error, greater_is_better=False)
    return GridSearchCV(model, grid, cv=cv, scoring=scoring)


MAKERS: dict[str, Any] = {
    "logistic": LogisticRegression,
    "sgd": lambda: SGDClassifier(random_state=0),
    "tweedie": lambda: TweedieRegressor(power=0),
    "tree": lambda: DecisionTreeClassifier(random_state=0),
    "forest": lambda: RandomForestClassifier(5, random_state=0),
    "isolation": lambda: IsolationForest(n_estimators=5, max_features=2, random_state=0),
    "boosting": lambda: GradientBoostingRegressor(n_estimators=5, random_state=0),
    "hist": lambda: HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "early": lambda: HistGradientBoostingClassifier(
        max_iter=5, early_stopping=True, random_state=0
    ),
    "quantile": lambda: HistGradientBoostingRegressor(
        "quantile", quantile=0.9, max_iter=3, random_state=0
    ),
    "bagging": lambda: BaggingClassifier(
        DecisionTreeClassifier(), 3, max_features=2, random_state=0
    ),
    "stacking": lambda: StackingClassifier([("s", SVC()), ("k", KNeighborsClassifier(3))]),
    "calibrated": lambda: CalibratedClassifierCV(SVC(), cv=2),
    "mlp": lambda: MLPClassifier((4,), max_iter=5, random_state=0),
    "gaussian": lambda: GaussianProcessRegressor(RBF() + WhiteKernel()),
    "means": lambda: KMeans(2, random_state=0),
    "density": KernelDensity,
    "neighbours": lambda: KNeighborsClassifier(3, metric="manhattan", algorithm="ball_tree"),
    "spline": SplineTransformer,
    "best": lambda: SelectKBest(k=2),
    "log": lambda: FunctionTransformer(np.log1p, np.expm1),
    "target": lambda: TransformedTargetRegressor(Ridge(), func=np.sqrt, inverse_func=np.square),
    "search": lambda: _search(Pipeline([("p", PCA(2)), ("r", Ridge())]), r__alpha=[1, 2]),
}
FITTED: dict[str, Any] = {}


def _fitted(name: str) -> Any:
    if name not in FITTED:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            FITTED[name] = MAKERS[name]().fit(X, Y)
    return FITTED[name]


def _answer(estimator: Any, data: Any) -> Any:
    method = "predict" if hasattr(estimator, "predict") else "transform"
    method = method if hasattr(estimator, method) else "score_samples"
    with np.errstate(all="ignore"):
        return np.asarray(getattr(estimator, method)(data))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAKERS)
def test_fitted_estimators_answer_as_before(name: str) -> None:
    estimator = _fitted(name)
    again = back(FORMAT, estimator)
    assert type(again) is type(estimator)
    np.testing.assert_array_equal(_answer(again, X), _answer(estimator, X))
    assert content(FORMAT, again) == content(FORMAT, estimator)
    to_text(FORMAT.summary(estimator))
    shown = FORMAT.preview(estimator)
    assert shown.media_type == "text/html"
    assert type(estimator).__name__ in shown.data
    assert "<script" not in shown.data  # which would be refused, and told, wherever it is shown


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAKERS)
def test_training_again_gives_the_same_content_and_other_data_another(name: str) -> None:
    wanted = content(FORMAT, _fitted(name))
    assert object_digest(clone(MAKERS[name]()).fit(X, Y)) == wanted
    if name not in {"log", "quantile"}:  # these two learn nothing that these data would change
        assert object_digest(clone(MAKERS[name]()).fit(X * 1.5 + 1, 1 - Y)) != wanted
    assert object_digest(MAKERS[name]()) != wanted


def test_pipelines_over_columns_of_frames_come_back() -> None:
    model = make_pipeline(_columns(), HistGradientBoostingClassifier(max_iter=3, random_state=0))
    model.fit(MIXED, Y)
    again = back(FORMAT, model)
    np.testing.assert_array_equal(again.predict_proba(MIXED), model.predict_proba(MIXED))
    assert list(again.feature_names_in_) == list(MIXED.columns)
    facts: Any = FORMAT.summary(model)
    assert facts["steps"][1] == ["histgradientboostingclassifier", "HistGradientBoostingClassifier"]
    assert facts["feature_names_in_"] == list(MIXED.columns)
    assert facts["classes_"] == [0, 1]


def test_columns_may_be_given_as_an_index_of_pandas() -> None:
    columns = MIXED.select_dtypes("number").columns
    model = ColumnTransformer([("numbers", PCA(2), columns[:2])], remainder="drop").fit(MIXED)
    model.notes_ = {"frame": MIXED[:2], "series": MIXED["a"][:2], "again": columns}
    again = back(FORMAT, model)
    np.testing.assert_array_equal(again.transform(MIXED), model.transform(MIXED))
    pd.testing.assert_index_equal(again.transformers[0][2], columns[:2])
    pd.testing.assert_frame_equal(again.notes_["frame"], MIXED[:2])
    pd.testing.assert_series_equal(again.notes_["series"], MIXED["a"][:2])
    assert content(FORMAT, again) == content(FORMAT, model)


def test_categories_of_boosted_trees_come_back() -> None:
    model = HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=2, categorical_features="from_dtype", random_state=0
    ).fit(MIXED, Y)
    again = back(FORMAT, model)
    np.testing.assert_array_equal(again.predict_proba(MIXED), model.predict_proba(MIXED))


def test_vectorizers_of_text_come_back() -> None:
    model = TfidfVectorizer(ngram_range=(1, 2), stop_words=["the"]).fit(["a ship", "the windlass"])
    again = back(FORMAT, model)
    assert again.vocabulary_ == model.vocabulary_
    assert content(FORMAT, again) == content(FORMAT, model)
    assert (again.transform(["ship"]) != model.transform(["ship"])).nnz == 0


SEEDS = [
    RandomForestClassifier(5, random_state=0),
    RandomForestClassifier(5, random_state=1),
    RandomForestClassifier(6, random_state=0),
    RandomForestClassifier(5, random_state=0, max_depth=2),
    RandomForestClassifier(5, random_state=0, criterion="entropy"),
]


def test_seeds_and_parameters_are_part_of_the_content() -> None:
    unfitted = {object_digest(model) for model in SEEDS}
    fitted = {object_digest(clone(model).fit(X, Y)) for model in SEEDS}
    assert len(unfitted | fitted) == 2 * len(SEEDS)


def test_searching_among_neighbours_changes_no_content() -> None:
    model = KNeighborsClassifier(3, algorithm="kd_tree").fit(X, Y)
    before = content(FORMAT, model)
    model.predict(X)
    assert content(FORMAT, model) == before


def test_threads_and_the_clock_are_no_part_of_the_content() -> None:
    model = _fitted("search")
    before = object_digest(model)
    changed = back(FORMAT, model)
    changed.refit_time_ += 1
    changed.cv_results_["mean_fit_time"] += 1
    assert object_digest(changed) == before
    changed.cv_results_["mean_test_score"] += 1
    assert object_digest(changed) != before


class Doubler(BaseEstimator, TransformerMixin):  # type: ignore[misc]
    def fit(self, data: Any, y: Any = None) -> Doubler:
        return self

    def transform(self, data: Any) -> Any:
        return data * 2


def helper(data: Any) -> Any:
    return data


STRANGERS: list[tuple[Any, str]] = [
    (Doubler(), "test_estimators.Doubler"),
    (make_pipeline(Doubler(), Ridge()), "test_estimators.Doubler"),
    (FunctionTransformer(helper), "test_estimators.helper"),
    (FunctionTransformer(lambda data: data), "<lambda>"),
    (FunctionTransformer(eval), "eval"),
    (FunctionTransformer(np.load), "numpy.load"),
    (Birch(), "Birch"),
    (FunctionTransformer(kw_args={("a", 1): 2}), "FunctionTransformer"),
]


@pytest.mark.parametrize(("estimator", "name"), STRANGERS, ids=[name for _, name in STRANGERS])
def test_what_would_not_be_read_is_not_written(estimator: Any, name: str) -> None:
    with pytest.raises(FormatError, match=re.escape(name)) as caught:
        written(FORMAT, estimator)
    assert caught.value.hint is not None
    assert "allow_pickle=True" in caught.value.hint


def _forged(data: bytes, change: Any) -> bytes:
    """An archive with its schema changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text) if name == "schema.json" else text)
    return out.getvalue()


def test_types_that_are_not_on_the_list_are_not_loaded() -> None:
    data = written(FORMAT, Ridge())
    calls_system = _forged(
        data, lambda text: text.replace(b'"Ridge"', b'"system"').replace(b"sklearn.linear", b"os.x")
    )
    with pytest.raises(UntrustedError, match="system"):
        FORMAT.read(MemorySource(calls_system))


def test_bytes_that_are_no_archive_are_named() -> None:
    for data in (b"", b"PK nothing", written(FORMAT, Ridge())[:-30]):
        with pytest.raises(CorruptError, match="not an estimator"):
            FORMAT.read(MemorySource(data))


def _archive_with(estimator: Any, nodes: Any, wanted: str) -> bytes:
    """An archive whose arrays of nodes are changed by `nodes`, found by a field that they have."""
    out = io.BytesIO()
    data = estimators._dump(estimator)
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content_ = old.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content_))
                if array.dtype.names and wanted in array.dtype.names:
                    nodes(array)
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    content_ = buffer.getvalue()
            new.writestr(name, content_)
    return out.getvalue()


def _set(field: str, value: int) -> Any:
    def change(array: Any) -> None:
        array[field] = value

    return change


FORGERIES = [
    ("tree", "left_child", 10**6),
    ("tree", "right_child", 0),
    ("tree", "feature", 10**6),
    ("forest", "feature", -9),
    ("forest", "feature", 5),
    ("isolation", "feature", 3),
    ("boosting", "left_child", 10**6),
    ("hist", "left", 10**6),
    ("hist", "right", 0),
    ("hist", "feature_idx", 4),
    ("neighbours", "idx_end", 10**6),
    ("neighbours", "is_leaf", 0),
]


@pytest.mark.parametrize(("name", "field", "value"), FORGERIES)
def test_trees_that_point_outside_themselves_are_not_loaded(
    name: str, field: str, value: int
) -> None:
    data = _archive_with(_fitted(name), _set(field, value), field)
    with pytest.raises(CorruptError, match="points outside itself"):
        FORMAT.read(MemorySource(data))


def test_another_version_of_scikit_learn_is_told() -> None:
    data = written(FORMAT, Ridge())
    older = _forged(data, lambda text: re.sub(rb'\\"\d+\.\d+\.\d+[^"]*\\"', rb'\\"1.0.7\\"', text))
    with pytest.warns(UserWarning, match=r"scikit-learn 1\.0\.7") as caught:
        FORMAT.read(MemorySource(older))
    assert len(caught) == 1


def test_the_list_holds_no_way_to_run_code() -> None:
    for name in (
        *("builtins.eval", "os.system", "subprocess.Popen", "operator.methodcaller"),
        *("operator.attrgetter", "numpy.load", "numpy.save", "numpy.fromfile", "joblib.load"),
        *("sklearn.metrics._scorer.get_scorer", "sklearn.metrics.pairwise.Parallel"),
        *("sklearn.model_selection._split.np", "sklearn.datasets._base.load_files"),
        *("sklearn.utils._metadata_requests.inspect", "sklearn.nothing.Here", "sklearn"),
    ):
        assert not is_trusted(name)
    assert is_trusted("sklearn.metrics._classification.accuracy_score")


def test_digests_of_state_see_what_counts() -> None:
    class Node:
        def __init__(self, **attributes: Any) -> None:
            self.__dict__.update(attributes)

    loop: list[Any] = [1]
    loop.append(loop)
    values: list[Any] = [
        *(1, 1.0, True, "1", b"1", None, [1], (1,), {1}, frozenset({1}), {1: 2}, {2: 1}),
        *(np.int64(1), np.float64(1), np.array(1), np.array([1]), np.array([1.0]), np.dtype("i8")),
        *(np.array([1, None], object), np.ma.MaskedArray([1.0, 2.0], [True, False]), loop),
        *(Node, len, np.log1p, np.mean, range(3), slice(1), Node(a=1), Node(a=2), Node(b=1)),
        *(functools.partial(np.mean), functools.partial(np.mean, axis=0), Ridge(), Ridge(2)),
        *(np.random.RandomState(1), np.random.RandomState(2), np.random.default_rng(1)),
        *(scipy.sparse.csr_matrix([[1, 0]]), scipy.sparse.csc_matrix([[1, 0]])),
        *(X, X["a"], X.index, X.columns),
    ]
    digests = [object_digest(value) for value in values]
    assert len(set(digests)) == len(digests)
    assert object_digest(Node(a=1, b=2)) == object_digest(Node(b=2, a=1))
    assert object_digest(np.asfortranarray(X)) == object_digest(np.ascontiguousarray(X))
    hidden = [np.ma.MaskedArray([under, 2.0], [True, False]) for under in (1.0, 9.0)]
    assert object_digest(hidden[0]) == object_digest(hidden[1])
    with pytest.raises(FormatError, match="no state"):
        object_digest(name for name in ["a generator"])


_CONTENT = """
import json, warnings
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from windlass.artifacts.formats.object_digest import object_digest
rng = np.random.default_rng(0)
x = rng.normal(size=(60, 3))
y = (x[:, 0] > 0).astype(int)
hist = HistGradientBoostingClassifier(max_iter=3, random_state=0, early_stopping=True)
forest = RandomForestClassifier(3, random_state=0)
models = [hist, forest, GridSearchCV(hist, {"max_depth": [1, 2]}, cv=2)]
print(json.dumps([object_digest(model.fit(x, y)) for model in models]))
"""


def test_contents_are_equal_in_every_process() -> None:
    one, two = outputs_elsewhere(_CONTENT)
    assert one == two
    assert len(set(json.loads(one))) == 3
