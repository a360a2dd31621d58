"""From a pipeline and its parameters to a run on a target.

The target comes first: workers take as long to get ready as all else that is done before the
first node can start, so what is heavy here is imported after they were begun.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from windlass import modules, plugins
from windlass.errors import ConfigError, DefinitionError
from windlass.pipeline import parameters as params
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.settings import RunOptions
from windlass.provenance.project import Project, find_project
from windlass.stacks.settings import RunDefaults, load_settings
from windlass.stacks.stack import Stack, load_stack

if TYPE_CHECKING:
    from windlass.execution.forecast import Expected
    from windlass.execution.job import Job
    from windlass.execution.observer import Observer
    from windlass.execution.run import Run
    from windlass.pipeline.plan import Plan
    from windlass.provenance.capture import Provenance

TARGETS = {"local": "windlass.targets.local:LocalTarget"}
"""Ours. Others are found by the entry point group ``windlass.targets``."""


_MOST_NAMED = 3
"""Paths that are told when a run begins."""


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
    cells = None
    if modules.notebook_module() is not None:
        pipeline, given, cells = _in_cells(pipeline, given)
    arguments = params.bind(pipeline.name, pipeline.parameters, given, text=text or {})
    project, stack, options = _place(pipeline, options)
    target = make_target(options.target or stack.target, stack, options)
    try:
        from windlass.execution.interrupt import Interrupts
        from windlass.execution.observer import Observer
        from windlass.execution.run import Run
        from windlass.execution.stores import open_stores
        from windlass.targets.driving import drive
        from windlass.targets.keeping import capture_kept
        from windlass.targets.locks import locks_of
        from windlass.targets.record import make_plan, record_run, take_fingerprints

        graph = pipeline.graph()
        stores = open_stores(stack)
        provenance = capture_kept(project, stores, cells)
        locks = locks_of(graph, project, stores)
        fingerprints = take_fingerprints(graph, project, provenance, locks)
        plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
        target.check(plan)
        watcher = observer or Observer()
        with Interrupts() as interrupts:  # from here on there is a run to be told the end of
            job, row = record_run(plan, fingerprints, provenance, arguments, stack, options, stores)
        notice = _left_out(provenance, job.name)
        drive(job, target, watcher, interrupts.reason, notice)
    finally:
        target.close()
    return Run(stores.records.run_by_id(row.id), stores)


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
    from windlass.provenance.cells import from_cells, in_cells

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
    project, stack, options = _place(pipeline, options)
    graph = pipeline.graph()
    provenance = capture(project)
    is_untouched = stack.is_untouched() and not environments_in(graph)  # whose locks are kept
    stores = None if is_untouched else open_stores(stack)
    locks = locks_of(graph, project, stores) if stores is not None else {}
    fingerprints = take_fingerprints(graph, project, provenance, locks)
    plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
    if stores is None:
        return forecast_untouched(plan)
    save_fingerprints(stores.records, fingerprints)
    return forecast(new_job(plan, arguments, options, stores, provenance.environment))


def _place(pipeline: Pipeline[Any, Any], options: RunOptions) -> tuple[Project, Stack, RunOptions]:
    """The project and the stack of a run, and its options with what the project says."""
    project = find_project(pipeline.file or Path.cwd())
    settings = load_settings(project)
    options = _with_defaults(options, settings.run)
    return project, load_stack(options.stack, project, settings), options


def make_target(name: str, stack: Stack, options: RunOptions) -> Target:
    """The target of a name.

    Raises:
        ConfigError: There is none.
    """
    ref = TARGETS.get(name) or plugins.entry_points("windlass.targets").get(name)
    if ref is None:
        known = sorted({*TARGETS, *plugins.entry_points("windlass.targets")})
        raise ConfigError(f"there is no target '{name}'", hint=f"There is: {', '.join(known)}.")
    make: Any = plugins.load(ref)
    target: Target = make(stack, options)
    return target


def _with_defaults(options: RunOptions, defaults: RunDefaults) -> RunOptions:
    """What the options do not say is as ``[run]`` in ``windlass.toml`` says."""
    return options.but(
        keep_going=options.keep_going or defaults.keep_going,
        workers=options.workers or defaults.workers,
        memory=options.memory or defaults.memory,
    )


def _refuse_in_worker(pipeline: Pipeline[Any, Any]) -> None:
    from windlass.execution.worker_state import in_worker

    if in_worker():
        raise DefinitionError(
            f"{pipeline.name}.run() is called while a worker imports the pipeline's file",
            hint='Put it under: if __name__ == "__main__":',
        )
