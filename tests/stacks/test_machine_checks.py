from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from windlass.provenance.project import Project
from windlass.stacks import machine_checks
from windlass.stacks.check import Check
from windlass.stacks.machine_checks import file_system

Usage = namedtuple("Usage", "total used free")


def checks(project: Project) -> dict[str, Check]:
    return {check.name: check for check in machine_checks.machine_checks(project)}


def test_a_sound_machine_passes_and_nothing_stays(project: Project) -> None:
    found = checks(project)
    names = ["python", "libraries", "processes", "state folder", "sqlite", "disk", "clock"]
    assert list(found) == [*names, "git", "uv"]
    assert {found[name].status for name in names} <= {"ok", "warn"}
    assert "SQLite" in found["sqlite"].message
    assert os.listdir(project.home) == [".gitignore"]


def test_what_is_missing_is_said_with_a_way_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 9))
    monkeypatch.setenv("PATH", str(project.root))
    monkeypatch.setattr(sys, "executable", str(project.root / "python"))
    found = checks(project)
    assert found["sqlite"].status == "fail"
    assert found["git"].status == found["uv"].status == "warn"
    assert all(found[name].hint for name in ("sqlite", "git", "uv"))


@pytest.mark.parametrize(("free", "status"), [(2**40, "ok"), (2**30, "warn"), (2**20, "fail")])
def test_a_full_disk_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**41, 0, free))
    assert checks(project)["disk"].status == status


def test_a_folder_that_cannot_be_written_is_told_and_the_rest_goes_on(
    project: Project, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    found = checks(Project(project.root, tmp_path / "file" / "home"))
    assert found["state folder"].status == "fail"
    assert "WINDLASS_HOME" in (found["state folder"].hint or "")
    assert found["python"].status == "ok"


def test_a_clock_that_differs_from_the_disk_s_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 60)
    assert checks(project)["clock"].message == "the disk's clock differs by -60 seconds"


def test_a_network_disk_is_told(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "file_system", lambda _: "nfs4")
    check = checks(project)["sqlite"]
    assert check.status == "warn"
    assert "nfs4" in check.message


def test_file_systems_are_known() -> None:
    assert file_system(Path("/proc/self")) == "proc"
