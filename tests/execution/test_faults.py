"""Real deaths, real kills, real floods: a failure stays where it happened, and is told in words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from execution import fault_pipelines as fp
from windlass import Run
from windlass.errors import ConfigError
from windlass.records import Records

HERE = Path(__file__).parent


def run_of(pipeline: Any, *arguments: Any, **options: Any) -> Run[Any]:
    run: Run[Any] = pipeline.options(**{"workers": 2, **options}).run(*arguments)
    return run


def error_of(run: Run[Any], node: str) -> dict[str, Any]:
    outcome = run[node].outcome
    assert outcome is not None
    assert outcome.error is not None
    return dict(outcome.error)


def gone(pid: int, seconds: float = 3) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("segfault", "WorkerDiedError", "SIGSEGV (a memory error in native code)"),
        ("exit", "WorkerDiedError", "exit(3)"),
        ("kill", "WorkerDiedError", "SIGKILL (perhaps by the kernel, because memory ran out)"),
        ("sys.exit", "SystemExit", "sys.exit(4)"),
        ("exception", "ValueError", "just so"),
        ("recursion", "RecursionError", "maximum recursion depth"),
    ],
)
def test_a_step_that_ends_badly_fails_alone(how: str, kind: str, words: str) -> None:
    run = run_of(fp.ending, how, 3)
    assert run.status == "failed"
    assert run["one"].status == "succeeded"
    assert run["add"].status == "skipped"
    error = error_of(run, "end_badly")
    assert error["kind"] == kind
    assert words in error["message"]
    assert words in (run.error or "")
    assert "about to end by" in run["end_badly"].logs()
    if how != "recursion":  # what was logged before the end is kept
        assert [m.value for m in run.logged_metrics()] == [0, 1, 2]


def test_a_hanging_step_is_killed_with_its_children(tmp_path: Path) -> None:
    run = run_of(fp.hanging, str(tmp_path))
    assert error_of(run, "hang")["kind"] == "StepTimeoutError"
    assert "0.5 s" in error_of(run, "hang")["message"]
    for pid in (tmp_path / "pids").read_text().split():
        assert gone(int(pid))


def test_deaths_are_retried_and_counted(tmp_path: Path) -> None:
    run = run_of(fp.dying_twice, str(tmp_path))
    assert run.result() == 2
    outcome = run["die_twice"].outcome
    assert outcome is not None
    assert outcome.attempts == 3
    statuses = [a.status for a in run.job.stores.records.attempts(run.id, "die_twice")]
    assert statuses == ["failed", "failed", "succeeded"]
    assert [m.value for m in run.logged_metrics()] == [0, 1, 2]


def test_ctrl_c_stops_within_a_second_and_leaves_a_cancelled_run(
    tmp_path: Path, home: Path
) -> None:
    process = start_sleeping(tmp_path)
    workers = [wait_for_pid(tmp_path / f"pid{number}") for number in (1, 2)]
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=10)
    assert time.monotonic() - start < 3  # a second, and what a busy machine takes
    assert out.strip() == "cancelled"
    assert all(gone(pid, 0.5) for pid in workers)
    records = Records.open(home / "windlass.db")
    run = records.run("latest")
    assert run.status == "cancelled"
    statuses = {o.node: o.status for o in records.run_outcomes(run.id)}
    assert {statuses[f"sleep_long[{i}]"] for i in range(3)} == {"cancelled"}
    assert not [a for a in records.attempts(run.id) if a.status == "running"]
    assert [m.name for m in records.metrics(run.id)] == ["asleep"] * 2


def start_sleeping(folder: Path) -> subprocess.Popen[str]:
    """A process that drives a run of steps that sleep, and prints the run's status."""
    code = (
        "import sys; from execution import fault_pipelines as fp\n"
        "print(fp.sleeping.options(workers=2).run(sys.argv[1]).status)\n"
    )
    command = [sys.executable, "-c", code, str(folder)]
    pipes = subprocess.PIPE
    return subprocess.Popen(command, cwd=HERE.parent, stdout=pipes, stderr=pipes, text=True)


def wait_for_pid(path: Path) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(f"{path} was never written")


@pytest.mark.parametrize("victim", ["driver", "driver and fork server"])
def test_a_dead_parents_workers_end_and_the_run_is_lost(
    tmp_path: Path, home: Path, victim: str
) -> None:
    process = start_sleeping(tmp_path)
    workers = [wait_for_pid(tmp_path / f"pid{number}") for number in (1, 2)]
    children = [child.pid for child in psutil.Process(process.pid).children()]
    assert children
    if victim == "driver and fork server":
        process.send_signal(signal.SIGSTOP)  # so that it cannot record the other's death
        for pid in children:
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.communicate()
    assert all(gone(pid) for pid in [*workers, *children])
    records = Records.open(home / "windlass.db")
    row = records.run("latest")
    assert row.status == "running"
    from windlass.execution.liveness import is_gone

    assert is_gone(row)
    assert records.check() == "ok"


def test_the_fork_server_killed_is_told(tmp_path: Path, home: Path) -> None:
    process = start_sleeping(tmp_path)
    wait_for_pid(tmp_path / "pid1")
    (server,) = psutil.Process(process.pid).children()
    server.kill()
    _, told = process.communicate(timeout=10)
    assert "the process that starts the workers ended: killed by SIGKILL" in told
    assert Records.open(home / "windlass.db").run("latest").status == "failed"


