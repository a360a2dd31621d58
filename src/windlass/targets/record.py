"""What is recorded before a run begins: its plan, its provenance, its parameters."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import modules, values
from windlass.errors import FormatError, ParameterError
from windlass.execution.fingerprints import save_fingerprints
from windlass.execution.job import Job, Stores, digest_plain
from windlass.execution.liveness import this_process
from windlass.execution.ownership import Ownership, new_token
from windlass.execution.plan_nodes import plan_nodes
from windlass.execution.shipment import NOTHING, Shipment
from windlass.hashing import digest
from windlass.pipeline import parameters as params
from windlass.pipeline.graph import Graph, Node
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.plan import Plan, code_name
from windlass.pipeline.settings import RunOptions, Settings
from windlass.pipeline.step import step_of
from windlass.provenance.capture import Provenance
from windlass.provenance.declared import Declared, take_declared
from windlass.provenance.environment import Environment
from windlass.provenance.fingerprint import Fingerprinter, Taken, together
from windlass.provenance.loose import loose_code
from windlass.provenance.project import Project
from windlass.provenance.wheel import store_wheel
from windlass.records.model import NewRun, Run, RunParameter
from windlass.stacks.stack import Stack
from windlass.values import Json
from windlass.version import __version__

if TYPE_CHECKING:
    from windlass.provenance.lock import Lock


def take_fingerprints(
    graph: Graph,
    project: Project,
    provenance: Provenance,
    locks: Mapping[str, Lock],
    here: Environment | None = None,
) -> dict[str, Taken]:
    """The fingerprint of every step of a graph, in each environment that it is called in.

    Args:
        graph: The graph.
        project: Whose.
        provenance: Where the run comes from.
        locks: Those of the environments that steps ask for, by name.
        here: What is installed here, if the pipeline's environment is another.

    Returns:
        By `windlass.pipeline.plan.code_name`.
    """

    @functools.cache
    def everything() -> str:
        loose = loose_code(project.root, provenance.bundle, project.cache)
        return digest("project", provenance.bundle.digest, loose)

    root, cache = project.root, project.cache
    if here == provenance.environment:
        here = None
    own = Fingerprinter(root, provenance.environment, everything, cache, here=here)
    takers = {None: own} | {
        name: Fingerprinter(root, lock.environment(), everything, cache, elsewhere=True)
        for name, lock in locks.items()
    }
    wanted = {(node.step, _environment(node)) for node in graph.nodes.values()}
    with together(root):
        return {
            code_name(step, name): takers[name].take(step_of(step).function)
            for step, name in sorted(wanted, key=str)
        }


def _environment(node: Node) -> str | None:
    return Settings(**node.settings).environment  # type: ignore[arg-type]


def _declared(graph: Graph, project: Project) -> Declared:
    settings = [Settings(**node.settings) for node in graph.nodes.values() if node.settings]  # type: ignore[arg-type]
    return take_declared(
        project.root,
        project.cache,
        (pattern for each in settings for pattern in each.files),
        (name for each in settings for name in each.variables),
    )


def make_plan(
    pipeline: Pipeline[Any, Any],
    graph: Graph,
    project: Project,
    provenance: Provenance,
    fingerprints: Mapping[str, Taken],
    locks: Mapping[str, Lock],
) -> Plan:
    """The plan of a pipeline as its project stands now.

    Raises:
        DefinitionError: A step declares a file that is not there.
    """
    declared = _declared(graph, project)
    return Plan(
        pipeline=pipeline.reference,
        graph=graph,
        parameters=params.schema(pipeline.parameters),
        bundle=provenance.bundle.digest,
        environment=provenance.environment.digest,
        sources=_sources(pipeline, project),
        code={step: fingerprint.digest for step, fingerprint in fingerprints.items()},
        files=declared.files,
        variables=declared.variables,
        environments={name: lock.digest for name, lock in locks.items()},
    )


def _sources(pipeline: Pipeline[Any, Any], project: Project) -> tuple[str, ...]:
    """The folder that the pipeline is imported from, if it is the project's own; then its root."""
    file = pipeline.file
    folder = modules.module_of_file(file)[1] if file else project.root
    if folder.is_relative_to(project.home):  # a notebook's cells, which are at the bundle's root
        return (".",)
    if folder.is_relative_to(project.root):
        return tuple(dict.fromkeys((folder.relative_to(project.root).as_posix(), ".")))
    return ()


