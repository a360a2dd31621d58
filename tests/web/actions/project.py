"""A project with two models: one that is tested, promoted and watched, and one that a run makes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli import warm
from monitoring import making
from windlass.models.promoting import promote_by_force, rollback, set_alias
from windlass.models.testing.gate import put_to_test
from windlass.records import Records
from windlass.records.identity import uuid7
from windlass.records.models import VersionRow
from windlass.records.production import Deployment

SETTINGS = """
[models.delay]
description = "For the desk at <JFK>."

[models.delay.monitor]
window = "1 hour"
minimum = 100

[models.delay.triggers]
drift = true
"""
TESTS = """
import pytest
from windlass import release

test_it_is_not_worse = release.not_worse_than_champion("log_loss", margin=0.05)
test_one_or_many = release.no_skew()

@pytest.mark.capability("weather")
@pytest.mark.parametrize("row", [1, 2])
def test_of_the_table(candidate, row):
    assert not (candidate.number == 2 and row == 2), "row 2, <b>a storm</b>: on time, not late"
"""
FLOW = """
import time
from typing import Annotated

from windlass import Model, pipeline, step

@step
def fit(rows: int, pause: float) -> Annotated[dict[str, float], Model("mean")]:
    time.sleep(pause)
    return {"mean": rows / 2}

@pipeline
def training(rows: int = 4, pause: float = 0.0) -> dict[str, float]:
    return fit(rows, pause)
"""


def make_project(root: Path) -> None:
    """Makes the project; takes about half a minute."""
    making.make_world(root)
    (root / "windlass.toml").write_text(SETTINGS)
    (root / "release_tests").mkdir()
    (root / "release_tests" / "test_delay.py").write_text(TESTS)
    (root / "flow.py").write_text(FLOW)
    (root / "release_tests" / "test_mean.py").write_text("def test_it(candidate): assert candidate")
    run_windlass(root, "run", "flow.py", "--tag", "why=<script>alert(1)</script>")
    world = making.open_world(root)
    with contextlib.closing(world.stores.records) as records:
        failed = put_to_test(world.version(2), root, None)
        _pass(records, world.version(1).row, failed.document)
        promote_by_force(records, world.version(2).row, "<i>to see</i>", by="anna")
        rollback(records, "delay", reason="it was late", by="anna")
        set_alias(records, world.version(2).row, "challenger")
        _serve(world)


def _pass(records: Records, version: VersionRow, like: Mapping[str, Any]) -> None:
    """A report that passed, made from another: a real one takes many seconds."""
    tests = [{**each, "outcome": "pass", "message": None} for each in like["tests"]]
    told = {"candidate": version.number, "champion": 2, "tests": tests}
    records.save_report(version, "pass", {**like, **told, "counts": {"pass": len(tests)}})


def _serve(world: Any) -> None:
    """What two servers have counted over a day, of which the last hours have drifted."""
    records, now = world.stores.records, time.time()
    before, making.NOW = making.NOW, now // making.HOUR * making.HOUR
    try:
        for hour in range(20, 0, -1):
            shift = 1.5 if hour < 5 else 0.0
            world.serve(hour, 150 + 20 * (hour % 7), shift=shift, failures=hour % 3)
            if hour < 9:
                world.serve(hour, 60, number=2, writer="v")
    finally:
        making.NOW = before
    document = {"version": 1, "generation": 3, "address": "http://10.0.0.7:8080", "workers": 2}
    document |= {"serves": "model", "process": 7, "trouble": None}
    records.save_deployment(
        Deployment(uuid7(), "delay", "champion", "edge-1", now - 9000, now + 3600, None, document)
    )
    text = "the distribution of 'a' has moved"
    told = {"text": f"delay@1: {text}", "window": now - 7200, "since": now - 10800}
    records.save_alert("delay", 1, "drift", {**told, "about": {"a": {}}})
    why = [{"kind": "drift", "text": "drift of delay@1", "alerts": []}]
    facts = {"why": why, "who": "watch@edge-1", "version": 2, "reason": "it is not better"}
    turn = records.begin_turn("delay", facts, 60)
    assert turn is not None
    records.end_turn(turn, "kept", facts)


def run_windlass(root: Path, *words: str, code: int = 0) -> str:
    """What a command prints."""
    done = warm.run(root, *words)
    assert done.returncode == code, done.stderr
    return done.stdout
