"""How the present interpreter differs from the lock of its project, if that has one.

A project has a lock where it has a ``uv.lock``, or where Windlass has solved what it declares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.provenance.uv import PYTHON

if TYPE_CHECKING:
    from windlass.provenance.declaration import Declaration
    from windlass.provenance.environment import Environment
    from windlass.provenance.lock import Lock
    from windlass.provenance.wanted import Wanted
    from windlass.records import Records

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs.

    Args:
        source: The file that the lock was made of.
        differences: In words; none if all is as it says.
    """

    source: str
    differences: tuple[str, ...]

    @property
    def line(self) -> str:
        """The first differences, in a line."""
        more = len(self.differences) - _SHOWN
        told = ", ".join(self.differences[:_SHOWN]) + (f", and {more} more" if more > 0 else "")
        return f"this interpreter is not as {self.source} says: {told}"


def find_drift(
    root: Path, wanted: Wanted, environment: Environment, records: Records
) -> Drift | None:
    """How an environment differs from its project's lock; None if there is no lock.

    Nothing is solved for it, and uv is started only for a ``uv.lock`` that is new.

    Args:
        root: The project's folder.
        wanted: What ``windlass.toml`` says of the project's environment.
        environment: What is installed.
        records: Where locks are kept.

    Raises:
        ConfigError: What the project declares cannot be read.
        LockError: uv cannot read the ``uv.lock``.
    """
    if not (root / "uv.lock").is_file() and not records.has_locks():
        return _drift_of_python(wanted)
    from windlass.provenance.declaration import find_declaration
    from windlass.provenance.lock import differences

    declaration = find_declaration(root, wanted)
    lock = _known(declaration, records) if declaration is not None else None
    if lock is None or declaration is None:
        return _drift_of_python(wanted)
    return Drift(declaration.source, tuple(differences(lock, environment)))


def _drift_of_python(wanted: Wanted) -> Drift | None:
    if wanted.python is None:
        return None
    told = () if wanted.python == PYTHON else (f"Python {PYTHON} (asked for: {wanted.python})",)
    return Drift("windlass.toml", told)


def _known(declaration: Declaration, records: Records) -> Lock | None:
    from windlass.hashing import digest
    from windlass.provenance.declaration import written_lock
    from windlass.provenance.lock import read_lock

    kept = records.lock(declaration.digest)
    if kept is not None:
        return read_lock(json.loads(kept))
    as_written = digest("written", declaration.digest)
    kept = records.lock(as_written)
    if kept is not None:
        return read_lock(json.loads(kept))
    lock = written_lock(declaration)
    if lock is not None and not records.read_only:
        records.save_lock([as_written], lock.document())
    return lock
