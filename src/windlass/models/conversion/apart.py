"""Running the program that converts, in the environment of the converters."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from windlass.errors import ConversionError
from windlass.models.conversion.packing import Packed
from windlass.models.conversion.pins import requirements_for
from windlass.provenance.environments import ready_environment
from windlass.provenance.locks import requirements_lock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from windlass.execution.job import Stores
    from windlass.provenance.lock import Lock

_PROGRAM = Path(__file__).with_name("program.py")
_FEW = 10


class Place(NamedTuple):
    """Where a kind of model is converted."""

    python: Path
    lock: Lock


def prepare(kind: str, stores: Stores) -> Place:
    """The environment of a kind of model, which is built if it is not there.

    Raises:
        LockError: It cannot be built: an index is not to be reached, or lacks something.
    """
    lock = requirements_lock(stores.records, requirements_for(kind), stores.project)
    return Place(ready_environment(lock, None, stores.project), lock)


def run_program(
    place: Place,
    folder: Path,
    packed: Packed,
    rows: Mapping[str, Mapping[str, NDArray[Any]]],
    seconds: float,
) -> dict[str, Any]:
    """Converts the model in a folder: see `windlass.models.conversion.program`.

    Args:
        place: Where.
        folder: Holds the ``model``; what is made is put there.
        packed: What the model is.
        rows: Arrays by the names of the inputs, as float64 and as float32.
        seconds: How long it may take.

    Returns:
        What it answers.

    Raises:
        ConversionError: It died.
        TimeoutError: It takes longer.
    """
    import numpy as np

    for name, arrays in rows.items():
        # By their places: a column may have a name that no file has.
        np.savez(folder / f"{name}.npz", *arrays.values())
    inputs = [
        {"name": name, "text": array.dtype.kind == "U", "width": _width(array)}
        for name, array in next(iter(rows.values())).items()
    ]
    request = {"kind": packed.kind, "numbers": packed.numbers, "inputs": inputs, **packed.details}
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    _run(place.python, folder, seconds)
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
    return answer


def _width(array: NDArray[Any]) -> int | None:
    return int(array.shape[1]) if array.ndim > 1 else None


def _run(python: Path, folder: Path, seconds: float) -> None:
    try:
        done = subprocess.run(
            # -I: nothing of this process's path, or of the person's own packages.
            [str(python), "-I", str(_PROGRAM), str(folder)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"the conversion takes longer than {seconds:g} seconds") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()[-_FEW:]
        raise ConversionError(
            f"the converter ended with exit code {done.returncode}: {' '.join(lines)}"
        )
