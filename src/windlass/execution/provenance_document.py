"""Where a run came from, as one document: code, packages, machine, threads, inputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from windlass.errors import NotFoundError
from windlass.execution.libraries import KIND
from windlass.natural import natural
from windlass.pipeline.plan import Plan, read_plan
from windlass.provenance.bundle import read_bundle
from windlass.provenance.environment import read_environment
from windlass.provenance.locks import solved_lock

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Run


def provenance_document(records: Records, run: Run, plan: Plan | None = None) -> dict[str, Any]:
    """All that was recorded of where a run came from; None where it was not.

    Args:
        records: Where it is recorded.
        run: The run.
        plan: Its plan, where that was read before.
    """
    lock = solved_lock(records, run.environment)
    return {
        "run": run.name,
        "bundle": _bundle(records, run),
        "git": run.git,
        "environment": _environment(records, run),
        "lock": lock.digest if lock else None,
        "machine": run.details.get("machine"),
        "threads": _threads(records, run),
        "blas": _libraries(records, run),
        "seed": run.seed,
        "parameters": {name: natural(value) for name, value in run.parameters.items()},
        "digests": run.details.get("digests", {}),
        **declared_document(records, run, plan),
    }


def declared_document(
    records: Records, run: Run, plan: Plan | None = None
) -> dict[str, dict[str, str]]:
    """What steps declare, by name: digests of files, of variables, of environments' locks."""
    try:
        plan = plan or read_plan(records.plan(run.plan))
    except NotFoundError:
        return {"files": {}, "variables": {}, "environments": {}}
    files = {path: digest for found in plan.files.values() for path, digest in found.items()}
    return {
        "files": files,
        "variables": dict(plan.variables),
        "environments": dict(plan.environments),
    }


def _bundle(records: Records, run: Run) -> dict[str, Any]:
    told = {"digest": run.bundle, "archive": records.archive(run.bundle)}
    left_out = [{"path": p, "reason": why} for p, why in run.details.get("left_out", [])]
    try:
        bundle = read_bundle(json.loads(records.bundle(run.bundle)))
    except NotFoundError:
        return {**told, "files": None, "bytes": None, "left_out": left_out}
    return {**told, "files": len(bundle.files), "bytes": bundle.size, "left_out": left_out}


def _environment(records: Records, run: Run) -> dict[str, Any]:
    told: dict[str, Any] = {"digest": run.environment}
    try:
        found = read_environment(json.loads(records.environment(run.environment)))
    except NotFoundError:
        return {**told, "python": None, "implementation": None, "packages": {}}
    return {
        **told,
        "python": found.python,
        "implementation": found.implementation,
        "packages": found.versions(),
    }


def _threads(records: Records, run: Run) -> dict[str, int]:
    """Threads of numeric libraries, by node; without nodes that ran in the user's own process."""
    told: Any = {each.node: each.worker.get("threads") for each in records.attempts(run.id)}
    return {node: threads for node, threads in told.items() if threads is not None}


def _libraries(records: Records, run: Run) -> list[str]:
    events: Any = [event.data for event in records.events(run.id) if event.kind == KIND]
    return sorted({name for data in events for name in data["blas"]})
