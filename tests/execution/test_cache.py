"""When an earlier result stands, when it does not, and what a person is told."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from execution import cache_pipelines as cp
from windlass import Run
from windlass.execution.explaining import diff, explanation
from windlass.provenance.fingerprint.model import Piece
from windlass.records import Records


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLED", str(tmp_path / "called"))
    monkeypatch.setattr(cp, "SETTINGS", {"rate": 2})
    monkeypatch.setattr(cp, "LIMIT", 3)


def run_of(pipeline: Any, *arguments: Any, **options: Any) -> Run[Any]:
    run: Run[Any] = pipeline.options(in_process=True, **options).run(*arguments)
    assert run.status == "succeeded", run.error
    return run


def calls() -> list[str]:
    path = Path(os.environ["CALLED"])
    return path.read_text().split() if path.exists() else []


def called(pipeline: Any, *arguments: Any, **options: Any) -> list[str]:
    """The steps that a run called."""
    before = len(calls())
    run_of(pipeline, *arguments, **options)
    return calls()[before:]


def reason(run: Run[Any], node: str) -> str:
    outcome = run[node].outcome
    assert outcome is not None
    assert outcome.reason is not None
    return outcome.reason


def change_of(run: Run[Any], node: str) -> list[str]:
    outcome = run[node].outcome
    assert outcome is not None
    told = explanation(run.job.stores.records, run.row, outcome)
    return [change["text"] for change in told["changes"]]


def test_a_second_run_calls_nothing() -> None:
    assert called(cp.chain) == ["make", "total", "last"]
    assert called(cp.chain) == []


def test_pipelines_share_the_results_of_their_steps() -> None:
    first = run_of(cp.one)
    assert called(cp.another) == ["last"]
    assert reason(run_of(cp.another), "shared") == f"the same as in {first.name}"


def test_the_items_of_maps_share_results() -> None:
    run_of(cp.many, [5])
    assert called(cp.many, [4, 5, 6]) == ["shared", "shared"]


def test_what_comes_out_equal_leaves_what_follows_cached() -> None:
    run_of(cp.chain, 3000)
    run = run_of(cp.chain, 2999)  # other data, the same total
    assert calls() == ["make", "total", "last", "make", "total"]
    assert reason(run, "make") == "input rows differs: 3000 → 2999"
    assert reason(run, "total") == "input data differs: 3,000 int64 → 2,999 int64"
    assert reason(run, "last").startswith("the same as in ")


def test_a_constant_counts_by_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    run_of(cp.one)
    monkeypatch.setattr(cp, "LIMIT", 4)
    run = run_of(cp.one)
    assert reason(run, "shared") == (
        "constant execution.cache_pipelines.LIMIT changed "
        "(tests/execution/cache_pipelines.py:15): 3 → 4"
    )
    monkeypatch.setattr(cp, "LIMIT", 3)
    assert called(cp.one) == []


def test_another_seed_is_another_result() -> None:
    run_of(cp.one)
    run = run_of(cp.one, seed=8)
    assert reason(run, "shared").startswith("the seed differs: ")


def test_the_nearest_earlier_run_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    run_of(cp.one, 1)
    run_of(cp.one, 2)
    monkeypatch.setattr(cp, "LIMIT", 4)
    assert "LIMIT" in reason(run_of(cp.one, 1), "shared")
    assert "number" not in reason(run_of(cp.one, 1), "shared")


def test_the_first_run_says_so() -> None:
    assert reason(run_of(cp.one), "shared") == "never run before"


def test_off_for_a_run_neither_takes_nor_keeps() -> None:
    assert called(cp.one, cache=False) == ["shared"]
    assert called(cp.one) == ["shared"]
    assert called(cp.one, cache=False) == ["shared"]
    assert reason(run_of(cp.one, cache=False), "shared") == "the cache is off for this run"


def test_refresh_takes_nothing_and_keeps() -> None:
    run_of(cp.one)
    assert called(cp.one, refresh=True) == ["shared"]
    newest = run_of(cp.one, refresh=True)
    assert reason(run_of(cp.one), "shared") == f"the same as in {newest.name}"


def test_a_result_expires_by_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    first = run_of(cp.aging)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3500)
    assert called(cp.aging) == []
    monkeypatch.setattr(time, "time", lambda: now() + 3700)  # its use did not make it younger
    run = run_of(cp.aging)
    assert calls() == ["for_an_hour"] * 2
    assert reason(run, "for_an_hour") == f"the result of {first.name} is older than 1 hour"


def test_a_clock_that_goes_back_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 10 * 86400)
    run_of(cp.aging)
    run_of(cp.chain)
    monkeypatch.setattr(time, "time", now)
    assert called(cp.aging) == []
    assert called(cp.chain) == []
    assert called(cp.one) == ["shared"]


def blob_of(run: Run[Any], node: str) -> Path:
    outcome = run[node].outcome
    assert outcome is not None
    artifact = outcome.outputs[0].artifact
    assert artifact is not None
    assert artifact.inline is None
    return run.job.stores.artifacts.path(artifact.blob)


@pytest.mark.parametrize("how", ["gone", "altered", "cut short"])
def test_bytes_that_are_gone_or_altered_are_made_again(how: str) -> None:
    run = run_of(cp.chain)
    path = blob_of(run, "make")
    path.chmod(0o644)
    if how == "gone":
        path.unlink()
    else:
        data = path.read_bytes()
        path.write_bytes(data[:-8] if how == "cut short" else data[:-8] + b"altered!")
    again = run_of(cp.chain)
    word = "gone" if how == "gone" else "altered"
    assert f"of {run.name} cannot be used: the bytes of artifact" in reason(again, "make")
    assert reason(again, "make").endswith(f"are {word}")
    assert calls() == ["make", "total", "last", "make"]
    assert again["make"].value.tolist() == list(range(3000))


def test_a_folder_of_which_a_file_is_gone_is_made_again() -> None:
    run = run_of(cp.folders)
    outcome = run["folder"].outcome
    assert outcome is not None
    artifact = outcome.outputs[0].artifact
    assert artifact is not None
    assert len(artifact.files) == 2
    run.job.stores.artifacts.path(artifact.files[1]).unlink()
    again = run_of(cp.folders)
    assert calls() == ["folder", "sizes", "folder"]
    assert reason(again, "folder").endswith("are gone")
    assert [path.name for path in sorted(again["folder"].value.iterdir())] == ["0.txt", "1.txt"]


def test_what_another_step_changed_at_run_time_is_not_kept() -> None:
    run = run_of(cp.meddling)
    assert run.result() == 49
    told = reason(run, "after_meddling")
    assert "not kept for the cache: execution.cache_pipelines." in told
    assert "an earlier step in this process changed it" in told
    cp.SETTINGS["rate"], cp.LIMIT = 2, 3
    again = run_of(cp.meddling)
    assert reason(again, "meddle").startswith("the same as in ")
    assert again.result() == 6  # and not the 49 that hung on a step which did not run


def test_workers_keep_what_they_computed_from_what_was_traced() -> None:
    pipeline: Any = cp.meddling
    run = pipeline.options(workers=1).run()
    assert run.result() == 49
    assert "not kept" in reason(run, "after_meddling")
    fresh: Any = pipeline.options(workers=1, fresh=True).run()
    assert fresh.result() == 6
    assert "not kept" not in reason(fresh, "after_meddling")


def test_a_class_that_changed_under_a_stored_value(monkeypatch: pytest.MonkeyPatch) -> None:
    run_of(cp.boxing)
    monkeypatch.setattr(cp.Box, "volume", lambda self: self.size**2)
    run = run_of(cp.boxing)
    assert calls() == ["boxed", "unboxed", "boxed", "unboxed"]
    assert "Box" in " ".join(change_of(run, "unboxed"))


def test_pickle_that_is_not_trusted_is_a_miss(tmp_path: Path) -> None:
    run = run_of(cp.pickling)
    assert called(cp.pickling) == []
    from windlass.execution import cache

    outcome = run["odd"].outcome
    assert outcome is not None
    strict = dataclasses.replace(run.job.stores, trust_pickle=False)
    told = cache.unusable_part(outcome.outputs[0].content, strict)
    assert told == "pickle is not allowed from this store"


def test_a_format_of_another_version_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    run_of(cp.chain)
    from windlass.artifacts.formats.arrays import ArrayFormat

    monkeypatch.setattr(ArrayFormat, "version", ArrayFormat.version + 1)
    run = run_of(cp.chain)
    assert "is now of version" in reason(run, "make")
    assert calls()[3:] == ["make"]


def test_what_was_lost_from_the_record_is_computed() -> None:
    run = run_of(cp.chain)
    records = run.job.stores.records
    with records.write():
        records.change("DELETE FROM fingerprints", {})
        records.change("DELETE FROM sources", {})
    cp.LIMIT = 5
    assert called(cp.chain) == []  # none of its steps reads it
    assert called(cp.one) == ["shared"]


def test_what_is_kept_and_what_it_saved() -> None:
    run_of(cp.chain)
    run_of(cp.chain)
    records: Records = run_of(cp.chain).job.stores.records
    kept = {each.step.rpartition(":")[2]: each for each in records.kept()}
    assert set(kept) == {"make", "total", "last"}
    assert kept["make"].results == 1
    assert kept["make"].hits == 2
    assert kept["make"].saved == pytest.approx(2 * kept["make"].seconds)
    assert records.forget(before=0) == 0
    assert records.forget(before=time.time() + 1, step=kept["last"].step) == 1
    assert called(cp.chain) == ["last"]
    assert records.forget(before=time.time() + 1) == 3
    assert records.kept() == []


def test_many_processes_at_once_all_come_out_right(home: Path) -> None:
    code = (
        "from execution import cache_pipelines as cp\n"
        "run = cp.many.options(workers=1).run(list(range(20)))\n"
        "import json; print(json.dumps([run.status, run.result()]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
        for _ in range(4)
    ]
    for process in processes:
        told = process.communicate(timeout=120)[0]
        assert json.loads(told) == ["succeeded", [3 * number for number in range(20)]]


def test_the_lines_that_differ() -> None:
    before, after = "def f(x):\n    y = 1\n    return x", "def f(x):\n    y = 2\n    return x"
    assert diff(before, after) == [" def f(x):", "-    y = 1", "+    y = 2", "     return x"]
    assert diff(None, after) == []


def test_code_without_a_file_has_no_place() -> None:
    assert Piece("function", "helper.f", "0", None, 1).place is None
    assert Piece("function", "helper.f", "0", "helper.py", 1).place == "helper.py:1"
    assert Piece("constant", "helper.K", "0", "helper.py").place == "helper.py"
