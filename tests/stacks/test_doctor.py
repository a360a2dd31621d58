from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from windlass import artifacts
from windlass.provenance.project import Project
from windlass.records.model import NewRun
from windlass.stacks.check import Check
from windlass.stacks.doctor import examine
from windlass.stacks.stack import load_stack


@pytest.fixture
def plain(tmp_path: Path) -> Project:
    return Project(tmp_path, tmp_path / ".windlass")


def found(project: Project, stack: str | None = None, gone: bool | None = None) -> dict[str, Check]:
    is_gone = None if gone is None else lambda _: gone
    return {check.name: check for check in examine(project, stack, is_gone=is_gone)}


def test_a_sound_project_passes(plain: Project) -> None:
    checks = found(plain, gone=False)
    for name in ("settings", "records", "runs", "artifacts"):
        assert checks[name].status == "ok", checks[name]
    assert "0 runs" in checks["records"].message


def test_runs_without_a_process_are_told(plain: Project) -> None:
    records = load_stack(None, plain).open_records()
    told = NewRun("flow", "p" * 64, "b" * 64, "e" * 64, "local", "default", 0)
    records.save_plan(told.plan, "flow", "{}", [])
    records.save_bundle(told.bundle, "{}")
    records.save_environment(told.environment, "{}")
    name = records.create_run(told).name
    records.close()
    assert found(plain, gone=False)["runs"].message == "1 running"
    lost = found(plain, gone=True)["runs"]
    assert lost.status == "warn"
    assert name in lost.message


def test_wrong_settings_are_told_after_the_machine(project: Project) -> None:
    assert project.config is not None
    project.config.write_text("[stack.x]\n")
    checks = found(project)
    assert list(checks)[-1] == "settings"
    assert checks["settings"].status == "fail"
    assert "line 1" in checks["settings"].message


def test_a_damaged_database_is_told_and_the_rest_goes_on(plain: Project) -> None:
    plain.make_home()
    (plain.home / "windlass.db").write_bytes(b"no database at all" * 100)
    checks = found(plain)
    assert checks["records"].status == "fail"
    assert checks["artifacts"].status == "ok"


def test_a_database_with_a_torn_page_is_told(plain: Project) -> None:
    records = load_stack(None, plain).open_records()
    records.close()
    file = plain.home / "windlass.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[-4096:] = b"\xff" * 4096
    file.write_bytes(bytes(content))
    assert found(plain)["records"].status == "fail"


def test_a_secret_that_is_not_set_is_told_per_store(project: Project) -> None:
    assert project.config is not None
    project.config.write_text(
        "[stacks.team]\nrecords = '${env:WINDLASS_NOT_SET}'\nartifacts = 'here'\n"
    )
    checks = found(project, "team")
    assert checks["records"].status == "fail"
    assert "WINDLASS_NOT_SET" in checks["records"].message
    assert checks["artifacts"].status == "ok"


def test_a_store_that_gives_back_other_bytes_is_told(
    plain: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "load", lambda *_, **__: b"other")
    assert found(plain)["artifacts"].status == "fail"


def test_a_store_that_fails_is_told(plain: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no such bucket")

    monkeypatch.setattr(artifacts, "save", refuse)
    check = found(plain)["artifacts"]
    assert (check.status, check.message) == ("fail", "OSError: no such bucket")
