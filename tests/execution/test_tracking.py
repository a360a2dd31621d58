"""What steps log, from the step to the record: in all processes, while it runs, past any death."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from execution import tracking_pipelines as tp
from windlass import Picture, Run, artifacts, log_figure, log_table, log_text
from windlass.artifacts.artifact import Artifact
from windlass.errors import ParameterError, QueryError
from windlass.execution.collecting import Rule, collect
from windlass.execution.document import run_document
from windlass.execution.relay.posts import outcome_document, read_outcome
from windlass.execution.sweeps import sweep_documents
from windlass.records import Records
from windlass.records.asking.grammar import read_order
from windlass.records.model import Outcome
from windlass.records.points import Points
from windlass.records.tracked import Logged, Series
from windlass.tracking import attending
from windlass.tracking.journal import journalling
from windlass.tracking.machine import Gpus, Usage, cpu_seconds
from windlass.tracking.reading import read_journal


def run_of(pipeline: Any, *arguments: Any, **options: Any) -> Run[Any]:
    run: Run[Any] = pipeline.options(**{"workers": 2, **options}).run(*arguments)
    return run


def load(run: Run[Any], logged: Logged) -> Any:
    stores = run.job.stores
    return artifacts.load(logged.content, stores.artifacts, stores.records)


def test_values_are_logged_in_items_threads_and_children(home: Path) -> None:
    run = run_of(tp.logging_all)
    assert run.status == "succeeded", run.error
    records = run.job.stores.records
    for number in range(2):
        found = {each.name: each for each in records.logged(run.id, f"everything[{number}]")}
        assert [each.kind for each in found.values()] == ["table", "figure", "text", "text", "text"]
        assert load(run, found["history"]) == tp.ROWS
        assert found["history"].step == number + 1
        drawing = load(run, found["drawing"])
        assert drawing == Picture(b"png" * 4000, f"<svg>{number + 1}</svg>")
        told = [load(run, found[f"of {name}"]) for name in ("thread", "child", "fork")]
        assert told == ["thread", "child", "fork"]
    assert not list(home.glob("logs/*/*.values")), "what the store has is not kept twice"
    again = run_of(tp.logging_all)
    assert again["everything[0]"].outcome is not None
    assert again["everything[0]"].outcome.cached
    document = run_document(records, again.row)
    (first, _) = document["nodes"]
    assert [each["name"] for each in first["logged"]][:2] == ["history", "drawing"]
    _collect_all_but(again)
    assert load(again, records.logged(again.id)[0]) == tp.ROWS


def _collect_all_but(run: Run[Any]) -> None:
    """What is named by a run stays, also what another has logged for it."""
    done = collect(run.job.stores, Rule(before=time.time() + 60, keep_last=1), grace=-60.0)
    assert done.needed
    assert done.blobs == 0


def test_what_was_logged_before_a_kill_is_in_the_record() -> None:
    run = run_of(tp.dying, 1000)
    assert run.status == "failed"
    assert [metric.value for metric in run.logged_metrics()] == list(range(1000))
    (table,) = run.job.stores.records.logged(run.id)
    assert load(run, table) == tp.ROWS
    assert [p.name for p in run.job.stores.records.params(run.id) if p.node] == ["count"]


def test_a_long_step_is_seen_while_it_runs_with_what_it_uses(home: Path, tmp_path: Path) -> None:
    (tmp_path / "windlass.toml").touch()
    found: list[Run[Any]] = []
    thread = threading.Thread(target=lambda: found.append(run_of(tp.lasting, 3.0, str(tmp_path))))
    thread.start()
    _wait_for((tmp_path / "begun").exists)
    records = Records.open(home / "windlass.db")
    run = records.run("latest")

    def is_seen() -> bool:
        return {"begun", "system/cpu"} <= {c.name for c in records.curves(run.id, NAMES)}

    _wait_for(is_seen)
    assert records.run(run.id).status == "running"
    assert [each.name for each in records.logged(run.id)] == ["note"]
    assert records.outcomes(run.id) == []
    (tmp_path / "seen").touch()
    thread.join()
    assert found[0].status == "succeeded"
    curves = {curve.name: curve.values for curve in found[0].curves(*NAMES)}
    assert curves["begun"] == [1.0]
    assert max(value or 0 for value in curves["system/memory"]) > 80e6  # in a child of the step
    assert max(value or 0 for value in curves["system/cpu"]) > 0.05
    assert found[0].metrics == {"begun": 1.0}
    assert len(records.logged(run.id)) == 1


NAMES = ("begun", "system/cpu", "system/memory")


def _wait_for(condition: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attending, "_SHORT", 0.05)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("wanted", [True, False])
def test_the_machine_is_measured_only_where_that_is_wanted(tmp_path: Path, wanted: bool) -> None:
    flushed: list[float] = []
    with (
        journalling(tmp_path / "journal") as journal,
        attending.attended(journal, wanted, lambda: flushed.append(time.monotonic())),
    ):
        time.sleep(0.4)
    found = read_journal(tmp_path / "journal").series
    assert set(found) >= {"system/cpu", "system/memory"} if wanted else not found


@pytest.mark.usefixtures("quick")
def test_the_thread_ends_with_the_steps_and_comes_again(tmp_path: Path) -> None:
    def attendants() -> int:
        return sum(thread.name == "windlass-attendant" for thread in threading.enumerate())

    _wait_for(lambda: attendants() == 0)
    for _ in range(2):
        for number in range(20):
            with (
                journalling(tmp_path / f"journal{number}") as journal,
                attending.attended(journal, True, None),
            ):
                assert attendants() == 1
        _wait_for(lambda: attendants() == 0)
    assert not list(tmp_path.glob("journal*")), "a short step measures nothing"


def test_children_are_counted_and_those_that_ended() -> None:
    began, before = time.monotonic(), cpu_seconds()
    usage = Usage(began, before)
    for _ in range(2):
        subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    usage.look()
    told = usage.take()
    used = told["system/cpu"] * (time.monotonic() - began)
    assert used > 0.1
    assert told["system/memory"] > 1e6
    usage.look()
    assert usage.take()["system/cpu"] < 50


def test_a_machine_without_gpus_tells_of_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Gpus().look() == ({}, {})


def test_nothing_is_imported_beside_a_step_whose_tracker_may_lock_imports(tmp_path: Path) -> None:
    """In a process that has measured nothing, with a finder that notes who looks for modules."""
    code = """
