"""What a step has logged outlives it: threads, children, deaths and full disks."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass import log_metric, log_metrics, log_params
from windlass.errors import ParameterError
from windlass.tracking.journal import Journal, journalling, read_journal


def test_outside_a_run_arguments_are_checked_and_nothing_is_written() -> None:
    log_metrics({"auc": 0.5}, step=3)
    log_params({"depth": 3})
    with pytest.raises(ParameterError, match="not a number"):
        log_metric("auc", "high")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10**400, "1", None, [1.0]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="the metric 'auc'"):
        log_metric("auc", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1, 1.5, True])
def test_a_step_that_no_database_holds_is_refused(step: int) -> None:
    with pytest.raises(ParameterError, match="64 bits"):
        log_metric("auc", 1, step=step)


def test_threads_log_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal"

    def log(name: str) -> None:
        for number in range(500):
            log_metrics({name: number, f"{name}+": number}, step=number)

    with journalling(path):
        threads = [threading.Thread(target=log, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    entries = read_journal(path)
    assert [entry.seq for entry in entries] == list(range(4000))
    for name in ("a", "b+", "d"):
        assert [e.value for e in entries if e.name == name] == list(range(500))


def test_processes_that_a_step_starts_log_too(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    code = "from windlass import log_metric; log_metric('of_child', 2)"
    with journalling(path):
        log_metric("of_step", 1)
        subprocess.run([sys.executable, "-c", code], check=True)
        child = os.fork()
        if child == 0:
            log_metric("of_fork", 3)
            os._exit(0)
        os.waitpid(child, 0)
    subprocess.run([sys.executable, "-c", code], check=True)  # of no step any more
    told = {entry.name: entry.value for entry in read_journal(path)}
    assert told == {"of_step": 1, "of_child": 2, "of_fork": 3}


def test_a_line_that_was_cut_short_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with journalling(path):
        log_metric("before", 1)
    with path.open("ab") as file:
        file.write(b'["metric", "half", 0.')
    with journalling(path):
        log_metric("after", math.inf)
    assert [(e.seq, e.name, e.value) for e in read_journal(path)] == [
        (0, "before", 1.0),
        (1, "after", math.inf),
    ]


@given(st.lists(st.dictionaries(st.text(min_size=1), st.floats(allow_nan=False), max_size=4)))
def test_whatever_is_logged_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, told: list[dict[str, float]]
) -> None:
    path = tmp_path_factory.mktemp("journals") / "journal"
    journal = Journal(path)
    for metrics in told:
        journal.add("metric", dict(metrics))
    journal.close()
    assert [(e.name, e.value) for e in read_journal(path)] == [
        pair for metrics in told for pair in metrics.items()
    ]
