"""Which artifact is meant, and the classes without which it cannot be read."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windlass.errors import NotFoundError
from windlass.modules import is_user_file

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores
    from windlass.records.model import Outcome, Run

Named = Annotated[
    str,
    typer.Argument(
        metavar="ARTIFACT",
        help="Its digest, the beginning of it, or RUN:NODE or RUN:NODE.OUTPUT.",
    ),
]
_OF_RUN = re.compile(r"(?P<run>[^:]+):(?P<node>[^:]+)")


def find_artifact(stores: Stores, named: str) -> tuple[Artifact, tuple[str, str] | None]:
    """The artifact that is meant; with it, where it was named so, its run's id and its node.

    Raises:
        NotFoundError: There is none, or several are meant.
    """
    match = _OF_RUN.fullmatch(named)
    if match is None:
        return stores.records.find_artifact(named), None
    run = stores.records.run(match["run"])
    outcome, name = _outcome(stores, run, match["node"])
    outputs = {output.name: output.artifact for output in outcome.outputs if output.artifact}
    if name is None and len(outputs) > 1:
        raise NotFoundError(
            f"'{outcome.node}' of {run.name} has several outputs: {', '.join(outputs)}",
            hint=f"Name one: {run.name}:{outcome.node}.{next(iter(outputs))}",
        )
    found = outputs.get(name or next(iter(outputs), ""))
    if found is None:
        raise NotFoundError(
            f"{run.name} has no output '{match['node']}': "
            + (f"there is {', '.join(outputs)}" if outputs else f"its node is {outcome.status}"),
            hint=_listing(run),
        )
    return found, (run.id, outcome.node)


def _outcome(stores: Stores, run: Run, named: str) -> tuple[Outcome, str | None]:
    """A node's outcome, and the name of its output where that is told, too."""
    outcome = stores.records.outcome(run.id, named)
    if outcome is not None:
        return outcome, None
    node, _, name = named.rpartition(".")
    outcome = stores.records.outcome(run.id, node)
    if outcome is None:
        raise NotFoundError(f"{run.name} has no node '{named}' that has ended", hint=_listing(run))
    return outcome, name


def _listing(run: Run) -> str:
    return f"See what there is: windlass artifacts list {run.name}"


def load_classes(stores: Stores, found: Artifact) -> None:
    """Imports the project's modules that made an artifact, so that its classes are known.

    Only what a recorded plan names is imported, and only from the project itself: never what an
    artifact asks for.
    """
    from windlass.pipeline.plan import read_plan
    from windlass.provenance.project import find_project

    root = find_project(Path.cwd()).root
    for edge in stores.records.lineage(found.content).made[:1]:
        plan = read_plan(stores.records.plan(stores.records.run_by_id(edge.run).plan))
        sys.path[:0] = [str((root / source).resolve()) for source in plan.sources]
        steps = [node.step for node in plan.graph.nodes.values()]
        for module in dict.fromkeys(step.partition(":")[0] for step in steps):
            with contextlib.suppress(Exception, SystemExit):  # the preview will say what it lacks
                if _is_in(root, module.partition(".")[0]):
                    importlib.import_module(module)


def _is_in(root: Path, module: str) -> bool:
    spec = importlib.util.find_spec(module)
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return any(is_user_file(p) and Path(p).resolve().is_relative_to(root) for p in places)
