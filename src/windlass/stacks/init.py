"""``windlass init``: makes a folder a project."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from windlass.errors import ConfigError
from windlass.provenance.project import CONFIG, find_project
from windlass.stacks.stack import load_stack

_EXAMPLE = "pipeline.py"
_FILES = Path(__file__).parent / "example"
_PIPELINE = re.compile(r"^@(?:windlass\.)?pipeline\b[^@]*?^def +(\w+)", re.MULTILINE)
_MAX_LOOKED_INTO = 1_000


def initialise(folder: Path, *, example: bool = True) -> list[str]:
    """Makes a folder a project; nothing that is there is overwritten.

    Args:
        folder: Made if it does not exist.
        example: Whether to write a first pipeline where the folder has none.

    Returns:
        What was done, a line each, the last saying what to do next.

    Raises:
        ConfigError: The folder cannot be written, or its ``windlass.toml`` is wrong.
        RecordError: Its database cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _find_pipeline(folder)
        lines = [_write(folder, CONFIG)]
        if example and file is None and not (folder / _EXAMPLE).exists():
            lines.append(_write(folder, _EXAMPLE))
            file = f"{_EXAMPLE}:training"
    except OSError as error:
        raise ConfigError(
            f"{folder} cannot be made a project: {error.strerror} ({error.filename})",
            hint="Choose a folder that can be written.",
        ) from error
    lines.append(_make_home(folder))
    return [*lines, f"next: windlass run {file or 'FILE.py:PIPELINE'}"]


def _write(folder: Path, name: str) -> str:
    text = (_FILES / name).read_text(encoding="utf-8")
    with contextlib.suppress(FileExistsError), (folder / name).open("x", encoding="utf-8") as file:
        file.write(text)
        return f"{name}: written"
    return f"{name}: there already, left as it is"


def _make_home(folder: Path) -> str:
    project = find_project(folder)
    stack = load_stack(None, project)
    existed = project.home.exists()
    stack.open_records().close()
    shown = project.home.name if project.home.parent == project.root else str(project.home)
    return f"{shown}: {'there already' if existed else 'made, for runs, artifacts and logs'}"


def _find_pipeline(folder: Path) -> str | None:
    """The first pipeline of a folder, as ``windlass run`` takes it."""
    for file in sorted(folder.glob("*.py"))[:_MAX_LOOKED_INTO]:
        with contextlib.suppress(OSError):
            text = file.read_text(encoding="utf-8", errors="replace")
            match = _PIPELINE.search(text) if "windlass" in text else None
            if match:
                return f"{file.name}:{match[1]}"
    return None
