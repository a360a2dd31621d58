"""A model served, beside the same model behind the barest endpoint of uvicorn.

The load is wrk's: a client in Python would be slower than what it measures.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import HERE, QUICK, Bench, Figure

_WIDTH, _TREES, _DEPTH = 16, 100, 5
_CLIENTS = 16
_SECONDS = 3 if QUICK else 8
_ROUNDS = 1 if QUICK else 5
_FILL = """
import numpy as np, onnx, windlass
rows = np.random.default_rng(0).normal(size=(2000, {width})).astype("f4")
version = windlass.register("m", onnx.load("m.onnx"), reference=rows)
assert version.evidence.keys() >= {{"signature", "profile", "golden"}}, version.evidence.keys()
"""


class Load(NamedTuple):
    """What wrk found: requests a second, and the 99th percentile of their seconds."""

    rate: float
    p99: float


def serving(bench: Bench) -> list[Figure]:
    """Single rows in JSON, and a thousand in binary, with and without notes."""
    if shutil.which("wrk") is None:
        raise SystemExit("the load is made by wrk: apt-get install wrk")
    _make(bench)
    one, many = _json_request(bench), _binary_request(bench)
    found: dict[str, list[Load]] = {}
    for _ in range(_ROUNDS):
        for name, words in _SERVERS.items():
            with _server(bench, words) as port:
                path = "/" if name == "floor" else "/v2/models/m/infer"
                for load, script in (("one", one), ("many", many)):
                    key = f"{name} {load}"
                    found.setdefault(key, []).append(_load(port, path, script))
    return _figures({name: _middle(each) for name, each in found.items()})


def _figures(found: dict[str, Load]) -> list[Figure]:
    floor, ours, bare = found["floor one"], found["noted one"], found["bare one"]
    many, least = found["noted many"], found["floor many"]
    return [
        Figure(
            *("a row, JSON, at full load", 1e6 / ours.rate, "µs", 1e6 / floor.rate),
            *(1e6 / floor.rate / 0.7, f"{ours.rate / floor.rate:.2f} of the floor"),
        ),
        Figure(
            *("the same, 99th percentile", 1e3 * ours.p99, "ms", 1e3 * floor.p99),
            *(1.5e3 * floor.p99, f"{ours.p99 / floor.p99:.2f} × the floor"),
        ),
        Figure(
            *("1,000 rows, binary", 1e6 / many.rate, "µs", 1e6 / least.rate),
            *(1e6 / least.rate / 0.85, f"{many.rate / least.rate:.2f} of the floor"),
        ),
        Figure(
            *("log and counts, of a row", 1e6 / ours.rate, "µs", 1e6 / bare.rate),
            *(1.05e6 / bare.rate, f"{bare.rate / ours.rate - 1:.1%}"),
        ),
    ]


def _middle(loads: list[Load]) -> Load:
    rates, p99s = zip(*loads, strict=True)
    return Load(statistics.median(rates), statistics.median(p99s))


_SERVERS = {
    "floor": (
        *("-m", "uvicorn", "http_floor:app", "--app-dir", str(HERE)),
        *("--no-access-log", "--log-level", "warning"),
    ),
    "noted": ("-m", "windlass", "serve", "m@newest"),
    "bare": ("-m", "windlass", "serve", "m@newest", "--no-log"),
}


@contextlib.contextmanager
def _server(bench: Bench, words: tuple[str, ...]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {**bench.environment, "MODEL": str(bench.folder / "m.onnx")}
    process = subprocess.Popen(
        [sys.executable, *words, "--port", str(port)],
        cwd=bench.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            time.sleep(0.5)
            return
        time.sleep(0.1)
    raise SystemExit("a server does not start")


def _load(port: int, path: str, script: Path) -> Load:
    words = ["wrk", "-t1", f"-c{_CLIENTS}", "--latency", "-s", str(script)]
    address = f"http://127.0.0.1:{port}{path}"
    subprocess.run([*words, "-d1s", address], check=True, capture_output=True)  # it warms up
    done = subprocess.run(
        [*words, f"-d{_SECONDS}s", address], check=True, capture_output=True, text=True
    )
    assert "Non-2xx" not in done.stdout, done.stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    tail = re.search(r"99%\s*([\d.]+)(us|ms|s)", done.stdout)
    assert rate is not None
    assert tail is not None
    return Load(float(rate[1]), float(tail[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[tail[2]])


def _make(bench: Bench) -> None:
    """A forest of a hundred trees, and its version."""
    (bench.folder / "m.onnx").write_bytes(_forest())
    bench.python(_FILL.format(width=_WIDTH))


def _forest() -> bytes:
    from onnx import TensorProto, helper

    draw = np.random.default_rng(0)
    inner, nodes = 2**_DEPTH - 1, 2 ** (_DEPTH + 1) - 1
    at = np.tile(np.arange(nodes), _TREES)
    tree = np.repeat(np.arange(_TREES), nodes)
    leaf = at >= inner
    forest = helper.make_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        nodes_treeids=tree.tolist(),
        nodes_nodeids=at.tolist(),
        nodes_featureids=np.where(leaf, 0, draw.integers(_WIDTH, size=len(at))).tolist(),
        nodes_values=np.where(leaf, 0, draw.normal(size=len(at))).tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_truenodeids=np.where(leaf, 0, 2 * at + 1).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, 2 * at + 2).tolist(),
        class_treeids=tree[leaf].tolist(),
        class_nodeids=at[leaf].tolist(),
        class_ids=[0] * int(leaf.sum()),
        class_weights=(draw.normal(size=int(leaf.sum())) / _TREES).tolist(),
        classlabels_int64s=[0, 1],
        post_transform="LOGISTIC",
    )
    rows = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, _WIDTH])
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
    ]
    graph = helper.make_graph([forest], "forest", [rows], outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def _rows(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).uniform(-2, 2, (count, _WIDTH)).astype(np.float32)


def _json_request(bench: Bench) -> Path:
    data = _rows(1).ravel().tolist()
    tensor = {"name": "input", "shape": [1, _WIDTH], "datatype": "FP32", "data": data}
    return _script(bench, "one", json.dumps({"inputs": [tensor]}).encode(), {})


def _binary_request(bench: Bench) -> Path:
    data = _rows(1000).tobytes()
    told = {"name": "input", "shape": [1000, _WIDTH], "datatype": "FP32"}
    tensor = {**told, "parameters": {"binary_data_size": len(data)}}
    head = json.dumps({"inputs": [tensor]}).encode()
    length = {"Inference-Header-Content-Length": str(len(head))}
    return _script(bench, "many", head + data, length)


def _script(bench: Bench, name: str, body: bytes, headers: dict[str, str]) -> Path:
    """What wrk sends."""
    file, script = bench.folder / f"{name}.body", bench.folder / f"{name}.lua"
    file.write_bytes(body)
    kind = "application/octet-stream" if headers else "application/json"
    lines = [f'wrk.headers["{key}"] = "{value}"' for key, value in headers.items()]
    script.write_text(
        "\n".join(
            [
                'wrk.method = "POST"',
                f'wrk.headers["Content-Type"] = "{kind}"',
                *lines,
                f'local file = io.open("{file}", "rb")',
                'wrk.body = file:read("*all")',
                "file:close()",
            ]
        )
    )
    return script
