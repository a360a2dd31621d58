"""Useless columns, leaks, unfair treatment, and budgets."""

from __future__ import annotations

import shutil
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from windlass import release
from windlass.errors import DefinitionError, ModelError, ScoreError
from windlass.execution.job import Stores
from windlass.models.registry import register_in
from windlass.models.release.budgets import quantile_interval
from windlass.models.release.fairness import newcombe
from windlass.models.version import Version
from windlass.pipeline.marks import Model

from .conftest import altered, as_model, flights, outcome

QUICK: Any = {"resamples": 400}


def version_of(shop: Stores, name: str, learnt: pd.DataFrame, columns: list[str]) -> Version:
    """A logistic regression on some columns, of which text is taken by its length."""
    model = LogisticRegression(max_iter=500).fit(learnt[columns], learnt["late"])
    values = {"model": model, "reference": learnt, "holdout": flights(50, 9)}
    return register_in(shop, Model(name, "late", columns), values)


@pytest.fixture(scope="module")
def two(shop: Stores, learnt: pd.DataFrame) -> Version:
    """A model that takes nothing but what is of use."""
    return version_of(shop, "two", learnt, ["rain", "wind"])


def test_columns_of_use_and_useless_ones(
    good: Version, two: Version, holdout: pd.DataFrame
) -> None:
    test = release.features_are_of_use("log_loss", at_least=0.005, **QUICK)
    verdict, found, _ = outcome(test, two, holdout)
    assert (verdict, [each["part"] for each in found]) == ("pass", ["rain", "wind"])
    assert any("2 tests (holm)" in note for note in found[0]["notes"])
    verdict, found, told = outcome(test, good, holdout)
    assert (verdict, [each["verdict"] for each in found]) == ("fail", ["pass", "pass", "fail"])
    assert told.startswith("noise: log_loss: ")
    assert outcome(test, two, flights(25, 3))[0] == "inconclusive"


def test_a_column_that_is_not_used_at_all_is_named(good: Version, holdout: pd.DataFrame) -> None:
    deaf = altered(good, lambda table: table.assign(wind=0.0))
    verdict, found, told = outcome(
        release.features_are_of_use("brier", rows=500, **QUICK), deaf, holdout
    )
    assert (verdict, found[1]["verdict"]) == ("fail", "fail")
    assert "wind: the model gives the same without it: of no use" in told


def test_of_a_column_that_never_varies_nothing_is_shown(
    good: Version, holdout: pd.DataFrame
) -> None:
    test = release.features_are_of_use("brier", rows=500, **QUICK)
    _, found, _ = outcome(test, good, holdout.assign(wind=0.5))
    assert found[1]["verdict"] == "inconclusive"
    assert "the same in all rows" in found[1]["sentence"]


def test_the_same_seed_gives_the_same_importance(two: Version, holdout: pd.DataFrame) -> None:
    test = release.features_are_of_use("brier", rows=300, seed=3, **QUICK)
    assert outcome(test, two, holdout) == outcome(test, two, holdout)


