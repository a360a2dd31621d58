"""Type checkers find every wrong use of the public surface, and no fault with a right one.

The lines of ``wrong/`` that must be found end with ``# error: why``.
"""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from windlass.modules import load_file
from windlass.pipeline.keywords import RunKeywords, StepKeywords
from windlass.pipeline.settings import RunOptions, Settings

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
SAMPLES = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.py"))
PATIENCE = 600
"""Seconds: the first start of pyright on a machine may download it."""


def marked() -> set[str]:
    return {
        f"{sample}:{number}"
        for sample in SAMPLES
        for number, line in enumerate((HERE / sample).read_text().splitlines(), 1)
        if "# error: " in line
    }


def checked(*command: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def found_by_mypy() -> dict[str, str]:
    """What it finds in the samples, as `make lint` has it look, whose cache it shares.

    Only the samples' own lines count, not those of a source that somebody is just editing.
    """
    place = HERE.relative_to(ROOT).as_posix()
    output = checked(sys.executable, "-m", "mypy", *(f"{place}/{each}" for each in SAMPLES))
    pattern = rf"^{place}/(\S+?:\d+): error: (.*)$"
    return {match[1]: match[2] for match in re.finditer(pattern, output, re.M)}


def found_by_pyright() -> dict[str, str]:
    report = json.loads(checked(str(BIN / "pyright"), "--outputjson", "--project", str(HERE)))
    return {_place(finding): finding["message"] for finding in report["generalDiagnostics"]}


def _place(finding: Any) -> str:
    path = Path(finding["file"]).relative_to(HERE).as_posix()
    return f"{path}:{finding['range']['start']['line'] + 1}"


def test_the_sample_has_right_and_wrong_uses() -> None:
    assert {Path(sample).parent.name for sample in SAMPLES} == {"right", "wrong"}
    assert len(marked()) > 40
    assert all(place.startswith("wrong/") for place in marked())


def test_mypy_finds_what_is_wrong_and_nothing_else() -> None:
    found = found_by_mypy()

    assert {place: why for place, why in found.items() if place not in marked()} == {}
    assert marked() - found.keys() == set()


@pytest.mark.timeout(PATIENCE + 100)
def test_pyright_finds_what_is_wrong_and_nothing_else() -> None:
    if not can_start_pyright():
        pytest.skip("pyright cannot start here: it has neither Node.js nor a network to get it")
    found = found_by_pyright()

    assert {place: why for place, why in found.items() if place not in marked()} == {}
    assert marked() - found.keys() == set()


def test_windlass_itself_finds_no_fault_with_what_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    sample = load_file(HERE / "right" / "flights_right.py")

    assert sample.training(rows=50).text.startswith("published")
    assert sample.nested(50) is None
    assert {"split", "train", "train_2", "pick"} <= sample.training.graph().nodes.keys()
    assert "training_2.publish" in sample.nested.graph().nodes


def can_start_pyright() -> bool:
    command = [str(BIN / "pyright"), "--version"]
    try:
        subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


@pytest.mark.parametrize(
    ("keywords", "options"), [(StepKeywords, Settings), (RunKeywords, RunOptions)]
)
def test_type_checkers_know_every_option(keywords: Any, options: Any) -> None:
    fields = [field.name for field in dataclasses.fields(options)]

    assert list(get_type_hints(keywords)) == fields
    assert get_type_hints(keywords) == get_type_hints(options)
