"""The program as a person or another program starts it: a process, its streams, its code."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import windlass

from . import warm

PROGRAM = warm.PROGRAM
OURS = str(Path(windlass.__file__).parent)
"""Where no line of a traceback that a user sees should be."""


def wait_until(is_so: Callable[[], object], seconds: float = 90) -> None:
    """Waits for what another process does."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


_OF_THE_WEB = ("SSL_", "UV_", "HTTP_", "HTTPS_", "NO_PROXY", "ALL_PROXY")


def web_variables() -> dict[str, str]:
    """The variables by which uv finds its indexes and trusts them, on a machine that has such."""
    return {name: text for name, text in os.environ.items() if name.startswith(_OF_THE_WEB)}


def may_start_python(user: int) -> bool:
    """Whether another user may start this interpreter, which may lie in somebody's own folder."""
    words = [sys.executable, "-c", "import windlass"]
    try:
        return subprocess.run(words, user=user, check=False, capture_output=True).returncode == 0
    except PermissionError:
        return False


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and streams."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Folder:
    """A project, and the program started in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def windlass(self, *arguments: str, **environment: str) -> Done:
        if not warm.is_for({**self.environment, **environment}):
            return self.command(str(PROGRAM), *arguments, **environment)
        done = warm.run(self.root, *arguments, variables=self.variables(environment))
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, *words: str, **environment: str) -> Done:
        done = subprocess.run(
            words,
            cwd=self.root,
            env=self.variables(environment),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=240,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def variables(self, more: dict[str, str]) -> dict[str, str]:
        """The environment: of this machine's, only what a program needs to start."""
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "PYTEST_PLUGINS", "PYTEST_ADDOPTS")
            if name in os.environ
        }
        return {**kept, "LANG": "C.UTF-8", **self.environment, **more}

    def recorded(self) -> int:
        """How many runs are recorded."""
        database = self.root / ".windlass" / "windlass.db"
        with contextlib.closing(sqlite3.connect(database)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        return int(count)

    def refused(self, *arguments: str, code: int = 2) -> str:
        """What is told on standard error of a command that is refused; nothing is on the other."""
        done = self.windlass(*arguments)
        assert done.code == code, done
        assert done.out == ""
        assert "bug in Windlass" not in done.err
        assert done.err.startswith("error: ")
        return done.err

    def document(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """The one JSON document on standard output."""
        done = self.windlass(*arguments, "--json")
        assert done.code == code, done
        document = json.loads(done.out)
        assert isinstance(document, dict)
        return document

    @contextlib.contextmanager
    def started(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The program, running beside the test."""
        process = subprocess.Popen(
            [str(PROGRAM), *arguments],
            cwd=self.root,
            env=self.variables({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with process:
                yield process
        finally:
            process.kill()
