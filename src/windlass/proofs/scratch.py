"""The scratch place: the project's code as it was recorded, a record and a store of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from windlass.errors import ArtifactError, ConfigError, StoreError
from windlass.execution.job import Job, Stores
from windlass.execution.liveness import this_process
from windlass.execution.plan_nodes import plan_nodes
from windlass.execution.stores import open_stores, stack_to_json
from windlass.proofs.outside import Folders, climbs
from windlass.provenance.archive import unpack, write_archive
from windlass.provenance.bundle import Bundle, capture_bundle, read_bundle
from windlass.provenance.project import Project
from windlass.records.model import NewRun, Outcome, Run, RunParameter
from windlass.stacks.stack import Stack
from windlass.targets.recorded import unpacked
from windlass.values import Json


@dataclass(frozen=True, slots=True)
class Scratch:
    """A place where a run is run again.

    Args:
        stack: Its stores; its project is the unpacked bundle.
        stores: The same, opened.
        folders: Where relative paths of the run begin.
        sources: Folders of the project, relative to its root, that modules are imported from.
        notes: What a person should know of how it was made.
    """

    stack: Stack
    stores: Stores
    folders: Folders
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def stack_document(self) -> dict[str, Any]:
        """The stack, for another process."""
        return stack_to_json(self.stack)


@contextlib.contextmanager
def scratch_of(job: Job, row: Run) -> Iterator[Scratch]:
    """Makes the place of a recorded run; it is removed in the end.

    Raises:
        ConfigError: The run's code is not to be had.
        OSError: The disk is full, or the like.
    """
    top = Path(tempfile.mkdtemp(prefix="windlass-reproduce-")).resolve()
    try:
        yield _made(job, row, top)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _made(job: Job, row: Run, top: Path) -> Scratch:
    root = job.stores.project.resolve()
    folder = Path(str(row.details.get("folder", ".")))
    depth = folder.parts.count("..") + climbs(job)
    code = top.joinpath("files", *["_"] * depth, root.name or "project")
    code.mkdir(parents=True)
    notes = _place_code(job, row, root, code)
    folders = Folders(_joined(root, folder), _joined(code, folder), root, code)
    folders.inside.mkdir(parents=True, exist_ok=True)
    home = top / "state"
    stack = Stack(name="scratch", project=Project(code, home), trust_pickle=True)
    found = (*job.plan.sources, *_strings(row.details.get("path")))
    return Scratch(stack, open_stores(stack), folders, tuple(dict.fromkeys(found)), notes)


def _strings(value: Any) -> list[str]:
    return value if isinstance(value, list) else []


def _joined(base: Path, folder: Path) -> Path:
    return Path(os.path.normpath(base / folder))


def _place_code(job: Job, row: Run, root: Path, code: Path) -> tuple[str, ...]:
    """Unpacks the bundle; or copies the same from the project's folder, where it is not kept."""
    try:
        unpacked(row.bundle, job.stores, code)
    except (ArtifactError, ConfigError, StoreError) as error:
        shutil.rmtree(code)
        bundle = read_bundle(json.loads(job.stores.records.bundle(row.bundle)))
        _copy(bundle, root, code, row, error.message)
        return (f"{error.message}: the project's folder holds the same code, and was taken",)
    return ()


def _copy(bundle: Bundle, root: Path, code: Path, row: Run, why: str) -> None:
    """Copies a bundle from the project's folder, if that is still the same."""
    if capture_bundle(root).digest != bundle.digest:
        commit = (row.git or {}).get("commit")
        at = f"at the commit {commit[:10]}, in {root}" if commit else f"as it was, in {root}"
        raise ConfigError(
            f"the code of {row.name} is not to be had: {why}; and what {root} holds now is other "
            "code",
            hint=f"Bring the code back {at}, and reproduce it again.",
        )
    packed = code.with_name(f"{code.name}.tar")
    with packed.open("wb") as out:
        write_archive(bundle, root, out)
    unpack(packed, bundle, code)


def record_again(scratch: Scratch, job: Job, row: Run) -> Run:
    """Records, in the scratch place, a run that is to be run there."""
    records, plan = scratch.stores.records, job.plan
    records.save_bundle(row.bundle, job.stores.records.bundle(row.bundle))
    records.save_environment(row.environment, job.stores.records.environment(row.environment))
    for digest in plan.environments.values():
        lock = job.stores.records.lock(digest)
        if lock is not None:
            records.save_lock([digest], lock)
    text = job.stores.records.plan(row.plan)
    records.save_plan(row.plan, plan.name, text, plan_nodes(plan.graph, marked=False))
    details: dict[str, Json] = {"cache": False, "digests": dict(job.digests), "watched": True}
    details["system_metrics"] = False
    return records.create_run(
        NewRun(
            pipeline=plan.name,
            plan=row.plan,
            bundle=row.bundle,
            environment=row.environment,
            target="local",
            stack=scratch.stack.name,
            seed=row.seed,
            parameters=tuple(RunParameter(name, doc) for name, doc in job.parameters.items()),
            host=this_process(),
            details=details,
        )
    )


def record_beside(scratch: Scratch, job: Job, row: Run, again: Run, node: str) -> Run:
    """Records a run in which all but one node have succeeded as in another one."""
    beside = record_again(scratch, job, row)
    records = scratch.stores.records
    outcomes = [each for each in records.outcomes(again.id) if each.node != node]
    records.commit_outcomes([_moved(each, beside.id) for each in outcomes])
    return beside


def _moved(outcome: Outcome, run: str) -> Outcome:
    return replace(outcome, run=run, run_name="", inputs=(), artifacts=())
