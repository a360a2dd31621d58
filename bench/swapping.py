"""A hundred swaps under constant load, some of which go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
from timing import HERE, QUICK, Bench, Figure

sys.path.append(str(HERE.parent / "tests"))

from http_load import Load
from http_server import Server, serving
from windlass.execution.stores import open_stores
from windlass.provenance.project import find_project
from windlass.records import Records
from windlass.records.models import Move
from windlass.stacks.stack import load_stack

_SWAPS = 20 if QUICK else 100
_ROWS = 4
_FILL = f"""
import json
import numpy as np
import windlass
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

draw = np.random.default_rng(0)
import pandas as pd
rows = pd.DataFrame({{"a": draw.normal(size=2000), "b": draw.normal(size=2000)}})
late = np.where(rows.a + draw.normal(size=2000) > 0, "late", "on time")
expected = {{}}
models = [LogisticRegression(C=0.01 * 3**n) for n in range(4)]
models.append(RandomForestClassifier(300, random_state=0))  # takes its time to be loaded
for model in models:
    version = windlass.register("delay", model.fit(rows, late), reference=rows)
    proba = version.predict_proba(rows[:{_ROWS}])
    expected[str(version.number)] = proba.ravel().tolist()
print(json.dumps({{"expected": expected, "rows": rows[:{_ROWS}].to_dict("list")}}))
"""
_BROKEN, _SLOW = 4, 5


def swapping(bench: Bench) -> list[Figure]:
    """Requests that failed, and how memory grew."""
    told = json.loads(bench.python(_FILL).splitlines()[-1])
    stores = open_stores(load_stack(None, find_project(bench.folder)))
    _tamper(stores.records, bench.folder)
    _promote(stores.records, 1)
    load = Load(0, "/v2/models/delay/infer", _request(told["rows"]), _checker(told["expected"]))
    os.environ["WINDLASS_HOME"] = bench.environment["WINDLASS_HOME"]
    with serving(bench.folder, "delay", "--workers", "2", "--follow", "0.05") as server:
        load.port = server.port
        before, after = asyncio.run(_act(server, load, stores.records))
    answers = sum(load.answers.values())
    return [
        Figure(
            *(f"{_SWAPS} swaps: requests that failed", float(len(load.failures)), "", 0.0, 0.0),
            f"of {answers:,}; {load.retries} were sent again after a worker was killed",
        ),
        Figure("the same: memory, after and before", after / before, "×", 1.0, 1.1),
    ]


async def _act(server: Server, load: Load, records: Records) -> tuple[float, float]:
    clients = asyncio.create_task(load.run())
    before = 0.0
    for swap in range(1, _SWAPS + 1):
        number = swap % 3 + 1
        if swap == _SWAPS // 3:
            await _broken(server, records)
        if swap == _SWAPS // 2:
            number = _SLOW
        await asyncio.to_thread(_promote, records, number)
        if swap == 2 * _SWAPS // 3:
            await asyncio.sleep(0.1)
            os.kill(psutil.Process(server.process.pid).children()[0].pid, signal.SIGKILL)
        await asyncio.to_thread(_until, _answers(load, number))
        if swap == _SWAPS // 5:
            before = _memory(server)
    await asyncio.sleep(2)
    after = _memory(server)
    load.stop()
    await clients
    return before, after


async def _broken(server: Server, records: Records) -> None:
    """A release whose bytes are altered is promoted, and not served."""
    seen = len(server.lines)
    await asyncio.to_thread(_promote, records, _BROKEN)
    await asyncio.to_thread(
        _until, lambda: any("is not served" in line for line in server.lines[seen:])
    )


def _answers(load: Load, number: int) -> Callable[[], bool]:
    before = load.answers[str(number)]
    return lambda: load.answers[str(number)] > before + 5


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("a swap takes too long")
        time.sleep(0.02)


def _memory(server: Server) -> float:
    """Bytes of the server's own, all processes."""
    parent = psutil.Process(server.process.pid)
    return float(sum(each.memory_full_info().uss for each in [parent, *parent.children()]))


def _checker(expected: Mapping[str, list[float]]) -> Callable[[Mapping[str, Any]], None]:
    def check(answer: Mapping[str, Any]) -> None:
        data = next(each["data"] for each in answer["outputs"] if each["name"] == "predict_proba")
        wanted = expected[answer["model_version"]]
        assert max(abs(a - b) for a, b in zip(data, wanted, strict=True)) < 1e-9, "generations mix"

    return check


def _request(rows: Mapping[str, list[float]]) -> bytes:
    tensors = [
        {"name": name, "shape": [_ROWS], "datatype": "FP64", "data": data}
        for name, data in rows.items()
    ]
    return json.dumps({"inputs": tensors}).encode()


def _promote(records: Records, new: int) -> None:
    old = records.aliases("delay").get("champion")
    if old != new:
        assert records.move_alias(Move("delay", "champion", old, new, "me", "promoted"))


def _tamper(records: Records, folder: Path) -> None:
    artifact = records.artifact(records.version("delay", _BROKEN).content)
    assert artifact is not None
    blob = (artifact.files or (artifact.blob,))[0]
    path = folder / ".windlass" / "artifacts" / blob[:2] / blob
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
