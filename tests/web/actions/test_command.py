"""``windlass ui``: the address, its tokens, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@contextlib.contextmanager
def ui(root: Path, *words: str) -> Iterator[dict[str, Any]]:
    """What a dashboard in a process of its own tells when it listens."""
    command = [sys.executable, "-m", "windlass", "ui", "--port", "0", "--json", *words]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("}\n") or text.count("{") != text.count("}"):
            line = process.stdout.readline()
            assert line, "it ended"
            text += line
        try:
            yield json.loads(text)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) in (0, -signal.SIGTERM)


def status(address: str, token: str = "") -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    asked = urllib.request.Request(f"{address}/api/runs", headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "windlass.toml").touch()
    return tmp_path


def test_on_loopback_no_token_is_asked_for(project: Path) -> None:
    with ui(project) as told:
        assert told["tokens"] is None
        assert told["address"].startswith("http://127.0.0.1:")
        assert status(told["address"]) == 400  # nothing was recorded yet
    assert not (project / ".windlass").exists()


def test_tokens_are_made_and_told_once(project: Path) -> None:
    with ui(project, "--host", "0.0.0.0") as first:
        address = first["address"].replace("0.0.0.0", "127.0.0.1")
        assert status(address) == 401
        assert status(address, first["tokens"]["reading"]) == 400
    with ui(project, "--tokens", "--allow-host", "ml.example.com") as second:
        assert second["tokens"] == {}
        assert status(second["address"], first["tokens"]["acting"]) == 400
    with ui(project, "--tokens", "--new-tokens") as third:
        assert status(third["address"], first["tokens"]["acting"]) == 401
        assert status(third["address"], third["tokens"]["acting"]) == 400


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--new-tokens",), "no token is asked for"),
        (("nowhere",), "there is no folder"),
        ((".", "."), "one project is named twice"),
        (("--host", "256.0.0.1"), "cannot listen"),
        (("--stack", "none"), "none"),
    ],
)
def test_what_is_asked_wrongly_ends_with_2(
    project: Path, words: tuple[str, ...], told: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "windlass", "ui", "--port", "0", "--json", *words],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert told in json.loads(done.stdout)["error"]["message"]
