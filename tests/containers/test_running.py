"""Steps in containers: what they have, what they may see, how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from containers.boxed import PACKAGING, Boxed


def containers(name: str) -> list[str]:
    """The containers whose names hold a text."""
    words = ("podman", "ps", "--all", "--quiet", "--filter", f"name={name}")
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def until(holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    pytest.fail("it never came to hold")


def is_lingering(boxed: Boxed) -> bool:
    logs = boxed.root.glob(".windlass/logs/*/linger.*.log")
    return any("lingering" in each.read_text() for each in logs)


def test_a_step_has_the_locked_environment_and_nothing_of_this_machine(boxed: Boxed) -> None:
    found = boxed.value("looking", OF_THIS_MACHINE="a secret")
    assert found == {
        "packaging": version("packaging"),
        "cwd": str(boxed.root),
        "threads": "1",
        "hashes": "0",
        "secret": "none",
        "here": "True",
        "user": f"{os.getuid()}:{os.getgid()}",
    }
    assert not (boxed.root / "left.txt").exists()
    assert [*(boxed.root / ".windlass" / "scratch").iterdir()] == []
    logs = boxed.root.glob(".windlass/logs/*/look.1.log")
    assert [each.read_text() for each in logs] == ["looking around\n"]


def test_a_step_is_told_the_tracker_with_what_its_address_refers_to(boxed: Boxed) -> None:
    pytest.importorskip("mlflow", reason="MLflow's client is not installed")
    told = boxed.do("run", "flow.py:shown", "--stack", "shown", TRACKER_HOST="127.0.0.1")
    assert told.code == 0, told.words
    assert boxed.value_of("find_tracker") == {"tracker": "http://127.0.0.1:9"}


def test_an_edit_to_the_code_builds_no_image(boxed: Boxed) -> None:
    boxed.value("looking")
    file = boxed.root / "flow.py"
    text = file.read_text()
    try:
        file.write_text(text.replace('"looking around"', '"looking again"'))
        told = boxed.run("looking")
    finally:
        file.write_text(text)
    assert "looking again" in told.words
    assert "building" not in told.words


def test_files_that_are_named_are_seen_at_their_places(boxed: Boxed, tmp_path: Path) -> None:
    (boxed.root / "rules").mkdir(exist_ok=True)
    (boxed.root / "rules" / "a.txt").write_text("the rule")
    (tmp_path / "given.txt").write_text("what is given")
    asked = ("reading", "-p", f"path={tmp_path / 'given.txt'}")
    assert boxed.value(*asked, REGION="north") == {
        "given": "what is given",
        "from the working folder": "the rule",
        "beside the code": "the rule",
        "variable": "north",
    }
    near = os.path.relpath(tmp_path / "given.txt", boxed.root)
    (tmp_path / "given.txt").write_text("what is near")
    found = boxed.value("reading", "-p", f"path={near}", REGION="north")
    assert found["given"] == "what is near"


def test_a_step_that_is_killed_for_memory_says_so(boxed: Boxed) -> None:
    told = boxed.run("taking")
    assert told.code == 1
    error = told.nodes["take"]["error"]
    assert error["kind"] == "OutOfMemoryError"
    assert "more memory than its limit of 64MiB" in error["message"]
    assert '@step(memory="128MiB")' in error["hint"]
    assert boxed.value("taking", "-p", "megabytes=8") == 8 << 20


def test_a_timeout_ends_the_container(boxed: Boxed) -> None:
    told = boxed.run("waiting")
    assert told.nodes["wait"]["error"]["kind"] == "StepTimeoutError"
    assert "waiting" in told.words
    until(lambda: containers("waiting") == [])


def test_how_a_process_died_is_told(boxed: Boxed) -> None:
    told = boxed.run("dying")
    assert "SIGSEGV" in told.nodes["die"]["error"]["message"]


def test_a_named_environment_is_an_image_of_its_own(boxed: Boxed) -> None:
    told = boxed.run("looking_back")
    assert told.code == 0, told.words
    assert boxed.value_of("look_back") == {"packaging": "23.2"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_container_outlives_its_driver(boxed: Boxed, number: signal.Signals) -> None:
    for log in boxed.root.glob(".windlass/logs/*/linger.*.log"):
        log.unlink()
    with boxed.start("run", "flow.py:lingering", "--stack", "box") as process:
        try:
            until(lambda: is_lingering(boxed))
            found = containers("lingering")
        finally:
            process.send_signal(number)
            process.communicate()
    assert len(found) == 1
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    until(lambda: containers("lingering") == [])


def test_what_a_lost_driver_left_is_removed_by_the_next_run(boxed: Boxed) -> None:
    with subprocess.Popen(["sleep", "60"]) as ended:
        from windlass.execution.liveness import _started, this_process

        told = {**this_process(), "pid": ended.pid, "pid_started": _started(ended.pid)}
        ended.kill()
    label = f"windlass.driver={json.dumps(told)}"
    words = ("podman", "run", "--detach", "--network=none", "--name=wl-test-left", "--label", label)
    subprocess.run([*words, boxed.base, "sleep", "600"], check=True, capture_output=True)
    assert len(containers("wl-test-left")) == 1
    assert boxed.run("looking").code == 0
    assert containers("wl-test-left") == []


def test_a_run_goes_on_in_containers(boxed: Boxed) -> None:
    told = boxed.do("run", "flow.py:picky")
    assert "this is no container" in told.nodes["only_in_a_container"]["error"]["message"]
    root = str(boxed.root)
    assert told.nodes["only_in_a_container"]["error"]["file"] == f"{root}/flow.py"
    resumed = boxed.do("resume", told.document["name"], "--target", "container", "--stack", "box")
    assert resumed.code == 0, resumed.words


def test_both_targets_share_results_where_packages_are_the_same(boxed: Boxed) -> None:
    assert boxed.do("run", "flow.py:parsing", "-p", "text=1.1").code == 0
    told = boxed.run("parsing", "-p", "text=1.1")
    assert told.nodes["parse"]["cached"], told.words
    assert not boxed.run("parsing", "-p", "text=1.2").nodes["parse"]["cached"]
    again = boxed.do("run", "flow.py:parsing", "-p", "text=1.2")
    assert again.nodes["parse"]["cached"], again.words


def test_results_are_not_shared_where_packages_differ(container_base: str, tmp_path: Path) -> None:
    boxed = Boxed(tmp_path / "project", container_base).write(PACKAGING)
    assert boxed.do("run", "flow.py:parsing").code == 0
    asked = ("flow.py:parsing", "--stack", "box", "--dry-run")
    assert boxed.do("run", *asked).document["nodes"][0]["would"] != "run"
    boxed.write("packaging==23.2")
    assert boxed.do("run", *asked).document["nodes"][0]["would"] == "run"
