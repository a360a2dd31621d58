"""Whether the code in this process is still what the run's fingerprints say.

A step that ran here before may have changed a global that the next one reads; a file may have been
edited since the pipeline was traced, and this worker imported the later one. The result of such a
step is right for this run, but it must not stand for any other.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.errors import DefinitionError
from windlass.execution.set_outside import refuse_set_outside
from windlass.execution.worker_state import in_worker
from windlass.hashing import digest_bytes
from windlass.pipeline.step import step_of
from windlass.provenance.bundle import read_bundle
from windlass.provenance.declared import take_declared
from windlass.provenance.fingerprint import Fingerprint, reach, read_fingerprint
from windlass.provenance.fingerprint.classes import FIELDS
from windlass.provenance.fingerprint.findings import NAMES, lookup
from windlass.provenance.fingerprint.origin import origin_of_module
from windlass.provenance.fingerprint.walk import Walk
from windlass.provenance.uv import PYTHON

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.pipeline.graph import Node
    from windlass.pipeline.step import Step


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found the last time, for as long as nothing changes."""

    walk: Walk
    problem: str | None

    def stands(self) -> bool:
        """Whether every name stands for what it stood for, and holds what it held."""
        for space, name, value in self.walk.bindings:
            if name not in (FIELDS, NAMES) and lookup(space, name) is not value:
                return False
        try:
            return all(self.walk.encode(value) == part for value, part in self.walk.held)
        except RuntimeError:  # it changes while it is looked at
            return False


_seen: dict[str, _Seen] = {}


def difference(
    job: Job, node: Node, step: Step[..., Any], classes: Mapping[str, str]
) -> str | None:
    """How the code that a step can reach differs here from what its key says; None if it doesn't.

    Looked at in full once in a process; then only names and values that may have changed.

    Args:
        job: The run.
        node: The node.
        step: Its step.
        classes: By the names of the classes of its inputs, the digests of their code.

    Raises:
        DefinitionError: It was set from outside of its module, where the run was started.
    """
    found = declared_difference(job, node)
    code, other = job.plan.code_of(node), _is_of_other_python(job)
    assert code is not None
    found = found or _code_difference(job, code, step.function, other=other)
    for name, digest in classes.items():
        if found is None and origin_of_module(name.partition(":")[0]).owner == "project":
            resolved: Any = modules.resolve(name)
            found = _code_difference(job, digest, resolved, other=other)
    return found


def look_before_any_runs(job: Job, node: Node) -> None:
    """Looks at all steps of an environment of another Python, before the first of them runs here.

    What is seen then is what later looks are compared with: another Python compiles code otherwise,
    so that it cannot be compared with what the run's fingerprints say.
    """
    environment = job.plan.settings(node).environment
    if environment in _looked or not in_worker() or not _is_of_other_python(job):
        return
    _looked.add(environment)
    for each in job.plan.graph.nodes.values():
        code = job.plan.code_of(each)
        if job.plan.settings(each).environment == environment and code is not None:
            with contextlib.suppress(Exception):  # it will fail by itself, and tell why
                _code_difference(job, code, step_of(each.step).function, other=True)


_looked: set[str | None] = set()


def _is_of_other_python(job: Job) -> bool:
    """Whether another Python than this one took the run's fingerprints."""
    return job.python is not None and job.python != PYTHON


def declared_difference(job: Job, node: Node) -> str | None:
    """How the files and variables that a step declares differ here from what its key says."""
    settings = job.plan.settings(node)
    if not settings.files and not settings.variables:
        return None
    try:
        now = take_declared(job.stores.project, None, settings.files, settings.variables)
    except (DefinitionError, OSError) as error:
        return str(error)
    for pattern, files in now.files.items():
        if files != job.plan.files[pattern]:
            return f"files={pattern!r} changed after the run began"
    changed = [name for name, now in now.variables.items() if job.plan.variables[name] != now]
    return f"variable {changed[0]} is another here" if changed else None


def _code_difference(job: Job, digest: str, function: Any, *, other: bool) -> str | None:
    """How what a function can reach differs from a fingerprint.

    Where another Python took that, the files are compared instead of the pieces of code, and what
    was seen first is what later looks are compared with.
    """
    seen = _seen.get(digest)
    if seen is None or not seen.stands():
        expected = read_fingerprint(json.loads(job.stores.records.fingerprint(digest)))
        walk = reach(function, job.stores.project)
        refuse_set_outside(job, expected, walk)
        problem = _CHANGED if seen is not None and other else None
        problem = problem or (_edited(job, walk) if other else _problem(expected, walk))
        seen = _seen[digest] = _Seen(walk, problem)
    return seen.problem


_CHANGED = "what it can reach is not what it was: an earlier step in this process changed it"


def _edited(job: Job, walk: Walk) -> str | None:
    """Which file of the project is not as the run recorded it; None if all are."""
    files = {walk.file_of(name) for name in walk.modules} - {None}
    for file in read_bundle(json.loads(job.stores.records.bundle(job.plan.bundle))).files:
        if file.path in files and digest_bytes((job.stores.project / file.path).read_bytes()) != (
            file.content
        ):
            return f"{file.path} was edited after the run began"
    return None


def _problem(expected: Fingerprint, walk: Walk) -> str | None:
    then = {piece[:3] for piece in expected.pieces}
    now = {piece[:3] for piece in walk.pieces.values()}
    if then == now:
        return None
    names = sorted({name for kind, name, _ in then ^ now}, key=lambda name: (name.count("."), name))
    kinds = {kind for kind, _, _ in then ^ now}
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    cause = (
        "an earlier step in this process changed it, or it was set from outside where the run was "
        "started, or importing it gives another value each time"
        if kinds <= {"constant", "name"}
        else "its file was edited after the run began"
    )
    return f"{names[0]}{more} is not what it was when the pipeline was traced: {cause}"
