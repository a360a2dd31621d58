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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import HERE, QUICK, Bench, Figure

_WIDTH, _TREES, _DEPTH = 16, 100, 5
_CLIENTS = 16
_SECONDS = 5
"""Of one load: notes are worked on twice a second."""
_SITTINGS = 1 if QUICK else 4
"""In each the servers are started anew: where a process lies in memory makes some of its speed."""
_ROUNDS = 2 if QUICK else 3
"""Of a sitting."""
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
    make(bench)
    one, many = json_request(bench), _binary_request(bench)
    rounds: list[dict[str, Load]] = []
    large: list[dict[str, Load]] = []
    for sitting in range(_SITTINGS):
        with contextlib.ExitStack() as stack:
            ports = {name: stack.enter_context(server(bench, w)) for name, w in _SERVERS.items()}
            for name, port in ports.items():
                load(port, _PATHS.get(name, ASKED), one, 3)
            rounds += [_round(ports, one, sitting + turn) for turn in range(_ROUNDS)]
            large += [_round(ports, many, sitting + turn) for turn in range((_ROUNDS + 1) // 2)]
    return _figures(rounds, large)


def _round(ports: dict[str, int], script: Path, turn: int) -> dict[str, Load]:
    """Each server by itself, one soon after the other, in another order each time."""
    names = [*ports][turn % len(ports) :] + [*ports][: turn % len(ports)]
    return {name: load(ports[name], _PATHS.get(name, ASKED), script, _SECONDS) for name in names}


def _figures(rounds: list[dict[str, Load]], large: list[dict[str, Load]]) -> list[Figure]:
    """Middles of what was found, and of the ratios within each round.

    The machine's own speed varies by a half within minutes: only neighbours can be compared.
    """
    rates = _median(rounds, lambda each: each["noted"].rate / each["floor"].rate)
    tails = _median(rounds, lambda each: each["noted"].p99 / each["floor"].p99)
    wide = _median(large, lambda each: each["noted"].rate / each["floor"].rate)
    row = 1e6 / _median(rounds, lambda each: each["noted"].rate)
    tail = 1e3 * _median(rounds, lambda each: each["noted"].p99)
    block = 1e6 / _median(large, lambda each: each["noted"].rate)
    return [
        Figure(
            *("a row, JSON, at full load", row, "µs", row * rates),
            *(row * rates / 0.7, f"{rates:.2f} of the floor"),
        ),
        Figure(
            *("the same, 99th percentile", tail, "ms", tail / tails),
            *(1.5 * tail / tails, f"{tails:.2f} × the floor"),
        ),
        Figure(
            *("1,000 rows, binary", block, "µs", block * wide),
            *(block * wide / 0.85, f"{wide:.2f} of the floor"),
        ),
    ]


def _median(rounds: list[dict[str, Load]], value: Callable[[dict[str, Load]], float]) -> float:
    return statistics.median(value(each) for each in rounds)


ASKED = "/v2/models/m/infer"
_PATHS = {"floor": "/"}
_SERVERS = {
    "floor": (
        *("-m", "uvicorn", "http_floor:app", "--app-dir", str(HERE)),
        *("--no-access-log", "--log-level", "warning"),
    ),
    "noted": ("-m", "windlass", "serve", "m@newest"),
}


@contextlib.contextmanager
def server(bench: Bench, words: tuple[str, ...]) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    # The order of sets and dictionaries, drawn by each process, makes a tenth of the speed.
    fixed = {"PYTHONHASHSEED": "0", "MODEL": str(bench.folder / "m.onnx")}
    process = subprocess.Popen(
        [sys.executable, *words, "--port", str(port)],
        cwd=bench.folder,
        env={**bench.environment, **fixed},
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


def wrk(port: int, path: str, script: Path, seconds: int) -> list[str]:
    """The command that asks for some seconds."""
    words = ["wrk", "-t1", f"-c{_CLIENTS}", "--latency", "--timeout", "60s", "-s", str(script)]
    return [*words, f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]


def load(port: int, path: str, script: Path, seconds: int) -> Load:
    """Asks a server, and nobody else, for some seconds."""
    words = wrk(port, path, script, seconds)
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    tail = re.search(r"99%\s*([\d.]+)(us|ms|s)", done.stdout)
    assert rate is not None
    assert tail is not None
    return Load(float(rate[1]), float(tail[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[tail[2]])


def make(bench: Bench) -> None:
    """A forest of a hundred trees, and its version; ends where there is nothing to load it with."""
    if shutil.which("wrk") is None:
        raise SystemExit("the load is made by wrk: apt-get install wrk")
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


def json_request(bench: Bench) -> Path:
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
