"""What becomes known of a version from its reference and its holdout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from windlass.errors import ModelError, SignatureError
from windlass.execution.job import Stores
from windlass.models.card import model_card
from windlass.models.describing import describe
from windlass.models.golden import replay
from windlass.models.registry import register_in
from windlass.models.scorecard.lines import LINES
from windlass.models.scorecard.score import score_version
from windlass.models.version import Version
from windlass.pipeline.marks import Model


def table(rows: int, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    made = pd.DataFrame({"a": draw.normal(size=rows), "b": draw.normal(size=rows)})
    return made.assign(day=range(rows), late=(made.a + draw.normal(size=rows) > 0).astype(int))


def classifier(data: pd.DataFrame) -> Any:
    return LogisticRegression().fit(data[["b", "a"]], data["late"])


@pytest.fixture
def version(stores: Stores) -> Version:
    data = table(300)
    values = {"model": classifier(data), "reference": data, "holdout": table(200, 1)}
    return register_in(stores, Model("delay", target="late"), values)


def test_all_is_known_of_a_version_with_data(version: Version) -> None:
    assert set(version.evidence) == {"facts", "signature", "profile", "golden"}
    assert [field["name"] for field in version.evidence["signature"]["inputs"]["fields"]] == [
        "b",
        "a",
    ]
    assert version.evidence["signature"]["taken_from"] == "reference"
    facts = version.evidence["facts"]
    assert (facts["task"], facts["classes"], facts["data"]) == ("classification", [0, 1], "pandas")
    counted = version.profile.inputs["a"].document()
    assert version.profile.inputs["a"].rows == 300, counted
    assert replay(version.golden, version.predictor.outputs) == []


def test_a_version_is_asked_with_any_table_that_has_its_columns(version: Version) -> None:
    data = table(50, 2)
    expected = version.model.predict(data[["b", "a"]])
    assert np.array_equal(version.predict(data), expected)
    proba = version.predict_proba(data[["a", "b"]])
    assert np.array_equal(proba, version.model.predict_proba(data[["b", "a"]]))
    with pytest.raises(SignatureError, match="'b'"):
        version.predict(data[["a"]])


def test_what_is_known_is_found_again_and_not_made_twice(version: Version) -> None:
    again = Version(version.row, version.stores)
    assert again.evidence == version.evidence
    assert describe(again) == {}
    assert again.signature == version.signature


def test_a_version_without_data_says_what_is_missing(stores: Stores) -> None:
    version = register_in(stores, Model("delay"), {"model": classifier(table(100))})
    assert set(version.evidence) == set()
    assert "neither a reference nor a holdout" in describe(version)["signature"]
    with pytest.raises(ModelError, match="no signature of delay@1 is known"):
        _ = version.signature
    with pytest.raises(ModelError, match="delay@1 has no holdout"):
        version.holdout()
    assert "No signature, no profile, no golden" in model_card(version)


def test_a_value_that_predicts_nothing_is_a_version_all_the_same(stores: Stores) -> None:
    version = register_in(stores, Model("mean"), {"model": {"mean": 3.0}, "reference": table(9)})
    assert version.model == {"mean": 3.0}
    assert "predict" in describe(version)["facts"]


def test_a_table_that_does_not_fit_is_told(stores: Stores) -> None:
    values = {"model": classifier(table(100)), "reference": table(100).drop(columns="b")}
    version = register_in(stores, Model("delay", target="late"), values)
    assert "the column b, which the table lacks" in describe(version)["signature"]


def test_the_model_itself_of_a_regression(stores: Stores) -> None:
    data = table(100)
    values = {"model": LinearRegression().fit(data[["a"]], data["b"]), "holdout": data}
    version = register_in(stores, Model("x", target="b", columns=["a"]), values)
    assert version.evidence["facts"]["task"] == "regression"
    assert version.evidence["signature"]["taken_from"] == "holdout"
    assert version.predict(data).shape == (100,)


def test_the_same_model_again_is_the_same_version(stores: Stores) -> None:
    first = register_in(stores, Model("delay"), {"model": classifier(table(100))})
    again = register_in(stores, Model("delay"), {"model": classifier(table(100))})
    other = register_in(stores, Model("delay"), {"model": classifier(table(101))})
    assert (first.name, again.name, other.name) == ("delay@1", "delay@1", "delay@2")


def test_altered_bytes_of_a_model_are_told(version: Version) -> None:
    again = Version(version.row, version.stores)
    artifact = version.stores.records.artifact(version.row.content)
    assert artifact is not None
    blob = version.stores.project / ".windlass" / "artifacts"
    (path,) = [each for each in blob.rglob("*") if artifact.blob[2:] in each.name]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="the model of delay@1 cannot be read"):
        _ = again.model


def test_the_card_tells_what_is_known(version: Version) -> None:
    records = version.stores.records
    test = {
        "test": "t.py::test_rain",
        "name": "test_rain",
        "capability": "wea|ther",
        "outcome": "fail",
        "message": "no <b>more</b>\nrain",
        "ml_tests": [],
    }
    records.save_report(version.row, "fail", {"champion": None, "tests": [test]})
    card = model_card(version, "For the desk at the airport.")
    assert card.startswith("# delay@1\n\nFor the desk at the airport.\n\n## Details\n")
    assert "- A LogisticRegression of sklearn, for classification" in card
    assert "| b | number |" in card
    assert "**fail**" in card
    assert "| wea\\|ther | test_rain | fail | no &lt;b>more&lt;/b> |" in card
    assert "- test_rain: fail." in card


def marked(name: str, outcome: str, *lines: str) -> dict[str, Any]:
    return {"test": name, "name": name, "outcome": outcome, "ml_tests": list(lines)}


def test_the_score_is_the_least_of_four_sums(version: Version) -> None:
    empty = score_version(version, {})
    assert len(empty.lines) == len(LINES) == 28
    assert empty.score == 0
    assert {each.line.key for each in empty.lines if each.points} == {"infra.5", "monitor.2"}
    tests = [
        marked("slices", "pass", "model.6"),
        marked("baseline", "pass", "model.5", "model.7"),
        marked("fair", "fail", "model.7"),
        marked("old", "skipped", "monitor.4"),
        marked("unit", "pass", "data.7"),
    ]
    version.stores.records.save_report(version.row, "fail", {"champion": None, "tests": tests})
    by_hand = {"data.5": "docs/privacy.md", "model.6": "also by hand"}
    card = score_version(version, by_hand)
    points = {each.line.key: (each.points, each.by) for each in card.lines}
    assert {key: points[key] for key in ("model.6", "model.7", "data.5", "monitor.4")} == {
        "model.6": (1, "test"),
        "model.7": (0, "test"),  # one of its tests fails
        "data.5": (0.5, "hand"),
        "monitor.4": (0, None),
    }
    assert card.sections == {"data": 1.5, "model": 2, "infra": 1, "monitor": 1}
    assert card.score == 1
    assert "serious holes" in card.meaning
