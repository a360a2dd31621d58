"""Better than the champion, not worse, on slices, and than what is simple."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from windlass import release
from windlass.errors import ModelError, ScoreError, SignatureError
from windlass.models.version import Version

from .conftest import INPUTS, altered, as_model, flights, logistic, outcome

QUICK: Any = {"resamples": 400}


@pytest.mark.parametrize("score", [None, "log_loss", "accuracy", "auc", "brier"])
def test_a_better_model_is_told_from_a_worse_one(
    good: Version, blind: Version, holdout: pd.DataFrame, score: str | None
) -> None:
    test = release.better_than_champion(score, resamples=400)
    assert outcome(test, good, blind, holdout)[0] == "pass"
    verdict, [found, *beside], told = outcome(test, blind, good, holdout)
    assert (verdict, found["verdict"], found["threshold"]) == ("fail", "fail", 0.0)
    assert found["interval"][1] < 0
    assert "worse" in told
    assert told.endswith("it must be better")
    assert found["data"] == good.row.artifacts["holdout"]
    assert [each["verdict"] for each in beside] == [None] * len(beside)
    assert all(each["p"] < 0.01 for each in beside)
    assert len(beside) == 1 + (score == "accuracy")


def test_the_same_model_is_no_better_and_no_worse(good: Version, holdout: pd.DataFrame) -> None:
    better = release.better_than_champion("log_loss", **QUICK)
    assert outcome(better, good, good, holdout)[0] == "inconclusive"
    not_worse = release.not_worse_than_champion("log_loss", margin=0.01, **QUICK)
    assert outcome(not_worse, good, good, holdout)[0] == "pass"


def test_too_little_data_says_how_much_would_do(good: Version, learnt: pd.DataFrame) -> None:
    less = as_model(good, logistic(learnt.head(60)))
    few = flights(40, 5)
    test = release.better_than_champion("log_loss", **QUICK)
    verdict, [found, *_], told = outcome(test, good, less, few)
    assert verdict == "inconclusive"
    assert found["cases_needed"] > 40
    assert "cases would decide" in told
    assert outcome(test, good, less, flights(1, 5))[0] == "inconclusive"


def test_a_margin_is_kept_to(good: Version, blind: Version, holdout: pd.DataFrame) -> None:
    test = release.not_worse_than_champion("accuracy", margin=0.01, **QUICK)
    assert outcome(test, blind, good, holdout)[0] == "fail"
    assert outcome(test, good, blind, holdout)[0] == "pass"
    wide = release.not_worse_than_champion("accuracy", margin=0.9, **QUICK)
    assert outcome(wide, blind, good, holdout)[0] == "pass"


def test_of_numbers_errors_are_compared(minutes: Version, holdout: pd.DataFrame) -> None:
    shifted = altered(minutes, lambda table: table.assign(rain=table["rain"] + 1))
    test = release.better_than_champion(**QUICK)
    verdict, [found, *_], _ = outcome(test, minutes, shifted, holdout)
    assert (verdict, found["what"]) == ("pass", "rmse")
    assert outcome(test, shifted, minutes, holdout)[0] == "fail"


def test_groups_and_weights_may_be_columns(
    good: Version, blind: Version, holdout: pd.DataFrame
) -> None:
    rows = holdout.assign(day=np.arange(len(holdout)) % 40, weight=1.0)
    test = release.better_than_champion("log_loss", groups="day", weights="weight", resamples=400)
    assert outcome(test, good, blind, rows)[0] == "pass"
    with pytest.raises(ModelError, match="no column 'day'"):
        outcome(test, good, blind, holdout)


def test_classes_that_one_model_never_saw_have_no_probability(
    good: Version, holdout: pd.DataFrame
) -> None:
    rows = holdout.assign(late=np.where(holdout.rain > 1, 2, holdout.late))
    three = LogisticRegression().fit(rows[INPUTS], rows["late"])
    test = release.better_than_champion("log_loss", **QUICK)
    assert outcome(test, as_model(good, three), good, rows)[0] == "pass"


def test_compare_is_for_tests_of_ones_own(good: Version, blind: Version) -> None:
    found = release.compare(good, blind, score="brier", resamples=400)
    assert found.verdict == "pass"
    assert found.document()["against"] == "delay@1"
    assert release.compare(good, blind, flights(50), score="brier").document()["data"] is None


def test_slices_are_judged_together(good: Version, blind: Version, holdout: pd.DataFrame) -> None:
    test = release.slices("carrier", "log_loss", margin=0.01, **QUICK)
    verdict, found, _ = outcome(test, good, blind, holdout)
    assert verdict == "pass"
    assert [each["part"] for each in found] == ["carrier = AA", "carrier = BB", "carrier = ZZ"]
    assert [each["verdict"] for each in found] == ["pass", "pass", None]
    assert any("allow for 2 tests (holm)" in note for note in found[0]["notes"])
    for_one = altered(good, lambda table: table.assign(rain=table["rain"] + 3))
    worse = flights(1500, 4)
    own = as_model(good, _OnlyFor(good.model, for_one.model, worse["carrier"] == "BB"))
    verdict, found, told = outcome(test, own, good, worse)
    assert (verdict, [each["verdict"] for each in found][:2]) == ("fail", ["pass", "fail"])
    assert "carrier = BB" in told
    assert "carrier = AA" not in told


class _OnlyFor:
    """One model for some rows, another for the rest."""

    def __init__(self, model: object, other: object, mask: object) -> None:
        self._models, self._mask = (model, other), mask
        self.classes_ = np.array([0, 1])

    def predict_proba(self, table: pd.DataFrame) -> object:
        first, second = (each.predict_proba(table) for each in self._models)  # type: ignore[attr-defined]
        return np.where(np.asarray(self._mask)[:, None], second, first)

    def predict(self, table: pd.DataFrame) -> object:
        return self.predict_proba(table).argmax(axis=1)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("limit", "expected"), [(0.6, "pass"), (0.3, "fail"), (0.495, "inconclusive")]
)
def test_slices_by_a_limit_need_no_champion(
    good: Version, holdout: pd.DataFrame, limit: float, expected: str
) -> None:
    test = release.slices(
        "carrier", "log_loss", limit=limit, correction="benjamini-hochberg", **QUICK
    )
    verdict, _, told = outcome(test, good, holdout)
    assert verdict == expected
    assert expected == "pass" or f"it must be below {limit:g}" in told


def test_slices_all_too_small_are_inconclusive(good: Version, holdout: pd.DataFrame) -> None:
    test = release.slices(["carrier"], "accuracy", margin=0.1, least=10_000, **QUICK)
    verdict, _, told = outcome(test, good, good, holdout)
    assert (verdict, "none of the slices" in told) == ("inconclusive", True)


def test_a_simpler_model_is_found_out(
    good: Version, learnt: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    curved = holdout.assign(late=(holdout.rain * holdout.wind > 0).astype(int))
    knows = as_model(good, _Product())
    test = release.beats_a_baseline("brier", **QUICK)
    train = learnt.assign(late=(learnt.rain * learnt.wind > 0).astype(int))
    assert outcome(test, knows, train, curved)[0] == "pass"
    verdict, found, told = outcome(test, good, learnt, holdout)
    assert (verdict, [each["verdict"] for each in found]) == (
        "inconclusive",
        ["pass", "inconclusive", "pass"],
    )
    assert "against a linear model" in told
    constant = as_model(
        good, DummyClassifier(strategy="uniform").fit(learnt[INPUTS], learnt["late"])
    )
    assert outcome(test, constant, learnt, holdout)[0] == "fail"


class _Product:
    """Knows what makes flights late here, which no line tells."""

    classes_ = np.array([0, 1])

    def predict_proba(self, table: pd.DataFrame) -> object:
        late = np.where(table["rain"] * table["wind"] > 0, 0.95, 0.05)
        return np.column_stack([1 - late, late])

    def predict(self, table: pd.DataFrame) -> object:
        return np.asarray(table["rain"] * table["wind"] > 0).astype(int)


def test_of_numbers_the_mean_is_the_simplest(
    minutes: Version, learnt: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    verdict, found, _ = outcome(release.beats_a_baseline(**QUICK), minutes, learnt, holdout)
    assert found[0]["part"] == "against the mean"
    assert (verdict, found[0]["verdict"], found[2]["verdict"]) == ("inconclusive", "pass", "pass")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: release.better_than_champion("log_los"), "Did you mean 'log_loss'"),
        (lambda: release.not_worse_than_champion("f1", margin=-1), "margin of -1"),
        (lambda: release.slices("a"), "by a margin or by a limit"),
        (lambda: release.slices("a", margin=1, limit=1), "by a margin or by a limit"),
        (lambda: release.slices("a", margin=1, correction="bonferroni"), "no correction"),  # type: ignore[arg-type]
        (lambda: release.calibrated(3), "calibration error of 3"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_runs(made: object, told: str) -> None:
    with pytest.raises((ScoreError, ModelError)) as caught:
        made()  # type: ignore[operator]
    assert told in f"{caught.value.message} {caught.value.hint}"


def test_data_that_do_not_fit_are_an_error_and_no_verdict(
    good: Version, minutes: Version, holdout: pd.DataFrame
) -> None:
    test = release.better_than_champion("log_loss")
    with pytest.raises(ModelError, match="no column 'late'"):
        outcome(test, good, good, holdout.drop(columns="late"))
    with pytest.raises(SignatureError, match="'rain' is missing"):
        outcome(test, good, good, holdout.drop(columns="rain"))
    with pytest.raises(ModelError, match="gives no probabilities"):
        outcome(test, minutes, minutes, holdout)
    with pytest.raises(ModelError, match="this score is of numbers"):
        outcome(release.better_than_champion("rmse"), good, good, holdout)
    with pytest.raises(ModelError, match="too many to be slices"):
        outcome(release.slices("wind", margin=0.1), good, good, holdout)
