"""What the commands that look tell of runs of every kind; called in this process, for speed."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from windlass import each, log_metric, pipeline, step
from windlass.cli import looking
from windlass.cli.app import run_app
from windlass.execution.liveness import this_process
from windlass.records import Records
from windlass.records.model import Attempt, NewRun

Look = Callable[..., str]


class Both(NamedTuple):
    left: int
    right: int


@step
def both(n: int) -> Both:
    print("both of", n)
    return Both(n, n + 1)


@step
def same(n: int) -> int:
    log_metric("size", n)
    return n


@step
def odd(n: int) -> int:
    if n % 10 == 3:
        raise ValueError(f"{n} will not do")
    return n


@step
def add(numbers: list[int]) -> int:
    return sum(numbers)


@pipeline
def inner(n: int) -> int:
    return same(both(n).left)


@pipeline
def outer(n: int = 5) -> int:
    return same(inner(n))


@pipeline
def wide(items: int) -> int:
    return add(odd.map(each(numbers(items))))


@step
def numbers(items: int) -> list[int]:
    return list(range(items))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINDLASS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Look:
    """Runs a command; returns what it printed."""

    def look(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        found = run_app(arguments)
        out, err = capsys.readouterr()
        assert found == code, out + err
        return str(out if code == 0 or "--json" in arguments else err)

    return look


def run(found: Any, *arguments: Any) -> Any:
    return found.options(in_process=True, keep_going=True, tags={"why": "test"}).run(*arguments)


def test_show_draws_nested_pipelines_as_a_tree(look: Look) -> None:
    run(outer)
    told = look("show", "outer")
    assert re.search(r"^inner\n├── ✓ both +\S+ ms\n│ +left: int  5", told, re.MULTILINE)
    assert re.search(r"^└── ✓ same .* size 5$", told, re.MULTILINE)
    assert re.search(r"^✓ same ", told, re.MULTILINE)
    for fact in ("parameters  n=5", "tags        why=test", "metrics     size 5", "plan "):
        assert fact in told


def test_show_tells_of_a_large_map_what_went_wrong(look: Look) -> None:
    run(wide, 30)
    told = look("show", "wide")
    assert "odd  30 items: 27 succeeded, 3 failed" in told
    assert "ValueError: 13 will not do" in told
    assert "odd[3]" in told
    assert "odd[4]" not in told
    assert "'odd' failed" in told
    assert told.count("never run before") == 1
    assert "odd[4]" in look("show", "wide", "--all")


def test_show_tells_of_a_small_map_every_item(look: Look) -> None:
    run(wide, 3)
    told = look("show", "wide")
    assert [f"odd[{i}]" in told for i in range(3)] == [True] * 3


def _begin(records: Records, **host: Any) -> str:
    return records.create_run(
        NewRun(
            *("going", "p" * 64, "b" * 64, "e" * 64, "local", "default"),
            seed=0,
            host={**this_process(), **host},
            details={"left_out": [[f"f{i}", "too large"] for i in range(7)]},
        )
    ).id


def test_a_run_that_goes_on_shows_what_is_running(look: Look, home: Path) -> None:
    records = Records.open(str(home / "windlass.db"))
    going = _begin(records)
    records.begin_attempt(Attempt(going, "fit[2]", 1, "running", {}, time.time() - 65))
    told = look("show", "going")
    assert "● running" in told
    assert "fit[2]  attempt 1, began 1 min 5 s ago" in told
    assert "f4: too large" in told
    assert "f5:" not in told
    assert "and 2 more" in told


def test_running_and_lost_runs_are_told_apart(look: Look, home: Path) -> None:
    records = Records.open(str(home / "windlass.db"))
    _begin(records)
    _begin(records, pid_started=0.0)
    for status, name in (("running", "going-1"), ("lost", "going-2")):
        assert f"{name}  " in look("runs", "--status", status, "--limit", "1")
        (told,) = json.loads(look("runs", "--status", status, "--json"))["runs"]
        assert (told["name"], told["status"]) == (name, status)


def test_lineage_of_equal_values_tells_the_node_that_is_meant(look: Look) -> None:
    run(outer)
    for node in ("same", "inner.same"):
        first = look("lineage", f"outer-1:{node}").splitlines()[1]
        assert first.startswith(f"├── made by outer-1  {node}")
    assert "both" in look("lineage", "outer:same")


def test_an_artifact_among_several_outputs_must_be_named(look: Look) -> None:
    run(outer)
    told = look("artifacts", "show", "outer:inner.both", code=2)
    assert "several outputs: left, right" in told
    assert "outer-1:inner.both.left" in told
    assert "there is left, right" in look("artifacts", "show", "outer:inner.both.up", code=2)
    assert "5" in look("artifacts", "show", "outer:inner.both.left").splitlines()


def test_a_node_that_made_nothing_has_no_artifact(look: Look) -> None:
    run(wide, 4)
    assert "its node is failed" in look("artifacts", "show", "wide:odd[3]", code=2)
    assert "no node 'odd[9]' that has ended" in look("artifacts", "show", "wide:odd[9]", code=2)


def test_logs_of_one_attempt_have_no_heading(look: Look) -> None:
    run(outer)
    assert look("logs", "outer", "inner.both") == "both of 5\n"
    assert "no attempt 2" in look("logs", "outer", "inner.both", "--attempt", "2", code=2)
    run(wide, 4)
    assert "no attempt 1 at 'odd[9]'" in look("logs", "wide", "odd[9]", code=2)
    assert look("logs", "outer") == "── inner.both, attempt 1 ──\nboth of 5\n"


def test_a_fault_of_ours_says_so(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("odd")

    monkeypatch.setattr(looking, "stack_here", broken)
    told = look("runs", code=1)
    assert "Traceback" in told
    assert "this is a bug in Windlass: odd" in told
    document = json.loads(look("runs", "--json", code=1))
    assert document["error"]["kind"] == "RuntimeError"


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (OSError(28, "No space left on device", "/x"), 1, "No space left on device: /x"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_is_no_bug_is_told_without_a_traceback(
    error: BaseException, code: int, told: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(looking, "stack_here", broken)
    assert look("runs", code=code) == f"error: {told}\n"
    assert json.loads(look("runs", "--json", code=code))["error"]["message"] == told
