"""Notebooks for tests: made of the texts of cells, run in a real kernel."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager

from cli.program import wait_until

HEAD = "from windlass import each, log_metric, pipeline, step"


class Kernel:
    """A notebook in a folder, whose cells are run one after another as a person would."""

    def __init__(self, folder: Path) -> None:
        manager: Any = KernelManager(transport="ipc", ip=str(folder / "kernel"))
        self._manager = manager
        manager.kernel_spec.argv[0] = sys.executable
        kept = {name: text for name, text in os.environ.items() if name != "JPY_SESSION_NAME"}
        self._manager.start_kernel(cwd=str(folder), env={**kept, "IPYTHONDIR": str(folder / "ip")})
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def __call__(self, text: str) -> str:
        """Runs a cell; what it printed, or ``Name: message`` of the error that it raised."""
        told: list[str] = []
        self._client.execute_interactive(
            text, output_hook=lambda message: told.append(_text(message)), timeout=100
        )
        return "".join(told).strip()

    def traceback(self, text: str) -> str:
        """Runs a cell that fails; what is shown of that."""
        reply = self._client.execute_interactive(text, output_hook=lambda _: None, timeout=100)
        return "\n".join(reply["content"]["traceback"])

    def kill_during(self, text: str, is_reached: Callable[[], object]) -> None:
        """Begins a cell, and kills the kernel with SIGKILL when it has come as far as that."""
        self._client.execute(text)
        wait_until(is_reached, seconds=60)
        self._manager.signal_kernel(signal.SIGKILL)

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


def _text(message: Any) -> str:
    kind, content = message["msg_type"], message["content"]
    if kind == "error":
        return f"{content['ename']}: {content['evalue']}"
    if kind == "stream":
        return str(content["text"])
    return str(content.get("data", {}).get("text/plain", ""))


def write_notebook(path: Path, cells: Sequence[str], tagged: str = "") -> None:
    """Writes a notebook; `tagged` is the text of a cell before the others, for parameters."""
    made = [nbformat.v4.new_code_cell(text, id=f"c{at}") for at, text in enumerate(cells)]  # type: ignore[no-untyped-call]
    if tagged:
        made.insert(
            0,
            nbformat.v4.new_code_cell(tagged, id="given", metadata={"tags": ["parameters"]}),  # type: ignore[no-untyped-call]
        )
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)  # type: ignore[no-untyped-call]
