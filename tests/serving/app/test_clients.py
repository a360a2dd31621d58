"""Clients of others, as they are, against a real server."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from engines import engine_python
from serving.fakes import FLIGHT, Fake

TYPES = {"distance": "FP64", "month": "INT32", "weekend": "BOOL"}


# tritonclient: binary in and out, unless it is told otherwise


@pytest.fixture(scope="module")
def triton() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gevent and the client's own, on import
        return pytest.importorskip("tritonclient.http")


@pytest.fixture
def client(triton: Any, address: str) -> Iterator[Any]:
    client = triton.InferenceServerClient(address)
    yield client
    client.close()


def inputs_of(triton: Any, rows: int, binary: bool) -> list[Any]:
    found = []
    for name, value in FLIGHT.items():
        datatype = TYPES.get(name, "BYTES")
        dtype = {"FP64": "f8", "INT32": "i4", "BOOL": "?"}.get(datatype, object)
        each = triton.InferInput(name, [rows], datatype)
        each.set_data_from_numpy(np.array([value] * rows, dtype), binary_data=binary)
        found.append(each)
    return found


@pytest.mark.parametrize("binary", [True, False])
def test_tritonclient_infers(triton: Any, client: Any, binary: bool) -> None:
    outputs = [
        triton.InferRequestedOutput("predict", binary_data=binary),
        triton.InferRequestedOutput("predict_proba", binary_data=binary),
    ]
    found = client.infer("delay", inputs_of(triton, 2, binary), outputs=outputs, request_id="t-1")
    labels = found.as_numpy("predict").tolist()
    assert [each.decode() if binary else each for each in labels] == ["late", "on time"]
    np.testing.assert_array_equal(found.as_numpy("predict_proba"), [[0.75, 0.25], [0.25, 0.75]])
    told = found.get_response()
    assert (told["id"], told["model_name"], told["model_version"]) == ("t-1", "delay", "2")


@pytest.mark.parametrize("algorithm", [None, "gzip", "deflate"])
def test_tritonclient_compresses(triton: Any, client: Any, algorithm: str | None) -> None:
    each = triton.InferInput("input", [4, 2, 2], "FP32")
    each.set_data_from_numpy(np.ones((4, 2, 2), "f4"))
    found = client.infer(
        "images",
        [each],
        model_version="1",
        request_compression_algorithm=algorithm,
        response_compression_algorithm="gzip",
    )
    assert found.as_numpy("predict").dtype == np.float32
    np.testing.assert_array_equal(found.as_numpy("predict"), [0, 0.5, 1, 1.5])
    assert found.get_response()["model_version"] == "1"


def test_tritonclient_asks_what_there_is(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("delay")
    assert client.is_model_ready("delay", "1")
    assert not client.is_model_ready("delay", "9")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["name"] == "windlass"
    assert client.get_model_metadata("delay", "1")["versions"] == ["1"]
    assert len(client.get_model_repository_index()) == 6


def test_tritonclient_tells_errors(triton: Any, client: Any) -> None:
    from tritonclient.utils import InferenceServerException

    wrong = triton.InferInput("nothing", [1], "FP64")
    wrong.set_data_from_numpy(np.ones(1))
    with pytest.raises(InferenceServerException, match="takes no tensor 'nothing'"):
        client.infer("delay", [wrong])
    with pytest.raises(InferenceServerException, match="not loaded and unloaded by requests"):
        client.load_model("delay")
    ranked = triton.InferRequestedOutput("predict", class_count=2)
    with pytest.raises(InferenceServerException, match="classification"):
        client.infer("delay", inputs_of(triton, 1, True), outputs=[ranked])


# open-inference-openapi: JSON


def test_open_inference_openapi(address: str) -> None:
    openapi = pytest.importorskip("open_inference.openapi.client")
    types = pytest.importorskip("open_inference.openapi.types")
    with httpx.Client() as through:  # the client closes none of its own
        client = openapi.OpenInferenceClient(base_url=f"http://{address}", httpx_client=through)
        client.check_server_liveness()
        client.check_server_readiness()
        client.check_model_readiness("delay")
        client.check_model_version_readiness("delay", "1")
        assert client.read_server_metadata().name == "windlass"
        assert client.read_model_metadata("delay").inputs[0].datatype == "FP64"
        inputs = [
            types.RequestInput(
                name=name, shape=[1], datatype=TYPES.get(name, "BYTES"), data=[value]
            )
            for name, value in FLIGHT.items()
        ]
        request = types.InferenceRequest(inputs=inputs)
        for found in (
            client.model_infer("delay", request=request),
            client.model_version_infer("delay", "2", request=request),
        ):
            assert found.model_name == "delay"
            assert found.outputs[0].data.__root__ == ["late"]


# pydantic-open-inference: JSON, by pydantic's models


def test_pydantic_open_inference(address: str) -> None:
    ours = pytest.importorskip("pydantic_open_inference")

    class Rows(ours.InputsBaseModel):  # type: ignore[misc, name-defined]
        c0: list[float]
        c1: list[float]
        c2: list[float]

    class Numbers(ours.OutputsBaseModel):  # type: ignore[misc, name-defined]
        predict: list[float]

    remote = ours.RemoteModel(
        model_name="wide", inputs_model=Rows, outputs_model=Numbers, server_url=f"http://{address}"
    )
    assert remote.is_ready()
    rows = Rows(c0=[1.0, 2.0], c1=[3.0, 4.0], c2=[5.0, 6.0])
    assert remote.infer(rows).predict == [0.0, 0.5]


# KServe: some seventy packages, in an environment of their own


def test_kserve(address: str) -> None:
    python = engine_python("kserve", "kserve")
    types = {"FP64": "f8", "INT32": "i4", "BOOL": "?", "BYTES": "O"}
    flight = {
        name: [value, datatype := TYPES.get(name, "BYTES"), types[datatype]]
        for name, value in FLIGHT.items()
    }
    program = Path(__file__).with_name("kserve_program.py")
    command = [str(python), "-W", "ignore", "-I", str(program), address, json.dumps(flight)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    answer = ["k-1", [[0.75, 0.25]]]
    up = {"live": True, "ready": True, "model": True}
    assert json.loads(told.stdout) == {**up, "binary False": answer, "binary True": answer}


# The wire itself


def test_a_connection_is_kept(address: str, fakes: dict[str, Fake]) -> None:
    """Also after a request that is refused before its body is read."""
    connection = http.client.HTTPConnection(address)
    kinds = ["text/plain", "application/json"] * 2
    statuses = []
    for kind in kinds:
        text = json.dumps(FLIGHT)
        connection.request("POST", "/models/delay/predict", text, {"Content-Type": kind})
        got = connection.getresponse()
        statuses.append(got.status)
        got.read()
    connection.close()
    assert statuses == [415, 200, 415, 200]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (b"/v2/models/delay", 200),
        (b"/v2/models/del%61y", 404),
        (b"/v2/models/%2e%2e/delay", 404),
        (b"/v2/models/..%252fdelay", 404),
        (b"/v2/models/delay%00", 404),
        (b"/v2/models/../../v2", 404),
        (b"/v2/models/delay#/ready", 200),  # the server cuts a fragment off before the path is read
        (b"/v2/models/delay?a=%00", 200),
        (b"//v2", 404),
    ],
)
def test_paths_as_they_are_sent(address: str, path: bytes, status: int) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), 10) as sent:
        sent.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sent.recv(65536), b""))
    assert int(answer.split(b" ", 2)[1]) == status


def test_two_hosts_on_the_wire(address: str) -> None:
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), 10) as sent:
        sent.sendall(
            b"GET /v2 HTTP/1.1\r\nHost: evil.com\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        assert sent.recv(65536).split(b" ", 2)[1] == b"400"