def test_honest_columns_do_not_leak(
    two: Version, learnt: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    days = learnt.assign(day=range(len(learnt)), tail=np.arange(len(learnt)))
    after = holdout.assign(
        day=range(9000, 9000 + len(holdout)), tail=np.arange(len(holdout)) + 9000
    )
    test = release.no_leakage(
        identifiers=["tail"], later=["minutes"], apart=["tail"], times=["day"]
    )
    verdict, found, told = outcome(test, two, days, after)
    assert verdict == "pass", told
    assert [each["part"] for each in found if each["part"]] == ["rain", "wind"]
    assert 0.6 < found[-2]["estimate"] < 0.9


def test_leaks_are_found(shop: Stores, learnt: pd.DataFrame, holdout: pd.DataFrame) -> None:
    draw = np.random.default_rng(0)

    def leaking(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(
            refund=table["late"] * 2.0 + draw.normal(0, 0.1, len(table)),
            order=draw.permutation(len(table)),
        )

    learnt, holdout = leaking(learnt), leaking(holdout)
    version = version_of(shop, "leaking", learnt, ["rain", "refund", "order"])
    verdict, _, told = outcome(release.no_leakage(), version, learnt, holdout)
    assert verdict == "fail"
    assert "different in nearly every row, as an identifier is: order" in told
    assert "refund: auc: 0.99" in told
    assert "rain" not in told
    test = release.no_leakage(
        identifiers=["order"], later=["refund"], apart=["order"], times=["rain"]
    )
    told = outcome(test, version, learnt, holdout)[2]
    assert "'refund' (known too late), 'order' (an identifier)" in told
    assert "2,000 of 3,000 rows of the holdout have a 'order' of the reference" in told
    assert "by 'rain', " in told
    with pytest.raises(ModelError, match="no column 'day'"):
        outcome(release.no_leakage(times=["day"]), version, learnt, holdout)
    with pytest.raises(ScoreError, match="holds text"):
        outcome(release.no_leakage(times=["carrier"]), version, learnt, holdout)


def test_of_few_rows_leaks_cannot_be_told(two: Version, learnt: pd.DataFrame) -> None:
    verdict, _, told = outcome(release.no_leakage(), two, learnt.head(30), flights(30, 4))
    assert verdict == "inconclusive"
    assert "of 30 rows it cannot be told" in told


def test_of_numbers_a_column_alone_is_judged_by_r2(
    minutes: Version, learnt: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    verdict, found, _ = outcome(release.no_leakage(), minutes, learnt, holdout)
    told = {each["part"]: each for each in found}
    assert (verdict, told["rain"]["what"]) == ("pass", "r2")
    assert 0.5 < told["rain"]["estimate"] < 0.8


def test_groups_are_treated_alike_or_not(good: Version) -> None:
    rows = flights(4000, 8).assign(group=np.arange(4000) % 2, third=np.arange(4000) % 3)
    for measure in ("equal_opportunity", "equalized_odds", "demographic_parity", "accuracy"):
        verdict, found, told = outcome(release.fair(["group", "third"], measure), good, rows)
        assert verdict == "pass", told
        assert len(found) == 4 * (1 + (measure == "equalized_odds"))
    unfair = as_model(good, _Unfair(good.model, rows["group"].to_numpy()))
    verdict, _, told = outcome(release.fair("group"), unfair, rows)
    assert verdict == "fail"
    assert told.startswith("group = 0: difference in true positive rate: ")
    assert told.endswith("it must be within 0.1 of the others")
    verdict, few, _ = outcome(release.fair("group", least=10), good, rows.head(80))
    assert (verdict, few[0]["cases_needed"] is not None) == ("inconclusive", True)
    verdict, _, told = outcome(release.fair("group", least=10_000), good, rows)
    assert (verdict, "none of the groups" in told) == ("inconclusive", True)


class _Unfair:
    """Never tells one group that it will be late."""

    classes_ = np.array([0, 1])

    def __init__(self, model: Any, group: Any) -> None:
        self._model, self._group = model, group

    def predict(self, table: pd.DataFrame) -> Any:
        return np.where(self._group == 0, 0, self._model.predict(table))


@pytest.mark.parametrize("positive", [0, 1])
def test_either_class_may_be_looked_for(
    good: Version, holdout: pd.DataFrame, positive: int
) -> None:
    test = release.fair("carrier", "predictive_parity", 0.2, positive=positive)
    verdict, found, _ = outcome(test, good, holdout)
    assert verdict == "pass"
    assert [each["verdict"] for each in found] == ["pass", "pass", None]


@pytest.mark.parametrize("measure", ["accuracy", "demographic_parity", "equalized_odds"])
def test_labels_that_are_none_are_not_taken_for_negative(
    good: Version, holdout: pd.DataFrame, measure: Any
) -> None:
    for late in (holdout["late"].where(holdout.index > 9), holdout["late"].astype(str)):
        with pytest.raises(ScoreError, match=r"missing|cannot be told to be equal"):
            outcome(release.fair("carrier", measure), good, holdout.assign(late=late))


def test_fairness_is_of_classes(good: Version, minutes: Version, holdout: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="is no classifier"):
        outcome(release.fair("carrier"), minutes, holdout)
    with pytest.raises(ModelError, match="'late' is none of the classes"):
        outcome(release.fair("carrier", positive="late"), good, holdout)
    with pytest.raises(ScoreError, match="no measure"):
        release.fair("carrier", "justice")  # type: ignore[arg-type]
    with pytest.raises(ScoreError, match="difference"):
        release.fair("carrier", at_most=0)


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_newcombe_encloses_the_difference(n: int, m: int, data: st.DataObject) -> None:
    ours = np.arange(n) < data.draw(st.integers(0, n))
    others = np.arange(m) < data.draw(st.integers(0, m))
    gap, low, high = newcombe(ours, others, 0.95)
    back = newcombe(others, ours, 0.95)
    assert -1 - 1e-9 <= low <= gap <= high <= 1 + 1e-9
    assert np.allclose(back, (-gap, -high, -low))


def test_newcombe_agrees_with_the_paper() -> None:
    gap, low, high = newcombe(np.arange(70) < 56, np.arange(80) < 48, 0.95)
    assert (round(gap, 4), round(low, 4), round(high, 4)) == (0.2, 0.0524, 0.3339)


def run(test: Any, version: Version, holdout: Any) -> tuple[str, list[dict[str, Any]], str]:
    config = SimpleNamespace(rootpath=version.stores.project, getoption=lambda _: None)
    return outcome(test, version, holdout, config)


def test_a_quick_model_keeps_to_its_budget(good: Version, holdout: pd.DataFrame) -> None:
    test = release.within(milliseconds=2000, p99=9000, batch=5000, megabytes=1, calls=40)
    verdict, found, told = run(test, good, holdout)
    # Of 40 calls, none is known to be beyond the 99th percentile.
    assert (verdict, [each["verdict"] for each in found]) == (
        "inconclusive",
        ["pass", "inconclusive", "pass", "pass"],
    )
    assert "99th percentile" in told


def test_a_slow_or_large_one_does_not(good: Version, holdout: pd.DataFrame) -> None:
    def slowly(table: Any) -> Any:
        time.sleep(0.01)
        return table

    test = release.within(milliseconds=5, megabytes=0.0001, calls=20)
    verdict, _, told = run(test, altered(good, before=slowly), holdout)
    assert verdict == "fail"
    assert "median latency of a row: " in told
    assert "and 5 are allowed" in told
    assert "the artifact weighs" in told
    assert run(test, good, holdout.head(0))[0] == "fail"  # it is too large even so


def test_memory_is_that_of_a_fresh_process(
    good: Version, holdout: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict, [found], told = run(release.within(memory="1MiB"), good, holdout)
    assert (verdict, 30e6 < found["estimate"] < 2e9) == ("fail", True)
    assert "a fresh process with the model holds" in told
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ModelError, match="a fresh process cannot ask delay@1"):
        run(release.within(memory="2GiB"), good, holdout)


def test_a_budget_must_be_one() -> None:
    with pytest.raises(ModelError, match="no budget"):
        release.within()
    with pytest.raises(ModelError, match="above zero"):
        release.within(milliseconds=-1)
    with pytest.raises(DefinitionError):
        release.within(memory="much")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_its_interval(values: list[float], share: float) -> None:
    low, high = quantile_interval(np.array(values), share)
    found = float(np.quantile(np.array(values), share, method="inverted_cdf"))
    assert low is None or low <= found
    assert high is None or found <= high


def test_quantile_intervals_hold_as_often_as_they_say() -> None:
    draw = np.random.default_rng(0)
    held = 0
    for _ in range(2000):
        low, high = quantile_interval(draw.exponential(size=60), 0.5)
        held += bool(low is not None and high is not None and low <= np.log(2) <= high)
    assert 0.93 < held / 2000 < 0.985
