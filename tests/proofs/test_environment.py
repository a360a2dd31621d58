"""Reproduced in the recorded environment, which uv builds; and a package's version that matters."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from windlass.artifacts import ArtifactStore
from windlass.provenance import uv
from windlass.provenance.environments import place_wheel, ready_environment
from windlass.provenance.lock import Lock, compile_lock
from windlass.provenance.requirement_lines import requirements_of
from windlass.provenance.wheel import requirements, store_wheel

PIPELINE = """
import toolz
from windlass import pipeline, step

@step
def version(n: int) -> str:
    return toolz.__version__ * n

@step
def doubled(text: str) -> str:
    return text * 2

@step
def other(n: int) -> int:
    return n + 1

@pipeline
def versions(n: int = 1) -> str:
    other(n)
    return doubled(version(n))
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINDLASS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")


def program(tmp_path: Path, toolz: str) -> Path:
    """Windlass in an environment of its own, with a version of toolz."""
    text = "\n".join([*requirements(), f"toolz=={toolz}"])
    solved = requirements_of(compile_lock(uv.PYTHON, None, text=text))
    store = ArtifactStore.open_store(tmp_path / "store")
    wheel = place_wheel(store, store_wheel(store, tmp_path / "notes"))
    python = ready_environment(Lock(uv.PYTHON, "cpython", solved), wheel)
    return python.with_name("windlass")


def started(project: Path, windlass: Path, *words: str, **variables: str) -> tuple[int, Any]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(windlass), *words, "--json"],
        cwd=project,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_package_s_version_is_caught_and_its_recorded_one_is_built(tmp_path: Path) -> None:
    old, new = program(tmp_path, "0.12.0"), program(tmp_path, "1.0.0")
    project = tmp_path / "project"
    project.mkdir()
    (project / "windlass.toml").touch()
    (project / "versions.py").write_text(PIPELINE)
    code, run = started(project, old, "run", "versions.py")
    assert code == 0, run

    code, proof = started(project, new, "reproduce", "versions", "--here")
    assert (code, proof["verdict"], proof["first"]) == (1, "different", "version")
    (cause,) = proof["causes"]
    assert (cause["node"], cause["kind"]) == ("version", "environment")
    assert cause["findings"] == ["toolz 0.12.0 → 1.0.0"]
    assert "Leave --here out" in cause["hint"]
    assert {node["node"]: node["status"] for node in proof["nodes"]}["other"] == "equal"

    code, proof = started(project, new, "reproduce", "versions")
    assert (code, proof["verdict"], proof["environment"]) == (0, "equal", "recorded"), proof
    assert not any("toolz" in line for line in proof["surroundings"])

    gone = {"WINDLASS_CACHE": str(tmp_path / "empty"), "UV_OFFLINE": "1", "UV_NO_CACHE": "1"}
    code, proof = started(project, new, "reproduce", "versions", **gone)
    assert (code, proof["verdict"]) == (3, "inconclusive")
    assert proof["reason"].startswith("the recorded environment: ")
    assert "--here" in proof["hint"]
