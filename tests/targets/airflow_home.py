"""An Airflow of the tests' own: its home, its database, its folder of DAGs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines import AIRFLOW, engine_python
from windlass.provenance.uv import find_uv

_OURS = ("PYTHON", "VIRTUAL_ENV", "WINDLASS_HOME", "PYTEST")


@dataclass(frozen=True)
class Airflow:
    """An Airflow that is ready to run DAGs.

    Args:
        python: Its interpreter, which has nothing of ours.
        home: Its folder.
    """

    python: Path
    home: Path

    @property
    def dags(self) -> Path:
        """Where it looks for DAGs."""
        return self.home / "dags"

    def variables(self) -> dict[str, str]:
        """What it and its tasks are started with: uv, and no trace of this environment."""
        found = {name: text for name, text in os.environ.items() if not name.startswith(_OURS)}
        path = f"{self.python.parent}:{Path(find_uv()).parent}:/usr/local/bin:/usr/bin:/bin"
        ours = {"PATH": path, "AIRFLOW_HOME": str(self.home), "LANG": "C.UTF-8"}
        return {**found, **ours, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}

    def run(self, dags: Sequence[tuple[str, Mapping[str, str]]]) -> list[dict[str, Any]]:
        """Runs DAG files, each with its configuration; the state of each and of its tasks."""
        told = json.dumps([[str(self.dags / file), dict(given)] for file, given in dags])
        runner = Path(__file__).with_name("airflow_runner.py")
        done = subprocess.run(
            [str(self.python), str(runner), told],
            cwd=self.home,
            env=self.variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
        assert lines, (done.stdout + done.stderr)[-6000:]
        found: list[dict[str, Any]] = json.loads(lines[0].removeprefix("TOLD"))
        return found


def make_airflow(home: Path) -> Airflow:
    """An Airflow with a database in a folder; the test is skipped where it cannot be installed."""
    found = Airflow(engine_python("airflow", AIRFLOW), home)
    found.dags.mkdir(parents=True)
    program = found.python.with_name("airflow")
    subprocess.run(
        [str(program), "db", "migrate"],
        cwd=home,
        env=found.variables(),
        check=True,
        capture_output=True,
    )
    return found
