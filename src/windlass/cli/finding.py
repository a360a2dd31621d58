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
from windlass.records.model import Outcome, Output, Place

if TYPE_CHECKING:
    from windlass.artifacts import Artifact
    from windlass.execution.job import Stores
    from windlass.records import Records
    from windlass.records.model import Run

Named = Annotated[
    str,
    typer.Argument(
        metavar="ARTIFACT",
        help="Its digest, the beginning of it, or RUN:NODE, RUN:NODE.OUTPUT or RUN:NODE[3].",
    ),
]
_ITEM = re.compile(r"(?P<list>.+)\[(?P<item>\d+)\]")
_OF_RUN = re.compile(r"(?P<run>[^:]+):(?P<node>[^:]+)")


def find_artifact(stores: Stores, named: str) -> tuple[Artifact, Place | None]:
    """The artifact that is meant; with it, where it was named so, the place that it was made at.

    Raises:
        NotFoundError: There is none, or several are meant.
    """
    match = _OF_RUN.fullmatch(named)
    if match is None:
        return stores.records.find_artifact(named), None
    run = stores.records.run(match["run"])
    outcome, name = _outcome(stores, run, match["node"])
    if outcome is None:
        return _item(stores, run, match["node"])
    output = _output(stores.records, run, outcome, name, match["node"])
    assert output.artifact is not None
    return output.artifact, Place(run.id, outcome.node, output.name)


def _logged(records: Records, outcome: Outcome, name: str) -> Output | None:
    """What a node logged last under a name, in the shape of an output."""
    found = [each for each in records.logged(outcome.run, outcome.node) if each.name == name]
    if not found:
        return None
    return Output(name, len(outcome.outputs), found[-1].content, found[-1].artifact)


def _output(records: Records, run: Run, outcome: Outcome, name: str | None, named: str) -> Output:
    """The output that is meant, by its name or as the only one; or what was logged so."""
    outputs = {output.name: output for output in outcome.outputs if output.artifact}
    if name is None and len(outputs) > 1:
        raise NotFoundError(
            f"'{outcome.node}' of {run.name} has several outputs: {', '.join(outputs)}",
            hint=f"Name one: {run.name}:{outcome.node}.{next(iter(outputs))}",
        )
    found = outputs.get(name or next(iter(outputs), ""))
    if found is None and name is not None:
        found = _logged(records, outcome, name)
    if found is None:
        raise NotFoundError(
            f"{run.name} has no output '{named}': "
            + (f"there is {', '.join(outputs)}" if outputs else f"its node is {outcome.status}"),
            hint=_listing(run),
        )
    return found


def _item(stores: Stores, run: Run, named: str) -> tuple[Artifact, Place]:
    """An item of a list that a node returned, where its items are artifacts of their own."""
    from windlass.artifacts import items

    match = _ITEM.fullmatch(named)
    outcome, name = _outcome(stores, run, match["list"]) if match else (None, None)
    if match is None or outcome is None or not outcome.outputs:
        raise NotFoundError(f"{run.name} has no node '{named}' that has ended", hint=_listing(run))
    output = _output(stores.records, run, outcome, name, match["list"])
    assert output.artifact is not None
    contents, place = items(output.artifact, stores.artifacts), int(match["item"])
    if place >= len(contents):
        raise NotFoundError(
            f"'{match['list']}' of {run.name} has no item {place}: it has {len(contents):,}",
            hint="Items are counted from 0.",
        )
    found = stores.records.artifact(contents[place])
    if found is None:
        raise NotFoundError(
            f"the items of '{match['list']}' are no artifacts of their own: no map runs over them",
            hint=f"Look at them all: {run.name}:{match['list']}",
        )
    return found, Place(run.id, outcome.node, output.name, (place,))


def _outcome(stores: Stores, run: Run, named: str) -> tuple[Outcome | None, str | None]:
    """A node's outcome, and the name of its output where that is told, too; None: it has none."""
    outcome = stores.records.outcome(run.id, named)
    if outcome is not None:
        return outcome, None
    node, _, name = named.rpartition(".")
    return stores.records.outcome(run.id, node), name


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
    maker = stores.records.maker(found.content)
    if maker is not None:
        plan = read_plan(stores.records.plan(stores.records.run_by_id(maker.run).plan))
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
