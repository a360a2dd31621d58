"""Calibration, stability, golden examples, skew, and the proof of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from windlass import release
from windlass.errors import ModelError
from windlass.execution.job import Stores
from windlass.models.registry import register_in
from windlass.models.version import Version
from windlass.pipeline.marks import Model

from .conftest import INPUTS, altered, as_model, flights, logistic, outcome


def sharpened(proba: Any) -> Any:
    """Probabilities that are far too sure."""
    odds = (proba / (1 - proba)) ** 5
    return odds / odds.sum(axis=1, keepdims=True)


def test_probabilities_are_true_or_not(good: Version, holdout: pd.DataFrame) -> None:
    test = release.calibrated(0.06, resamples=400)
    verdict, found, _ = outcome(test, good, holdout)
    assert (verdict, [each["verdict"] for each in found]) == ("pass", ["pass", None, None])
    verdict, _, told = outcome(test, altered(good, after=sharpened), holdout)
    assert (verdict, "it must be below 0.06" in told) == ("fail", True)
    verdict, few, _ = outcome(test, good, holdout.head(60))
    assert (verdict, few[0]["cases_needed"] > 60) == ("inconclusive", True)


def test_a_stable_model_refuses_or_predicts(good: Version, holdout: pd.DataFrame) -> None:
    verdict, found, _ = outcome(release.stable(), good, holdout)
    told = {each["what"]: each for each in found}
    assert verdict == "pass"
    assert told["values infinite"]["n"] == 3
    assert set(told) == {
        "values missing",
        "values infinite",
        "values minus infinite",
        "values far above",
        "values far below",
        "no rows",
    }


def test_nan_out_is_unstable(good: Version, holdout: pd.DataFrame) -> None:
    def overflowing(proba: Any) -> Any:
        return np.where(proba > 1 - 1e-12, np.nan, proba)

    verdict, _, told = outcome(release.stable(), altered(good, after=overflowing), holdout)
    assert verdict == "fail"
    assert "rain: predict_proba gives nan" in told
    no_sum = altered(good, after=lambda proba: proba * 0.9)
    assert "do not add up to one" in outcome(release.stable(), no_sum, holdout)[2]

    def crashing(table: Any) -> Any:
        assert table["wind"].abs().max() < 1000, "a wind like that"
        return table

    verdict, _, told = outcome(release.stable(), altered(good, before=crashing), holdout)
    assert (verdict, "wind: " in told, "rain: " in told) == ("fail", True, False)


def test_without_rows_nothing_is_disturbed(good: Version, holdout: pd.DataFrame) -> None:
    assert outcome(release.stable(), good, holdout.head(0))[0] == "inconclusive"
    assert outcome(release.no_skew(), good, holdout.head(0))[0] == "inconclusive"


def test_stability_of_every_kind_of_column(shop: Stores) -> None:
    class OfAll:
        classes_ = np.array([0, 1])

        def predict(self, table: pd.DataFrame) -> Any:
            return (table["port"] == "JFK").to_numpy().astype(int)

    table = flights(60).assign(
        port="JFK", small=np.arange(60).astype("int8"), fine=np.arange(60) % 2 == 0,
        day=pd.date_range("2013-01-01", periods=60), kind=pd.Categorical(["a"] * 60),
    )  # fmt: skip
    columns = ["port", "small", "fine", "day", "kind", "rain"]
    stand_in = logistic(flights(100))
    version = register_in(
        shop, Model("kinds", "late", columns), {"model": stand_in, "holdout": table}
    )
    version = as_model(version, OfAll())
    from windlass.models.describing import describe

    assert "signature" not in describe(version)
    verdict, found, told = outcome(release.stable(), version, table)
    assert verdict == "pass", told
    counts = {each["what"]: each["n"] for each in found}
    assert counts["values far above"] == 2
    assert counts["a text that never was"] == 1


def test_golden_examples_are_replayed(good: Version, blind: Version, shop: Stores) -> None:
    verdict, [found], _ = outcome(release.golden_examples(), good)
    assert (verdict, found["n"]) == ("pass", 40)
    verdict, [found], told = outcome(release.golden_examples(), blind)
    assert verdict == "fail"
    assert found["estimate"] > 10
    assert "predict is 1, and was 0" in told
    assert (
        outcome(release.golden_examples(10.0), altered(good, after=lambda p: p + 0.0))[0] == "pass"
    )
    none = register_in(shop, Model("bare"), {"model": logistic(flights(50))})
    assert "give it a holdout" in outcome(release.golden_examples(), none)[2]


def test_a_batch_must_not_matter(good: Version, holdout: pd.DataFrame) -> None:
    test = release.no_skew(12)
    verdict, found, _ = outcome(test, good, holdout)
    assert (verdict, [each["n"] for each in found]) == ("pass", [12, 12])
    assert found[0]["interval"][1] < 0.3

    def centred(table: Any) -> Any:
        return table - table.mean()

    verdict, found, told = outcome(test, altered(good, before=centred), holdout)
    assert (verdict, "one row at a time, 12 of 12 rows differ" in told) == ("fail", True)

    def cumulated(table: Any) -> Any:
        return table.cumsum()

    assert "in the opposite order" in outcome(test, altered(good, before=cumulated), holdout)[2]
    verdict, _, _ = outcome(test, good, holdout.head(4))
    assert verdict == "inconclusive"


def test_a_conversion_is_compared(
    shop: Stores, holdout: pd.DataFrame, learnt: pd.DataFrame
) -> None:
    values = {"model": logistic(learnt), "holdout": holdout, "reference": learnt}
    same = register_in(shop, Model("same", "late", INPUTS), {**values, "onnx": logistic(learnt)})
    verdict, found, _ = outcome(release.no_skew(12), same, holdout)
    assert (verdict, len(found)) == ("pass", 3)
    other = logistic(learnt.assign(rain=-learnt.rain))
    worse = register_in(shop, Model("worse", "late", INPUTS), {**values, "onnx": other})
    verdict, _, told = outcome(release.no_skew(12), worse, holdout)
    assert (verdict, told.startswith("by ONNX, 24 numbers and ")) == ("fail", True)


PARITY = {"n": 900, "max_abs": 0.2, "max_rel": 0.2, "beyond": 3, "labels_differ": 1}


@pytest.mark.parametrize(
    ("document", "verdict", "told"),
    [
        ({"converted": False, "reason": "too odd"}, None, "not converted to ONNX: too odd"),
        ({"verdict": "fail", "parity": {"float32": PARITY}}, None, "3 numbers and 1 labels of 900"),
        ({"verdict": "pass", "parity": {"float32": {**PARITY, "beyond": 0}}}, "pass", "0 numbers"),
    ],
)
def test_what_was_measured_at_the_conversion_counts(
    good: Version, holdout: pd.DataFrame, document: Any, verdict: str | None, told: str
) -> None:
    version = as_model(good, good.model)
    known = {"converted": True, "data": {"role": "holdout", "content": "abc"}, **document}
    version.__dict__["evidence"] = {**good.evidence, "onnx": known}
    ended, found, _ = outcome(release.no_skew(12), version, holdout)
    assert (ended, found[-1]["verdict"]) == ("pass", verdict)
    assert told in found[-1]["sentence"]


def test_a_registered_version_has_no_run_to_repeat(good: Version) -> None:
    verdict, _, told = outcome(release.reproducible(), good)
    assert (verdict, "was registered" in told) == ("inconclusive", True)


@pytest.mark.parametrize(
    ("proofs", "expected"),
    [
        ([{"verdict": "equal"}], "pass"),
        ([{"verdict": "different"}, {"verdict": "equal"}], "fail"),
        ([{"verdict": "inconclusive"}], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_the_newest_proof_counts(
    good: Version, monkeypatch: pytest.MonkeyPatch, proofs: list[Any], expected: str
) -> None:
    from dataclasses import replace
    from types import SimpleNamespace

    records: Any = SimpleNamespace(
        run_by_id=lambda _: SimpleNamespace(name="training-4"), proofs=lambda _: proofs
    )
    stores: Any = SimpleNamespace(records=records)
    version = Version(replace(good.row, run="an id"), stores)
    verdict, _, told = outcome(release.reproducible(), version)
    assert verdict == expected
    assert bool(proofs) or "windlass reproduce training-4" in told


def test_what_takes_no_table_is_told(shop: Stores) -> None:
    table = flights(60)
    model = LogisticRegression().fit(table[INPUTS].to_numpy(), table["late"])
    values = {"model": model, "holdout": table[INPUTS].to_numpy()}
    version = register_in(shop, Model("array"), values)
    with pytest.raises(ModelError, match="takes no table"):
        outcome(release.stable(), version, version.holdout())
