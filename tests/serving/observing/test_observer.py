"""The observer: what it logs and counts, what it drops, and what it outlives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.errors import RecordError, StoreError, UnreachableError
from windlass.execution.job import Stores
from windlass.records import Records
from windlass.serving.exchange import Batch, Observer
from windlass.serving.observing.compacting import write
from windlass.serving.observing.counts import UNKNOWN, Counts
from windlass.serving.observing.inbox import Truth
from windlass.serving.observing.journal import Folder, Journal, Name, read_journal
from windlass.serving.observing.journals import Journals
from windlass.serving.observing.observer import BackgroundObserver, observe
from windlass.serving.observing.place import Place
from windlass.serving.observing.publishing import Publisher, segment_of
from windlass.serving.observing.rows import is_sampled, truths_table
from windlass.stacks.models import ModelSettings, MonitorSettings, ServingSettings

from .making import QUICK, batch, known, read, request, rows, segments

KNOWN = known()


def settings(**serving: Any) -> ModelSettings:
    return ModelSettings(monitor=MonitorSettings(window=60.0), serving=ServingSettings(**serving))


def start(stores: Stores, told: ModelSettings | None = None, **options: Any) -> BackgroundObserver:
    options = {"pace": QUICK, "describe": lambda _: KNOWN, **options}
    return observe(stores, "delay", told or settings(), **options)


def log_of(stores: Stores) -> Path:
    return stores.logs.parent / "predictions"


def counted(records: Records) -> Counts:
    """All that the record has, of all windows and writers."""
    total = Counts()
    for each in records.observations("delay"):
        total += Counts.read(each.document)
    return total


def until(holds: Callable[[], bool]) -> None:
    """Waits for a thread to have done its work."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)


def test_every_row_is_logged_and_counted(stores: Stores) -> None:
    observer: Observer = start(stores)
    first, second = batch([1, 3], seed=1), batch([2], seed=2, version="2")
    observer.answered(first)
    observer.answered(second)
    observer.failed("invalid", 0.001)
    assert observer.feedback("r1-1", ["late", "on time", None])
    observer.close()
    table = read(log_of(stores)).to_pylist()
    assert [(row["_request"], row["_row"], row["_version"]) for row in table] == [
        *[("r1-0", 0, "1"), ("r1-1", 0, "1"), ("r1-1", 1, "1"), ("r1-1", 2, "1")],
        *[("r2-0", 0, "2"), ("r2-0", 1, "2")],
    ]
    want = first.inputs["distance"].tolist() + second.inputs["distance"].tolist()
    assert [row["distance"] for row in table] == want
    assert [row["origin"] for row in table][:4] == first.inputs["origin"].tolist()
    assert table[0]["_predict"] == first.outputs["predict"][0]
    assert table[0]["_proba.late"] == first.outputs["predict_proba"][0, 0]
    assert [round(row["_seconds"], 9) for row in table] == [0.002, *[0.001] * 5]
    assert abs(table[0]["_time"].timestamp() - (first.requests.time - 0.002)) < 1e-5
    assert abs(table[3]["_time"].timestamp() - (first.requests.time - 0.001)) < 1e-5
    truths = read(log_of(stores), "feedback").to_pylist()
    assert [(t["_request"], t["_row"], json.loads(t["truth"])) for t in truths] == [
        *[("r1-1", 0, "late"), ("r1-1", 1, "on time"), ("r1-1", 2, None)]
    ]
    found = {
        each.number: Counts.read(each.document) for each in stores.records.observations("delay")
    }
    assert {number: (c.requests, c.rows) for number, c in found.items()} == {
        UNKNOWN: (0, 0),
        1: (2, 4),
        2: (1, 2),
    }
    assert found[UNKNOWN].failures == {"invalid": 1}
    assert not list((stores.logs.parent / "spool" / "delay").iterdir())