def test_leaked_globals_show_as_a_difference() -> None:
    warm = run_of(fp.leaking, workers=1).result()
    fresh = run_of(fp.leaking, workers=1, fresh=True, cache=False).result()
    assert warm == [1, 2, 3]
    assert fresh == [1, 1, 1]


def test_a_flood_of_lines_is_kept_whole() -> None:
    run = run_of(fp.flooding, 100_000)
    assert run["flood"].logs().splitlines() == [str(number) for number in range(100_000)]


def test_everything_that_a_step_logs_is_in_the_record() -> None:
    run = run_of(fp.logging, 300)
    metrics = run.logged_metrics()
    assert [m.value for m in metrics if m.name == "series"] == [n / 2 for n in range(300)]
    assert [m.step for m in metrics if m.name == "series"] == list(range(300))
    assert [m.value for m in metrics if m.name == "nan"] == [None]
    assert [m.value for m in metrics if m.name == "threaded"] == [1]
    params = {p.name: p.value for p in run.job.stores.records.params(run.id)}
    assert params == {"depth": 3, "names": ["a"]}


def test_what_a_failed_attempt_logged_stays(tmp_path: Path) -> None:
    run = run_of(fp.logging_in_vain, str(tmp_path))
    assert run.status == "succeeded"
    assert [(m.name, m.value, m.attempt) for m in run.logged_metrics()] == [("progress", 0.25, 1)]
    assert [p.name for p in run.job.stores.records.params(run.id)] == ["first"]


def test_logging_outside_a_run_does_nothing() -> None:
    assert fp.log_all(3) == 3


@pytest.mark.parametrize(
    ("deep", "node", "words"),
    [(False, "wrong_type", "promises int"), (True, "wrong_item", "promises list[int]")],
)
def test_a_step_that_breaks_its_promise_has_failed(deep: bool, node: str, words: str) -> None:
    error = error_of(run_of(fp.returning_wrong, deep), node)
    assert error["kind"] == "OutputTypeError"
    assert words in error["message"]


def test_what_no_format_takes_is_refused_and_pickled_where_allowed() -> None:
    error = error_of(run_of(fp.unserialisable), "make_opaque")
    assert error["kind"] == "FormatError"
    assert "Opaque" in error["message"]
    assert "allow_pickle" in (error["hint"] or "")
    run = run_of(fp.pickling)
    assert run.result() == "Opaque"
    outcome = run["make_pickled"].outcome
    assert outcome is not None
    assert outcome.outputs[0].artifact is not None
    assert outcome.outputs[0].artifact.pickled


def test_steps_run_at_once_only_while_there_is_room() -> None:
    values = run_of(fp.spans, workers=3).result()
    for (_, end, threads), (start, _, _) in zip(sorted(values), sorted(values)[1:], strict=False):
        assert start >= end  # two cores each, of three: one at a time
        assert threads == 2


def test_more_gpus_than_there_are_is_refused_before_anything_runs(home: Path) -> None:
    with pytest.raises(ConfigError, match="'on_gpus' asks for 64 GPUs"):
        run_of(fp.many_gpus)
    assert Records.open(home / "windlass.db").counts()["runs"] == 0


def test_a_run_repeats_and_its_items_differ() -> None:
    first = run_of(fp.drawing, cache=False).result()
    again = run_of(fp.drawing, cache=False, fresh=True).result()
    other = run_of(fp.drawing, cache=False, seed=1).result()
    assert first == again
    assert len({tuple(item) for item in first}) == 3
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_after_a_failure_nothing_new_is_started() -> None:
    run = run_of(fp.failing_fast, 30, workers=1)
    statuses = [node.status for node in run.nodes if node.base == "fail_late"]
    assert statuses == ["failed", *["cancelled"] * 29]
    kept_going = run_of(fp.failing_fast, 4, workers=2, keep_going=True)
    statuses = [node.status for node in kept_going.nodes if node.base == "fail_late"]
    assert statuses == ["failed", "succeeded", "succeeded", "succeeded"]


def test_a_second_run_is_served_from_the_first() -> None:
    first = run_of(fp.many, 1)
    second = run_of(fp.many, 1)
    assert second.result() == first.result()
    outcomes = [node.outcome for node in second.nodes]
    assert all(o is not None and o.cached for o in outcomes)
    assert outcomes[0] is not None
    assert outcomes[0].reason == f"the same as in {first.name}"
    third = run_of(fp.many, 1, cache=False)
    assert not any(node.outcome and node.outcome.cached for node in third.nodes)


def test_eight_processes_on_one_record(home: Path) -> None:
    """Not one "database is locked", no number given twice, nothing lost."""
    processes = [
        subprocess.Popen(
            [sys.executable, str(HERE / "fault_pipelines.py"), "4"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    told = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, [err for _, err in told]
    assert not any(err for _, err in told)
    names = sorted(name for out, _ in told for name in out.split())
    assert names == sorted(f"many-{number}" for number in range(1, 33))
    records = Records.open(home / "windlass.db")
    assert records.check() == "ok"
    for name in names:
        outcomes = records.run_outcomes(records.run(name).id)
        assert len(outcomes) == 1 + 2 * (25 + 1)  # numbers, and two maps with their lists
        assert {outcome.status for outcome in outcomes} == {"succeeded"}
