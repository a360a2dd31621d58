"""What is recorded before a run begins: its plan, its provenance, its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windlass import modules, values
from windlass.errors import FormatError, ParameterError
from windlass.execution.job import Job, Stores, digest_plain
from windlass.execution.liveness import this_process
from windlass.pipeline import parameters as params
from windlass.pipeline.graph import Graph
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import RunOptions
from windlass.provenance.capture import Provenance
from windlass.provenance.project import Project
from windlass.records.model import NewRun, PlanNode, Run, RunParameter
from windlass.stacks.stack import Stack


def make_plan(
    pipeline: Pipeline[Any, Any], graph: Graph, project: Project, provenance: Provenance
) -> Plan:
    """The plan of a pipeline as its project stands now."""
    return Plan(
        pipeline=pipeline.reference,
        graph=graph,
        parameters=params.schema(pipeline.parameters),
        bundle=provenance.bundle.digest,
        environment=provenance.environment.digest,
        sources=_sources(pipeline, project),
    )


def _sources(pipeline: Pipeline[Any, Any], project: Project) -> tuple[str, ...]:
    """The folder that the pipeline is imported from, if it is the project's own; then its root."""
    file = pipeline.file
    folder = modules.module_of_file(file)[1] if file else project.root
    if folder.is_relative_to(project.root):
        return tuple(dict.fromkeys((folder.relative_to(project.root).as_posix(), ".")))
    return ()


def record_run(
    plan: Plan,
    provenance: Provenance,
    arguments: Mapping[str, Any],
    stack: Stack,
    options: RunOptions,
    stores: Stores,
) -> tuple[Job, Run]:
    """Records a run that is about to begin, with its plan and where it comes from."""
    documents = {name: _document(name, value) for name, value in arguments.items()}
    digests = {name: digest_plain(document) for name, document in documents.items()}
    records = stores.records
    records.save_bundle(plan.bundle, provenance.bundle.document())
    records.save_environment(plan.environment, provenance.environment.document())
    nodes = [
        PlanNode(node.name, node.step, node.mode, position)
        for position, node in enumerate(plan.graph.nodes.values())
    ]
    records.save_plan(plan.digest, plan.name, plan.text, nodes)
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
            parameters=tuple(RunParameter(name, doc) for name, doc in documents.items()),
            host=this_process(),
            git=dict(provenance.git) if provenance.git else None,
            details={
                "cache": options.cache,
                "digests": dict(digests),
                "loose": provenance.loose,
                "left_out": [list(told) for told in provenance.bundle.left_out],
                "machine": provenance.machine,
            },
        )
    )
    job = Job(
        run=row.id,
        name=row.name,
        plan=plan,
        seed=options.seed,
        cache=options.cache,
        parameters=documents,
        digests=digests,
        loose=provenance.loose,
        stores=stores,
    )
    return job, row


def _document(name: str, value: Any) -> values.Json:
    try:
        return values.encode(value)
    except FormatError as error:
        raise ParameterError(
            f"the parameter '{name}' cannot be recorded: {error.message}",
            hint="Give plain data, and load the rest in a step.",
        ) from None