def test_missing_values_and_strange_names_come_back(stores: Stores) -> None:
    inputs = {
        "_time": np.array([1.5, np.nan]),
        "when": np.array(["2026-01-02", "NaT"], "M8[ns]"),
        "image": np.arange(8.0).reshape(2, 2, 2),
        "mixed": np.array([1, "x"], object),
        "none": np.array([None, None], object),
    }
    observer = start(stores, describe=lambda _: type(KNOWN)())
    observer.answered(Batch("1", request("a", 2, 1e9), inputs, {"predict": np.array([1.0, 2.0])}))
    observer.close()
    table = read(log_of(stores))
    assert table["__time"].to_pylist() == [1.5, None]
    assert [each is None for each in table["when"].to_pylist()] == [False, True]
    assert table["image"].to_pylist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert table["mixed"].to_pylist() == ["1", "x"]
    assert table["none"].type == pa.string()
    assert table["_predict"].to_pylist() == [1.0, 2.0]


def test_columns_keep_their_type_whichever_values_came(stores: Stores) -> None:
    """Whole numbers come as floats where some are missing: the segments still are of one type."""
    observer = start(stores)
    for place, hour in enumerate([np.array([7]), np.array([np.nan])]):
        one = Batch("1", request(f"a{place}", 1, 1e9), {**rows(1), "hour": hour}, {})
        observer.answered(one)
        until(lambda: not observer.state()["waiting"])
    observer.close()
    assert len(segments(log_of(stores))) == 1
    assert read(log_of(stores))["hour"].type == pa.int64()


def test_redacted_columns_are_counted_and_not_logged(stores: Stores) -> None:
    observer = start(stores, settings(redact=("origin",)))
    observer.answered(batch([4]))
    observer.close()
    assert "origin" not in read(log_of(stores)).column_names
    assert counted(stores.records).columns["origin"].sum() == 4
    spelled = b"".join(path.read_bytes() for path in segments(log_of(stores)))
    assert b"JFK" not in spelled


def test_a_share_of_requests_is_logged_whole_and_all_are_counted(stores: Stores) -> None:
    observer = start(stores, settings(sample=0.5))
    asked = batch([3] * 200)
    observer.answered(asked)
    observer.close()
    logged = read(log_of(stores))["_request"].to_pylist()
    want = [each for each in asked.requests.ids if is_sampled(each, 0.5)]
    assert logged == [name for name in want for _ in range(3)]
    assert 60 < len(want) < 140
    assert counted(stores.records).rows == 600


