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
from windlass.records.points import Points
from windlass.tracking.journal import Journal, journalling
from windlass.tracking.reading import JournalReader, read_journal


def test_outside_a_run_arguments_are_checked_and_nothing_is_written() -> None:
    log_metrics({"auc": 0.5}, step=3)
    log_params({"depth": 3})
    with pytest.raises(ParameterError, match="not a number"):
        log_metric("auc", "high")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [10**400, "1", None, [1.0]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="the metric 'auc'"):
        log_metric("auc", value)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", 3, None, "n" * 251])
def test_a_name_that_no_record_looks_up_is_refused(name: str) -> None:
    with pytest.raises(ParameterError, match="of what is logged"):
        log_metric(name, 1)
    with pytest.raises(ParameterError, match="of what is logged"):
        log_params({name: 1})


def test_the_names_of_the_machines_own_metrics_are_refused() -> None:
    with pytest.raises(ParameterError, match="'system/cpu' would be one of the machine's own"):
        log_metric("system/cpu", 1)


@pytest.mark.parametrize("step", [2**63, -(2**63), 1.5, True])
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
    series = read_journal(path).series
    assert set(series) == {name + more for name in "abcd" for more in ("", "+")}
    for points in series.values():
        assert list(points.values) == list(points.steps) == list(range(500))


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
    told = {name: list(points.values) for name, points in read_journal(path).series.items()}
    assert told == {"of_step": [1.0], "of_child": [2.0], "of_fork": [3.0]}


def test_a_line_that_was_cut_short_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with journalling(path):
        log_metric("before", 1)
    with path.open("ab") as file:
        file.write(b'["metric", "half", 0.')
    with journalling(path):
        log_metric("after", math.inf)
    told = {name: list(points.values) for name, points in read_journal(path).series.items()}
    assert told == {"before": [1.0], "after": [math.inf]}


LOGGED = st.lists(
    st.tuples(
        st.dictionaries(st.text(min_size=1), st.floats(), max_size=4),
        st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    )
)


@given(LOGGED)
def test_whatever_is_logged_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[dict[str, float], int | None]]
) -> None:
    path = tmp_path_factory.mktemp("journals") / "journal"
    journal = Journal(path)
    for metrics, step in told:
        journal.add_metrics(metrics, step)
    journal.close()
    found = read_journal(path).series
    assert {name for metrics, _ in told for name in metrics} == set(found)
    for name, points in found.items():
        wanted = [(repr(metrics[name]), step) for metrics, step in told if name in metrics]
        assert list(zip(map(repr, points.values), points.told_steps(), strict=True)) == wanted


@given(LOGGED, st.integers(0, 400))
def test_read_bit_by_bit_it_is_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[dict[str, float], int | None]],
    size: int,
) -> None:
    """However the writer is met: also in the middle of a line."""
    folder = tmp_path_factory.mktemp("journals")
    journal = Journal(folder / "whole")
    for metrics, step in told:
        journal.add_metrics(metrics, step)
    journal.close()
    whole = folder / "whole"
    data = whole.read_bytes() if whole.exists() else b""
    reader, found = JournalReader(folder / "growing"), dict[str, Points]()
    for end in (size, len(data)):
        (folder / "growing").write_bytes(data[:end])
        for name, points in reader.read().series.items():
            found.setdefault(name, Points()).extend(points)
    wanted = read_journal(whole).series
    assert {name: repr(points) for name, points in found.items()} == {
        name: repr(points) for name, points in wanted.items()
    }


def test_what_is_logged_after_the_step_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with journalling(path) as journal:
        log_metric("within", 1)
    journal.add_metrics({"late": 1.0})
    assert list(read_journal(path).series) == ["within"]
