"""Asks the server of `server` for runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any


class Runner:
    """A server that runs projects, each run in a new process.

    Args:
        preloaded: Further modules that it imports once for all runs.
    """

    def __init__(self, *preloaded: str) -> None:
        self._preloaded = preloaded

    def __enter__(self) -> Runner:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py")), *self._preloaded],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def run(
        self, folder: Path, pipeline: str = "everything", **options: Any
    ) -> dict[str, dict[str, Any]]:
        """Runs a pipeline of ``flow.py`` in a folder; its nodes by name."""
        nodes: dict[str, dict[str, Any]] = self.ask(folder, pipeline, options)["nodes"]
        return nodes

    def ask(
        self,
        folder: Path,
        pipeline: str,
        options: Mapping[str, Any],
        plain: int | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Runs a pipeline; with `plain`, its steps are called, too, on that number."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "folder": str(folder),
            "pipeline": pipeline,
            "options": options,
            "plain": plain,
            "environ": environ,
        }
        print(json.dumps(request), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert answer["status"] == "succeeded", answer["status"]
        return answer


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Writes the files of a project."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_old(path, text)


def write_old(path: Path, text: str | bytes) -> None:
    """Writes a file as if long ago, so that what is remembered of it is remembered at once."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, ns=(10**18, 10**18))
