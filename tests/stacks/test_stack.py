from __future__ import annotations

from pathlib import Path

import pytest

from windlass.errors import ConfigError
from windlass.provenance.project import Project
from windlass.stacks.stack import Stack, is_local, load_stack


def load(project: Project, text: str, name: str | None = None) -> Stack:
    assert project.config is not None
    project.config.write_text(text)
    return load_stack(name, project)


def test_by_default_all_is_kept_in_the_project(tmp_path: Path) -> None:
    stack = load_stack(None, Project(tmp_path, tmp_path / ".windlass"))
    assert stack.name == "default"
    assert stack.target == "local"
    assert stack.artifacts_url == str(tmp_path / ".windlass" / "artifacts")
    assert stack.records_url == str(tmp_path / ".windlass" / "windlass.db")
    assert stack.logs == tmp_path / ".windlass" / "logs"
    assert not stack.durable


def test_pickles_are_trusted_only_from_the_project_s_own_store(project: Project) -> None:
    text = """
    [stacks.bucket]
    artifacts = "s3://bucket"
    [stacks.shared]
    artifacts = "/mnt/shared"
    [stacks.trusting]
    artifacts = "s3://bucket"
    trust_pickle = true
    [stacks.strict]
    trust_pickle = false
    [stacks.database]
    records = "postgresql://host/db"
    """
    trust = {
        name: load(project, text, name).trust_pickle
        for name in ("default", "bucket", "shared", "trusting", "strict", "database")
    }
    assert trust == {
        "default": True,
        "bucket": False,
        "shared": False,
        "trusting": True,
        "strict": False,
        "database": True,
    }


def test_paths_start_at_the_file(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    text = "[stacks.default]\nartifacts = 'store/a b'\nrecords = '~/runs.db'\n"
    stack = load(project, text)
    assert stack.artifacts_url == str(project.root / "store" / "a b")
    assert stack.records_url == "/home/me/runs.db"


def test_references_are_resolved_when_used_and_never_shown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = """
    [stacks.default]
    records = "postgresql://me:${env:WINDLASS_TEST_PASSWORD}@host/db"
    artifacts = "s3://key:hunter2@bucket/x"
    [stacks.default.options]
    token = "${env:WINDLASS_TEST_PASSWORD}"
    nested = { list = ["${env:WINDLASS_TEST_PASSWORD}", 3] }
    """
    stack = load(project, text)
    with pytest.raises(ConfigError, match=r"'default' \(records\) needs .*WINDLASS_TEST_PASSWORD"):
        _ = stack.records_url
    monkeypatch.setenv("WINDLASS_TEST_PASSWORD", "hunter2")
    assert stack.records_url == "postgresql://me:hunter2@host/db"
    assert stack.artifacts_url == "s3://key:hunter2@bucket/x"
    assert stack.resolved_options() == {"token": "hunter2", "nested": {"list": ["hunter2", 3]}}
    shown = f"{stack!r} {stack} {stack.describe()}"
    assert "hunter2" not in shown
    assert "${env:WINDLASS_TEST_PASSWORD}" in shown


def test_a_path_may_come_from_a_reference(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINDLASS_TEST_STORE", "/data/store")
    stack = load(project, "[stacks.default]\nartifacts = '${env:WINDLASS_TEST_STORE}'")
    assert stack.artifacts_url == "/data/store"
    assert not stack.trust_pickle


@pytest.mark.parametrize("written", ["s3:/bucket", "s3:bucket", "postgresql:db"])
def test_what_is_neither_path_nor_url_is_refused(project: Project, written: str) -> None:
    stack = load(project, f"[stacks.default]\nartifacts = '{written}'")
    with pytest.raises(ConfigError, match="neither a path nor a URL"):
        _ = stack.artifacts_url


def test_local_parts_are_named(project: Project) -> None:
    text = "[stacks.default]\nartifacts = 's3://bucket'\nrecords = 'sqlite:////tmp/x.db'\n"
    assert load(project, text).local_parts() == ["records in sqlite:////tmp/x.db"]


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("/a/b", True),
        ("file:///a", True),
        ("sqlite:///a.db", True),
        ("sqlite+pysqlite:///a.db", True),
        ("s3://b", False),
        ("postgresql+psycopg://h/d", False),
        ("memory://x", False),
    ],
)
def test_is_local(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_a_tracker_that_is_not_installed_is_refused(project: Project) -> None:
    with pytest.raises(ConfigError, match=r"'mlfow', which is not installed\n.*none"):
        load(project, "[stacks.default]\ntracker = 'mlfow'\n")
    load(project, "[stacks.default]\ntracker = 'none'\n")


def test_stores_elsewhere_are_opened_where_the_project_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()  # in the way of the folder, even to root
    project = Project(tmp_path, tmp_path / "a file" / ".windlass")
    records = str(tmp_path / "records.db")
    stack = Stack("team", project, artifacts="memory://team", records=records)
    stack.open_records().close()
    store = stack.open_store()
    with store.writer() as writer:
        writer.write(bytes(10_000))
        blob = writer.finish(inline=-1)[0]
    assert store.path(blob).read_bytes() == bytes(10_000)