import pathlib, sys, threading, time
from windlass.tracking import attending
from windlass.tracking.journal import journalling
from windlass.tracking.machine import import_libraries

class Finder:
    beside = set()
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is not threading.main_thread():
            self.beside.add(name)

attending._SHORT = 0.05
import_libraries()
sys.meta_path.insert(0, Finder())
with journalling(pathlib.Path(sys.argv[1])) as journal, attending.attended(journal, True, None):
    time.sleep(0.4)
print(Finder.beside)
"""
    journal = tmp_path / "journal"
    told = subprocess.check_output([sys.executable, "-c", code, str(journal)], text=True)
    assert told == "set()\n"
    assert "system/cpu" in read_journal(journal).series


def test_gpus_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a driver of our own making: the real one is met on a machine with GPUs."""
    monkeypatch.setitem(sys.modules, "pynvml", Driver())
    told = {"system/gpu0": 0.5, "system/gpu1": 0.5}
    assert Gpus().look()[1] == told
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert Gpus().look() == ({"system/gpu0_memory": 1e9}, {"system/gpu0": 0.5})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,GPU-abc")
    assert Gpus().look() == ({"system/gpu1_memory": 9e9}, {"system/gpu1": 0.5})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert Gpus().look() == ({}, {})


class Driver:
    """What is asked of nvidia-ml-py, for two GPUs."""

    class NVMLError(Exception):
        """As the driver raises."""

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        if number > 1:
            raise self.NVMLError
        return number

    def nvmlDeviceGetHandleByUUID(self, name: bytes) -> int:
        assert name == b"GPU-abc"
        return 9

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return type("Memory", (), {"used": int(handle * 1e9)})

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return type("Rates", (), {"gpu": 50})


