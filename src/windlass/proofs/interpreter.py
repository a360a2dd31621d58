"""The interpreter of a run's recorded environment, which uv builds where it is not there yet."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from windlass.errors import LockError, RecordError
from windlass.execution.job import Job
from windlass.proofs.causes import fingerprint_of
from windlass.proofs.scratch import Scratch
from windlass.provenance.environment import read_environment
from windlass.provenance.environments import is_ready, place_wheel, ready_environment
from windlass.provenance.lock import Lock, lock_recorded, read_lock
from windlass.provenance.wheel import store_wheel
from windlass.records import Records

_HINT = "Or reproduce it in the present environment, which may differ: --here"


class Interpreter(NamedTuple):
    """A Python of an environment.

    Args:
        path: Where it is.
        notes: What a person should know of how the environment was made.
    """

    path: Path
    notes: tuple[str, ...] = ()


def recorded_interpreter(job: Job, scratch: Scratch, tell: Callable[[str], None]) -> Interpreter:
    """The interpreter of the environment that a run was recorded in.

    Args:
        job: The run.
        scratch: Where it is run again; Windlass is packed there.
        tell: Says what takes time.

    Raises:
        LockError: It cannot be built: a package or its Python is not to be had.
    """
    root, store = job.stores.project, scratch.stores.artifacts
    try:
        lock, left_out = _without_needless(job, _lock(job.stores.records, job, root))
        wheel = place_wheel(store, store_wheel(store, scratch.stack.project.cache))
        if not is_ready(lock, wheel):
            told = f"Python {lock.python}, {len(lock.requirements):,} packages"
            tell(f"making the recorded environment: {told}")
        return Interpreter(ready_environment(lock, wheel, root), left_out)
    except LockError as error:
        hint = f"{error.hint} {_HINT}" if error.hint else _HINT
        raise LockError(f"the recorded environment: {error.message}", hint=hint) from error


def _lock(records: Records, job: Job, root: Path) -> Lock:
    """The lock of an environment, solved once; what was not to be had is asked for anew."""
    known = records.lock(job.plan.environment)
    found = read_lock(json.loads(known)) if known is not None else None
    if found is None or found.missing:
        recorded = read_environment(json.loads(records.environment(job.plan.environment)))
        found = lock_recorded(recorded, root)
    if known is None and not found.missing:
        with contextlib.suppress(RecordError):  # another's project may be read only
            records.save_lock([found.digest, job.plan.environment], found.document())
    return found


def _without_needless(job: Job, lock: Lock) -> tuple[Lock, tuple[str, ...]]:
    """A lock without what is not to be had and no step needs; what that is."""
    needed = _needed(job)
    needless = [each for each in lock.missing if needed is not None and each.name not in needed]
    kept = tuple(each for each in lock.missing if each not in needless)
    notes = (f"{each.name} {each.version} is left out: {each.why}" for each in needless)
    return replace(lock, missing=kept), tuple(f"{note}, and no step needs it" for note in notes)


def _needed(job: Job) -> set[str] | None:
    """The distributions that the code of the steps can reach; None if that cannot be told."""
    found: set[str] = set()
    for node in job.plan.graph.nodes.values():
        fingerprint = fingerprint_of(job, node)
        if fingerprint is None or fingerprint.unresolved:
            return None
        found |= {*fingerprint.distributions}
    return found
