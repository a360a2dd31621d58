"""From a request to a verdict by the real parts: a deployment, its observer, the record, a look."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from windlass.errors import SignatureError
from windlass.monitoring.looking import look
from windlass.serving.deployment import Deployment
from windlass.serving.observing.observer import observe
from windlass.serving.releases import fetch

from .making import HOUR, SETTINGS, World, table


def test_what_a_deployment_answers_is_watched(world: World, tmp_path: Path) -> None:
    stores, data = world.stores, table(600, 7, shift=1.0)
    served = Deployment("delay", observer=observe(stores, "delay", SETTINGS))
    served.prepare(fetch(world.version(1), tmp_path / "releases"), 1)
    served.commit(1)

    async def ask(number: int) -> None:
        some = data.iloc[number * 10 : number * 10 + 10]
        arrays = {name: some[name].to_numpy() for name in ("a", "b", "origin")}
        now = time.perf_counter()
        await served.ask(arrays, 10, request=f"r{number}", began=now)
        assert served.feedback(f"r{number}", some.late.tolist())

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, range(60)))
        with pytest.raises(SignatureError):
            await served.ask({"a": data.a.to_numpy()[:1]}, 1, request="x", began=0.0)
        served.note_failure("invalid", 0.001)  # as the application does, which answers the client

    asyncio.run(ask_all())
    served.close()
    now = time.time()
    found = look(stores, "delay", SETTINGS, now + 2 * HOUR, since=now - 2 * HOUR)
    assert found.notes == []
    traffic = found.traffic()
    assert (traffic["requests"], traffic["rows"]) == (60, 600)
    assert traffic["failures"] == {"invalid": 1}
    assert sum(each.window.counts.rows for each in found.windows) == 600
    columns = {view.name: view for view in found.columns}
    assert {*columns} == {"a", "b", "origin", "predict", "predict_proba[0]", "predict_proba[1]"}
    assert {view.reference.rows for view in columns.values()} == {5000}
    assert {int(view.live.sum()) for view in columns.values()} == {600}
    off = {test.column for each in found.windows for test in each.off}
    assert "a" in off
    assert not off & {"b", "origin"}
    assert found.overall is not None
    assert found.overall.live.n == 600
    assert found.unmatched == 0
