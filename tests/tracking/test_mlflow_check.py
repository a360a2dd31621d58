"""`windlass stack check` tries a server of MLflow out, and says what is missing."""

from __future__ import annotations

import base64
import importlib.metadata
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mlflow_server import MlflowServer
from windlass.provenance.project import Project
from windlass.stacks.check import Check
from windlass.stacks.stack import Stack
from windlass.tracking.mlflow.client import ask, is_there
from windlass.tracking.trying import look_at_tracker

from .mlflow_place import AWAY, api, project_in, windlass

pytestmark = pytest.mark.filterwarnings("default")  # MLflow warns of itself, as it is imported


def check(folder: Path, address: str) -> Check:
    stack = Stack("team", Project(folder, folder / ".windlass"), tracker=f"mlflow:{address}")
    (found,) = look_at_tracker(stack)
    return found


class _Guarded(BaseHTTPRequestHandler):
    """What a server of MLflow that asks for a password answers to who has another one."""

    version = ""
    said: str | None = None

    def do_GET(self) -> None:
        type(self).said = self.headers["Authorization"]
        told = {"/health": "OK", "/version": self.version}.get(self.path)
        self.send_response(200 if told else 401)
        self.send_header("Content-Length", str(len(told or "")))
        self.end_headers()
        self.wfile.write((told or "").encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(handler: type[_Guarded]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_is_written_read_and_cleaned_up(
    mlflow_server: MlflowServer, tmp_path: Path
) -> None:
    with project_in(tmp_path, mlflow_server, Path(__file__).with_name("mlflow_pipelines.py")):
        checks = {each["name"]: each for each in windlass("stack", "check")["checks"]}
    found = checks["tracker"]
    assert found["status"] == "ok", found
    assert "MLflow 3." in found["message"]
    assert found["message"].endswith("written, read and cleaned up")
    names = [each.name for each in api(mlflow_server).search_experiments()]
    assert not any(name.startswith("windlass stack check") for name in names)
    assert not list(mlflow_server.artifacts.rglob("check.txt"))


def test_one_that_is_away_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    found = check(tmp_path, AWAY)
    assert (found.status, found.message) == ("fail", f"MLflow does not answer at {AWAY}")


def test_a_wrong_password_is_told_but_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("OF_ADA", "secret")
    with serving(_Guarded) as place:
        found = check(tmp_path, f"http://ada:${{env:OF_ADA}}@{place}")
    assert found.status == "fail"
    assert "does not let us in" in found.message
    assert "password" in str(found.hint)
    assert "secret" not in found.message + str(found.hint)
    assert "names a password" in check(tmp_path, "http://ada:secret@host").message


def test_a_server_that_is_too_old_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")

    class Old(_Guarded):
        version = "2.22.0"

    with serving(Old) as place:
        found = check(tmp_path, f"http://{place}")
    assert found.status == "fail"
    assert "is 2.22.0, which is too old" in found.message


def test_user_and_password_in_the_address_are_those_that_the_server_is_asked_with() -> None:
    class Known(_Guarded):
        version = "3.0.0"

    with serving(Known) as place:
        address = f"http://ada:a%40b@{place}/"
        assert is_there(address)
        assert ask(address, "version") == "3.0.0"
    assert Known.said == f"Basic {base64.b64encode(b'ada:a@b').decode()}"


def test_a_client_that_is_not_there_or_too_old_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    found = check(tmp_path, AWAY)
    assert "is not installed" in found.message
    assert "windlass[mlflow]" in str(found.hint)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.9.1")
    assert "is 2.9.1 here" in check(tmp_path, AWAY).message
