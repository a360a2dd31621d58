"""Constants that were set from outside of their module, where no worker does so.

A worker imports the pipeline's module, and the step's: what those set on other modules holds there
as well. What a script sets under ``if __name__ == "__main__":``, or a notebook on a module that its
pipeline is imported from, holds only in the process that started the run.
"""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from windlass import modules
from windlass.errors import DefinitionError
from windlass.execution.worker_state import in_worker
from windlass.provenance.fingerprint.source import source_of

if TYPE_CHECKING:
    from windlass.execution.job import Job
    from windlass.pipeline.graph import Node
    from windlass.provenance.fingerprint import Fingerprint
    from windlass.provenance.fingerprint.walk import Walk

_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def import_pipeline(job: Job, node: Node) -> None:
    """Imports the module of a run's pipeline: it may set what a step of another module reads."""
    module = job.plan.pipeline.partition(":")[0]
    if in_worker() and node.step.partition(":")[0] != module:
        _import_once(module)


@functools.cache
def _import_once(module: str) -> None:
    try:
        modules.import_module(module)
    except (Exception, SystemExit):  # noqa: BLE001 (it is a script, or its step's error is told)
        return


def refuse_set_outside(job: Job, expected: Fingerprint, walk: Walk) -> None:
    """Refuses a constant that stands here as its file says, and had another value at the start.

    The step would compute something else than the run was started for.

    Raises:
        DefinitionError: There is one.
    """
    here = {piece.name: piece for piece in walk.pieces.values() if piece.kind == "constant"}
    for piece in expected.pieces if in_worker() else ():
        own = here.get(piece.name)
        if piece.kind == "constant" and own is not None and own.digest != piece.digest:
            module, _, name = piece.name.rpartition(".")
            loaded = sys.modules.get("__main__" if module == modules.main_alias() else module)
            if loaded is not None and _is_as_written(loaded, name) and not _is_edited(loaded, job):
                then = job.stores.records.source(piece.digest)
                raise _is_set(loaded, name, then)


def _is_set(module: ModuleType, name: str, then: str | None) -> DefinitionError:
    file = Path(str(module.__file__)).name
    was = f"was set to {then}" if then else "was set"
    return DefinitionError(
        f"{module.__name__}.{name} {was} where the run was started; workers import it from {file}, "
        f"where it is {vars(module)[name]!r}",
        hint=f"Give it to the step as a parameter; or set it in {file}, or at the top of the "
        "pipeline's own file.",
    )


def _is_as_written(module: ModuleType, name: str) -> bool:
    """Whether a name has the one plain value that its file gives it, and no function another."""
    source = source_of(module)
    found = source.definition(name) if source is not None else None
    if source is None or found is None or name not in vars(module):
        return False
    if any(isinstance(each, ast.Global) and name in each.names for each in ast.walk(source.tree)):
        return False
    match ast.parse(found.text()).body:
        case [ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value)]:
            return isinstance(vars(module)[name], _PLAIN) and _is_literal(value, vars(module)[name])
    return False


def _is_literal(node: ast.expr, value: object) -> bool:
    try:
        return bool(ast.literal_eval(node) == value)
    except ValueError:
        return False


def _is_edited(module: ModuleType, job: Job) -> bool:
    """Whether a module's file was written since the run began: then the edit is the cause."""
    try:
        written = Path(str(module.__file__)).stat().st_mtime
    except OSError:
        return True
    return written >= job.stores.records.run_by_id(job.run).created
