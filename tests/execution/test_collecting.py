"""What is collected is needed by nobody, whatever was recorded and whoever runs meanwhile."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos import flow
from execution import collect_pipelines
from windlass import artifacts
from windlass.artifacts import ArtifactStore
from windlass.execution.collecting import Collected, Rule, collect
from windlass.execution.job import Stores
from windlass.execution.liveness import this_process
from windlass.records import Records
from windlass.records.model import NewRun, Outcome, Output, Run

DAY = 24 * 3600.0


def stores_in(folder: Path) -> Stores:
    records = Records.open(folder / "windlass.db")
    return Stores(records, ArtifactStore.open_store(folder / "artifacts"), folder / "logs")


def age(stores: Stores, seconds: float = 2 * DAY) -> None:
    """Lets every blob have been written so long ago."""
    then = time.time() - seconds
    for file in stores.artifacts.root.glob("??/*"):
        os.utime(file, (then, then))


def record(stores: Stores, pipeline: str = "p", days: float = 0, status: str = "succeeded") -> Run:
    new = NewRun(pipeline, "plan", "bundle", "environment", "local", "default", 0)
    run = stores.records.create_run(replace(new, driver="d", host=this_process()))
    if status != "running":
        stores.records.finish_run(run.id, status, None)
    then = {"id": run.id, "then": time.time() - days * DAY}
    with stores.records.write():
        ended = "" if status == "running" else ", ended = :then"
        stores.records.change(f"UPDATE runs SET created = :then{ended} WHERE id = :id", then)
    (stores.logs / run.id).mkdir(parents=True)
    return stores.records.run_by_id(run.id)


def value(number: int) -> Any:
    """A value too large for the record; some hold others, as artifacts of their own."""
    large = bytes([number]) * 10_000
    return [large, bytes([number // 2]) * 9_000] if number % 3 == 0 else large


def commit(stores: Stores, run: Run, node: str, number: int, origin: Run | None = None) -> str:
    saved = artifacts.save(value(number), stores.artifacts, split=number % 3 == 0)
    stores.records.commit_outcome(
        Outcome(
            *(run.id, node, "s", "succeeded"),
            key=f"key {number}",
            cached=origin is not None,
            origin_run=origin.id if origin else None,
            origin_node=node if origin else None,
            outputs=(Output("output", 0, saved.artifact.content),),
            artifacts=(saved.artifact, *saved.children),
        )
    )
    return saved.artifact.content


def load(stores: Stores, content: str) -> Any:
    return artifacts.load(content, stores.artifacts, stores.records)


def names(stores: Stores) -> set[str]:
    return {run.name for run in stores.records.runs(limit=1000)}


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    opened = stores_in(tmp_path)
    with contextlib.closing(opened.records):
        yield opened


def test_what_nothing_names_goes_when_it_is_old(stores: Stores) -> None:
    run = record(stores)
    kept = commit(stores, run, "a", 1)
    artifacts.save(value(2), stores.artifacts)  # of a process that died before its commit
    assert collect(stores, Rule()) == Collected()
    age(stores)
    dry = collect(stores, Rule(), dry=True)
    assert (dry.blobs, dry.bytes) == (1, 10_000)
    assert collect(stores, Rule()) == dry
    assert load(stores, kept) == value(1)
    assert collect(stores, Rule()) == Collected()


def test_runs_go_by_age_and_the_newest_of_each_pipeline_stays(stores: Stores) -> None:
    days = [40, 50, 10, 45, 60]  # in the order in which they were begun
    runs = [record(stores, days=each) for each in days]
    other = record(stores, "other", days=90)
    failed = record(stores, "other", days=80, status="failed")
    contents = [commit(stores, run, "a", n + 1) for n, run in enumerate(runs)]
    age(stores)
    rule = Rule(before=time.time() - 30 * DAY, keep_last=2)
    dry = collect(stores, rule, dry=True)
    assert names(stores) == {*(run.name for run in runs), other.name, failed.name}
    done = collect(stores, rule)
    assert done == dry
    assert sorted(done.runs) == ["p-1", "p-2"]
    assert done.logs == 2
    assert not (stores.logs / runs[0].id).exists()
    assert names(stores) == {"p-3", "p-4", "p-5", "other-1", "other-2"}
    assert [load(stores, each) for each in contents[2:]] == [value(n) for n in (3, 4, 5)]
    assert stores.records.artifact(contents[0]) is None
    assert record(stores).name == "p-6"


def test_a_run_that_a_later_one_had_results_from_stays(stores: Stores) -> None:
    first, second, third = (record(stores, days=100 - n) for n in range(3))
    last = record(stores)
    commit(stores, first, "a", 1)
    commit(stores, second, "a", 1, origin=first)
    commit(stores, third, "b", 2)
    commit(stores, last, "a", 1, origin=second)
    done = collect(stores, Rule(before=time.time() - DAY))
    assert done.runs == [third.name]
    assert sorted(done.needed) == [first.name, second.name]


def test_results_are_not_found_first_and_gone_when_nobody_may_have_found_them(
    stores: Stores,
) -> None:
    old = record(stores, days=50)
    content = commit(stores, old, "a", 1)
    record(stores, days=40)
    going = record(stores, "other", status="running")
    found = stores.records.cached("key 1")  # what the run that goes on looks up, and will record
    assert found is not None
    rule = Rule(before=time.time() - DAY)
    age(stores)
    assert collect(stores, rule).waiting == [old.name]
    assert stores.records.cached("key 1") is None
    assert load(stores, content) == value(1)
    stores.records.finish_run(going.id, "succeeded", None)
    newer = record(stores, "other", status="running")
    assert collect(stores, rule).runs == [old.name]  # what began since cannot have found it
    assert newer.name in names(stores)


def test_a_run_that_is_resumed_meanwhile_stays(stores: Stores) -> None:
    old = record(stores, days=50, status="failed")
    seen = stores.records.run_by_id(old.id)
    assert stores.records.claim_run(seen, replace(seen, driver="other"))
    with stores.records.write():
        assert stores.records.remove_runs([seen]) == []
    assert old.name in names(stores)


def test_bytes_that_documents_name_stay(stores: Stores) -> None:
    named, bundle, _ = (stores.artifacts.put_file(_file(stores, n))[0] for n in range(3))
    run = record(stores)
    stores.records.save_bundle("ab" * 32, "{}", bundle)
    with stores.records.write():
        told = {"id": run.id, "details": f'{{"wheel": "{named}"}}', "bundle": "ab" * 32}
        stores.records.change("UPDATE runs SET details = :details WHERE id = :id", told)
    age(stores)
    with stores.records.write():
        stores.records.change("UPDATE runs SET bundle = :bundle WHERE id = :id", told)
    assert collect(stores, Rule()).blobs == 1
    assert stores.artifacts.has(named)
    assert stores.artifacts.has(bundle)
    record(stores)
    done = collect(stores, Rule(before=time.time() + 1))
    assert (done.runs, done.archives, done.blobs) == ([run.name], 1, 1)
    assert stores.records.archive("ab" * 32) is None


def _file(stores: Stores, number: int) -> Path:
    path = stores.logs.parent / f"file{number}"
    path.write_bytes(bytes([number]) * 5000)
    return path


OUTCOMES = st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=3)
RUNS = st.lists(
    st.tuples(
        st.sampled_from("pq"),
        st.integers(0, 60),
        st.sampled_from(["succeeded", "failed"]),
        OUTCOMES,
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(RUNS, st.integers(0, 60), st.integers(1, 3), st.lists(st.integers(1, 12), max_size=3))
def test_what_stays_can_be_read_and_what_goes_is_needed_by_nobody(
    told: list[Any], days: int, keep_last: int, garbage: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = stores_in(Path(folder))
        made: dict[int, Run] = {}
        runs: list[tuple[Run, int]] = []
        contents: dict[tuple[str, str], tuple[str, int]] = {}
        origins: dict[str, set[str]] = {}
        for pipeline, ended, status, outcomes in told:
            run = record(stores, pipeline, ended, status)
            runs.append((run, ended))
            for place, (number, cached) in enumerate(outcomes):
                origin = made.get(number) if cached else None
                node = f"n{place}"
                contents[run.name, node] = commit(stores, run, node, number, origin), number
                origins.setdefault(run.name, set()).add(origin.name if origin else run.name)
                made.setdefault(number, run)
        for number in garbage:
            artifacts.save(value(number), stores.artifacts, split=number % 3 == 0)
        age(stores)
        collect(stores, Rule(time.time() - days * DAY, keep_last))
        left = names(stores)
        for place, (run, ended) in enumerate(runs):
            later = sum(each.pipeline == run.pipeline for each, _ in runs[place + 1 :])
            if ended < days or later < keep_last:
                assert run.name in left
            elif run.name in left:
                assert any(run.name in origins.get(each, ()) for each in left - {run.name})
        needed: set[str] = set()
        for (name, _), (content, number) in contents.items():
            if name in left:
                assert load(stores, content) == value(number)
                needed |= {content, *_parts(stores, content)}
        assert all(origins.get(name, set()) <= left for name in left)
        assert {s.blob for s in stores.artifacts.stored()} == {
            found.blob for found in stores.records.artifacts(needed).values() if not found.inline
        }
        stores.records.close()


def _parts(stores: Stores, content: str) -> set[str]:
    found = stores.records.artifact(content)
    assert found is not None
    return set(found.children)


def test_items_that_no_map_has_read_yet_stay(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    run: Any = collect_pipelines.waiting.run(str(file))
    assert run.status == "failed"
    age(run.job.stores)
    assert collect(run.job.stores, Rule(before=time.time() + DAY), grace=-DAY).artifacts == 0
    file.touch()
    done = run.resume()
    assert done.result() == 9 + 16 + 25
    assert done.id == run.id
    assert done["numbers"].outcome.attempts == 1


def test_runs_that_write_what_is_about_to_be_collected_lose_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values of a run whose record is gone are garbage, until another makes them again."""
    monkeypatch.setenv("CHAOS_NOTES", os.devnull)
    monkeypatch.setenv("CHAOS_PAUSE", "0.02")
    first: Any = flow.flow.options(workers=2, cache=False).run(1)
    assert first.status == "succeeded"
    blobs = {stored.blob for stored in first.job.stores.artifacts.stored()}
    for path in home.glob("windlass.db*"):
        path.unlink()
    age(first.job.stores)
    Records.open(home / "windlass.db").close()
    over, removed = threading.Event(), []

    def collect_on_and_on() -> None:
        stores = stores_in(home)
        with contextlib.closing(stores.records):
            while not over.is_set():
                removed.append(collect(stores, Rule(), grace=3600).blobs)

    collector = threading.Thread(target=collect_on_and_on)
    collector.start()
    try:
        again: Any = flow.flow.options(workers=2, cache=False).run(1)
    finally:
        over.set()
        collector.join()
    assert again.status == "succeeded", again.error
    stores = again.job.stores
    for outcome in stores.records.outcomes(again.id):
        for output in outcome.outputs:
            load(stores, output.content)
    assert sum(removed) > 0
    assert {stored.blob for stored in stores.artifacts.stored()} <= blobs


def test_what_workers_posted_goes_with_its_run(tmp_path: Path) -> None:
    stores = stores_in(tmp_path)
    old, new = record(stores, days=3), record(stores)
    named = stores.artifacts.named
    for run in (old, new):
        assert named.create(f"runs/{run.id}/outcomes/load", b"")
    assert collect(stores, Rule(before=time.time() - DAY)).runs == [old.name]
    assert named.names("runs") == [f"runs/{new.id}/outcomes/load"]
