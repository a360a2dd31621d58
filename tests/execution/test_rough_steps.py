"""Steps that handle their process roughly: each fails alone, in words, and leaves nothing."""

from __future__ import annotations

import importlib
import os
import time
from pathlib import Path
from typing import Any

import pytest

from execution import rough_pipelines as rp
from windlass import Run


def run_of(pipeline: Any, *args: Any, **options: Any) -> Run[Any]:
    found: Run[Any] = pipeline.options(**options).run(*args)
    return found


def error_of(run: Run[Any], node: str) -> dict[str, Any]:
    outcome = run[node].outcome
    assert outcome is not None
    error: Any = outcome.error
    assert isinstance(error, dict)
    return error


def test_many_workers_that_die_at_once_fail_alone() -> None:
    for _ in range(3):
        run = run_of(rp.all_die, keep_going=True)
        statuses = [run[f"die[{number}]"].status for number in range(40)]
        assert statuses == ["failed"] * 40


@pytest.mark.parametrize(("how", "code"), [("return", 0), ("exit", 3), ("raise", 1)])
@pytest.mark.parametrize("in_process", [False, True])
def test_a_copy_that_a_step_forks_goes_no_further(how: str, code: int, in_process: bool) -> None:
    run = run_of(rp.forking, how, in_process=in_process)
    assert run.status == "succeeded"
    assert run.result() == code + 1


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("own", "OwnError", "my base"),
        ("interrupt", "KeyboardInterrupt", ""),
        ("cancelled", "CancelledError", ""),
        ("unprintable", "UnprintableError", "(its text cannot be shown: RuntimeError)"),
        ("assert", "AssertionError", "assert not how"),
        (
            "library",
            "JSONDecodeError",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ("input", "EOFError", "EOF when reading a line"),
    ],
)
def test_whatever_a_step_raises_is_told_as_what_it_is(how: str, kind: str, message: str) -> None:
    run = run_of(rp.ending, how)
    error = error_of(run, "end")
    assert (error["kind"], error["message"]) == (kind, message)
    assert error["file"].endswith("rough_pipelines.py")
    outcome = run["end"].outcome
    assert outcome is not None
    assert outcome.seconds is not None
    assert outcome.seconds >= 0.2  # what it took until it failed


def test_what_needs_a_terminal_is_told_how_to_get_one() -> None:
    assert "--in-process" in error_of(run_of(rp.ending, "input"), "end")["hint"]


@pytest.mark.parametrize("how", ["huge", "lines"])
def test_a_very_long_message_is_cut(how: str) -> None:
    error = error_of(run_of(rp.ending, how), "end")
    assert len(error["message"]) < 5_000
    assert error["message"].count("\n") < 40
    assert len(error["traceback"]) < 25_000


@pytest.mark.parametrize(
    "how", ["chdir", "gone", "environment", "close", "replace", "none", "descriptors"]
)
def test_a_step_leaves_its_process_as_it_found_it(how: str, tmp_path: Path) -> None:
    run = run_of(rp.disturbed, how, str(tmp_path), workers=1)
    assert run.result() == [os.getcwd(), "", "True"]
    assert run["calm"].logs() == "calm\n"


@pytest.mark.parametrize("name", ["told.txt", "."])
def test_a_relative_path_is_one_from_the_folder_that_the_step_went_to(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(here)
    (here / "told.txt").write_text("another file of that name")
    stored = run_of(rp.gone_to_write, str(there), name).result()
    told = stored / "told.txt" if name == "." else stored
    assert told.read_text() == "from the folder that the step went to"


def test_what_a_library_sets_for_itself_stays(tmp_path: Path) -> None:
    run = run_of(rp.disturbed, "import", str(tmp_path), workers=1)
    assert run.result() == [os.getcwd(), "by a library", "True"]


def test_what_was_cancelled_has_not_failed() -> None:
    start = time.monotonic()
    run = run_of(rp.mixed)
    assert time.monotonic() - start < 60
    assert run.status == "failed"
    assert run["slow"].status == "cancelled"
    outcome = run["total"].outcome
    assert outcome is not None
    assert outcome.reason == "'slow' cancelled"


def test_what_a_module_logs_when_it_is_imported_belongs_to_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs_at_once.py").write_text(
        "from windlass import log_metric, pipeline, step\n"
        "log_metric('at_import', 1)\n\n"
        "@step\ndef one() -> int:\n    log_metric('of_step', 2)\n    return 1\n\n"
        "@pipeline\ndef whole() -> int:\n    return one()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert run_of(importlib.import_module("logs_at_once").whole).metrics == {"of_step": 2}
