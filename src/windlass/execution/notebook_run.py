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
from windlass.places import Place, cell_name

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
_GIVEN, _KEPT = "windlass-given", "windlass-kept"
_CELL = re.compile(r"Cell In ?\[(\d+)\]")
_LINE = re.compile(r"^ *In \[(\d+)\], line (\d+)", re.MULTILINE)
_FILE = re.compile(r" \(\d+\.py, line \d+\)$")
"""What Python adds to the text of a SyntaxError: a file that nobody knows."""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_quiet = logging.getLogger("windlass.notebook")
_quiet.setLevel(logging.ERROR)  # that a kernel starts is no news to whoever reads a step's log


class _Manager(AsyncKernelManager):
    """Starts the kernel of this very interpreter, whatever kernels are installed beside it."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Windlass", language="python")


class _Client(NotebookClient):
    """Gives numbers to a notebook's own cells alone, so that they are as in Jupyter."""

    async def async_execute_cell(
        self,
        cell: Any,
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> Any:
        if cell.get("id") not in (_GIVEN, _KEPT):
            run = super().async_execute_cell
            return await run(cell, cell_index, execution_count, store_history)
        await super().async_execute_cell(cell, cell_index, store_history=False)
        self.code_cells_executed -= 1
        cell["execution_count"] = None
        return cell


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
    notebook.cells.insert(place, _cell(first, _GIVEN))
    notebook.cells.append(_cell(last, _KEPT))
    client = _Client(
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
        raise _failure(file, notebook, error) from None
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


def _failure(file: Path, notebook: Any, error: CellExecutionError) -> NotebookError:
    """Prints the traceback of the cell that failed; names its line."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    failed = [each.traceback for each in outputs if each.output_type == "error"]
    told = _CELL.sub(r"In [\1]", _COLOURS.sub("", "\n".join(failed[-1] if failed else ())))
    print(told, file=sys.stderr)  # noqa: T201
    found = _LINE.search(told)
    where = f", {Place(cell_name(int(found[1])), int(found[2]))}," if found else ""
    return NotebookError(f"{file.name}{where} failed: {error.ename}: {_FILE.sub('', error.evalue)}")
