"""Locks that are kept: what was solved once is not solved again, and starts no uv."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from windlass.hashing import digest
from windlass.provenance import uv, wheel
from windlass.provenance.declaration import UV_LOCK, Declaration, solve, written_lock
from windlass.provenance.lock import (
    Lock,
    lock_part,
    lock_recorded,
    lock_requirements,
    read_lock,
)

if TYPE_CHECKING:
    from windlass.provenance.environment import Environment
    from windlass.records import Records


def declared_lock(records: Records, declaration: Declaration, windlass: Callable[[], Path]) -> Lock:
    """The lock of a declaration, with what Windlass itself needs.

    Args:
        records: Where it is kept.
        declaration: What is to be solved.
        windlass: Gives the wheel of the running Windlass; asked only if something is solved.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    return _kept(records, declaration.digest, lambda: solve(declaration, windlass()))


def recorded_lock(records: Records, environment: Environment, folder: Path | None = None) -> Lock:
    """The lock of what was installed where a run was made.

    Args:
        records: Where it is kept. One that lacks something is not: it may be had tomorrow.
        environment: As it was recorded.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: uv is not there, or cannot reach an index.
    """
    asked = digest("recorded", environment.digest)
    return _kept(records, asked, lambda: lock_recorded(environment, folder))


def requirements_lock(
    records: Records, requirements: Sequence[str], folder: Path | None = None
) -> Lock:
    """The lock of some requirements alone, without Windlass: for a program of its own.

    Args:
        records: Where it is kept.
        requirements: As ``pip`` reads them.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    asked = digest("requirements", uv.PYTHON, tuple(requirements))
    return _kept(records, asked, lambda: lock_requirements(requirements, folder))


def part_lock(
    records: Records,
    environment: Environment,
    names: Collection[str],
    windlass: Path,
    extras: Sequence[str],
    more: Sequence[str] = (),
    folder: Path | None = None,
) -> Lock:
    """The lock of some packages of an environment, and of Windlass with some of its extras.

    Args:
        records: Where it is kept. One that lacks something is not: it may be had tomorrow.
        environment: As it was recorded.
        names: The packages; what they need is looked for in the same environment first.
        windlass: The wheel of the running Windlass.
        extras: Those of Windlass.
        more: Requirements beside them.
        folder: The project's: uv looks for its settings there.

    Raises:
        LockError: There is no solution, no uv, or no index to be asked.
    """
    told = (environment.digest, sorted(names), sorted(extras), [*more], wheel.facts())
    own = wheel.requirement(windlass, extras)
    return _kept(
        records,
        digest("part", *told),
        lambda: lock_part(environment, names, own, more, folder),
    )


def solved_lock(records: Records, environment: str) -> Lock | None:
    """The lock that was solved from a record of what was installed; None if none was needed yet.

    Args:
        records: Where it is kept.
        environment: The digest of what was installed.
    """
    kept = records.lock(digest("recorded", environment))
    return read_lock(json.loads(kept)) if kept is not None else None


def known_lock(records: Records, declaration: Declaration) -> Lock | None:
    """The lock that a project has: one that was solved, or its ``uv.lock``; None if neither.

    No index is asked for it.

    Raises:
        LockError: uv cannot read the ``uv.lock``.
    """
    solved = records.lock(declaration.digest)
    if solved is not None:
        return read_lock(json.loads(solved))
    if declaration.source != UV_LOCK:
        return None
    asked = digest("written", declaration.digest)
    return _kept(records, asked, lambda: written_lock(declaration))


def _kept(records: Records, asked: str, make: Callable[[], Lock]) -> Lock:
    """The lock that is kept by a digest, or one that is made and kept; the first one stands."""
    kept = records.lock(asked)
    if kept is None:
        lock = make()
        if lock.missing or records.read_only:
            return lock
        records.save_lock([asked, lock.digest], lock.document())
        kept = records.lock(asked) or lock.document()
    return read_lock(json.loads(kept))
