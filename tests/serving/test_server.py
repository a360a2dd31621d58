"""``windlass serve`` in processes of its own: it follows, swaps, replaces its dead, and drains."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from http_load import Load
from http_server import Server, serving
from windlass.cli.app import app
from windlass.execution.job import Stores
from windlass.models.version import Version
from windlass.records.models import Move
from windlass.records.production import Deployment

from .conftest import Register, rows_of

pytest.importorskip("uvicorn", reason="uvicorn is not installed")
ROWS = [{"a": 0.5, "b": -1.0}, {"a": -2.0, "b": 0.1}]


def promote(stores: Stores, new: int) -> None:
    old = stores.records.aliases("delay").get("champion")
    moved = Move("delay", "champion", old, new, "me", "promoted")
    assert stores.records.move_alias(moved) is not None


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def version_of(server: Server) -> str:
    return str(server.post("/models/delay/predict", {"rows": ROWS})[1].get("version"))


@pytest.fixture
def root(stores: Stores) -> Path:
    return stores.project


def test_it_serves_follows_logs_and_ends(
    root: Path, stores: Stores, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    first, _ = register(1), register(2)
    promote(stores, 1)
    with serving(root, "delay", "--follow", "0.1") as server:
        assert server.get("/v2/health/ready")[0] == 200
        status, answer = server.post("/models/delay/predict", {"rows": ROWS})
        assert status == 200
        frame = rows_of(0, 2).assign(a=[0.5, -2.0], b=[-1.0, 0.1])
        assert answer["predictions"] == first.predict(frame).tolist()
        promote(stores, 2)
        until(lambda: version_of(server) == "2")
        promote(stores, 1)
        until(lambda: version_of(server) == "1")
        until(lambda: [told_version(each) for each in stores.records.deployments("delay")] == [1])
        (said,) = stores.records.deployments("delay")
        assert said.lives(time.time())
        assert said.document["address"] == f"http://127.0.0.1:{server.port}"
        shown = CliRunner().invoke(app, ["models", "show", "delay"], catch_exceptions=False)
        assert f"served: delay@1, as its champion, by {said.host} at http://" in flat(shown.output)
        assert server.stop() == 0
    assert not stores.records.deployments("delay")[0].lives(time.time())
    files = (root / ".windlass" / "predictions" / "delay" / "predictions").rglob("*.parquet")
    logged = [row for file in files for row in pq.read_table(file).to_pylist()]
    assert {row["_version"] for row in logged} == {"1", "2"}
    counted = stores.records.observations("delay")
    assert {each.number for each in counted} == {1, 2}


def test_workers_that_die_are_replaced_and_none_outlives_who_leads_them(
    root: Path, stores: Stores, register: Register
) -> None:
    register(1), register(2)
    promote(stores, 1)
    with serving(root, "delay", "--workers", "2", "--follow", "0.1") as server:
        promote(stores, 2)
        until(lambda: version_of(server) == "2")
        parent = psutil.Process(server.process.pid)
        before = {child.pid for child in parent.children()}
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        until(lambda: len({c.pid for c in parent.children() if c.is_running()} - before) == 1)
        until(lambda: server.get("/v2/health/ready")[0] == 200)
        assert {version_of(server) for _ in range(40)} == {"2"}
        workers = parent.children()
        server.process.kill()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []


def test_through_many_swaps_under_load_no_request_fails(
    root: Path, stores: Stores, register: Register
) -> None:
    """Among them a release whose bytes are altered, and a worker that is killed."""
    versions = {str(v.number): v for v in map(register, (1, 2, 3))}
    broken = register(4)
    tamper(stores, broken)
    promote(stores, 1)
    expected = {name: expected_of(version) for name, version in versions.items()}

    def check(answer: Mapping[str, Any]) -> None:
        (output,) = answer["outputs"]
        assert output["data"] == expected[answer["model_version"]], answer["model_version"]

    tensors = [
        {"name": name, "shape": [4], "datatype": "FP64", "data": rows_of(9, 4)[name].tolist()}
        for name in "ab"
    ]
    body = json.dumps({"inputs": tensors, "outputs": [{"name": "predict"}]}).encode()
    with serving(root, "delay", "--workers", "2", "--follow", "0.05") as server:
        load = Load(server.port, "/v2/models/delay/infer", body, check)

        async def act() -> None:
            clients = asyncio.create_task(load.run())
            for number in (2, 3, 1, 2, 4, 3, 2, 1, 3, 2):
                await asyncio.to_thread(promote, stores, number)
                if number == 4:  # it cannot be served, and is not
                    await asyncio.to_thread(until, lambda: told(server, "version 4 is not served"))
                    continue
                if number == 1:
                    kill_a_worker(server)
                await asyncio.to_thread(until, answered_by(load, number))
            load.stop()
            await clients

        asyncio.run(act())
    assert load.failures == []
    assert set(load.answers) == {"1", "2", "3"}
    assert load.retries <= 40, "only what killed workers had accepted is asked again"


def flat(text: str) -> str:
    return " ".join(text.split())


def told_version(said: Deployment) -> object:
    return said.document["version"]


def answered_by(load: Load, number: int) -> Callable[[], bool]:
    """Whether a version has answered since."""
    before = load.answers[str(number)]
    return lambda: load.answers[str(number)] > before + 5


def told(server: Server, text: str) -> bool:
    return any(text in line for line in server.lines)


def kill_a_worker(server: Server) -> None:
    workers = psutil.Process(server.process.pid).children()
    os.kill(workers[0].pid, signal.SIGKILL)


def expected_of(version: Version) -> list[str]:
    found: list[str] = version.predict(rows_of(9, 4)).tolist()
    return found


def tamper(stores: Stores, version: Version) -> None:
    artifact = stores.records.artifact(version.row.content)
    assert artifact is not None
    path = stores.artifacts.path((artifact.files or (artifact.blob,))[0])
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
