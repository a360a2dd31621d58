"""Scores against scikit-learn's, their first-order terms against small changes, and bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import ScoreError, UndefinedError
from windlass.models.statistics import SCORES, compare, find_score, measure, score_value
from windlass.models.statistics.cases import read_cases
from windlass.models.statistics.scores import score_of_cases

from .making import LAWS, Array, sigmoid

metrics = pytest.importorskip("sklearn.metrics")

OF_LABELS = {
    "accuracy": metrics.accuracy_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
}
OF_PROBABILITIES = {
    "log_loss": metrics.log_loss,
    "brier": metrics.brier_score_loss,
    "auc": metrics.roc_auc_score,
    "average_precision": metrics.average_precision_score,
}
OF_NUMBERS = {
    "mae": metrics.mean_absolute_error,
    "mse": metrics.mean_squared_error,
    "rmse": metrics.root_mean_squared_error,
    "r2": metrics.r2_score,
    "quantile_loss": metrics.mean_pinball_loss,
    "quantile_loss(0.9)": lambda *a, **k: metrics.mean_pinball_loss(*a, **k, alpha=0.9),
}

random = np.random.default_rng(0)
N = 300
LABELS = random.integers(0, 2, N)
PROBABILITIES = sigmoid(np.round(random.normal(size=N) + LABELS, 1))  # with ties
PREDICTED = (PROBABILITIES > 0.6).astype(int)
NUMBERS = random.normal(size=N) + 1e5
FORECAST = NUMBERS + random.normal(size=N) + 0.2
WEIGHTS = random.random(N) * (random.random(N) > 0.1)
CLASSES = np.array(["a", "b", "c"])[random.integers(0, 3, N)]
SOFT = random.dirichlet([1, 1, 1], N)


def data_of(name: str) -> tuple[Array, Array]:
    """Labels and predictions for a score."""
    needs = find_score(name).needs
    if needs == "numbers":
        return NUMBERS, FORECAST
    return LABELS, PREDICTED if needs == "labels" else PROBABILITIES


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
@pytest.mark.parametrize(
    ("name", "theirs"), [*OF_LABELS.items(), *OF_PROBABILITIES.items(), *OF_NUMBERS.items()]
)
def test_scores_are_those_of_scikit_learn(
    name: str, theirs: Callable[..., float], weights: Array | None
) -> None:
    labels, predictions = data_of(name)
    expected = theirs(labels, predictions, sample_weight=weights)
    assert score_value(name, labels, predictions, weights=weights) == pytest.approx(expected, 1e-9)


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1"])
def test_of_several_classes_each_counts_alike(name: str) -> None:
    predicted = np.array(["a", "b", "c"])[SOFT.argmax(axis=1)]
    options: dict[str, Any] = {} if name == "accuracy" else {"average": "macro"}
    expected = OF_LABELS[name](CLASSES, predicted, **options)
    assert score_value(name, CLASSES, predicted) == pytest.approx(expected)


def test_probabilities_of_several_classes() -> None:
    assert score_value("log_loss", CLASSES, SOFT) == pytest.approx(metrics.log_loss(CLASSES, SOFT))
    area = metrics.roc_auc_score(CLASSES, SOFT, multi_class="ovr")
    assert score_value("auc", CLASSES, SOFT) == pytest.approx(area)
    happened = CLASSES[:, None] == np.array(["a", "b", "c"])
    expected = ((SOFT - happened) ** 2).sum(axis=1).mean()
    assert score_value("brier", CLASSES, SOFT) == pytest.approx(expected)
    precisions = [metrics.average_precision_score(happened[:, k], SOFT[:, k]) for k in range(3)]
    assert score_value("average_precision", CLASSES, SOFT) == pytest.approx(np.mean(precisions))


def test_one_class_of_several_can_be_looked_for() -> None:
    predicted = np.array(["a", "b", "c"])[SOFT.argmax(axis=1)]
    expected = metrics.recall_score(CLASSES == "b", predicted == "b")
    assert score_value("recall", CLASSES, predicted, positive="b") == pytest.approx(expected)
    area = metrics.roc_auc_score(CLASSES == "b", SOFT[:, 1])
    assert score_value("auc", CLASSES, SOFT, positive="b") == pytest.approx(area)
    assert score_value("auc", CLASSES, SOFT[:, 1], positive="b") == pytest.approx(area)


def test_both_columns_of_probabilities_or_one() -> None:
    both = np.column_stack([1 - PROBABILITIES, PROBABILITIES])
    for name in OF_PROBABILITIES:
        one = score_value(name, LABELS, PROBABILITIES)
        assert score_value(name, LABELS, both) == pytest.approx(one)
        assert score_value(name, LABELS, pd.DataFrame(both)) == pytest.approx(one)


def test_classes_as_a_model_of_scikit_learn_has_them_and_in_any_order() -> None:
    classes = np.array(["a", "b", "c"], dtype=object)
    expected = metrics.log_loss(CLASSES, SOFT)
    of_part = CLASSES != "b"  # a slice in which one of them does not occur
    options: dict[str, Any] = {"classes": classes}
    assert score_value("log_loss", pd.Series(CLASSES), SOFT, **options) == pytest.approx(expected)
    assert score_value("log_loss", CLASSES[of_part], SOFT[of_part], **options) > 0
    turned: dict[str, Any] = {"classes": classes[::-1]}
    found = score_value("log_loss", CLASSES, SOFT[:, ::-1], **turned)
    assert found == pytest.approx(expected)
    # Of two, the second is the positive one: here, zero.
    zero = metrics.roc_auc_score(LABELS == 0, 1 - PROBABILITIES)
    assert score_value("auc", LABELS, 1 - PROBABILITIES, classes=[1, 0]) == pytest.approx(zero)


def test_the_bias_is_signed_and_compared_by_its_size() -> None:
    assert score_value("bias", NUMBERS, NUMBERS - 0.3) == pytest.approx(-0.3)
    near, far = NUMBERS - 0.1 + random.normal(size=N) / 100, NUMBERS + 0.3
    assert compare("bias", NUMBERS, near, far).estimate == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("name", SCORES)
def test_influences_are_the_slopes_in_each_cases_weight(name: str) -> None:
    """ψᵢ is how fast the score changes as case i gains weight: measured by a small change."""
    labels, predictions = data_of(name)
    score = find_score(name)
    cases, [read] = read_cases(score.needs, labels, [predictions])
    influence = score.build(cases, read).influence()
    step, base = 1e-5, score_value(name, labels, predictions)
    for case in (0, 7, 123):
        weights = np.ones(N)
        weights[case] += step * N
        moved = score_value(name, labels, predictions, weights=weights)
        assert influence[case] == pytest.approx((moved - base) / step, rel=2e-3, abs=1e-4)
    assert influence.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ["auc", "log_loss", "f1", "r2"])
@LAWS
@given(st.integers(0, 2**32))
def test_a_weight_is_a_case_repeated(name: str, seed: int) -> None:
    labels, predictions = data_of(name)
    often = np.random.default_rng(seed).integers(0, 4, N)
    repeated = score_value(name, np.repeat(labels, often), np.repeat(predictions, often))
    assert score_value(name, labels, predictions, weights=often) == pytest.approx(repeated)


def test_a_score_of_ones_own() -> None:
    cost = score_of_cases(
        "cost",
        lambda labels, predicted: np.where(labels > predicted, 5.0, 1.0) * (labels != predicted),
        better="lower",
        needs="labels",
    )
    expected = 5 * ((LABELS == 1) & (PREDICTED == 0)).mean() + (LABELS < PREDICTED).mean()
    assert measure(cost, LABELS, PREDICTED).estimate == pytest.approx(expected)
    wrong = score_of_cases("wrong", lambda labels, _: labels[:3], better="lower")
    with pytest.raises(ScoreError, match="one number for each case"):
        measure(wrong, LABELS, PREDICTED)
    with pytest.raises(ScoreError, match="values of 'broken' hold nan"):
        measure(
            score_of_cases("broken", lambda y, _: np.full(len(y), np.nan), better="lower"),
            NUMBERS,
            FORECAST,
        )


def test_every_score_says_what_it_is() -> None:
    assert all(len(score.about) > 20 for score in SCORES.values())
    assert find_score("auc").about.startswith("The area under the ROC curve")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acuracy", "Did you mean 'accuracy'"),
        ("nothing like it", "There are accuracy, precision"),
        ("quantile_loss(2)", "2 is no quantile"),
        ("quantile_loss(0.1.2)", "no score"),
    ],
)
def test_there_is_no_such_score(name: str, told: str) -> None:
    with pytest.raises(ScoreError, match=told.replace("(", r"\(").replace(")", r"\)")):
        find_score(name)


@pytest.mark.parametrize(
    ("name", "labels", "predictions", "told"),
    [
        ("accuracy", [1, 0], [1, 0, 1], "there are 2 labels, and 3"),
        ("accuracy", [], [], "no labels"),
        ("accuracy", [1, None], [1, 0], "1 of the labels are missing, the first in row 1"),
        ("accuracy", [1.0, np.nan], [1, 0], "missing"),
        ("accuracy", [1, 0], [np.nan, 0], "predictions are missing"),
        ("accuracy", pd.array([1, None]), [1, 0], "missing"),
        ("accuracy", [1, 0], ["1", "0"], "cannot be told to be equal"),
        ("accuracy", np.array([1, "a"], dtype=object), [1, 0], "cannot be told to be equal"),
        ("accuracy", [[1, 0], [0, 1]], [1, 0], "the shape"),
        ("accuracy", np.arange(2000) / 7, np.arange(2000) / 7, "Take mae, rmse or r2"),
        ("log_loss", [1, 0], [0.5, np.nan], "predictions hold nan"),
        ("log_loss", [1, 0], [0.5, 1.5], "1.5 is no probability"),
        ("log_loss", [1, 0], [[0.5, 0.4], [0.5, 0.5]], "row 0 add up to 0.9"),
        ("log_loss", ["a", "b"], [[0.5, 0.3, 0.2]] * 2, "probabilities of 3 classes"),
        ("log_loss", ["a", "b", "c"], [0.5, 0.3, 0.2], "one number a case does not tell"),
        ("log_loss", ["a", "a"], [0.5, 0.3], "one number a case does not tell"),
        ("log_loss", [1, 0], 0.5, "one value"),
        ("mae", [1.0, np.inf], [1, 0], "labels hold inf"),
        ("mae", ["x", "y"], [1, 0], "the labels are no numbers"),
        ("mae", [1, 0], [[1, 0], [0, 1]], "not one number a case"),
        ("mae", [1, 0], ["x", "y"], "the predictions are no numbers"),
    ],
)
def test_bad_input_is_refused_in_words(name: str, labels: Any, predictions: Any, told: str) -> None:
    with pytest.raises(ScoreError, match=told):
        measure(name, labels, predictions)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"weights": [1, -1, 1]}, "must not be negative"),
        ({"weights": [0, 0, 0]}, "nor all zero"),
        ({"weights": [1, 1]}, "3 labels, and 2"),
        ({"weights": [1, np.nan, 1]}, "weights are missing"),
        ({"groups": [1, 1]}, "3 labels, and 2"),
        ({"groups": ["a", None, "b"]}, "groups are missing"),
        ({"positive": 2}, "the positive class 2 is none of 0, 1"),
        ({"classes": [1, 2]}, "0 is none of the classes 1, 2"),
        ({"classes": ["0", "1"]}, "cannot be told to be equal"),
        ({"classes": [0, 1, 0]}, "named twice"),
        ({"level": 95}, "95 is no level"),
        ({"resamples": 3}, "too few"),
    ],
)
def test_bad_options_are_refused_in_words(options: Any, told: str) -> None:
    with pytest.raises(ScoreError, match=told):
        measure("recall", [1, 0, 1], [1, 0, 0], **options)


@pytest.mark.parametrize(
    ("name", "labels", "predictions"),
    [
        ("auc", [1, 1, 1], [0.5, 0.3, 0.2]),
        ("average_precision", [0, 0, 0], [0.5, 0.3, 0.2]),
        ("auc", ["a", "a", "a"], [0.5, 0.3, 0.2]),
        ("recall", [0, 0, 0], [0, 1, 0]),
        ("f1", [0, 0, 0], [0, 0, 0]),
        ("precision", [0, 1, 0], [0, 0, 0]),
        ("r2", [2.0, 2.0, 2.0], [1.0, 2.0, 3.0]),
    ],
)
def test_what_has_no_value_says_so(name: str, labels: Any, predictions: Any) -> None:
    """Never a silent nan: an error for the plain value, an inconclusive verdict for a test."""
    with pytest.raises(UndefinedError, match="no value"):
        score_value(name, labels, predictions)
    for found in (
        measure(name, labels, predictions, threshold=0.5),
        compare(name, labels, predictions, predictions[::-1]),
    ):
        assert (found.estimate, found.low, found.verdict) == (None, None, "inconclusive")
        assert "no value" in found.notes[0]
        assert "no value" in found.sentence()
    assert measure(name, labels, predictions).verdict is None
