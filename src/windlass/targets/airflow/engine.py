"""An Airflow of our own, for one run: a home in a temporary folder, a database, no scheduler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import ConfigError, RunError
from windlass.provenance.environments import cache_folder
from windlass.provenance.uv import find_uv

_RUNNER = Path(__file__).with_name("runner.py")
_OLDEST = 3
_NOT_PASSED = ("AIRFLOW", "PYTHON", "VIRTUAL_ENV")
"""Beginnings of variables of another Airflow, whose database is none of our business, or of this
interpreter."""
_VERSION = """
from importlib.metadata import PackageNotFoundError, version
for name in ("apache-airflow-core", "apache-airflow"):
    try:
        print(version(name))
        break
    except PackageNotFoundError:
        pass
"""
_INSTALL = (
    'Install Airflow 3 in an environment of its own, and name that: python = "…/bin/python" in '
    "[stacks.NAME.options]."
)
_LAST = 20
"""Lines of Airflow's log that are shown where it ends without a word."""


@dataclass(frozen=True, slots=True)
class Airflow:
    """An Airflow that is installed on this machine.

    Args:
        python: Its interpreter.
        version: Which it is.
    """

    python: Path
    version: str

    def run(self, dags: Sequence[tuple[Path, Mapping[str, str]]], home: Path) -> list[Any]:
        """Runs DAG files of one folder, one after another, each with its configuration.

        Args:
            dags: The files, with what they are triggered with.
            home: An empty folder, for its database and logs.

        Returns:
            For each its ``state``, the ``run``'s id, and the state of its ``tasks``.

        Raises:
            RunError: Airflow could not be started.
        """
        self.prepare(home)
        asked = json.dumps([[str(file), dict(given)] for file, given in dags])
        result, log = home / "told.json", home / "airflow.log"
        variables = self.variables(home, dags[0][0].parent)
        with log.open("wb") as out:
            words = [str(self.python), str(_RUNNER), asked, str(result)]
            done = subprocess.run(words, cwd=home, env=variables, stdout=out, check=False)
        if not result.exists():
            raise RunError(
                f"Airflow {self.version} ended with exit code {done.returncode}, and ran nothing",
                hint="What it said: " + _last_lines(log),
            )
        told: list[Any] = json.loads(result.read_text(encoding="utf-8"))
        return told

    def variables(self, home: Path, dags: Path) -> dict[str, str]:
        """What it and its tasks are started with: uv, and no trace of this environment."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(_NOT_PASSED)}
        path = [str(self.python.parent), str(Path(find_uv()).parent), kept.get("PATH", os.defpath)]
        return {
            **kept,
            "PATH": os.pathsep.join(path),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }

    def prepare(self, home: Path) -> None:
        """Puts an empty database into a folder."""
        shutil.copyfile(self._database(), home / "airflow.db")

    def _database(self) -> Path:
        """An empty database of this version, which takes Airflow long to make: kept for later."""
        made = cache_folder() / "airflow" / f"empty-{self.version}.db"
        if not made.exists():
            made.parent.mkdir(parents=True, exist_ok=True)
            sys.stderr.write("airflow  makes a database, once for this machine\n")
            with tempfile.TemporaryDirectory(dir=made.parent) as folder:
                self._migrate(Path(folder))
                (Path(folder) / "airflow.db").replace(made)
        return made

    def _migrate(self, home: Path) -> None:
        words = [str(self.python), "-m", "airflow", "db", "migrate"]
        variables = self.variables(home, home)
        with (home / "log").open("wb") as out:
            done = subprocess.run(
                words, cwd=home, env=variables, stdout=out, stderr=out, check=False
            )
        if done.returncode:
            raise RunError(
                f"Airflow {self.version} cannot make its database",
                hint="What it said: " + _last_lines(home / "log"),
            )


def find_airflow(python: str | None) -> Airflow:
    """The Airflow of an interpreter.

    Args:
        python: Its path; the present one if none is named.

    Raises:
        ConfigError: It is not there, has no Airflow, or has one that is too old.
    """
    found = python or sys.executable
    try:
        words = [found, "-c", _VERSION]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise ConfigError(f"{found} is no Python that can be started", hint=_INSTALL) from error
    version = done.stdout.strip()
    if not version:
        raise ConfigError(f"{found} has no Airflow", hint=_INSTALL)
    if int(version.partition(".")[0]) < _OLDEST:
        raise ConfigError(f"{found} has Airflow {version}, which is too old", hint=_INSTALL)
    return Airflow(Path(found), version)


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LAST:])
