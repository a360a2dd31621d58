"""The program handled roughly: closed streams, impatient signals, a record that is taken away."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from typing import Any

import pytest

from .program import PROGRAM, Folder, wait_until

CODE = """
import time
from pathlib import Path
from windlass import pipeline, step

@step(cache=False)
def work(seconds: float) -> int:
    Path(__file__).with_name("began").touch()
    time.sleep(seconds)
    if seconds == 0:
        raise ValueError("nothing to do")
    return 1

@pipeline
def working(seconds: float = 0.1) -> int:
    return work(seconds)
"""


@pytest.fixture
def working(project: Folder) -> Folder:
    (project.root / "working.py").write_text(CODE)
    return project


def shell(folder: Folder, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script.replace("windlass", str(PROGRAM))],
        cwd=folder.root,
        env=folder.variables({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("more", ["", " --json", " 2>&1"])
@pytest.mark.parametrize(("seconds", "code"), [("0", "1"), ("0.1", "0")])
def test_a_run_nobody_reads_about_has_its_own_exit_code(
    working: Folder, more: str, seconds: str, code: str
) -> None:
    run = f"windlass run working.py -p seconds={seconds}{more} | true; echo ${{PIPESTATUS[0]}}"
    done = shell(working, run)
    assert done.stdout.splitlines()[-1] == code, done
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_no_run(working: Folder, closed: str) -> None:
    done = shell(working, f"windlass run working.py {closed}")
    assert done.returncode == 0, done
    assert working.document("show", "latest")["status"] == "succeeded"


def begun(folder: Folder, *arguments: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [str(PROGRAM), "run", "working.py", "-p", "seconds=20", *arguments],
        cwd=folder.root,
        env=folder.variables({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever started the tests may have chosen to outlive a terminal, and children inherit it.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509
    )
    wait_until((folder.root / "began").exists)
    return process


@pytest.mark.parametrize(
    ("signals", "in_process"),
    [
        ([signal.SIGINT, signal.SIGINT], False),
        ([signal.SIGTERM, signal.SIGINT], False),
        ([signal.SIGHUP], False),
        ([signal.SIGTERM], True),
        ([signal.SIGINT], True),
    ],
)
def test_however_it_is_told_to_stop_the_run_is_cancelled(
    working: Folder, signals: list[signal.Signals], in_process: bool
) -> None:
    process = begun(working, *(["--in-process"] if in_process else []))
    for number in signals:
        process.send_signal(number)
        time.sleep(0.005)
    process.communicate(timeout=10)
    assert process.returncode == 130
    told: Any = working.document("show", "latest")
    assert told["status"] == "cancelled"
    assert [node["status"] for node in told["nodes"]] == ["cancelled"]


def test_a_record_that_is_deleted_meanwhile_is_told(working: Folder) -> None:
    process = begun(working)
    shutil.rmtree(working.root / ".windlass")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert b"was deleted while it ran" in told or b"record store" in told


def test_errors_are_one_document_also_of_a_full_disk(working: Folder) -> None:
    done = shell(working, "windlass runs --json >/dev/full; echo $?")
    assert done.stdout == "1\n"
    assert "Traceback" not in done.stderr
    assert json.loads(shell(working, "windlass show nothing --json").stdout)["error"]["message"]
