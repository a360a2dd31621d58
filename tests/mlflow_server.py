"""A real server of MLflow that tests start, kill and start again, in an environment of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from engines import engine_python

MLFLOW = "mlflow>=3,<4"


class MlflowServer:
    """A server over a SQLite file, which hands artifacts on itself.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = engine_python("mlflow", MLFLOW).with_name("mlflow")
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words = [str(self._program), "server", "--workers", "1", "--port", str(self._port)]
        words += ["--backend-store-uri", f"sqlite:///{self._folder}/mlflow.db"]
        words += ["--artifacts-destination", str(self._folder / "artifacts")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                words, cwd=self._folder, stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"{self.address}/health", timeout=2).close()
                return
            time.sleep(0.2)
        raise AssertionError((self._folder / "log").read_text())

    def kill(self) -> None:
        """Ends it and all that it started, at once."""
        if self._process is not None:
            import os
            import signal

            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
