"""A real server of MLflow that tests start, kill and start again, in an environment of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from engines import engine_python

MLFLOW = "mlflow>=3,<4"
_SECONDS = 240.0
"""In which it starts: it imports most of what there is."""
_SETTINGS = {
    # Its jobs would be eight processes more, and nothing here asks for one.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


class MlflowServer:
    """A server over a SQLite file, which hands artifacts on itself.

    Args:
        folder: An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._python = folder, engine_python("mlflow", MLFLOW)
        self.artifacts = folder / "artifacts"
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self._port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self._port}"
        shutil.copy(self._empty(), folder / "mlflow.db")
        with (folder / "log").open("wb") as log:
            self._program = subprocess.Popen(
                [str(self._python), str(Path(__file__).with_name("mlflow_program.py"))],
                cwd=folder,
                env={**os.environ, **_SETTINGS},
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._process: int | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        words = ["--workers", "1", "--port", str(self._port)]
        words += ["--backend-store-uri", f"sqlite:///{self._folder}/mlflow.db"]
        words += ["--artifacts-destination", str(self.artifacts)]
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(" ".join(words) + "\n")
        self._program.stdin.flush()
        self._process = int(self._program.stdout.readline() or self._broken())
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and Path(f"/proc/{self._process}").exists():
            with contextlib.suppress(OSError, urllib.error.URLError):
                urllib.request.urlopen(f"{self.address}/health", timeout=2).close()
                return
            time.sleep(0.1)
        self._broken()

    def kill(self) -> None:
        """Ends it at once; it can be started again."""
        if self._process is not None:
            os.kill(self._process, signal.SIGKILL)
            while Path(f"/proc/{self._process}").exists():
                time.sleep(0.01)
            self._process = None

    def close(self) -> None:
        """Ends it for good."""
        self._program.communicate()

    def _broken(self) -> str:
        raise AssertionError((self._folder / "log").read_text())

    def _empty(self) -> Path:
        """A database without a run, made once for a machine: its tables take long."""
        kept = self._python.parents[1] / "empty.db"
        if not kept.exists():
            making = kept.with_name(f"making-{os.getpid()}.db")
            words = [str(self._python.with_name("mlflow")), "db", "upgrade", f"sqlite:///{making}"]
            subprocess.run(words, env={**os.environ, **_SETTINGS}, check=True, capture_output=True)
            making.rename(kept)
        return kept
