"""A project that was brought up by podman-compose: its database, its server, its watcher."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from object_server import ObjectServer

HOST = "host.containers.internal"
"""This machine, as containers on a network of podman's know it."""


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        return int(free.getsockname()[1])


def until(holds: Callable[[], bool], seconds: float = 200.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            pytest.fail("it never came to hold")
        time.sleep(0.3)


def podman(*words: str, check: bool = True) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout.strip()


def version_at(port: int) -> str | None:
    """The version that answers, if one does, and answers right."""
    told = {"name": "input", "shape": [2, 1], "datatype": "FP64", "data": [-1e9, 1e9]}
    data = json.dumps({"inputs": [told]}).encode()
    headers = {"content-type": "application/json"}
    address = f"http://127.0.0.1:{port}/v2/models/level/infer"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(address, data, headers), timeout=5
        ) as answer:
            document = json.load(answer)
    except (OSError, urllib.error.HTTPError):
        return None
    assert document["outputs"][0]["data"] == [0, 1]
    return str(document["model_version"])


@contextlib.contextmanager
def container(image: str, *words: str) -> Iterator[tuple[str, int]]:
    """A container of a server's image while it is entered; its id and its port."""
    port = free_port()
    made = podman("run", "--detach", "--publish", f"127.0.0.1:{port}:8080", *words, image)
    name = made.splitlines()[-1]
    try:
        yield name, port
    finally:
        podman("rm", "--force", "--time", "0", "--volumes", name)


def is_healthy(name: str) -> bool:
    """Runs a container's healthcheck once, as systemd does where there is one."""
    asked = subprocess.run(["podman", "healthcheck", "run", name], capture_output=True, check=False)
    return asked.returncode == 0


@dataclass
class Whole:
    """What was brought up.

    Args:
        root: The project's folder.
        store: The bucket's server.
        port: That of the server of models.
        database: That of the database.
        postgres: The image of the database.
    """

    root: Path
    store: ObjectServer
    postgres: str
    port: int = field(default_factory=free_port)
    database: int = field(default_factory=free_port)

    @property
    def inside(self) -> dict[str, str]:
        """What containers are told of the bucket."""
        at = f"http://{HOST}:{self.store.port}"
        return {**self.store.variables, "AWS_ENDPOINT_URL": at}

    @property
    def password(self) -> str:
        return (self.root / ".env").read_text().strip().partition("POSTGRES_PASSWORD=")[2]

    def windlass(self, *words: str, code: int = 0) -> Any:
        """Runs a command on this machine, with what ``.env`` has; returns its document."""
        drawn = {"POSTGRES_PASSWORD": self.password} if (self.root / ".env").exists() else {}
        done = subprocess.run(
            [sys.executable, "-m", "windlass", *words, "--json"],
            cwd=self.root,
            env={**os.environ, **self.store.variables, **drawn},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr + done.stdout
        return json.loads(done.stdout)

    def compose(self, *words: str) -> str:
        told = {"POSTGRES_IMAGE": self.postgres, "POSTGRES_PORT": str(self.database)}
        done = subprocess.run(
            [sys.executable, "-m", "podman_compose", *words],
            cwd=self.root,
            env={**os.environ, **self.inside, **told},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def container(self, service: str) -> str:
        """The name of a service's container."""
        words = ("ps", "--all", "--format", "{{.Names}}", "--filter")
        project = f"label=com.docker.compose.project={self.root.name}"
        label = f"label=com.docker.compose.service={service}"
        return podman(*words, project, "--filter", label)

    def serves(self, version: str) -> bool:
        return version_at(self.port) == version
