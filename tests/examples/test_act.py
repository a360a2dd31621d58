"""The whole act on the flights, as `make demo` plays it: trees of one depth, at twice the pace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import warm

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(1800)
"""Seconds: all of it is played for the first of these tests, on a machine that may be busy."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is played."""
    return tmp_path_factory.mktemp("act") / "project"


@pytest.fixture(scope="module")
def timeline(project: Path) -> str:
    """What it prints."""
    words = ["examples/flights/act.py", "--root", str(project)]
    done = subprocess.run(
        [sys.executable, *words, "--depths", "4", "--month", "15"],
        cwd=ROOT,
        # Other tests have the other core, and threads that wait for one another there only spin.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def document(project: Path, *words: str) -> Any:
    environment = {name: each for name, each in os.environ.items() if name != "WINDLASS_HOME"}
    done = warm.run(project, *words, "--json", variables=environment)
    done.check_returncode()
    return json.loads(done.stdout)


def place(timeline: str, what: str) -> int:
    """In which line it is told."""
    (found,) = [n for n, line in enumerate(timeline.splitlines()) if re.search(what, line)]
    return found


def test_no_request_fails_while_the_version_is_replaced(timeline: str) -> None:
    (told,) = re.findall(r"([\d,]+) requests, (\d+) failed", timeline)
    assert int(told[0].replace(",", "")) > 5_000
    assert told[1] == "0"
    begins = place(timeline, r"delay@1 {2,}a turn begins")
    assert begins < place(timeline, r"delay@2 {2,}the first answer of delay@2")
    assert re.search(r"delay@2 {2,}the load ends", timeline)


def test_drift_and_falling_quality_are_noticed_and_told(project: Path, timeline: str) -> None:
    assert re.search(
        r"windlass monitor, exit code 1: drift: the distribution of '\w+' has", timeline
    )
    assert re.search(r"exit code 1: quality: the log_loss is 0\.\d+, and was 0\.\d+ on", timeline)


def test_they_begin_the_turn_when_july_is_known(project: Path, timeline: str) -> None:
    assert re.search("a turn begins: drift of delay@1, falling quality of delay@1", timeline)
    assert place(timeline, "July: .* flights") < place(timeline, "windlass watch --once")
    second, first = document(project, "history", "delay", "--turns")["turns"]
    assert [each["kind"] for each in first["why"]] == ["hand"]
    assert [each["kind"] for each in second["why"]] == ["drift", "quality"]
    assert [turn["state"] for turn in (first, second)] == ["promoted", "promoted"]
    assert document(project, "show", second["run"])["parameters"]["last"] == 7


def test_the_new_version_has_passed_its_tests_against_the_old_one(
    project: Path, timeline: str
) -> None:
    assert re.search(r"delay@2: 0\.\d+, where delay@1 would have had 0\.\d+", timeline)
    report = document(project, "models", "show", "delay@2")["reports"][0]
    assert (report["verdict"], report["champion"]) == ("pass", 1)
    (gain,) = [t for t in report["tests"] if t["name"] == "test_it_is_not_worse_than_the_champion"]
    assert gain["findings"][0]["interval"][0] > 0  # better, and not only not worse
