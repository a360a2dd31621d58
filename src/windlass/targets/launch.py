"""From a pipeline and its parameters to a recorded run on a target."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from windlass import modules, plugins, values
from windlass.errors import ConfigError, DefinitionError, FormatError, ParameterError
from windlass.execution.job import Job, Stores, digest_plain
from windlass.execution.liveness import this_process
from windlass.execution.observer import Observer
from windlass.execution.run import Run
from windlass.pipeline import parameters as params
from windlass.pipeline.graph import Graph
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.plan import Plan
from windlass.pipeline.settings import RunOptions
from windlass.provenance.capture import Provenance, capture
from windlass.provenance.project import Project, find_project
from windlass.records.model import NewRun, PlanNode, RunParameter
from windlass.stacks.stack import Stack, load_stack

TARGETS = {"local": "windlass.targets.local:LocalTarget"}
"""Ours. Others are found by the entry point group ``windlass.targets``."""


class Target(Protocol):
    """Where plans run. One is made for each run, before anything is recorded."""

    def __init__(self, stack: Stack, options: RunOptions) -> None: ...

    def check(self, plan: Plan) -> None:
        """Refuses, in words, a plan that it cannot run."""
        ...

    def run(self, job: Job, observer: Observer) -> tuple[str, str | None]:
        """Runs every node in order; returns the run's status, and why it failed."""
        ...

    def close(self) -> None:
        """Ends whatever it started, if `run` was not reached."""
        ...


def launch(
    pipeline: Pipeline[Any, Any],
    given: Mapping[str, Any],
    options: RunOptions,
    *,
    observer: Observer | None = None,
    text: Mapping[str, str] | None = None,
) -> Run[Any]:
    """Runs a pipeline with a record, and waits for it.

    Args:
        pipeline: What to run.
        given: Parameters as Python values.
        options: How to run it.
        observer: Who watches.
        text: Parameters as text, from a command line.

    Raises:
        ParameterError: A parameter is unknown, missing or of the wrong type.
        DefinitionError: The pipeline is written wrong.
        ConfigError: The settings, the stack or the target refuse.
    """
    _refuse_in_worker(pipeline)
    arguments = params.bind(pipeline.name, pipeline.parameters, given, text=text or {})
    project = find_project(source_of(pipeline) or Path.cwd())
    stack = load_stack(options.stack, project)
    target = _target(options.target or stack.target, stack, options)
    try:
        graph = pipeline.graph()
        stores = _open_stores(stack)
        provenance = capture(project)
        plan = make_plan(pipeline, graph, project, provenance)
        target.check(plan)
        job, row = _record(plan, provenance, arguments, stack, options, stores)
        watcher = observer or Observer()
        watcher.run_started(job)
        started = time.monotonic()
        status, _ = target.run(job, watcher)
        watcher.run_ended(status, time.monotonic() - started)
    finally:
        target.close()
    return Run(row, stores)


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


def source_of(pipeline: Pipeline[Any, Any]) -> Path | None:
    """The file that a pipeline is written in; None at a prompt or in a notebook."""
    module = sys.modules.get(pipeline.function.__module__)
    file = getattr(module, "__file__", None)
    return Path(file).resolve() if file else None


def _sources(pipeline: Pipeline[Any, Any], project: Project) -> tuple[str, ...]:
    """The folder that the pipeline is imported from, if it is the project's own."""
    file = source_of(pipeline)
    folder = modules.module_of_file(file)[1] if file else project.root
    if folder.is_relative_to(project.root):
        return (folder.relative_to(project.root).as_posix(),)
    return ()


def _refuse_in_worker(pipeline: Pipeline[Any, Any]) -> None:
    from windlass.execution.worker_state import in_worker

    if in_worker():
        raise DefinitionError(
            f"{pipeline.name}.run() is called while a worker imports the pipeline's file",
            hint='Put it under: if __name__ == "__main__":',
        )


def _target(name: str, stack: Stack, options: RunOptions) -> Target:
    ref = TARGETS.get(name) or plugins.entry_points("windlass.targets").get(name)
    if ref is None:
        known = sorted({*TARGETS, *plugins.entry_points("windlass.targets")})
        raise ConfigError(f"there is no target '{name}'", hint=f"There is: {', '.join(known)}.")
    make: Any = plugins.load(ref)
    target: Target = make(stack, options)
    return target


def _open_stores(stack: Stack) -> Stores:
    from windlass.execution.stores import open_stores

    return open_stores(stack)


def _record(
    plan: Plan,
    provenance: Provenance,
    arguments: Mapping[str, Any],
    stack: Stack,
    options: RunOptions,
    stores: Stores,
) -> tuple[Job, Any]:
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
