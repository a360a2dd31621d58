"""What production writes: servers, counts of windows, alerts, and turns taken one at a time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from windlass.records import Records
from windlass.records.production import Deployment, Observation, Traffic, Turn


def observation(began: float, writer: str, rows: int, number: int = 1) -> Observation:
    return Observation("delay", number, began, writer, 60.0, {"rows": rows})


def test_a_server_is_told_of_once_however_often_it_tells(records: Records) -> None:
    told = [
        Deployment("a", "delay", "champion", "there", 1.0, beat, None, {"version": beat})
        for beat in (2.0, 3.0)
    ]
    for each in told:
        records.save_deployment(each)
    records.save_deployment(Deployment("b", "delay", "2", "here", 5.0, 6.0, 7.0))
    assert [each.id for each in records.deployments("delay")] == ["b", "a"]
    assert records.deployments("delay")[1] == told[1]
    assert records.deployments("other") == []


def test_what_a_writer_counts_again_stands_instead_of_what_it_counted_before(
    records: Records,
) -> None:
    records.save_observations([observation(60, "w1", 3), observation(60, "w2", 5)])
    records.save_observations([observation(60, "w1", 4), observation(120, "w1", 1)])
    found = [(o.began, o.writer, o.document["rows"]) for o in records.observations("delay")]
    assert found == [(60, "w1", 4), (60, "w2", 5), (120, "w1", 1)]
    assert [o.began for o in records.observations("delay", since=61)] == [120]
    assert [o.writer for o in records.observations("delay", until=120)] == ["w1", "w2"]
    assert records.forget_observations("delay", before=120) == 2
    assert len(records.observations("delay")) == 1


def test_the_database_counts_what_was_asked(records: Records) -> None:
    def counted(began: float, writer: str, requests: int, **failures: int) -> Observation:
        document = {"requests": requests, "failures": failures, "columns": {"a": [1, 2]}}
        return Observation("delay", 1, began, writer, 60.0, document)

    records.save_observations(
        [
            counted(60, "w1", 1000, gone=500),
            counted(120, "w1", 3, busy=2, model=1),
            counted(180, "w2", 4),
        ]
    )
    assert records.traffic("delay", since=61) == Traffic(7, 3, 240.0)
    assert records.traffic("delay", since=181) == records.traffic("other", since=0) == Traffic()


def test_alerts_are_found_from_the_newest(records: Records) -> None:
    first = records.save_alert("delay", 1, "drift", {"column": "a"})
    second = records.save_alert("delay", 2, "quality", {"score": 0.4})
    assert records.alerts("delay") == [second, first]
    assert records.alerts("delay", since=second.time + 1) == []


def test_one_turn_at_a_time(records: Records) -> None:
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda n: records.begin_turn("delay", {"n": n}, 60), range(8)))
    (turn,) = [each for each in begun if each is not None]
    assert records.begin_turn("other", {}, 60) is not None
    assert records.beat_turn(turn, {"run": "training-2"})
    assert records.end_turn(turn, "promoted", {"version": 2})
    assert not records.end_turn(turn, "failed", {})
    (found,) = records.turns("delay")
    assert (found.state, found.document) == ("promoted", {"version": 2})
    assert records.begin_turn("delay", {}, 60) is not None


def test_a_turn_is_not_begun_for_what_another_has_dealt_with(records: Records) -> None:
    first = records.begin_turn("delay", {}, 60, after="")
    assert first is not None
    records.end_turn(first, "kept", {})
    assert records.begin_turn("delay", {}, 60, after="") is None  # who looked before the first
    assert records.begin_turn("delay", {}, 60, after=first.id) is not None


def test_a_beat_of_a_clock_that_was_wrong_holds_up_nobody_for_ever(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now + 1e7)
        assert records.begin_turn("delay", {}, 60) is not None
    assert records.begin_turn("delay", {}, 60) is not None
    with monkeypatch.context() as patched:  # another machine's may be a little ahead
        patched.setattr(time, "time", lambda: now - 90)
        assert records.begin_turn("delay", {}, 60) is None


def test_a_turn_whose_process_is_silent_is_lost_and_the_next_may_begin(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = records.begin_turn("delay", {"why": "drift"}, 60)
    assert isinstance(silent, Turn)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    following = records.begin_turn("delay", {"why": "again"}, 60)
    assert following is not None
    assert [each.state for each in records.turns("delay")] == ["running", "lost"]
    assert not records.beat_turn(silent, {})  # it wakes up, and is told
    assert not records.end_turn(silent, "promoted", {})
