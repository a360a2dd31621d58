"""Servers that take a connection and never answer: a run that needs one does not begin."""

from __future__ import annotations

import importlib
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from windlass.artifacts import remote
from windlass.errors import RecordError, StoreError
from windlass.records import database


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("WINDLASS_HOME", raising=False)
    shutil.copy(Path(__file__).with_name("silent_flow.py"), tmp_path / "silent_here.py")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("silent_here", None)


def begin(project: Path, stack: str) -> Any:
    (project / "windlass.toml").write_text(f"[stacks.far]\n{stack}\n")
    return importlib.import_module("silent_here").ones.options(stack="far").run()


def test_a_bucket_that_never_answers_is_told_before_a_run_begins(
    project: Path, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    for name, text in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "c"}.items():
        monkeypatch.setenv(f"AWS_{name}", text)
    monkeypatch.setattr(remote, "ANSWER_SECONDS", 0.5)
    server, start = f"http://127.0.0.1:{silent}", time.monotonic()
    with pytest.raises(StoreError, match=r"s3://bucket does not answer: .* in 0.5 seconds"):
        begin(project, f'artifacts = "s3://bucket"\nstorage.endpoint_url = "{server}"')
    assert time.monotonic() - start < 20
    assert not list((project / ".windlass").glob("logs/*"))


def test_a_database_that_never_answers_is_told_before_a_run_begins(
    project: Path, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    monkeypatch.setattr(database, "_CONNECT_SECONDS", "2")  # the least that its client takes
    start = time.monotonic()
    with pytest.raises(RecordError, match="timeout"):
        begin(project, f'records = "postgresql://me:hunter2@127.0.0.1:{silent}/x"')
    assert time.monotonic() - start < 20
