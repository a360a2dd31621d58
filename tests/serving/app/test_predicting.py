"""Rows of JSON are predicted, and what is wrong with them is told by their fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving.asgi import ask, post
from serving.fakes import FLIGHT, Fake, flights, images, numbers
from windlass.models.signature import Signature, signature_of
from windlass.serving.app.application import Application
from windlass.serving.exchange import Answer

PREDICT = "/models/delay/predict"


@pytest.fixture
def delay() -> Fake:
    return Fake("delay", flights())


@pytest.fixture
def app(delay: Fake) -> Application:
    return Application({"delay": delay})


def test_rows_are_predicted(app: Application, delay: Fake) -> None:
    got = post(app, PREDICT, {"rows": [FLIGHT, {**FLIGHT, "distance": None, "more": "left out"}]})
    assert got.status == 200, got.json
    assert got.json == {
        "model": "delay",
        "version": "2",
        "id": got.headers["x-request-id"],
        "predictions": ["late", "on time"],
        "probabilities": [{"late": 0.75, "on time": 0.25}, {"late": 0.25, "on time": 0.75}],
    }
    assert got.headers["x-model-version"] == "2"
    inputs, rows, version, request = delay.asked[0]
    assert (rows, version, request) == (2, None, got.json["id"])
    assert {name: array.dtype.str for name, array in inputs.items()} == {
        "distance": "<f8",
        "month": "<i4",
        "origin": "|O",
        "weekend": "|b1",
        "carrier": "|O",
        "leaves": "<M8[us]",
    }
    np.testing.assert_array_equal(inputs["distance"], [733.5, np.nan])
    assert str(inputs["leaves"][0]) == "2026-03-29T14:05:00.000000"


def test_a_single_row_needs_no_list(app: Application, delay: Fake) -> None:
    assert post(app, PREDICT, FLIGHT).json["predictions"] == ["late"]
    assert delay.asked[0][1] == 1


def test_a_version_can_be_asked(app: Application, delay: Fake) -> None:
    got = post(app, "/models/delay/versions/1/predict", FLIGHT)
    assert got.headers["x-model-version"] == got.json["version"] == "1"
    assert delay.asked[0][2] == "1"
    for missing in ("3", "one", "1%30", "-1", "²", ""):
        path = f"/models/delay/versions/{missing}/predict"
        assert post(app, path, FLIGHT).status == 404, missing


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"distance": "far"}, "'distance' has a text, and is of FP64"),
        ({"distance": True}, "'distance' has a boolean"),
        ({"distance": [1]}, "'distance' has a list"),
        ({"month": 1.5}, "'month' has a number that is not whole"),
        ({"month": 2**31}, "'month' has a number that INT32 cannot hold"),
        ({"weekend": "no"}, "'weekend' has a text"),
        ({"origin": {"a": 1}}, "'origin' has a list or an object"),
        ({"leaves": "tomorrow"}, "'leaves' has a text that is no time"),
        ({"leaves": 17}, "'leaves' has a text that is no time"),
        ({"leaves": "2026-03-29T14:05:00Z"}, "'leaves' has a time with a zone"),
    ],
)
def test_fields_of_another_type(app: Application, changed: dict[str, Any], words: str) -> None:
    got = post(app, PREDICT, {"rows": [{**FLIGHT, **changed}]})
    assert got.status == 400
    assert words in got.json["error"]


def test_what_breaks_the_signature_is_told_by_field_and_rule(app: Application) -> None:
    wrong = {**FLIGHT, "origin": "CDG", "month": None}
    got = post(app, PREDICT, {"rows": [wrong]})
    assert got.status == 400
    told = {(each["field"], each["rule"]) for each in got.json["problems"]}
    assert told == {("origin", "category"), ("month", "missing values")}
    assert "CDG" in got.json["error"]
    assert got.json["id"] == got.headers["x-request-id"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "row 0 lacks the fields 'distance', 'month'"),
        ({"rows": []}, "no rows"),
        ({"rows": [1]}, "row 0 is no object"),
        ({"rows": [FLIGHT, [1]]}, "row 1 is no object"),
        (
            {"rows": [FLIGHT, {k: v for k, v in FLIGHT.items() if k != "month"}]},
            "row 1 lacks the field 'month'",
        ),
        ([], "no object"),
        (None, "no object"),
    ],
)
def test_rows_must_be_whole(app: Application, document: Any, words: str) -> None:
    got = post(app, PREDICT, document)
    assert got.status == 400
    assert words in got.json["error"]


@pytest.mark.parametrize(
    ("signature", "row"),
    [(numbers(2), {"c0": 1, "c1": 2.5}), (images(), {"input": [[1, 2], [3, 4.5]]})],
)
def test_numbers_and_tensors(signature: Signature, row: Any) -> None:
    app = Application({"m": Fake("m", signature)})
    got = post(app, "/models/m/predict", {"rows": [row, row]})
    assert got.json["predictions"] == [0.0, 0.5]
    assert "probabilities" not in got.json


def test_a_tensor_in_a_row_must_have_its_shape() -> None:
    app = Application({"m": Fake("m", images())})
    got = post(app, "/models/m/predict", {"rows": [{"input": [[1, 2], [3]]}]})
    assert got.status == 400
    assert "'input'" in got.json["error"]


def gaps() -> pd.DataFrame:
    """A table of every kind, of which each may be missing."""
    return pd.DataFrame(
        {
            "number": [0.5, np.nan],
            "small": pd.array([0.5, None], "Float32"),
            "whole": pd.array([7, None], "Int64"),
            "flag": pd.array([True, None], "boolean"),
            "label": pd.Categorical(["a", None], ["a", "b"]),
            "rank": pd.Categorical([1, None], [1, 2]),
            "text": pd.array(["x", None], "string"),
            "at": pd.to_datetime(pd.Series(["2026-01-01T00:00+00:00", None])),
        }
    )


ROW = {
    "number": 1,
    "small": 0.25,
    "whole": 8,
    "flag": False,
    "label": "b",
    "rank": 2,
    "text": "y",
    "at": "2026-03-29T14:05:00+02:00",
}


@pytest.mark.parametrize("rows", [[ROW], [ROW, dict.fromkeys(ROW)], [dict.fromkeys(ROW)] * 2])
def test_every_kind_may_be_missing(rows: list[dict[str, Any]]) -> None:
    """By rows and by tensors, and what comes of them is what the reference would have been."""
    signature = signature_of(gaps(), {"predict": [1.0, 2.0]})
    fake = Fake("m", signature)
    app = Application({"m": fake})
    assert (
        post(app, "/models/m/predict", {"rows": rows}).json["predictions"]
        == [0.0, 0.5][: len(rows)]
    )
    tensors = [
        {**tensor.document(), "shape": [len(rows)], "data": [row[tensor.name] for row in rows]}
        for tensor in signature.inputs.tensors()
    ]
    got = post(app, "/v2/models/m/infer", {"inputs": tensors})
    assert got.status == 200, got.json
    by_rows, by_tensors = (signature.conform(asked[0]) for asked in fake.asked)
    pd.testing.assert_frame_equal(by_rows, by_tensors)
    pd.testing.assert_series_equal(by_rows.dtypes, gaps().dtypes)
    assert by_rows.isna().to_numpy().tolist() == [
        [value is None for value in row.values()] for row in rows
    ]
    if rows[0] is ROW:
        assert str(by_rows["at"][0]) == "2026-03-29 12:05:00+00:00"
        assert by_rows["rank"][0] == 2


def test_a_time_must_have_a_zone_where_the_reference_had() -> None:
    app = Application({"m": Fake("m", signature_of(gaps(), {"predict": [1.0, 2.0]}))})
    got = post(app, "/models/m/predict", {**ROW, "at": "2026-03-29T14:05:00"})
    assert got.status == 400
    assert "'at' has a time without a zone" in got.json["error"]


def test_a_model_without_a_signature_is_asked_by_tensors() -> None:
    app = Application({"m": Fake("m", None)})
    got = post(app, "/models/m/predict", {"a": 1})
    assert got.status == 501
    assert "/v2/models/m/infer" in got.json["hint"]


def test_before_there_is_a_version(delay: Fake) -> None:
    fake = Fake("m", None)
    fake.is_up = False
    got = post(Application({"m": fake}), "/models/m/predict", {"a": 1})
    assert got.status == 503
    assert b"secret" not in got.body


def test_the_version_that_answered_names_its_classes(delay: Fake, app: Application) -> None:
    async def ask_(*_: Any, **__: Any) -> Answer:
        shares = np.array([[0.5, 0.5]])
        return Answer("9", 8, {"predict": np.array(["late"], object), "predict_proba": shares})

    delay.ask = ask_  # type: ignore[method-assign]
    got = post(app, PREDICT, FLIGHT)
    assert got.json["version"] == got.headers["x-model-version"] == "9"
    assert got.json["probabilities"] == [{"late": 0.5, "on time": 0.5}]


def test_feedback_is_noted(app: Application, delay: Fake) -> None:
    got = post(app, "/models/delay/feedback", {"id": "r-1", "truth": ["late", "on time"]})
    assert (got.status, got.json) == (202, {"id": "r-1", "rows": 2})
    assert delay.noted == [("r-1", ["late", "on time"])]


def test_of_some_rows_the_truth_may_never_be_known(app: Application, delay: Fake) -> None:
    got = post(app, "/models/delay/feedback", {"id": "r-1", "truth": [None, "late"]})
    assert got.status == 202
    assert delay.noted == [("r-1", [None, "late"])]


def test_feedback_that_there_is_no_room_for(app: Application, delay: Fake) -> None:
    delay.has_room = False
    got = post(app, "/models/delay/feedback", {"id": "r-1", "truth": [1]})
    assert got.status == 503
    assert got.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "document",
    [
        *({"truth": [1]}, {"id": 1, "truth": [1]}, {"id": "", "truth": [1]}, {"id": "a"}),
        *({"id": "a", "truth": []}, {"id": "a", "truth": "late"}, {"id": "a", "truth": [None]}),
        *({"id": "a", "truth": [[1]]}, {"id": "é", "truth": [1]}, {"id": "a" * 129, "truth": [1]}),
    ],
)
def test_feedback_must_be_whole(app: Application, delay: Fake, document: Any) -> None:
    assert post(app, "/models/delay/feedback", document).status == 400
    assert not delay.noted


def test_the_id_is_that_of_the_header(app: Application, delay: Fake) -> None:
    got = post(app, PREDICT, FLIGHT, ("x-request-id", "mine 1"))
    assert got.headers["x-request-id"] == got.json["id"] == delay.asked[0][3] == "mine 1"
    for given in ("", " a", "a" * 129, "a\tb", "é"):
        got = post(app, PREDICT, FLIGHT, ("x-request-id", given))
        assert got.status == 400
        assert len(got.json["id"]) == 24


def test_ids_are_drawn_anew(app: Application) -> None:
    assert len({ask(app, "GET", "/v2").headers["x-request-id"] for _ in range(50)}) == 50
