"""A real server, started by the command line in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Server:
    """A server that runs.

    Args:
        root: The folder of the project.
        words: What ``windlass serve`` is told.
    """

    def __init__(self, root: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "windlass", "serve", *words, "--port", "0"],
            cwd=root,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self._ready.wait(120)
        assert self.port, "".join(self.lines)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"serving .* at http://[^ ]*:(\d+)", line):
                self.port = int(found[1])
                self._ready.set()
        self._ready.set()

    def get(self, path: str) -> tuple[int, Any]:
        """What a path is answered with, of JSON what it holds."""
        return self._asked(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, path: str, document: Any) -> tuple[int, Any]:
        """The same, of a document that is sent."""
        told = json.dumps(document).encode()
        headers = {"content-type": "application/json"}
        return self._asked(
            urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", told, headers)
        )

    def _asked(self, request: urllib.request.Request) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text, status = answer.read().decode(), answer.status
        except urllib.error.HTTPError as error:
            with error:
                text, status = error.read().decode(), error.code
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def stop(self) -> int:
        """Ends it as a service manager does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._thread.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextlib.contextmanager
def serving(root: Path, *words: str) -> Iterator[Server]:
    """A server while it is entered."""
    server = Server(root, *words)
    try:
        yield server
    finally:
        server.stop()
