"""Keeps a record of today's schema as a text, for the tests of migrations: before a release.

It is the record of two real runs (a map, a choice, metrics, a failure, a second run from the
cache), as SQL, without anything of the machine that made it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "tests" / "records" / "released"
PIPELINE = """
from windlass import each, either, log_metric, pipeline, step


@step
def load(rows: int) -> list[float]:
    return [float(row) for row in range(rows)]


@step
def fit(data: list[float], depth: int) -> dict[str, float]:
    log_metric("loss", 1 / depth)
    return {"mean": sum(data) / len(data), "depth": depth}


@step
def best(models: list[dict[str, float]]) -> dict[str, float]:
    return max(models, key=lambda model: model["depth"])


@step
def good(model: dict[str, float]) -> bool:
    return model["mean"] > 1


@step
def publish(model: dict[str, float]) -> str:
    return f"published {model}"


@step
def explain(model: dict[str, float]) -> str:
    raise ValueError("no rows")


@pipeline
def training(rows: int = 10) -> str:
    model = best(fit.map(load(rows), each([1, 2, 3])))
    return either(good(model), lambda: publish(model), lambda: explain(model))
"""


def main() -> None:
    """Runs the pipeline three times in a new folder, and writes the record."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flow.py").write_text(PIPELINE)
        (folder / "windlass.toml").write_text("")
        for more in ([], [], ["-p", "rows=1"]):
            subprocess.run(
                [sys.executable, "-m", "windlass", "run", "flow.py:training", *more],
                cwd=folder,
                env={"PATH": os.environ["PATH"], "TZ": "UTC", "LANG": "C.UTF-8"},
                check=False,
            )
        with contextlib.closing(sqlite3.connect(folder / ".windlass" / "windlass.db")) as record:
            (version,) = record.execute("SELECT version_num FROM alembic_version").fetchone()
            _forget_the_machine(record)
            text = "\n".join(record.iterdump()).replace(name, "/project")
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{version}.sql").write_text(f"{text}\n")


def _forget_the_machine(record: sqlite3.Connection) -> None:
    host = json.dumps({"hostname": "there", "boot": None, "pid": 1, "pid_started": 1.0})
    record.execute("UPDATE runs SET host = ?, git = NULL", (host,))
    record.execute("UPDATE attempts SET worker = ?", (json.dumps({"pid": 1, "host": "there"}),))
    for run, details in record.execute("SELECT id, details FROM runs").fetchall():
        told = json.loads(details)
        told["machine"] = {"system": "Linux", "python": told["machine"]["python"]}
        record.execute("UPDATE runs SET details = ? WHERE id = ?", (json.dumps(told), run))
    empty = json.dumps({"format": 1, "python": "3.11", "implementation": "cpython", "packages": []})
    record.execute("UPDATE environments SET document = ?", (empty,))


if __name__ == "__main__":
    main()