@pytest.mark.parametrize(
    ("log", "value", "message", "hint"),
    [
        (log_figure, [1, 2], "cannot be logged as a figure: it is a list", "figure of matplotlib"),
        (log_figure, math, "it is a module", "plt.gcf()"),
        (log_table, 3, "cannot be logged as a table: it is an int", "a list of dicts"),
        (log_table, [1, 2], "its row 0 is 1", "a dict"),
        (log_table, [{"a": 1}, {2: 1}], "its row 1 is {2: 1}", "names of columns"),
        (log_table, {"a": [1], "b": [1, 2]}, "columns of one length", "'loss'"),
        (log_table, {"a": 1}, "columns of one length", "'loss'"),
        (log_text, 3, "cannot be logged as a text: it is an int", "Log a str"),
    ],
)
def test_what_is_of_another_kind_is_refused_in_words(
    log: Any, value: Any, message: str, hint: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        log("name", value)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_names_and_steps_are_checked_outside_a_run_too() -> None:
    log_text("fine", "told to nobody")
    with pytest.raises(ParameterError, match="of what is logged"):
        log_text("", "text")
    with pytest.raises(ParameterError, match="64 bits"):
        log_text("text", "text", step=2**63)


def test_tables_of_every_library_are_logged(tmp_path: Path) -> None:
    np, pd = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    told = {"a": [1, 2], "b": [0.5, 1.5]}
    tables = {
        "pandas.frame": pd.DataFrame(told),
        "polars.frame": pl.DataFrame(told),
        "arrow.table": pa.table(told),
        "numpy.array": np.eye(3),
        "list": [{"a": np.float64(1.5)}, {"a": np.int64(2)}],
        "columns": {"a": np.arange(2), "b": [1, 2]},
    }
    with journalling(tmp_path / "journal"):
        for name, table in tables.items():
            log_table(name, table)
        with pytest.raises(ParameterError, match="3 dimensions"):
            log_table("cube", np.zeros((2, 2, 2)))
    found = {
        each.name: each.value["artifact"] for each in read_journal(tmp_path / "journal").values
    }
    assert [found[name]["format"] for name in list(tables)[:4]] == list(tables)[:4]
    assert [found[name]["format"] for name in ("list", "columns")] == ["list", "list"]


def test_figures_of_every_library_are_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    axes.plot([1, 2, 3])
    alt, go = pytest.importorskip("altair"), pytest.importorskip("plotly.graph_objects")
    data = alt.Data(values=[{"x": 1, "y": 2}])
    figures = {
        "picture": figure,
        "altair.chart": alt.Chart(data).mark_point().encode(x="x:Q", y="y:Q"),
        "plotly.figure": go.Figure(go.Scatter(x=[1], y=[2])),
    }
    with journalling(tmp_path / "journal"):
        for name, drawn in figures.items():
            log_figure(name, drawn)
        with pytest.raises(ParameterError) as caught:
            log_figure("axes", axes)
    assert caught.value.hint == "Log its figure: axes.figure"
    told = {
        each.name: each.value["artifact"]["format"]
        for each in read_journal(tmp_path / "journal").values
    }
    assert told == {name: name for name in figures}


def test_what_is_posted_is_read_again() -> None:
    points = Points()
    points.add(math.inf, None, 1.0)
    points.add(0.1, 5, 2.0)
    made = Artifact("c" * 64, "b" * 64, "text", 1, "str", 3, b"abc")
    outcome = Outcome(
        *("run", "n", "m:step", "failed"),
        series=(Series("run", "n", 1, "loss", points),),
        logged=(Logged("run", "n", 1, 0, "note", "text", made.content, None, 3.0),),
        artifacts=(made,),
    )
    document = json.loads(json.dumps(outcome_document(outcome)))
    assert read_outcome("it", document) == outcome
    older = {k: v for k, v in document.items() if k not in ("series", "logged")}
    assert read_outcome("it", {**older, "metrics": []}).series == ()


def test_a_map_is_one_experiment_of_its_items() -> None:
    run = run_of(tp.sweeping, [2, 8, 4], in_process=True)
    assert run.status == "succeeded", run.error
    records = run.job.stores.records
    fits, pairs = sweep_documents(records, run.row)
    assert (fits["node"], fits["nodes"]) == ("fit", ["fit", "score"])
    assert (fits["parameters"], fits["metrics"]) == (
        ["depth", "rate"],
        ["loss", "auc", "score.loss"],
    )
    assert [item["arguments"] for item in fits["items"]] == [
        {"depth": 2, "rate": 0.1},
        {"depth": 8, "rate": 0.2},
        {"depth": 4, "rate": 0.3},
    ]
    assert [item["metrics"]["auc"] for item in fits["items"]] == [0.2, 0.8, 0.4]
    assert fits["items"][0]["metrics"] == {"loss": 0.5, "auc": 0.2, "score.loss": 9.0}
    assert pairs["node"] == "pair"
    assert len(pairs["items"]) == 12
    for item in pairs["items"]:
        given = item["arguments"]
        value = run[item["node"]].value
        assert value[:2] == f"{given['a']}{given['b']}"
        assert given["c"].startswith(f"{{'depth': {value[2:]},")


def test_the_items_of_an_experiment_are_sorted_best_first() -> None:
    run = run_of(tp.sweeping, [2, 8, 4], in_process=True)
    records = run.job.stores.records

    def indexes(order: str) -> list[int]:
        fits, _ = sweep_documents(records, run.row, read_order(order))
        return [item["index"] for item in fits["items"]]

    assert indexes("metrics.auc") == [1, 2, 0]
    assert indexes("metrics.loss asc") == [1, 2, 0]
    assert indexes("params.depth asc") == [0, 2, 1]
    assert indexes("metrics.none") == [0, 1, 2]
    with pytest.raises(QueryError, match="cannot be sorted by 'status'"):
        indexes("status")


def test_a_forked_child_attends_nothing_of_its_parents() -> None:
    before = attending._attendant
    child = os.fork()
    if child == 0:
        os._exit(0 if attending._attendant is not before else 1)
    assert os.waitpid(child, 0)[1] == 0
