"""What passes between a step and the kernel of the notebook that it runs: files in a folder.

Both are one program, on one machine, of one user; so the values are pickled.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from windlass.errors import NotebookError

VARIABLE = "WINDLASS_NOTEBOOK"
"""Names the folder to the kernel."""

GIVE = "from windlass.execution import notebook_kernel as _; globals().update(_.given()); del _"
"""A cell that sets the variables that are given."""


def keep_cell(names: tuple[str, ...]) -> str:
    """A cell that keeps variables."""
    return f"from windlass.execution import notebook_kernel as _; _.keep(globals(), {names!r})"


def write_given(folder: Path, arguments: Mapping[str, Any], seed: int) -> None:
    """Writes what the kernel is given."""
    import cloudpickle

    head = {"path": sys.path, "seed": seed}
    (folder / "head.json").write_text(json.dumps(head))
    (folder / "given").write_bytes(cloudpickle.dumps(dict(arguments)))


def given() -> dict[str, Any]:
    """The variables that are given, in the kernel; generators are seeded."""
    import pickle

    from windlass.execution.seeding import seed_all

    folder = Path(os.environ[VARIABLE])
    head = json.loads((folder / "head.json").read_text())
    sys.path.extend(each for each in head["path"] if each not in sys.path)
    seed_all(head["seed"])
    found: dict[str, Any] = pickle.loads((folder / "given").read_bytes())  # noqa: S301
    return found


def keep(space: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Keeps variables, in the kernel; or else why not, for the step to tell."""
    folder = Path(os.environ[VARIABLE])
    missing = [name for name in names if name not in space]
    if missing:
        near = get_close_matches(missing[0], [each for each in space if each[:1] != "_"], 1)
        meant = f"; did you mean '{near[0]}'?" if near else ""
        told = f"sets no variable '{missing[0]}', which the step promises{meant}"
        _refuse(folder, told, "Set it in a cell; or take it out of what the step returns.")
        return
    try:
        (folder / "kept").write_bytes(_pickled({name: space[name] for name in names}))
    except Exception as error:  # noqa: BLE001 (whatever a class of the user's raises)
        bad = (name for name in names if not _is_picklable(space[name]))
        name = next(bad, names[0])
        told = f"sets a variable '{name}' that cannot be taken out of it: {error}"
        _refuse(folder, told, "Set it to what can be passed between processes, such as a table.")


def _refuse(folder: Path, *told: str) -> None:
    (folder / "refused.json").write_text(json.dumps(told))


def _pickled(value: object) -> bytes:
    import cloudpickle

    return bytes(cloudpickle.dumps(value))


def _is_picklable(value: object) -> bool:
    try:
        _pickled(value)
    except Exception:  # noqa: BLE001
        return False
    return True


def read_kept(folder: Path, notebook: str) -> dict[str, Any]:
    """The variables that the kernel kept.

    Raises:
        NotebookError: One was not set, or cannot be passed from one process to another.
    """
    import pickle

    if (folder / "refused.json").exists():
        told, hint = json.loads((folder / "refused.json").read_text())
        raise NotebookError(f"{notebook} {told}", hint=hint)
    found: dict[str, Any] = pickle.loads((folder / "kept").read_bytes())  # noqa: S301
    return found