def record_run(
    plan: Plan,
    fingerprints: Mapping[str, Taken],
    provenance: Provenance,
    arguments: Mapping[str, Any],
    stack: Stack,
    options: RunOptions,
    stores: Stores,
    shipment: Shipment = NOTHING,
) -> tuple[Job, Run]:
    """Records a run that is about to begin, with its plan and where it comes from."""
    job = new_job(plan, arguments, options, stores, provenance.environment, shipment)
    records = stores.records
    cache = stack.project.cache
    save_code(plan, fingerprints, provenance, stores)
    token = new_token()
    row = records.create_run(
        NewRun(
            pipeline=plan.name,
            plan=plan.digest,
            bundle=plan.bundle,
            environment=plan.environment,
            target=options.target or stack.target,
            stack=stack.name,
            seed=options.seed,
            tags=dict(options.tags),
            parameters=tuple(RunParameter(name, doc) for name, doc in job.parameters.items()),
            host=this_process(),
            git=dict(provenance.git) if provenance.git else None,
            details={
                "cache": options.cache,
                "digests": dict(job.digests),
                "folder": os.path.relpath(Path.cwd(), stores.project),
                "path": _own_path(stores.project, provenance),
                "refresh": options.refresh,
                "system_metrics": options.system_metrics,
                "options": _kept_options(options),
                "left_out": [list(told) for told in provenance.bundle.left_out],
                "machine": provenance.machine,
                "tracker": stack.tracker_told,
                "windlass": {"version": __version__, "wheel": store_wheel(stores.artifacts, cache)},
                **shipment.document(),
            },
            driver=token,
            tracker=stack.tracker_shown,
        )
    )
    if shipment.artifacts:  # not sooner: what no run names may be collected
        records.save_artifacts(shipment.artifacts)
    owner = Ownership(records, row.id, token)
    known = replace(job, run=row.id, name=row.name, owner=owner, tracker=stack.tracker_told)
    return known, row


def save_code(
    plan: Plan, fingerprints: Mapping[str, Taken], provenance: Provenance, stores: Stores
) -> None:
    """Keeps a plan, what is installed, and the code that each step can reach."""
    records = stores.records
    records.save_environment(plan.environment, provenance.environment.document())
    save_fingerprints(records, fingerprints)
    records.save_plan(plan.digest, plan.name, plan.text, plan_nodes(plan.graph))


def _kept_options(options: RunOptions) -> dict[str, Json]:
    """How a run was made, as far as it is to be made so again when it is resumed."""
    kept = ("keep_going", "in_process", "fresh", "workers", "memory")
    return {name: getattr(options, name) for name in kept}


def _own_path(root: Path, provenance: Provenance) -> list[Json]:
    """Folders of the project that modules are found in here, as where it is installed editable."""
    folders = {os.path.dirname(file.path) for file in provenance.bundle.files}  # noqa: PTH120
    found = (os.path.relpath(entry, root) for entry in sys.path if entry.startswith(f"{root}/"))
    return [
        folder for folder in found if any(f"{each}/".startswith(f"{folder}/") for each in folders)
    ]


def new_job(
    plan: Plan,
    arguments: Mapping[str, Any],
    options: RunOptions,
    stores: Stores,
    environment: Environment,
    shipment: Shipment = NOTHING,
) -> Job:
    """A run that is not recorded, and so has neither id nor number."""
    documents, known = documents_of(arguments), shipment.digests
    return Job(
        run="",
        name=plan.name,
        plan=plan,
        seed=options.seed,
        cache=options.cache,
        parameters=documents,
        digests={name: digest_plain(doc, known=known) for name, doc in documents.items()},
        refresh=options.refresh,
        stores=stores,
        environment=environment,
        system_metrics=options.system_metrics,
        shipment=shipment,
    )


def documents_of(arguments: Mapping[str, Any]) -> dict[str, Json]:
    """The documents of parameters, by their names.

    Raises:
        ParameterError: One cannot be recorded.
    """
    return {name: _document(name, value) for name, value in arguments.items()}


def _document(name: str, value: Any) -> values.Json:
    try:
        return values.encode(value)
    except FormatError as error:
        raise ParameterError(
            f"the parameter '{name}' cannot be recorded: {error.message}",
            hint="Give plain data, and load the rest in a step.",
        ) from None
