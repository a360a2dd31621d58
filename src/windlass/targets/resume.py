"""Going on with a run that was killed, failed or cancelled: what has succeeded is not run again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from windlass import modules
from windlass.errors import ConfigError, DefinitionError
from windlass.execution.delivering.beside import told_beside
from windlass.execution.interrupt import Interrupts
from windlass.execution.job import Job, Stores, decode_plain, open_job
from windlass.execution.leftovers import end_leftovers
from windlass.execution.liveness import is_gone, this_process
from windlass.execution.observer import Observer
from windlass.execution.ownership import Ownership, new_token
from windlass.execution.run import Run
from windlass.execution.shipment import NOTHING, Shipment, shipment_in
from windlass.execution.shipping import ship
from windlass.execution.stores import open_recorded
from windlass.pipeline import parameters as params
from windlass.pipeline.graph import Node
from windlass.pipeline.pipeline import Pipeline
from windlass.pipeline.plan import Plan, read_plan
from windlass.pipeline.settings import RunOptions
from windlass.provenance.capture import capture
from windlass.provenance.project import find_project
from windlass.records.model import Run as Row
from windlass.records.model import RunParameter
from windlass.stacks.stack import Stack, load_stack
from windlass.targets.driving import drive
from windlass.targets.keeping import capture_kept
from windlass.targets.launch import with_lock
from windlass.targets.locks import locks_of
from windlass.targets.record import make_plan, new_job, save_code, take_fingerprints
from windlass.targets.recorded import changes, look_in, unpacked_for_now
from windlass.targets.target import Target, is_elsewhere, is_locked, make_target
from windlass.tracking.trying import tracker_of

CODE_CHANGED = "the code has changed since: the recorded code is run; --with-changes takes the new"


_MOST_TOLD = 4


class _Again(NamedTuple):
    """What is gone on with: the plan from here on, the run as it will be recorded, the code."""

    plan: Plan
    row: Row
    code: Path


def resume(
    named: str,
    *,
    stack: str | None = None,
    target: str | None = None,
    workers: int | None = None,
    with_changes: bool = False,
    project: Path | None = None,
    observer: Observer | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Run[Any]:
    """Goes on with a run until it ends; one that has succeeded is left as it is.

    Args:
        named: The run's name, its id, its pipeline's name, or ``latest``.
        stack: The stack in whose record it is, and on which it goes on; None for the default one,
            and that of the run.
        target: Where to go on; None for where it was.
        workers: How many cores steps are given together; None for as it was.
        with_changes: Whether code, packages and files are taken as they are now.
        project: Its project's folder; None for that around the working directory.
        observer: Who watches.
        tell: Is told what a person should know before it begins.

    Raises:
        NotFoundError: There is no such run.
        ConfigError: It is running; or something that it depends on has changed.
        DefinitionError: With the changes, what has succeeded is not in the graph any more.
    """
    found = find_project(project or Path.cwd())
    stores = open_recorded(load_stack(stack, found))
    row = stores.records.run(named)
    if row.status == "succeeded":
        return Run(row, stores)
    _refuse_running(row)
    wired = load_stack(stack or row.stack, found)
    stores = open_recorded(wired)
    stores.artifacts.refuse_silent()
    tracker_of(wired)
    locked = is_locked(target or row.target, wired)
    if with_changes:
        again = _changed(row, wired, stores, locked=locked)
    else:
        again = _same(row, wired, stores, tell, locked=locked)
    there = replace(wired, code=str(again.code))
    chosen = make_target(target or row.target, there, _options(row, workers))
    try:
        chosen.check(again.plan)
        shipment = _shipped(row, again, chosen, stores)
        with Interrupts() as interrupts:
            job = _claim(row, again, replace(stores, project=again.code), shipment)
            end_leftovers(job)
        watcher = observer or Observer()
        with told_beside(wired, watcher.told):
            drive(job, chosen, watcher, interrupts.reason)
    finally:
        chosen.close()
    return Run(stores.records.run_by_id(row.id), stores)


def _refuse_running(row: Row) -> None:
    if row.status != "running" or is_gone(row):
        return
    host: Any = row.host or {}
    where = f", by process {host['pid']} on {host['hostname']}" if host else ""
    raise ConfigError(
        f"{row.name} is being run{where}",
        hint=f"Look at it: windlass show {row.name}. Or end it there, and resume it then.",
    )


def _same(
    row: Row, stack: Stack, stores: Stores, tell: Callable[[str], None], *, locked: bool
) -> _Again:
    """The run as it was recorded.

    Raises:
        ConfigError: What it depends on besides its code has changed.
    """
    plan = read_plan(stores.records.plan(row.plan))
    _refuse_unimportable(row, plan)
    provenance = capture(stack.project)
    is_other = provenance.bundle.digest != plan.bundle
    if is_other:
        _refuse_loaded(row, plan)
    code = unpacked_for_now(plan, stores) if is_other else stack.project.root
    # What is locked is built again as it was, whatever is installed here.
    now = None if locked else provenance.environment
    changed = list(changes(row, plan, now, code, stores))
    if changed:
        more = f" and {len(changed) - _MOST_TOLD} more" if len(changed) > _MOST_TOLD else ""
        told = ", ".join(changed[:_MOST_TOLD]) + more
        raise ConfigError(
            f"what {row.name} depends on has changed since: {told}",
            hint="Bring it back, or go to the folder that the run was started in. Or take all as "
            f"it is now, for the nodes that are left: windlass resume {row.name} --with-changes",
        )
    if is_other:
        tell(CODE_CHANGED)
    look_in(code, plan)
    return _Again(plan, row, code)


def _changed(row: Row, stack: Stack, stores: Stores, *, locked: bool) -> _Again:
    """The run with code, packages and files as they are now.

    Raises:
        DefinitionError: What has succeeded is not in the graph any more.
    """
    project, then = stack.project, read_plan(stores.records.plan(row.plan))
    look_in(project.root, then)
    pipeline = _pipeline(row, then)
    given = {name: decode_plain(document) for name, document in row.parameters.items()}
    arguments = params.bind(pipeline.name, pipeline.parameters, given)
    graph, provenance = pipeline.graph(), capture_kept(project, stores)
    locks, here = locks_of(graph, project, stores), provenance.environment
    if locked:
        provenance = with_lock(provenance, pipeline, project, stores)
    fingerprints = take_fingerprints(graph, project, provenance, locks, here)
    plan = make_plan(pipeline, graph, project, provenance, fingerprints, locks)
    _refuse_unimportable(row, plan)
    _refuse_without(stores.records.succeeded_nodes(row.id), row, then, plan)
    save_code(plan, fingerprints, provenance, stores)
    job = new_job(plan, arguments, RunOptions(), stores, provenance.environment)
    told = {"digests": dict(job.digests), "machine": provenance.machine}
    now = replace(
        row,
        plan=plan.digest,
        bundle=plan.bundle,
        environment=plan.environment,
        parameters=job.parameters,
        details={**row.details, **told},
    )
    return _Again(plan, now, project.root)


def _pipeline(row: Row, plan: Plan) -> Pipeline[Any, Any]:
    try:
        found = modules.resolve(plan.pipeline)
    except (ImportError, AttributeError) as error:
        found = error
    if isinstance(found, Pipeline):
        return found
    why = f": {found}" if isinstance(found, Exception) else ""
    raise DefinitionError(
        f"the pipeline {plan.pipeline} of {row.name} is not there any more{why}",
        hint=f"Resume it with the code that was recorded: windlass resume {row.name}",
    )


def _refuse_without(done: set[str], row: Row, then: Plan, now: Plan) -> None:
    """Refuses a graph in which a node that has succeeded is not what it was."""
    for name in sorted({each.partition("[")[0] for each in done}):
        before, after = then.graph.nodes[name], now.graph.nodes.get(name)
        if after is None or (after.step, after.mode) != (before.step, before.mode):
            how = "is not there any more" if after is None else f"is another: {_called(after)}"
            raise DefinitionError(
                f"'{name}' has succeeded in {row.name}, and with the changes it {how}",
                hint="Resume the run without --with-changes, which runs the recorded code; or "
                "begin a new run, which takes from the cache what is still the same.",
            )


def _called(node: Node) -> str:
    return f"{node.step}, {'mapped by ' + node.mode if node.mapped else 'called once'}"


def _refuse_unimportable(row: Row, plan: Plan) -> None:
    for node in plan.graph.nodes.values():
        if not modules.is_reference_importable(node.step):
            raise DefinitionError(
                f"{row.name} cannot be resumed: its step '{node.name}' was defined at a prompt",
                hint="Begin a new run there; put steps into a file to be able to resume.",
            )


def _refuse_loaded(row: Row, plan: Plan) -> None:
    """Refuses to run recorded code in a process that has imported the code as it is now."""
    of_steps = {node.step.partition(":")[0] for node in plan.graph.nodes.values()}
    loaded = sorted(of_steps & {*sys.modules, modules.main_alias()})
    if loaded:
        raise ConfigError(
            f"the code has changed since {row.name} was begun, and this process has imported the "
            f"new one ({loaded[0]})",
            hint=f"Resume it in a process of its own: windlass resume {row.name}; or take the new "
            "code: resume(with_changes=True)",
        )


def _options(row: Row, workers: int | None) -> RunOptions:
    """How the run was made."""
    kept: Any = dict(row.details.get("options", {}))
    return RunOptions(
        **{**kept, "workers": workers or kept.get("workers")}, stack=row.stack, seed=row.seed
    )


def _shipped(seen: Row, again: _Again, target: Target, stores: Stores) -> Shipment:
    """The files that the run has with it from here on; those of before if it is the same."""
    kept = shipment_in(seen.details)
    is_same = again.plan.digest == seen.plan and again.row.details == seen.details
    if kept.document() and is_same:
        return kept
    if not is_elsewhere(target):
        return NOTHING
    return ship(again.plan, again.row.parameters, stores)


def _claim(seen: Row, again: _Again, stores: Stores, shipment: Shipment) -> Job:
    """The run as this process's own.

    Raises:
        ConfigError: Another process was first.
    """
    token = new_token()
    details = {name: told for name, told in again.row.details.items() if name != "shipped"}
    details |= shipment.document()
    now = replace(again.row, driver=token, host=this_process(), details=details)
    added = [
        RunParameter(name, document)
        for name, document in now.parameters.items()
        if name not in seen.parameters
    ]
    note: dict[str, Any] = {"with_changes": now.plan != seen.plan}
    if now.plan != seen.plan:
        note |= {"plan": seen.plan, "bundle": seen.bundle, "environment": seen.environment}
        note["nodes"] = sorted(stores.records.succeeded_nodes(seen.id))
    if not stores.records.claim_run(seen, now, added, note=note):
        raise ConfigError(
            f"{seen.name} was just resumed by another process",
            hint=f"Look at it: windlass show {seen.name}",
        )
    if shipment.artifacts:
        stores.records.save_artifacts(shipment.artifacts)
    owner = Ownership(stores.records, seen.id, token)
    return replace(open_job(seen.id, stores), owner=owner)
