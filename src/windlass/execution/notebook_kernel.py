"""What passes between a step and the kernel of the notebook that it runs: files in a folder.

Both are one program, on one machine, of one user; so the values are pickled.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
    """Keeps variables, in the kernel.

    Raises:
        NameError: The notebook did not set one of them.
        TypeError: One cannot be passed from one process to another.
    """
    missing = [name for name in names if name not in space]
    if missing:
        raise NameError(f"the notebook sets no variable '{missing[0]}', which the step promises")
    values = {name: space[name] for name in names}
    (Path(os.environ[VARIABLE]) / "kept").write_bytes(_pickled(values))


def _pickled(values: Mapping[str, Any]) -> bytes:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(values))
    except Exception as error:
        for name, value in values.items() if len(values) > 1 else ():
            _pickled({name: value})  # which of them it is
        names = ", ".join(values)
        raise TypeError(
            f"the notebook's variable '{names}' cannot be taken out of it: {error}"
        ) from error


def read_kept(folder: Path) -> dict[str, Any]:
    """The variables that the kernel kept."""
    import pickle

    found: dict[str, Any] = pickle.loads((folder / "kept").read_bytes())  # noqa: S301
    return found