@given(st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_sampling_depends_on_nothing_but_the_id(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert is_sampled(name, low) == is_sampled(name, low)
    assert is_sampled(name, high) or not is_sampled(name, low)  # a larger share holds it too
    assert is_sampled(name, 1.0)
    assert not is_sampled(name, 0.0)


def test_what_finds_no_room_is_counted_and_nobody_waits(stores: Stores) -> None:
    slow = threading.Event()

    def describe(_: str) -> Any:
        slow.wait(20)
        return KNOWN

    observer = start(stores, describe=describe, most_rows=10)
    observer.answered(batch([5]))
    until(lambda: not observer.state()["waiting"])  # its thread hangs now
    began = time.perf_counter()
    for place in range(20):
        observer.answered(batch([5], seed=place))
    assert time.perf_counter() - began < 1
    assert observer.state()["dropped"] == 90
    slow.set()
    observer.close()
    total = counted(stores.records)
    assert (total.rows, total.dropped) == (15, (18, 90))


def test_a_record_that_is_away_is_waited_for(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    away.set()
    save = Records.save_observations

    def sometimes(self: Records, told: Any) -> None:
        if away.is_set():
            raise UnreachableError("the server is gone")
        save(self, told)

    monkeypatch.setattr(Records, "save_observations", sometimes)
    observer = start(stores)
    for place in range(5):
        observer.answered(batch([2], seed=place))
        time.sleep(0.03)
    until(lambda: "gone" in str(observer.state()["problems"]))
    away.clear()
    until(lambda: not observer.state()["problems"])
    observer.close()
    assert counted(stores.records).rows == 10


def test_counts_that_the_record_never_took_are_left_for_the_next_observer(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def never(*_: Any) -> None:
            raise RecordError("the disk is full")

        patch.setattr(Records, "save_observations", never)
        observer = start(stores)
        observer.answered(batch([7]))
        observer.close()
    assert counted(stores.records).rows == 0
    following = start(stores)
    until(lambda: counted(stores.records).rows == 7)
    following.close()
    assert counted(stores.records).rows == 7
    assert not list((stores.logs.parent / "spool" / "delay").iterdir())


def test_many_windows_of_a_long_outage_are_saved_when_it_is_over(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    observer = start(stores)
    reached = stores.records.save_observations

    def gone(_: Any) -> None:
        raise UnreachableError("the database does not answer")

    monkeypatch.setattr(stores.records, "save_observations", gone)
    began = time.time() - 200 * 60
    for window in range(200):
        observer.answered(batch([1], at=began + 60 * window, seed=window))
    until(lambda: observer.state()["unsaved_windows"] == 200)
    monkeypatch.setattr(stores.records, "save_observations", reached)
    observer.close()
    assert counted(stores.records).rows == 200


def test_what_cannot_be_noted_takes_nothing_else_with_it(stores: Stores) -> None:
    observer = start(stores, pace=replace(QUICK, drain=60.0))
    observer.answered(batch([2], seed=1))
    poison = batch([3], seed=2, version="2")
    observer.answered(poison._replace(outputs={"predict_proba": np.ones((3, 1))}))
    observer.feedback("r1-0", ["late"])
    observer.answered(batch([4], seed=3, version="3"))
    observer.close()
    assert observer.state()["lost"] == 3
    assert {row["_version"] for row in read(log_of(stores)).to_pylist()} == {"1", "3"}
    assert len(read(log_of(stores), "feedback")) == 1


def test_what_a_dead_writer_left_spoilt_keeps_nobody_from_the_rest(stores: Stores) -> None:
    root, now = stores.logs.parent / "spool" / "delay", int(time.time() * 1000)
    for name, counts in (("aa", b'[{"model"'), ("bb", b"[]")):
        (root / name).mkdir(parents=True)
        (root / name / "observations.json").write_bytes(counts)
        (root / name / "no-journal.arrows").write_bytes(b"?")
    journal = Journal(root / "bb", Name("feedback", now, "0", "bb", 1), pa.schema([("a", "int64")]))
    journal.append(pa.table({"a": [1, 2]}))
    journal.close()
    observer = start(stores)
    until(lambda: bool(segments(log_of(stores), "feedback")))
    observer.close()
    assert not {"adopting", "forgetting", "history"} & set(observer.state()["problems"])  # type: ignore[arg-type]


def test_a_place_that_cannot_be_written_is_told_and_written_later(stores: Stores) -> None:
    log_of(stores).write_text("in the way")
    observer = start(stores, pace=replace(QUICK, segment=0.0))
    observer.answered(batch([3]))
    until(lambda: "log" in observer.state()["problems"])  # type: ignore[operator]
    observer.answered(batch([3], seed=2))
    log_of(stores).unlink()
    until(lambda: observer.state()["logged"] == 6)
    assert json.dumps(observer.state()["segments"]) == "2"
    until(lambda: observer.state()["problems"] == {})
    observer.close()
    assert len(read(log_of(stores))) == 6


def test_observers_beside_each_other_leave_each_other_alone(stores: Stores) -> None:
    often = replace(QUICK, upkeep=0.0)
    observers = [start(stores, pace=often) for _ in range(3)]
    for place, observer in enumerate(observers * 4):
        observer.answered(batch([2], seed=place))
        time.sleep(0.03)
    for observer in observers:
        assert observer.state()["problems"] == {}
        observer.close()
    assert sorted(read(log_of(stores))["_request"].to_pylist()) == sorted(
        f"r{place}-0" for place in range(12) for _ in range(2)
    )
    assert counted(stores.records).rows == 24
    assert len(stores.records.observations("delay")) >= 3


def test_a_state_folder_that_cannot_be_written_is_refused_in_words(stores: Stores) -> None:
    (stores.logs.parent / "spool").write_text("in the way")
    with pytest.raises(StoreError, match="predictions cannot be noted"):
        start(stores)


def test_a_full_disk_costs_log_and_nothing_else(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Journal.append
    broken = threading.Event()
    broken.set()

    def append(self: Journal, table: pa.Table) -> None:
        if broken.is_set():
            raise OSError(28, "No space left on device")
        full(self, table)

    monkeypatch.setattr(Journal, "append", append)
    observer = start(stores)
    observer.answered(batch([3]))
    until(lambda: observer.state()["unlogged"] == 3)
    assert "No space left" in str(observer.state()["problems"])
    broken.clear()
    observer.answered(batch([4], seed=1))
    observer.close()
    assert len(read(log_of(stores))) == 4
    assert counted(stores.records).rows == 7


def test_old_segments_are_removed_and_young_ones_stay(stores: Stores) -> None:
    day = 86400.0
    observer = start(stores, settings(keep=10 * day))
    observer.answered(batch([1]))
    observer.close()
    publisher: Publisher = observer._publisher
    now = time.time()
    assert publisher.forget(now + 9 * day) == 0
    assert publisher.forget(now + 10 * day + 1) == 1
    assert segments(log_of(stores)) == []


def test_versions_are_found_in_the_record(stores: Stores) -> None:
    import pandas as pd
    from sklearn.linear_model import LogisticRegression

    from windlass.models.registry import register_in
    from windlass.pipeline.marks import Model

    draw = np.random.default_rng(0)
    table = pd.DataFrame({"a": draw.normal(size=100), "b": draw.normal(size=100)})
    table["late"] = np.where(table.a > 0, "late", "on time")
    fitted = LogisticRegression().fit(table[["a", "b"]], table.late)
    mark = Model("delay", "late", None, None)
    register_in(stores, mark, {"model": fitted, "reference": table, "holdout": table})
    observer = observe(stores, "delay", settings(), pace=QUICK)
    inputs = {name: table[name].to_numpy() for name in ("a", "b")}
    given_ = {"predict": fitted.predict(table[["a", "b"]])}
    observer.answered(Batch("1", request("x", 100, time.time()), inputs, given_))
    observer.answered(Batch("9", request("y", 100, time.time()), inputs, given_))
    until(lambda: "there is no" in str(observer.state()["problems"]))
    observer.close()
    found = {each.number: each.document["columns"] for each in stores.records.observations("delay")}
    assert sorted(found[1]) == ["a", "b", "predict"]
    assert found[9] == {}  # nothing is known of it, so that it is logged and not counted by column


WRITER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from serving.observing.making import batch, known
from windlass.execution.stores import open_stores
from windlass.provenance.project import find_project
from windlass.serving.observing.observer import observe
from windlass.stacks.models import ModelSettings, MonitorSettings
from windlass.stacks.stack import load_stack

stores = open_stores(load_stack(None, find_project(Path(sys.argv[1]))))
told = known()
settings = ModelSettings(monitor=MonitorSettings(window=3600.0))
observer = observe(stores, "delay", settings, describe=lambda _: told)
number = 0
while True:
    observer.answered(batch([1], seed=number))
    number += 1
    print(number, time.time(), flush=True)
    time.sleep(0.01)
"""


def test_a_killed_writer_loses_a_second_of_log_and_five_of_counts(
    stores: Stores, tmp_path: Path
) -> None:
    """By kill -9, at the usual pace; what was on its disk is published by the next observer."""
    tests = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), tests], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(float(line.split()[1]))
        if told[-1] - told[0] > 7:
            break
    os.kill(process.pid, signal.SIGKILL)
    told += [float(line.split()[1]) for line in process.stdout if line.count(" ") == 1]
    process.stdout.close()
    process.wait()
    assert segments(log_of(stores)) == []  # none was closed yet
    following = start(stores)
    until(lambda: bool(segments(log_of(stores))))
    following.close()
    logged, died = read(log_of(stores))["_request"].to_pylist(), told[-1]
    assert logged == [
        f"r{number}-0" for number in range(len(logged))
    ]  # the first ones, without gaps
    assert died - told[len(logged) - 1] < 1.0 + 1.5  # a second, and what a busy machine adds
    rows_counted = counted(stores.records).rows
    assert 0 < rows_counted <= len(told)
    assert died - told[rows_counted - 1] < 5.0 + 1.0 + 1.5
    assert not list((stores.logs.parent / "spool" / "delay").iterdir())


def test_a_journal_cut_in_the_middle_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(1000))})
    journal = Journal(tmp_path, Name("predictions", 1, "1", "w", 1), table.schema)
    sizes = []
    for _ in range(3):
        journal.append(table)
        sizes.append(journal.bytes)
    journal.close()
    [path] = tmp_path.glob("*.arrows")
    whole = path.read_bytes()
    for cut, batches in [(0, 0), (10, 0), (sizes[0], 1), (sizes[1] + 100, 2), (len(whole), 3)]:
        path.write_bytes(whole[:cut])
        assert sum(each.num_rows for each in read_journal(path)) == 1000 * batches, cut


def test_journals_that_wait_too_long_to_be_published_take_no_more(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(1000))})
    journals = Journals(Folder.make(tmp_path, "w"), "w", segment=60, most_spool=10_000)
    for _ in range(5):
        journals.append("predictions", 1, table)
    journals.close()
    assert journals.lost["rows"] == 3000
    assert "wait to be published" in journals.problems["journal"]


def minutes(stores: Stores, count: int, writer: str = "aa", days: float = 0.0) -> Place:
    """Publishes a segment a minute of a writer, of a day that is so long ago."""
    place = Place(str(log_of(stores)))
    noon = (time.time() - days * 86400) // 86400 * 86400 + 3600
    for minute in range(count):
        at = noon + 60 * minute
        table = truths_table([Truth(f"{writer}{minute}", at, ["late", "on time"])])
        scratch = stores.logs.parent / "scratch"
        write(table, scratch)
        name = Name("feedback", int(at * 1000), "0", writer, minute)
        place.publish(scratch, segment_of("delay", name))
    return place


def publisher(stores: Stores, writer: str = "aa", keep: float = 30 * 86400.0) -> Publisher:
    root = stores.logs.parent / "spool" / "delay"
    own = Folder.make(root, writer)
    return Publisher("delay", root, own, lambda: Place(str(log_of(stores))), keep)


def test_small_segments_are_joined_and_hold_the_same(stores: Stores) -> None:
    minutes(stores, 5), minutes(stores, 3, "bb")
    minutes(stores, 2, "cc", days=4), minutes(stores, 3, "dd", days=4)
    (log_of(stores) / "delay" / "feedback" / "2026-01-01").mkdir()
    (log_of(stores) / "delay" / "feedback" / "2026-01-01" / "mine.parquet").write_text("?")
    before = sorted(map(str, read_feedback(stores)))
    own = publisher(stores)
    assert own.compact() == 4 + 4  # its own, and all of a day that is long over
    assert len(segments(log_of(stores), "feedback")) - 1 == 1 + 3 + 1
    assert sorted(map(str, read_feedback(stores))) == before
    assert own.compact() == 0


def test_who_dies_while_it_joins_leaves_nothing_that_stays_twice(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes(stores, 4)
    before = sorted(map(str, read_feedback(stores)))
    own = publisher(stores)
    with monkeypatch.context() as patched:
        patched.setattr(Place, "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            own.compact()
    assert len(read_feedback(stores)) == 8 + 6  # some rows twice, and none not at all
    own.compact()
    assert sorted(map(str, read_feedback(stores))) == before


def test_what_is_joined_is_forgotten_when_its_rows_are_to_be(stores: Stores) -> None:
    minutes(stores, 40, days=1)
    own = publisher(stores, keep=3600.0)
    own.compact()
    assert len(segments(log_of(stores), "feedback")) >= 13  # three minutes each, of an hour


def read_feedback(stores: Stores) -> list[Any]:
    found = [path for path in segments(log_of(stores), "feedback") if path.name[0].isdigit()]
    return pa.concat_tables([pq.read_table(path) for path in found]).to_pylist()  # type: ignore[no-any-return]
