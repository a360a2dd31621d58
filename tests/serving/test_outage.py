"""A database that goes away under load, and comes back: who serves and who watches go on."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from database_server import Server as Database
from http_load import Load
from http_server import serving
from windlass.errors import UnreachableError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.monitoring.looking import look
from windlass.monitoring.turning.watching import Due, Watcher
from windlass.provenance.project import find_project
from windlass.records.models import Move
from windlass.stacks.models import ModelSettings, MonitorSettings
from windlass.stacks.stack import load_stack

from .conftest import Register

pytest.importorskip("uvicorn", reason="uvicorn is not installed")
SETTINGS = """
[models.delay]
pipeline = "flow.py:training"
[models.delay.triggers]
schedule = "1h"
[stacks.default]
records = "{url}"
"""
ROW = {"a": 0.5, "b": -1.0}


@pytest.fixture
def stores(tmp_path: Path, postgres_url: str) -> Iterator[Stores]:
    (tmp_path / "windlass.toml").write_text(SETTINGS.format(url=postgres_url))
    (tmp_path / "release_tests").mkdir()
    (tmp_path / "release_tests" / "test_delay.py").write_text("def test_it(candidate): pass\n")
    found = open_stores(load_stack(None, find_project(tmp_path)))
    yield found
    found.records.close()


def promote(stores: Stores, old: int | None, new: int) -> None:
    assert stores.records.move_alias(Move("delay", "champion", old, new, "me", "promoted"))


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


class Daemon(threading.Thread):
    """A watcher at work, whose turns end at once."""

    def __init__(self, root: Path) -> None:
        super().__init__(daemon=True)
        self.lines: list[str] = []
        self.looks, self.begun, self.ends = 0, 0, False
        self._root = root

    def monitor(self, stores: Stores, model: str, told: ModelSettings, now: float) -> None:
        stores.records.patience = 0.0
        look(stores, model, told, now)
        self.looks += 1

    def begin(self, due: Due) -> Any:
        self.begun += 1
        raise AssertionError("nothing is due")

    def run(self) -> None:
        with Watcher(
            self._root, None, ["delay"], self.monitor, self.begin, self.lines.append
        ) as watcher:
            watcher.run(0.1, lambda: "enough" if self.ends else None)


def test_no_request_fails_and_readiness_tells_the_truth(
    stores: Stores,
    register: Register,
    postgres_server: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = stores.project
    register(1), register(2)
    promote(stores, None, 1)

    def check(answer: Mapping[str, Any]) -> None:
        assert answer["model_version"] in ("1", "2")

    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in ROW.items()
    ]
    body = json.dumps({"inputs": tensors}).encode()
    daemon = Daemon(root)
    with serving(root, "delay", "--workers", "2", "--follow", "0.1") as server:
        load = Load(server.port, "/v2/models/delay/infer", body, check)
        daemon.start()

        def is_ready() -> bool:
            assert server.get("/v2/models/delay/ready")[0] == 200
            return bool(server.get("/v2/health/ready")[0] == 200)

        def act() -> None:
            until(is_ready)
            until(lambda: daemon.looks)
            postgres_server.stop()
            try:
                until(lambda: not is_ready())
                until(lambda: any("nothing can be watched now" in each for each in daemon.lines))
                with monkeypatch.context() as patched:
                    patched.setattr(stores.records, "patience", 0.0)
                    with pytest.raises(UnreachableError):
                        look(stores, "delay", ModelSettings())
                before = load.answers["1"]
                until(lambda: load.answers["1"] > before + 20)
            finally:
                postgres_server.start()
            until(is_ready)
            looks = daemon.looks
            until(lambda: daemon.looks > looks)
            promote(stores, 1, 2)
            until(lambda: load.answers["2"] > 20)

        async def run() -> None:
            clients = asyncio.create_task(load.run(3))
            try:
                await asyncio.to_thread(act)
            finally:
                load.stop()
                await clients

        asyncio.run(run())
        assert server.stop() == 0
    daemon.ends = True
    daemon.join(30)
    assert load.failures == []
    assert load.retries == 0
    assert daemon.begun == 0
    found = look(stores, "delay", ModelSettings(monitor=MonitorSettings(window=60.0)))
    assert found.number == 2
    counted = stores.records.observations("delay")
    asked = sum(each.document["requests"] for each in counted)
    assert asked == load.answers.total(), "what was counted meanwhile was kept"
