"""Runs a notebook by nbclient and makes a page of it by nbconvert."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from windlass.artifacts.documents import HTML
from windlass.errors import ConfigError, NotebookError
from windlass.execution.notebook_kernel import VARIABLE

try:
    import nbformat
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError
    from nbconvert import HTMLExporter
except ImportError as error:
    raise ConfigError(
        f"notebooks cannot be run: {error.name} is not installed",
        hint="Install it: pip install 'windlass[notebooks]'",
    ) from error

_LONGEST = 60
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_quiet = logging.getLogger("windlass.notebook")
_quiet.setLevel(logging.ERROR)  # that a kernel starts is no news to whoever reads a step's log


class _Manager(AsyncKernelManager):
    """Starts the kernel of this very interpreter, whatever kernels are installed beside it."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Windlass", language="python")


def execute_notebook(
    file: Path, folder: Path, first: str, last: str, tag: str, given: Mapping[str, Any]
) -> Any:
    """Runs a notebook with a cell more before and after its own.

    Args:
        file: The notebook.
        folder: Where the kernel keeps its own files.
        first: The cell that comes after the one with the tag, or before all.
        last: The cell that comes after all.
        tag: The tag.
        given: What the first cell sets, to be shown in its place.

    Returns:
        The notebook with its outputs.

    Raises:
        NotebookError: A cell failed, or the kernel died.
    """
    notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    place = _after_tag(notebook.cells, tag)
    notebook.cells.insert(place, _cell(first, "windlass-given"))
    notebook.cells.append(_cell(last, "windlass-kept"))
    client = NotebookClient(
        notebook,
        log=_quiet,
        timeout=None,
        kernel_manager_class=_Manager,
        resources={"metadata": {"path": str(file.parent)}},
        record_timing=False,
        on_cell_executed=_tell,
    )
    client.km = _Manager(transport="ipc", ip=str(folder / "kernel"))
    environment = {
        VARIABLE: str(folder),
        "IPYTHONDIR": str(folder / "ipython"),  # nobody's own start-up files
        "JUPYTER_RUNTIME_DIR": str(folder),
    }
    try:
        client.execute(env={**os.environ, **environment})
    except CellExecutionError as error:
        raise _failure(file, notebook, place, error) from None
    except DeadKernelError as error:
        raise NotebookError(
            f"the kernel of {file.name} died",
            hint="Perhaps memory ran out; what it printed last is in the log.",
        ) from error
    notebook.cells.pop()
    notebook.cells[place].source = _shown(given)
    return notebook


def page_of(notebook: Any, title: str) -> HTML:
    """A notebook as a page that needs no network."""
    make: Any = HTMLExporter
    exporter = make(log=_quiet, mathjax_url="", require_js_url="", jquery_url="", embed_images=True)
    resources = {"metadata": {"name": title}}
    body, _ = exporter.from_notebook_node(notebook, resources)
    return HTML(body)


def _after_tag(cells: list[Any], tag: str) -> int:
    tagged = [at for at, cell in enumerate(cells) if tag in cell.metadata.get("tags", [])]
    return tagged[0] + 1 if tagged else 0


def _cell(source: str, name: str) -> Any:
    cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    cell["id"] = name  # else it would be random, and the page another each time
    return cell


def _shown(given: Mapping[str, Any]) -> str:
    """What a reader is shown in the place of the cell that sets variables."""
    rows = ["# set by the step"]
    for name, value in given.items():
        text = repr(value) if type(value) in (bool, int, float, str, type(None)) else ""
        told = text if text and len(text) <= _LONGEST else f"...  # {type(value).__name__}"
        rows.append(f"{name} = {told}")
    return "\n".join(rows)


def _tell(cell: Any, cell_index: int, execute_reply: Any) -> None:  # noqa: ARG001
    """Prints what a cell printed, as it would be in a step."""
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            stream = sys.stderr if output.name == "stderr" else sys.stdout
            print(output.text, end="", file=stream, flush=True)


def _failure(file: Path, notebook: Any, place: int, error: CellExecutionError) -> NotebookError:
    failed = [
        at
        for at, cell in enumerate(notebook.cells)
        if any(each.output_type == "error" for each in cell.get("outputs", []))
    ]
    for output in notebook.cells[failed[-1]].outputs if failed else []:
        if output.output_type == "error":
            print(_COLOURS.sub("", "\n".join(output.traceback)), file=sys.stderr)  # noqa: T201
    number = failed[-1] + 1 - (failed[-1] > place) if failed else 0
    own = failed and failed[-1] in (place, len(notebook.cells) - 1)
    where = file.name if own else f"{file.name}, cell {number},"
    return NotebookError(f"{where} failed: {error.ename}: {error.evalue}")
