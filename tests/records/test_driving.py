"""One driver at a time, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from windlass.errors import NotDrivenError
from windlass.execution.liveness import LEASE_SECONDS, is_gone, this_process
from windlass.records import Records
from windlass.records.model import Run, RunParameter

from .making import begin, new_run, outcome


def lost(records: Records) -> Run:
    return records.create_run(new_run(driver="first", host={}))


def test_of_many_that_claim_a_run_at_once_one_gets_it(records: Records, url: str) -> None:
    seen = lost(records)

    def claim(number: int) -> bool:
        with contextlib.closing(Records.open(url)) as own:
            return own.claim_run(seen, replace(seen, driver=f"d{number}"))

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(claim, range(8)))
    assert won.count(True) == 1
    assert records.run_by_id(seen.id).driver == f"d{won.index(True)}"
    assert [event.kind for event in records.events(seen.id)] == ["created", "resumed"]


def test_a_run_whose_driver_spoke_again_is_not_claimed(records: Records) -> None:
    seen = lost(records)
    assert records.beat(seen.id, "first")
    assert not records.claim_run(seen, replace(seen, driver="second"))
    seen = records.run_by_id(seen.id)
    assert records.claim_run(seen, replace(seen, driver="second"))
    assert not records.beat(seen.id, "first")
    assert records.beat(seen.id, "second")


def test_a_run_without_a_driver_is_claimed(records: Records) -> None:
    seen = records.create_run(new_run())  # as an older Windlass recorded it
    records.finish_run(seen.id, "failed", "it broke")
    ended = records.run_by_id(seen.id)
    assert not records.claim_run(seen, replace(seen, driver="d"))
    assert records.claim_run(ended, replace(ended, driver="d"), [RunParameter("n", 3)])
    now = records.run_by_id(seen.id)
    assert (now.status, now.ended, now.error, now.parameters) == ("running", None, None, {"n": 3})


def test_a_claim_takes_back_all_but_successes(records: Records) -> None:
    seen = lost(records)
    begin(records, seen, "b")
    for node, status in (("a", "succeeded"), ("b", "failed"), ("c", "skipped")):
        records.commit_outcome(outcome(seen, node, status, attempt=1, reads=("x",)))
    assert records.claim_run(seen, replace(seen, driver="second"))
    assert {each.node for each in records.outcomes(seen.id)} == {"a"}
    assert records.node_inputs(seen.id, "a")
    assert not records.node_inputs(seen.id, "b")
    assert records.last_attempts(seen.id) == {"b": 1}
    assert records.attempts(seen.id, "b")[0].status == "failed"


def test_a_driver_that_lost_its_run_writes_nothing(records: Records) -> None:
    seen = lost(records)
    assert records.claim_run(seen, replace(seen, driver="second"))
    with pytest.raises(NotDrivenError, match="another one has resumed it"):
        records.commit_outcomes([outcome(seen, "a", "cancelled")], driver="first")
    with pytest.raises(NotDrivenError):
        records.finish_run(seen.id, "cancelled", None, driver="first")
    assert records.run_by_id(seen.id).status == "running"
    assert not records.outcomes(seen.id)
    records.commit_outcomes([outcome(seen, "a", "cancelled")], driver="second")
    records.finish_run(seen.id, "cancelled", None, driver="second")
    assert records.run_by_id(seen.id).status == "cancelled"


@pytest.mark.parametrize(
    ("host", "silent", "gone"),
    [
        ({}, 1000, False),  # of this machine: it lives, whatever it says
        ({"pid_started": 0.0}, 0, True),
        ({"boot": "another"}, 0, True),
        ({"hostname": "elsewhere"}, 0, False),
        ({"hostname": "elsewhere"}, LEASE_SECONDS + 1, True),
        ({"hostname": "elsewhere"}, None, False),  # of an older Windlass, which says nothing
        ({"namespace": "older", "pid_started": 0.0}, None, True),
        ({"namespace": 1, "pid_started": 0.0}, 0, False),  # in a container beside this one
        ({"namespace": 1}, LEASE_SECONDS + 1, True),
    ],
)
def test_what_tells_that_a_driver_is_gone(
    host: dict[str, Any], silent: float | None, gone: bool, local: Records
) -> None:
    told = {name: fact for name, fact in {**this_process(), **host}.items() if fact != "older"}
    run = local.create_run(new_run(driver="d", host=told))
    assert is_gone(replace(run, beat=None if silent is None else time.time() - silent)) is gone
    assert not is_gone(replace(run, status="failed"))
