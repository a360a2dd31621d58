"""What fed a run from outside of its code: files that parameters name, declared files, variables.

The record has their digests and not their bytes. So before anything is run it is asked whether they
are what they were. A file may be found in the project's folder as it is now, or in the bundle.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import DefinitionError
from windlass.execution.job import Job, digest_path, digest_plain, paths_in
from windlass.pipeline.graph import Constant, FromParameter, Graph, leaves
from windlass.pipeline.settings import Settings
from windlass.provenance.declared import take_declared
from windlass.records.model import Outcome

SAME, BUNDLED, CHANGED, GONE = "same", "bundled", "changed", "gone"
_VERBS = {
    SAME: "is what it was",
    BUNDLED: "was changed since; it is taken from the bundle, as it was",
    CHANGED: "was changed since",
    GONE: "is gone",
}


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that fed a run from outside.

    Args:
        kind: ``parameter``, ``file`` or ``variable``.
        name: Of the parameter, the file or the variable.
        path: The path that the parameter names; None for others.
        status: `SAME`; `BUNDLED`: the project's was changed or is gone, and the bundle has it as it
            was; `CHANGED`; `GONE`.
        nodes: The nodes that are given it.
    """

    kind: str
    name: str
    path: str | None
    status: str
    nodes: tuple[str, ...]

    @property
    def is_there(self) -> bool:
        """Whether it is to be had as it was."""
        return self.status in (SAME, BUNDLED)

    @property
    def is_changed(self) -> bool:
        """Whether the project's own is not what it was."""
        return self.status != SAME

    def __str__(self) -> str:
        what = {"parameter": f"{self.path}, parameter '{self.name}'", "file": self.name}
        told = what.get(self.kind, f"variable {self.name}")
        return f"{told} of {_and(self.nodes)}, {_VERBS[self.status]}"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where relative paths begin.

    Args:
        here: In the project's own folder.
        inside: In the scratch place.
        root: The project's root.
        code: The bundle, unpacked.
    """

    here: Path
    inside: Path
    root: Path
    code: Path


def look_outside(job: Job, outcomes: Iterable[Outcome], folders: Folders) -> list[Outside]:
    """Whether everything that fed a run from outside is as it was.

    What lies in the project's folder and not in the bundle is linked to where the run finds it.

    Args:
        job: The run.
        outcomes: What came of its nodes.
        folders: Where to look.
    """
    return [
        *_parameters(job, folders),
        *_constants(job, outcomes, folders),
        *_files(job, folders),
        *_variables(job),
    ]


def climbs(job: Job) -> int:
    """How many folders the run's relative paths climb above where they begin."""
    documents = [*job.parameters.values(), *(document for _, _, document in _constants_of(job))]
    paths = [path for document in documents for path in paths_in(document)]
    return max((Path(path).parts.count("..") for path in paths), default=0)


def _parameters(job: Job, folders: Folders) -> Iterator[Outside]:
    for name, document in job.parameters.items():
        if paths_in(document):
            nodes = _readers(job.plan.graph, name)
            yield _looked(name, document, job.digests[name], nodes, folders)


def _constants(job: Job, outcomes: Iterable[Outcome], folders: Folders) -> Iterator[Outside]:
    """Paths that stand in the pipeline itself; what was in their files the outcomes tell."""
    recorded = {each.node.partition("[")[0]: each.ingredients or {} for each in outcomes}
    for node, name, document in _constants_of(job):
        digest = recorded.get(node, {}).get("arguments", {}).get(name)
        if digest is not None:
            yield _looked(name, document, digest, (node,), folders)


def _constants_of(job: Job) -> Iterator[tuple[str, str, Any]]:
    for node in job.plan.graph.nodes.values():
        for name, ref in node.inputs.items():
            if isinstance(ref, Constant) and paths_in(ref.value):
                yield node.name, name, ref.value


def _looked(
    name: str, document: Any, recorded: str, nodes: tuple[str, ...], folders: Folders
) -> Outside:
    paths = paths_in(document)
    status = _status(document, recorded, folders)
    if status == SAME:
        for path in paths:
            _link(folders.here / path, folders.inside / path)
    if status == CHANGED and not any((folders.here / path).exists() for path in paths):
        status = GONE
    return Outside("parameter", name, ", ".join(paths), status, nodes)


def _status(document: Any, recorded: str, folders: Folders) -> str:
    if digest_plain(document, folders.here) == recorded:
        return SAME
    return BUNDLED if digest_plain(document, folders.inside) == recorded else CHANGED


def _link(real: Path, place: Path) -> None:
    """Puts a file or folder where a run in the scratch place finds it, if it is not there."""
    place = Path(os.path.normpath(place))
    if real == place or digest_path(place) == digest_path(real):
        return
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(real.resolve())


def _readers(graph: Graph, parameter: str) -> tuple[str, ...]:
    """The nodes that are given a parameter."""
    return tuple(
        node.name
        for node in graph.nodes.values()
        if any(
            isinstance(leaf, FromParameter) and leaf.name == parameter
            for ref in node.inputs.values()
            for leaf in leaves(ref)
        )
    )


def _files(job: Job, folders: Folders) -> Iterator[Outside]:
    for pattern, recorded in job.plan.files.items():
        nodes = _declaring(job, lambda settings: settings.files, pattern)
        yield Outside("file", pattern, None, _declared_status(pattern, recorded, folders), nodes)


def _declared_status(pattern: str, recorded: Any, folders: Folders) -> str:
    now = _declared(folders.root, pattern)
    if _declared(folders.code, pattern) == recorded:
        return SAME if now == recorded else BUNDLED
    if now != recorded:
        return CHANGED if now else GONE
    for path in recorded:
        _link(folders.root / path, folders.code / path)
    return SAME


def _declared(folder: Path, pattern: str) -> Any:
    try:
        return take_declared(folder, None, [pattern], []).files[pattern]
    except (DefinitionError, OSError):
        return {}


def _variables(job: Job) -> Iterator[Outside]:
    now = take_declared(Path(), None, [], job.plan.variables).variables
    for name, recorded in job.plan.variables.items():
        nodes = _declaring(job, lambda settings: settings.variables, name)
        yield Outside("variable", name, None, SAME if now[name] == recorded else CHANGED, nodes)


def _declaring(
    job: Job, names: Callable[[Settings], Sequence[str]], wanted: str
) -> tuple[str, ...]:
    nodes = job.plan.graph.nodes.values()
    return tuple(node.name for node in nodes if wanted in names(job.plan.settings(node)))


def _and(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "no node"
