"""From a pipeline and its parameters to a run on a target.

The target comes first: workers take as long to get ready as all else that is done before the
first node can start, so what is heavy here is imported after they were begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windlass import modules
from windlass.errors import DefinitionError
from windlass.pipeline import parameters as params
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.provenance.project import Project, find_project
from windlass.stacks.settings import RunDefaults, load_settings
from windlass.stacks.stack import Stack, load_stack
from windlass.targets.target import is_elsewhere, is_locked, make_target

if TYPE_CHECKING:
    from windlass.execution.forecast import Expected
    from windlass.execution.job import Stores
    from windlass.execution.observer import Observer
    from windlass.execution.run import Run
    from windlass.execution.shipment import Shipment
    from windlass.pipeline.plan import Plan
    from windlass.provenance.capture import Provenance

_MOST_NAMED = 3
"""Paths that are told when a run begins."""


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
    cells = None
    if modules.notebook_module() is not None:
        pipeline, given, cells = _in_cells(pipeline, given)
    arguments = params.bind(pipeline.name, pipeline.parameters, given, text=text or {})
    project, stack, options = place_run(pipeline, options)
    target = make_target(options.target or stack.target, stack, options)
    try:
        from windlass.execution.delivering.beside import told_beside
        from windlass.execution.interrupt import Interrupts
        from windlass.execution.observer import Observer
        from windlass.execution.run import Run
        from windlass.execution.shipment import NOTHING
        from windlass.execution.stores import open_stores
        from windlass.targets.driving import drive
        from windlass.targets.keeping import capture_kept
        from windlass.targets.locks import locks_of
        from windlass.targets.record import make_plan, record_run, take_fingerprints
        from windlass.tracking.trying import tracker_of

        tracker_of(stack)
        graph = pipeline.graph()
        stores = open_stores(stack)
        provenance = capture_kept(project, stores, cells)
        locks, here = locks_of(graph, project, stores), provenance.environment
        if is_locked(options.target or stack.target, stack):
            provenance = with_lock(provenance, pipeline, project, stores)
        fingerprints = take_fingerprints(graph, project, provenance, locks, here)
        plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
        target.check(plan)
        watcher = observer or Observer()
        shipment = _shipped(plan, arguments, stores) if is_elsewhere(target) else NOTHING
        made_of = (plan, fingerprints, provenance, arguments, stack, options, stores, shipment)
        with Interrupts() as interrupts:  # from here on there is a run to be told the end of
            job, row = record_run(*made_of)
        notice = _left_out(provenance, job.name)
        with told_beside(stack, watcher.told):
            drive(job, target, watcher, interrupts.reason, notice)
    finally:
        target.close()
    return Run(stores.records.run_by_id(row.id), stores)


def with_lock(
    provenance: Provenance, pipeline: Pipeline[Any, Any], project: Project, stores: Stores
) -> Provenance:
    """The provenance of a run that is in the project's locked environment.

    Raises:
        LockError: It cannot be solved, or something in it cannot be had.
    """
    from windlass.targets.locked import locked_environment

    installed = provenance.environment
    found = locked_environment(project, installed, stores, pipeline.file)
    return replace(provenance, environment=found)


def _shipped(plan: Plan, arguments: Mapping[str, Any], stores: Stores) -> Shipment:
    from windlass.execution.shipping import ship
    from windlass.targets.record import documents_of

    return ship(plan, documents_of(arguments), stores)


def _left_out(provenance: Provenance, name: str) -> str | None:
    """What the recorded code lacks, in a line; None if it lacks nothing."""
    left_out = provenance.bundle.left_out
    paths = ["most of this folder" if told.path == "." else told.path for told in left_out]
    if not paths:
        return None
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    told = f"{', '.join(paths[:_MOST_NAMED])}{more}"
    return f"not in the recorded code: {told}; why: windlass show {name} --provenance"


def _in_cells(
    pipeline: Pipeline[Any, Any], given: Mapping[str, Any]
) -> tuple[Pipeline[Any, Any], Mapping[str, Any], Path | None]:
    """A notebook's pipeline and arguments as of the module of its cells, and that module's file."""
    from windlass.provenance.cells.as_module import from_cells, in_cells

    found = from_cells(pipeline, find_project(pipeline.file or Path.cwd()))
    if found is pipeline:
        return pipeline, given, None
    return found, in_cells(given), found.file


def foresee(
    pipeline: Pipeline[Any, Any], options: RunOptions, text: Mapping[str, str]
) -> list[Expected]:
    """What a run would do, and why; nothing is run and nothing recorded.

    Raises:
        ParameterError: As of `launch`; so are the others.
    """
    from windlass.execution.fingerprints import save_fingerprints
    from windlass.execution.forecast import forecast, forecast_untouched
    from windlass.execution.stores import open_stores
    from windlass.provenance.capture import capture
    from windlass.targets.locks import environments_in, locks_of
    from windlass.targets.record import make_plan, new_job, take_fingerprints

    arguments = params.bind(pipeline.name, pipeline.parameters, {}, text=text)
    project, stack, options = place_run(pipeline, options)
    graph = pipeline.graph()
    provenance = capture(project)
    locked = is_locked(options.target or stack.target, stack)
    # Where there are locks they are kept.
    is_untouched = stack.is_untouched() and not environments_in(graph) and not locked
    stores = None if is_untouched else open_stores(stack)
    locks = locks_of(graph, project, stores) if stores is not None else {}
    here = provenance.environment
    if locked and stores is not None:
        provenance = with_lock(provenance, pipeline, project, stores)
    fingerprints = take_fingerprints(graph, project, provenance, locks, here)
    plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
    if stores is None:
        return forecast_untouched(plan)
    save_fingerprints(stores.records, fingerprints)
    return forecast(new_job(plan, arguments, options, stores, provenance.environment))


def place_run(
    pipeline: Pipeline[Any, Any], options: RunOptions
) -> tuple[Project, Stack, RunOptions]:
    """The project and the stack of a run, and its options with what the project says."""
    project = find_project(pipeline.file or Path.cwd())
    settings = load_settings(project)
    options = _with_defaults(options, settings.run)
    return project, load_stack(options.stack, project, settings), options


def _with_defaults(options: RunOptions, defaults: RunDefaults) -> RunOptions:
    """What the options do not say is as ``[run]`` in ``windlass.toml`` says."""
    return options.but(
        keep_going=options.keep_going or defaults.keep_going,
        workers=options.workers or defaults.workers,
        memory=options.memory or defaults.memory,
        system_metrics=options.system_metrics and defaults.system_metrics,
    )


def _refuse_in_worker(pipeline: Pipeline[Any, Any]) -> None:
    from windlass.execution.worker_state import in_worker

    if in_worker():
        raise DefinitionError(
            f"{pipeline.name}.run() is called while a worker imports the pipeline's file",
            hint='Put it under: if __name__ == "__main__":',
        )
