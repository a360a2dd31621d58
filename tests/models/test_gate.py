"""What comes of a suite: of all its tests, whatever options, plugins and deaths do to them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.models.registry import register_in
from windlass.models.suites import present_suite
from windlass.models.testing.gate import put_to_test
from windlass.pipeline.marks import Model
from windlass.provenance.project import find_project
from windlass.records.models import Report
from windlass.stacks.stack import load_stack

GOOD = "def test_good(candidate): assert candidate.model == [1.0]\n"
BAD = "def test_bad(candidate): assert False, 'it is bad'\n"


def gated(stores: Stores, files: dict[str, str]) -> Report:
    version = register_in(stores, Model("mean"), {"model": [1.0]})
    root = stores.project
    for name, text in {"release_tests/test_mean.py": GOOD + BAD, **files}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return put_to_test(version, root, None)


def outcomes(report: Report) -> dict[str, str]:
    return {test["test"].rpartition("::")[2]: test["outcome"] for test in report.document["tests"]}


def test_what_an_option_leaves_out_has_not_passed(stores: Stores) -> None:
    options = "[pytest]\naddopts = -k good -p no:windlass --ff\n"
    report = gated(stores, {"pytest.ini": options})
    assert (report.verdict, outcomes(report)) == (
        "inconclusive",
        {"test_good": "pass", "test_bad": "error"},
    )
    assert "left it out" in report.document["tests"][1]["message"]


def test_a_project_inside_another_folder_of_tests_has_a_record_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "windlass.toml").touch()
    stores = open_stores(load_stack(None, find_project(tmp_path / "inner")))
    with contextlib.closing(stores.records):
        report = gated(stores, {})
    assert outcomes(report) == {"test_good": "pass", "test_bad": "fail"}


@pytest.mark.parametrize("end", ["os._exit(0)", "pytest.exit('enough', returncode=0)"])
def test_what_was_not_reached_has_not_passed(stores: Stores, end: str) -> None:
    hook = f"import os, pytest\ndef pytest_runtest_logfinish():\n    {end}\n"
    report = gated(stores, {"release_tests/conftest.py": hook})
    assert (report.verdict, outcomes(report)) == (
        "inconclusive",
        {"test_good": "pass", "test_bad": "error"},
    )


def test_what_pytest_calls_no_success_is_none(stores: Stores) -> None:
    hook = "def pytest_sessionfinish(session): session.exitstatus = 1\n"
    files = {"release_tests/test_mean.py": GOOD, "release_tests/conftest.py": hook}
    report = gated(stores, files)
    assert (report.verdict, outcomes(report)) == (
        "inconclusive",
        {"test_good": "pass", "pytest": "error"},
    )
    assert "exit code 1" in report.document["tests"][-1]["message"]


RERUN = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "rerun"  # as pytest-rerunfailures does
    return report
"""
ODD = """
import pytest
from windlass import release

test_not_called = release.stable

@pytest.mark.xfail
def test_known(): assert False

@pytest.mark.xfail(strict=True, reason="it is mended")
def test_mended(): pass

def test_long(): assert False, "x" * 10**6
"""


def test_a_test_that_asserts_nothing_or_fails_once_does_not_pass(stores: Stores) -> None:
    report = gated(
        stores,
        {
            "release_tests/test_odd.py": ODD,
            "release_tests/test_skipped.py": "import pytest\npytest.importorskip('no_such_module')",
            "release_tests/conftest.py": RERUN,
        },
    )
    assert outcomes(report) == {
        "test_good": "pass",
        "test_bad": "fail",
        "test_not_called": "error",
        "test_known": "expected failure",
        "test_mended": "error",
        "test_long": "fail",
        "release_tests/test_skipped.py": "skipped",
    }
    messages = {test["test"]: test["message"] for test in report.document["tests"]}
    assert "no_such_module" in messages["release_tests/test_skipped.py"]
    assert "it is mended" in messages["release_tests/test_odd.py::test_mended"]
    assert len(messages["release_tests/test_odd.py::test_long"]) < 20_000


def test_an_error_before_all_tests_is_told_as_such(stores: Stores) -> None:
    with pytest.raises(ConfigError, match="exit code 4 before any test"):
        gated(stores, {"release_tests/conftest.py": "1 / 0\n"})


def test_a_suite_is_all_that_pytest_reads_on_its_way_to_it(tmp_path: Path) -> None:
    (tmp_path / "release_tests" / "delay" / "data").mkdir(parents=True)
    (tmp_path / "windlass.toml").touch()
    seen = {present_suite(tmp_path, "delay")}
    for place in ("delay/test_a.py", "delay/data/cases.csv", "conftest.py", "../conftest.py"):
        (tmp_path / "release_tests" / place).write_text("# one thought")
        seen.add(present_suite(tmp_path, "delay"))
    assert len(seen) == 5
    (tmp_path / "flow.py").write_text("# no part of it")
    assert present_suite(tmp_path, "delay") in seen
