"""Runs that were killed, failed or cancelled, gone on with by the program itself."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .program import Folder, wait_until

FLOW = """
import os, sys, time
from pathlib import Path
from windlass import each, log_metric, pipeline, step

NOTES = Path(os.environ["NOTES"])

def note(what):
    with NOTES.open("a") as file:
        file.write(what + "\\n")

@step
def load(n: int) -> list[int]:
    note("load")
    return list(range(n))

@step(retries=1, retry_delay=0)
def work(x: int) -> int:
    note(f"work {x}")
    log_metric("loss", len(NOTES.read_text().splitlines()))
    while x == 1 and not NOTES.with_name("go").exists():
        time.sleep(0.02)
    return x * 10

@step
def add(parts: list[int]) -> int:
    if NOTES.with_name("fail").exists():
        raise ValueError("not yet")
    return sum(parts)

@pipeline
def flow(n: int = 3) -> int:
    return add(work.map(each(load(n))))
"""


@pytest.fixture
def flow(project: Folder, tmp_path: Path) -> Folder:
    (project.root / "flow.py").write_text(FLOW)
    return Folder(project.root, {"NOTES": str(tmp_path / "notes")})


def notes(flow: Folder) -> list[str]:
    path = Path(flow.environment["NOTES"])
    return path.read_text().splitlines() if path.exists() else []


def mark(flow: Folder, name: str) -> Path:
    path = Path(flow.environment["NOTES"]).with_name(name)
    path.touch()
    return path


def killed(flow: Folder, *arguments: str) -> None:
    """Begins a run, and kills its driver while item 1 of the map waits."""
    with flow.started("run", "flow.py:flow", *arguments) as process:
        wait_until(lambda: succeeded(flow, "work[0]") and "work 1" in notes(flow))
        process.kill()


def succeeded(flow: Folder, node: str) -> bool:
    database = flow.root / ".windlass" / "windlass.db"
    if not database.exists():
        return False
    query = "SELECT 1 FROM outcomes WHERE node = ? AND status = 'succeeded'"
    with closing(sqlite3.connect(database)) as connection:
        try:
            return connection.execute(query, (node,)).fetchone() is not None
        except sqlite3.OperationalError:  # it is being made
            return False


def test_a_killed_run_goes_on_where_it_was(flow: Folder) -> None:
    killed(flow, "-p", "n=3", "--seed", "7", "--workers", "2")
    assert flow.document("show", "latest")["status"] == "lost"
    assert "windlass resume flow-1" in flow.windlass("show", "latest").out
    assert "windlass resume flow-1" in flow.windlass("doctor").out
    before = notes(flow)
    mark(flow, "go")
    document = flow.document("resume", "latest")
    assert (document["status"], document["name"], document["seed"]) == ("succeeded", "flow-1", 7)
    assert notes(flow)[len(before) :].count("work 1") == 1
    assert not {"load", "work 0"} & set(notes(flow)[len(before) :])
    told = {node["node"]: node for node in document["nodes"]}
    assert told["work[1]"]["attempts"] == 2
    assert told["work[0]"]["attempts"] == 1
    assert document == flow.document("show", "flow-1")
    done = flow.windlass("resume", "flow-1")
    assert done.code == 0
    assert "flow-1 has succeeded: nothing is left to do" in done.err
    assert done.out.startswith("30\n")


def test_what_a_lost_attempt_logged_is_kept(flow: Folder) -> None:
    killed(flow, "--workers", "1")
    mark(flow, "go")
    assert flow.windlass("resume", "flow").code == 0
    with closing(sqlite3.connect(flow.root / ".windlass" / "windlass.db")) as connection:
        query = "SELECT DISTINCT attempt FROM series WHERE node = 'work[1]' ORDER BY attempt"
        assert [row[0] for row in connection.execute(query)] == [1, 2]
        query = "SELECT status FROM attempts WHERE node = 'work[1]' ORDER BY attempt"
        assert [row[0] for row in connection.execute(query)] == ["lost", "succeeded"]


def test_a_failed_run_is_mended_by_new_code(flow: Folder) -> None:
    mark(flow, "go")
    mark(flow, "fail")
    done = flow.windlass("run", "flow.py:flow")
    assert done.code == 1
    assert "windlass resume flow-1 --with-changes" in done.out
    before = notes(flow)
    first = flow.document("show", "latest")
    path = flow.root / "flow.py"
    path.write_text(FLOW.replace("sum(parts)", "sum(parts) + 1").replace("fail", "other"))
    again = flow.windlass("resume", "latest")  # the recorded code fails as it did
    assert again.code == 1
    assert again.err.startswith("the code has changed since: the recorded code is run;")
    assert "not yet" in again.err
    document = flow.document("resume", "latest", "--with-changes")
    assert document["status"] == "succeeded"
    assert document["bundle"] != first["bundle"]
    assert notes(flow) == before
    assert flow.windlass("resume", "latest").out.startswith("31\n")
    with closing(sqlite3.connect(flow.root / ".windlass" / "windlass.db")) as connection:
        query = "SELECT data FROM events WHERE kind = 'resumed' ORDER BY id"
        told: list[dict[str, Any]] = [json.loads(row[0]) for row in connection.execute(query)]
    assert [each["with_changes"] for each in told] == [False, True]
    assert told[1]["bundle"] == first["bundle"]
    assert "load" in told[1]["nodes"]


def test_recorded_code_is_run_where_the_project_has_another(flow: Folder) -> None:
    mark(flow, "go")
    fail = mark(flow, "fail")
    assert flow.windlass("run", "flow.py:flow").code == 1
    (flow.root / "flow.py").write_text("this is no Python")
    fail.unlink()
    done = flow.windlass("resume", "latest")
    assert (done.code, done.out.splitlines()[0]) == (0, "30")


def test_changes_that_lose_what_has_succeeded_are_refused(flow: Folder) -> None:
    mark(flow, "go")
    mark(flow, "fail")
    assert flow.windlass("run", "flow.py:flow").code == 1
    other = "\n@step\ndef other(n: int) -> list[int]:\n    return [n]\n\n@pipeline"
    text = FLOW.replace("\n@pipeline", other)
    for old, new, words in (
        ("load(n)", "other(n)", "'load' has succeeded in flow-1, and with the changes it is not"),
        ("def flow", "def flux", "the pipeline flow:flow of flow-1 is not there any more"),
        ("work.map", "work.product", "it is another: flow:work, mapped by product"),
        ("n: int = 3", "m: int = 3", "'n'"),
    ):
        (flow.root / "flow.py").write_text(text.replace(old, new))
        assert words in flow.refused("resume", "latest", "--with-changes")


def test_a_changed_file_that_a_parameter_names_is_refused(flow: Folder) -> None:
    data = flow.root / "data.txt"
    data.write_text("1")
    (flow.root / ".gitignore").write_text("*.txt\n")
    (flow.root / "reads.py").write_text(
        "from pathlib import Path\nfrom windlass import pipeline, step\n"
        "@step\ndef read(path: Path) -> int:\n    return 1 // (int(path.read_text()) - 1)\n"
        "@pipeline\ndef reads(path: Path) -> int:\n    return read(path)\n"
    )
    assert flow.windlass("run", "reads.py", "-p", "path=data.txt").code == 1
    data.write_text("2")
    said = flow.refused("resume", "latest")
    assert "the files that the parameter 'path' names" in said
    assert "--with-changes" in said
    assert flow.windlass("resume", "latest", "--with-changes").out.startswith("1\n")


def test_a_run_that_goes_on_is_refused(flow: Folder) -> None:
    with flow.started("run", "flow.py:flow") as process:
        wait_until(lambda: "work 1" in notes(flow))
        said = flow.refused("resume", "latest")
        assert f"by process {process.pid}" in said
        mark(flow, "go")
        assert process.wait(30) == 0


def test_of_two_resumes_at_once_one_wins(flow: Folder) -> None:
    killed(flow)
    with flow.started("resume", "latest") as one, flow.started("resume", "latest") as two:
        ends: list[subprocess.Popen[str]] = [one, two]
        wait_until(lambda: any(each.poll() is not None for each in ends))
        loser = one if one.poll() is not None else two
        winner = two if loser is one else one
        assert loser.returncode == 2
        told = loser.stderr.read() if loser.stderr else ""
        assert "resumed by another process" in told or "is being run" in told
        mark(flow, "go")
        assert winner.wait(30) == 0
    assert notes(flow).count("work 1") == 2  # the one that was killed, and the winner's


def test_a_driver_that_lost_its_run_stops_and_writes_no_end(flow: Folder) -> None:
    with flow.started("run", "flow.py:flow") as process:
        wait_until(lambda: "work 1" in notes(flow))
        process.send_signal(signal.SIGSTOP)  # a laptop whose lid is closed
        with closing(sqlite3.connect(flow.root / ".windlass" / "windlass.db")) as connection:
            connection.execute(  # as seen from another machine, some time later
                "UPDATE runs SET beat = ?, host = json_set(host, '$.hostname', 'elsewhere')",
                (time.time() - 100,),
            )
            connection.commit()
        assert flow.document("show", "latest")["status"] == "lost"
        mark(flow, "go")
        done = flow.windlass("resume", "latest")
        assert done.code == 0
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "another one has resumed it" in err
    assert flow.document("show", "latest")["status"] == "succeeded"


def test_a_cancelled_run_goes_on(flow: Folder) -> None:
    with flow.started("run", "flow.py:flow") as process:
        wait_until(lambda: "work 1" in notes(flow))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert "windlass resume flow-1" in out
    mark(flow, "go")
    assert flow.windlass("resume", "latest").out.startswith("30\n")
    assert notes(flow).count("load") == 1


def test_retries_begin_anew(flow: Folder) -> None:
    text = FLOW.replace("return x * 10", "raise ValueError(x)")
    (flow.root / "flow.py").write_text(text)
    mark(flow, "go")
    assert flow.windlass("run", "flow.py:flow", "-p", "n=1").code == 1
    assert flow.windlass("resume", "flow").code == 1
    assert notes(flow).count("work 0") == 4
    assert os.listdir(flow.root / ".windlass" / "logs")
