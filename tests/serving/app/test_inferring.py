"""The protocol's routes, as its specification and its clients have them."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import numpy as np
import pytest

from serving.asgi import ask, post
from serving.fakes import FLIGHT, Fake, flights, images, numbers
from serving.requests import binary_body, body
from windlass.errors import (
    BusyError,
    ModelError,
    NotFoundError,
    NotReadyError,
    StoreError,
)
from windlass.serving.app.application import Application
from windlass.serving.protocol.limits import Limits

BINARY = ("content-type", "application/octet-stream")
LENGTH = "inference-header-content-length"
INFER = "/v2/models/delay/infer"


@pytest.fixture
def delay() -> Fake:
    return Fake("delay", flights())


@pytest.fixture
def app(delay: Fake) -> Application:
    return Application({"delay": delay, "wide": Fake("wide", numbers(3))})


def flight_tensors(rows: int = 1, shape: tuple[int, ...] = (1,)) -> list[dict[str, Any]]:
    """A flight as tensors, with as many axes as are wanted."""
    types = ["FP64", "INT32", "BYTES", "BOOL", "BYTES", "BYTES"]
    return [
        {"name": name, "datatype": datatype, "shape": [rows, *shape[1:]], "data": [value] * rows}
        for (name, value), datatype in zip(FLIGHT.items(), types, strict=True)
    ]


def test_tensors_are_inferred(app: Application, delay: Fake) -> None:
    got = post(app, INFER, {"id": "r-1", "inputs": flight_tensors(2)})
    assert got.status == 200, got.json
    assert got.json == {
        "model_name": "delay",
        "model_version": "2",
        "id": "r-1",
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [2], "data": ["late", "on time"]},
            {
                "name": "predict_proba",
                "datatype": "FP64",
                "shape": [2, 2],
                "data": [0.75, 0.25, 0.25, 0.75],
            },
        ],
    }
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-request-id"] == delay.asked[0][3] == "r-1"


def test_columns_may_have_two_axes(app: Application, delay: Fake) -> None:
    got = post(app, INFER, {"inputs": flight_tensors(3, (1, 1))})
    assert got.status == 200
    assert {array.shape for array in delay.asked[0][0].values()} == {(3,)}


def test_outputs_in_binary(app: Application) -> None:
    outputs = [{"name": "predict_proba", "parameters": {"binary_data": True}}, {"name": "predict"}]
    got = post(app, INFER, {"inputs": flight_tensors(), "outputs": outputs})
    header = int(got.headers[LENGTH])
    assert got.headers["content-type"] == "application/octet-stream"
    told = json.loads(got.body[:header])["outputs"]
    assert [each["name"] for each in told] == ["predict_proba", "predict"]
    np.testing.assert_array_equal(np.frombuffer(got.body[header:]), [0.75, 0.25])
    assert int(got.headers["content-length"]) == len(got.body)


def test_a_table_of_numbers_may_come_as_one_tensor(app: Application) -> None:
    text, header = binary_body([("input", np.arange(6.0).reshape(2, 3), "FP64")])
    got = ask(app, "POST", "/v2/models/wide/infer", text, [BINARY, (LENGTH, str(header))])
    assert got.json["outputs"][0]["data"] == [0.0, 0.5]
    asked = app.deployed["wide"].served.asked[0][0]  # type: ignore[attr-defined]
    np.testing.assert_array_equal(asked["c1"], [1.0, 4.0])
    text, header = binary_body([("input", np.arange(4.0).reshape(2, 2), "FP64")])
    got = ask(app, "POST", "/v2/models/wide/infer", text, [BINARY, (LENGTH, str(header))])
    assert got.status == 400
    assert "[rows, 3]" in got.json["error"]


@pytest.mark.parametrize(
    ("fake", "array"),
    [(Fake("m", numbers(3)), np.ones((4, 3))), (Fake("m", images()), np.ones((4, 2, 2), "f4"))],
)
def test_a_raw_request_is_the_only_tensor(fake: Fake, array: Any) -> None:
    app = Application({"m": fake})
    got = ask(app, "POST", "/v2/models/m/infer", array.tobytes(), [BINARY, (LENGTH, "0")])
    assert got.status == 200, got.json
    outputs = got.body[int(got.headers[LENGTH]) :]
    dtype = "f8" if array.dtype == "f8" else "f4"
    np.testing.assert_array_equal(np.frombuffer(outputs, dtype), [0, 0.5, 1, 1.5])
    short = ask(app, "POST", "/v2/models/m/infer", array.tobytes()[:-1], [BINARY, (LENGTH, "0")])
    empty = ask(app, "POST", "/v2/models/m/infer", b"", [BINARY, (LENGTH, "0")])
    assert short.status == empty.status == 400


def test_a_raw_request_to_a_model_of_several_tensors(app: Application) -> None:
    got = ask(app, "POST", INFER, b"1234", [BINARY, (LENGTH, "0")])
    assert got.status == 400
    assert "several tensors" in got.json["error"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([{**flight_tensors()[0], "name": "distances"}], "no tensor 'distances'"),
        ([flight_tensors()[0]] * 2, "given twice"),
        ([flight_tensors(2)[0], flight_tensors(3)[1]], "'month' has 3 rows, and 'distance' has 2"),
        ([{**flight_tensors()[0], "shape": [1, 2], "data": [1, 2]}], "[rows, 1]"),
        (flight_tensors()[1:], "the column 'distance' is missing"),
        ([*flight_tensors()[:5], {**flight_tensors()[5], "data": ["soon"]}], "'leaves'"),
        ([{**flight_tensors()[4], "name": "distance"}, *flight_tensors()[1:]], "holds text"),
    ],
)
def test_tensors_must_be_the_models(app: Application, inputs: Any, words: str) -> None:
    got = post(app, INFER, {"inputs": inputs})
    assert got.status == 400
    assert words in got.json["error"]


def test_an_unknown_output_is_refused_before_the_model_works(app: Application, delay: Fake) -> None:
    got = post(app, INFER, {"inputs": flight_tensors(), "outputs": [{"name": "predicts"}]})
    assert got.status == 400
    assert got.json["hint"] == "Is 'predict' meant?"
    assert not delay.asked


def test_without_a_signature_tensors_pass_as_they_are() -> None:
    fake = Fake("m", None)
    tensor = {"name": "anything", "datatype": "FP32", "shape": [2, 1], "data": [1, 2]}
    got = post(Application({"m": fake}), "/v2/models/m/infer", {"inputs": [tensor]})
    assert got.json["outputs"][0]["datatype"] == "FP64"
    assert fake.asked[0][0]["anything"].shape == (2, 1)


@pytest.mark.parametrize("pack", [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_requests(app: Application, pack: Any) -> None:
    encoding, compress = pack
    text = compress(body(flight_tensors()))
    headers = [("content-type", "application/json"), ("content-encoding", encoding)]
    assert ask(app, "POST", INFER, text, headers).status == 200
    for broken in (text[:-5], text + b"x", b"", b"plain"):
        assert ask(app, "POST", INFER, broken, headers).status == 400


def test_a_body_in_pieces(app: Application) -> None:
    text = body(flight_tensors())
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    assert ask(app, "POST", INFER, pieces, [("content-type", "application/json")]).status == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("no version 9"), 404),
        (BusyError("full", retry_after=2.2), 503),
        (NotReadyError("not yet"), 503),
        (ModelError("cannot read /secret/path"), 500),
        (StoreError("s3://secret"), 500),
        (ZeroDivisionError("secret"), 500),
        (MemoryError("secret"), 500),
    ],
)
def test_errors_of_the_model(
    error: Exception, status: int, app: Application, delay: Fake, caplog: Any
) -> None:
    delay.error = error
    got = post(app, INFER, {"inputs": flight_tensors()}, ("x-request-id", "r-7"))
    assert got.status == status
    assert got.json["id"] == "r-7"
    if status == 500:
        assert b"secret" not in got.body
        assert b"Traceback" not in got.body
        assert "r-7" in caplog.text
        assert "secret" in caplog.text


def test_who_is_turned_away_is_told_when_to_come_again(app: Application, delay: Fake) -> None:
    delay.error = BusyError("full", retry_after=2.2)
    assert post(app, INFER, {"inputs": flight_tensors()}).headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BusyError("full", retry_after=1), "busy"),
        (NotReadyError("not yet"), "unready"),
        (ModelError("cannot"), "error"),
        (ZeroDivisionError(), "error"),
        (None, "invalid"),
    ],
)
def test_what_fails_is_noted(
    app: Application, delay: Fake, error: Exception | None, kind: str
) -> None:
    delay.error = error
    row = FLIGHT if error else {**FLIGHT, "origin": "CDG"}
    post(app, "/models/delay/predict", row)
    ask(app, "POST", INFER, b"{", [("content-type", "text/plain")])
    ask(app, "GET", INFER)
    post(app, "/models/delay/feedback", {})
    assert delay.failures == [kind, "invalid"]


def test_health(app: Application, delay: Fake) -> None:
    assert ask(app, "GET", "/v2/health/live").json == {"live": True}
    assert ask(app, "GET", "/v2/health/ready").json == {"live": True, "ready": True}
    assert ask(app, "GET", "/v2/models/delay/ready").json == {"name": "delay", "ready": True}
    assert ask(app, "GET", "/v2/models/delay/versions/1/ready").json["ready"]
    assert ask(app, "GET", "/v2/models/delay/versions/9/ready").status == 404
    delay.is_up = False
    for path in ("/v2/health/ready", "/v2/models/delay/ready"):
        got = ask(app, "GET", path)
        assert got.status == 503
        assert got.json["ready"] is False
        assert got.json["error"]
    assert ask(app, "GET", "/v2/health/live").status == 200


def test_troubles_of_the_server_make_it_unready(delay: Fake) -> None:
    troubles: list[str] = []
    app = Application({"delay": delay}, troubles=lambda: troubles)
    assert ask(app, "GET", "/v2/health/ready").status == 200
    troubles.append("a worker of /secret is dead")
    got = ask(app, "GET", "/v2/health/ready")
    assert got.status == 503
    assert b"secret" not in got.body
    assert ask(app, "GET", "/state").json["troubles"] == troubles


def test_metadata(app: Application) -> None:
    server = ask(app, "GET", "/v2").json
    assert server["name"] == "windlass"
    assert "binary_tensor_data" in server["extensions"]
    assert ask(app, "GET", "/v2/").json == server
    told = ask(app, "GET", "/v2/models/delay").json
    assert told["versions"] == ["2", "1"]
    assert told["inputs"][0] == {"name": "distance", "datatype": "FP64", "shape": [-1]}
    assert told["outputs"][1] == {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]}
    assert json.loads(told["properties"]["classes"]) == ["late", "on time"]
    assert ask(app, "GET", "/v2/models/delay/versions/1").json["versions"] == ["1"]
    assert ask(app, "GET", "/v2/models/delay/versions/9").status == 404
    assert "properties" not in ask(app, "GET", "/v2/models/wide").json


def test_the_repository_is_told_and_not_changed(app: Application, delay: Fake) -> None:
    index = ask(app, "POST", "/v2/repository/index").json
    assert index[0] == {"name": "delay", "version": "2", "state": "READY", "reason": ""}
    assert len(index) == 4
    for what in ("load", "unload"):
        got = ask(app, "POST", f"/v2/repository/models/delay/{what}")
        assert got.status == 501
        assert "promote" in got.json["hint"]
    delay.is_up = False
    assert ask(app, "POST", "/v2/repository/index").json[0]["state"] == "UNAVAILABLE"


def test_head_is_get_without_its_body(app: Application) -> None:
    got = ask(app, "HEAD", "/v2/health/live")
    assert (got.status, got.body, got.headers["content-length"]) == (200, b"", "13")


def test_mounted_below_a_path(app: Application) -> None:
    assert ask(app, "GET", "/ml/v2/models/delay/ready", root="/ml").status == 200
    assert ask(app, "GET", "/ml", root="/ml").status == 404


def test_one_that_is_gone_is_not_answered(app: Application, delay: Fake) -> None:
    with pytest.raises(ValueError, match="not enough values"):
        ask(app, "POST", INFER, [])
    assert not delay.asked


def test_the_rows_of_a_request_are_limited(delay: Fake) -> None:
    app = Application({"delay": delay}, limits=Limits(rows=2))
    assert post(app, "/models/delay/predict", {"rows": [FLIGHT] * 3}).status == 413
    assert post(app, "/models/delay/feedback", {"id": "a", "truth": [1] * 3}).status == 413
