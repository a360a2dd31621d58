"""A compiled DAG by Airflow's own scheduler: its processes, triggered and waited for."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.program import Folder, wait_until, web_variables
from targets.airflow_home import installed_airflow
from windlass.targets.airflow.engine import Airflow

FLOW = """
from pathlib import Path
from windlass import each, either, pipeline, step

@step
def count(n: int) -> list[int]:
    return list(range(n))

@step
def square(x: int) -> int:
    return x * x

@step(retries=1, retry_delay=0)
def total(numbers: list[int], folder: str) -> int:
    mark = Path(folder) / "tried"
    if not mark.exists():
        mark.touch()
        raise ValueError("not yet")
    return sum(numbers)

@step
def is_large(n: int) -> bool:
    return n > 100

@step
def say(text: str) -> str:
    return text

@pipeline
def scheduled(folder: str, n: int = 10) -> str:
    found = total(square.map(each(count(n))), folder)
    return either(is_large(found), lambda: say("large"), lambda: say("small"))
"""
PROCESSES = (
    ("api-server", "--host", "127.0.0.1", "--workers", "1", "--port"),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
)


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    root = tmp_path / "project"
    root.mkdir()
    (root / "flow.py").write_text(FLOW)
    (root / "windlass.toml").touch()
    (root / "requirements.txt").write_text("toolz==1.0.0\n")
    return Folder(root, web_variables())


@contextlib.contextmanager
def scheduling(airflow: Airflow, home: Path, dags: Path) -> Iterator[Mapping[str, str]]:
    """Airflow's processes, and the variables by which its commands reach them."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    variables = {
        **airflow.variables(home, dags),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API_AUTH__JWT_SECRET": "s" * 64,  # else each process makes one of its own
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    }
    started = []
    try:
        for name, *options in PROCESSES:
            words = [str(airflow.python), "-m", "airflow", name, *options]
            words += [str(port)] if name == "api-server" else []
            with (home / f"{name}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        words,
                        cwd=home,
                        env=variables,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        yield variables
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _answers(address: str) -> bool:
    host, port = address.removeprefix("http://").split(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 1):
        return True
    return False


def _rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(home / "airflow.db", timeout=20)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.timeout(600)
def test_a_scheduler_runs_a_dag_and_sync_takes_it_in(project: Folder, tmp_path: Path) -> None:
    airflow, home, dags = installed_airflow(), tmp_path / "airflow", tmp_path / "dags"
    home.mkdir()
    airflow.prepare(home)
    words = ("compile", "flow.py:scheduled", "--target", "airflow", "-o", str(dags))
    assert project.windlass(*words).code == 0
    with scheduling(airflow, home, dags) as variables:
        wait_until(lambda: _answers(variables["AIRFLOW__API__BASE_URL"]), 240)
        wait_until(lambda: _rows(home, "SELECT dag_id FROM serialized_dag"), 240)
        conf = f'{{"n": "3", "folder": "{tmp_path}"}}'
        command = [str(airflow.python), "-m", "airflow", "dags", "trigger", "scheduled"]
        subprocess.run(
            [*command, "--conf", conf], env=variables, cwd=home, check=True, capture_output=True
        )
        over = "SELECT state FROM dag_run WHERE state IN ('success', 'failed')"
        wait_until(lambda: _rows(home, over), 240)
        tasks = _rows(home, "SELECT task_id, map_index, state, try_number FROM task_instance")
    assert ("square", 2, "success", 1) in tasks
    assert ("total", -1, "success", 2) in tasks
    assert {state for task, _, state, _ in tasks if task == "say"} == {"skipped"}, tasks
    assert project.windlass("sync").code == 0
    run = project.document("show", "scheduled")
    assert (run["status"], run["parameters"]["n"]) == ("succeeded", 3)
    nodes = {node["node"]: node for node in run["nodes"]}
    assert nodes["total"]["attempts"] == 2
    assert (nodes["say"]["status"], nodes["say_2"]["status"]) == ("skipped", "succeeded")
    shutil.rmtree(home)
