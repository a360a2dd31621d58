"""The act of n + 1 on the flights, as `make demo` shows it: three turns, and the way back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import warm

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("windlass")
pytestmark = pytest.mark.timeout(900)
"""Seconds: three turns are taken for the first of these tests."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example in a project of its own."""
    root = tmp_path_factory.mktemp("turns")
    shutil.copytree(ROOT / "examples" / "flights", root / "examples" / "flights")
    shutil.copy(ROOT / "windlass.toml", root)
    # In one process, which imports scikit-learn once a run; test_flights.py has it run in workers.
    with (root / "examples" / "flights" / "pipeline.py").open("a") as file:
        file.write("\ntraining = training.options(in_process=True)\n")
    return root


@pytest.fixture(scope="module")
def told(project: Path) -> str:
    """What the three turns print, of twelve days a month and trees of one depth."""
    words = ["sh", "examples/flights/turns.sh", "-p", "days=12", "-p", "depths=4"]
    # Other tests have the other core, and threads that wait for one another there only spin.
    environment = {**os.environ, "WINDLASS": str(PROGRAM), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def document(project: Path, *words: str) -> Any:
    done = warm.run(project, *words, "--json")
    done.check_returncode()
    return json.loads(done.stdout)


def reports(project: Path, version: str) -> Any:
    return document(project, "models", "show", version)["reports"][0]


def test_a_better_version_is_promoted_on_its_evidence(project: Path, told: str) -> None:
    assert "delay@1: pass" in told
    second = reports(project, "delay@2")
    assert (second["verdict"], second["champion"]) == ("pass", 1)
    (gain,) = [t for t in second["tests"] if t["name"] == "test_it_is_not_worse_than_the_champion"]
    finding = gain["findings"][0]
    low, high = finding["interval"]
    assert 0 < low < finding["estimate"] < high  # better, and not only not worse
    assert finding["n"] > 20_000
    moves = document(project, "history", "delay")["moves"]
    assert [(move["kind"], move["from"], move["to"]) for move in reversed(moves)] == [
        ("promoted", None, 1),
        ("promoted", 1, 2),
        ("rolled back", 2, 1),
    ]
    assert moves[1]["report"] == second["id"]


def test_a_broken_version_is_stopped_by_the_row_that_failed(project: Path, told: str) -> None:
    third = reports(project, "delay@3")
    assert third["verdict"] == "fail"
    failed = [test for test in third["tests"] if test["outcome"] == "fail"]
    assert "rain makes flights late" in {test["name"] for test in failed}
    assert {test["capability"] for test in failed} <= {"weather", "ranking", "gain"}
    assert "delay.table.csv, row 6, 'rain makes flights late'" in told
    assert document(project, "models", "list")["models"][0]["aliases"] == {"champion": 1}


def test_the_scorecard_has_its_number(project: Path, told: str) -> None:
    card = document(project, "scorecard", "delay")
    assert f"delay@1: {card['score']:g}, the least of the four" in told
    assert card["score"] == min(card["sections"].values()) > 0
    points = {line["line"]: line["points"] for line in card["lines"]}
    assert (points["data.1"], points["data.5"], points["infra.7"]) == (1, 0.5, 1)
    assert card["maturity"]["level"] == 0
    assert card["maturity"]["missing"] == ["the next one is trained without a person"]


def test_the_card_tells_whom_the_model_serves(project: Path, told: str) -> None:
    assert told
    done = warm.run(project, "models", "card", "delay@2")
    done.check_returncode()
    assert "no advice for travellers" in done.stdout
    assert "| departure | number | 5" in done.stdout
