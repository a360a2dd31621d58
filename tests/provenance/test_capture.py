from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from windlass import values
from windlass.provenance.bundle import capture_bundle
from windlass.provenance.capture import capture
from windlass.provenance.environment import capture_environment
from windlass.provenance.git import git_facts
from windlass.provenance.machine import machine_facts
from windlass.provenance.project import find_project


def test_all_at_once_is_the_same_as_one_by_one(project: Path, git: Callable[..., str]) -> None:
    git(project, "init", "-q")
    found = capture(find_project(project))
    assert found.bundle == capture_bundle(project)
    assert found.environment == capture_environment(project)
    assert found.git == git_facts(project)
    assert capture(find_project(project)).bundle == found.bundle


def test_it_leaves_no_mark_on_the_bundle(project: Path) -> None:
    first = capture(find_project(project))
    find_project(project).make_home()
    assert capture(find_project(project)).bundle.digest == first.bundle.digest


def test_facts_of_the_machine_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("API_TOKEN", "hunter2")
    text = json.dumps(values.encode(machine_facts()))
    facts = json.loads(text)
    assert facts["variables"]["OMP_NUM_THREADS"] == "3"
    assert facts["cpus_usable"] >= 1
    assert "hunter2" not in text
