"""How ONE node runs, on every target: the same function, the same order of things.

1. If a successful outcome stands, nothing is done.
2. The attempt is noted, so that a death in it is seen.
3. The inputs are resolved to digests; the cache is asked.
4. The values are read and checked, the generators seeded, the step called; what it prints is kept.
5. What it returned is checked and stored; then one transaction makes outcome, outputs, lineage
   and metrics visible together.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass import artifacts
from windlass.artifacts.artifact import Saved
from windlass.artifacts.streams import Stream
from windlass.errors import DataCheckError, DefinitionError, FormatError
from windlass.execution import cache, live_code, seeding
from windlass.execution.class_code import UnknownClassError
from windlass.execution.failure import describe_failure
from windlass.execution.ingredients import ingredients_of
from windlass.execution.inputs import Inputs
from windlass.execution.isolation import in_this_process, restored
from windlass.execution.job import Job
from windlass.execution.logged import LiveLog, forget_spool, record_logged, tracked, what_is_tracked
from windlass.execution.returned import checked, named_outputs
from windlass.execution.seeding import seed_of
from windlass.execution.set_outside import import_pipeline
from windlass.execution.work import Work, attempt_row, outcome_of
from windlass.execution.worker_state import in_worker
from windlass.pipeline.guards import borders_of
from windlass.pipeline.step import Step, step_of
from windlass.records.model import Output
from windlass.tracking.attending import attended
from windlass.tracking.journal import journalling

Capture = Callable[[Path], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended, as the driver of the run is told.

    Args:
        node: Name of the node or item.
        status: ``succeeded`` or ``failed``.
        final: Whether the outcome stands; a failed attempt that will be tried again is not final.
        cached: Whether an earlier result stood for it.
        seconds: How long the step itself took.
        error: What went wrong.
        reason: What the cache said.
    """

    node: str
    status: str
    final: bool = True
    cached: bool = False
    seconds: float = 0.0
    error: dict[str, Any] | None = None
    reason: str | None = None


def execute(
    job: Job, name: str, index: int | None, attempt: int, capture: Capture, *, first: int = 1
) -> Result:
    """Runs one attempt at one node of a run.

    Args:
        job: The run.
        name: The node's name in the graph.
        index: Which item, if the node is a map.
        attempt: Counted from 1.
        capture: Keeps what the step prints in the file it is given.
        first: The first attempt since the run was last resumed: retries are counted from it.

    Returns:
        How it ended. A step's own exceptions are in it, never raised.

    Raises:
        RecordError: The record could not be written: nothing is known to have happened.
    """
    work = Work(job, job.plan.graph.nodes[name], index, attempt, time.time(), first)
    records = job.stores.records
    if not records.begin_attempt(attempt_row(work)):
        return Result(work.name, "succeeded", reason="done before")
    try:
        cached = _run(work, capture)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker():
            raise  # a person's Ctrl-C: workers get none
        return _fail(work, error)
    records.commit_outcome(outcome_of(work, cached=cached))
    if work.tracked.logged:
        forget_spool(job, work.name, attempt)
    return Result(work.name, "succeeded", cached=cached, seconds=work.seconds, reason=work.reason)


def _run(work: Work, capture: Capture) -> bool:
    """Fills in `work`; returns whether the cache had the result."""
    job, node = work.job, work.node
    settings = job.plan.settings(node)
    with capture(job.log_path(work.name, work.attempt)), _told():
        import_pipeline(job, node)
        live_code.look_before_any_runs(job, node)
        step = step_of(node.step)
        work.arguments = Inputs(job).arguments(node, work.index)
        work.seed = seed_of(job, node, work.arguments) if settings.seeded else None
        if _is_in_cache(work, step):
            return True
        _call_and_store(work, step)
        work.tracked = tracked(job, work.name, work.attempt)
        if work.key is not None:  # what it read may have changed before it read it, or after
            _keep_unless(work, live_code.declared_difference(job, node))
        return False


def _is_in_cache(work: Work, step: Step[..., Any]) -> bool:
    """Whether an earlier result stands for the node; else notes why not, and whether to keep it."""
    job, node = work.job, work.node
    if job.plan.code_of(node) is None:
        work.reason = cache.refusal(job, node)
        return False
    try:
        ingredients = ingredients_of(job, node, work.arguments, work.seed)
    except UnknownClassError as error:
        work.reason = f"never cached: {error.message}"
        return False
    work.ingredients = ingredients.document()
    answer = cache.ask(job, node, work.name, ingredients, work.contents)
    work.reason, work.key = answer.reason, ingredients.key if answer.keep else None
    if answer.earlier is not None:
        work.earlier, work.outputs = answer.earlier, answer.earlier.outputs
        return True
    if work.key is not None:
        _keep_unless(work, live_code.difference(job, node, step, ingredients.classes))
    return False


def _keep_unless(work: Work, problem: str | None) -> None:
    """Notes why a result is not kept, also where the step's own output is: it may surprise."""
    if problem is not None:
        told = f"not kept for the cache: {problem}"
        work.key, work.reason = None, f"{work.reason}; {told}"
        with contextlib.suppress(OSError, ValueError):  # the step may have closed it
            print(f"{work.node.name} is {told}", file=sys.stderr)  # noqa: T201


def _call_and_store(work: Work, step: Step[..., Any]) -> None:
    values = {name: argument.load() for name, argument in work.arguments.items()}
    with restored():
        start = time.perf_counter()
        try:
            # Not sooner: what a module logs when it is imported belongs to no step.
            with _observed(work), in_this_process():
                returned = _called(work, step, values)
                outputs = named_outputs(work.node, step, returned)
                streams = {  # what makes their items belongs to the call
                    name: _saved(work, name, value)
                    for name, value in outputs.items()
                    if isinstance(value, Stream)
                }
        finally:
            work.seconds = time.perf_counter() - start
        # In the folder that the step went to: a relative path that it returned is one from there.
        saved = {name: streams.get(name) or _saved(work, name, outputs[name]) for name in outputs}
    work.outputs = tuple(
        Output(name=name, position=position, content=each.artifact.content)
        for position, (name, each) in enumerate(saved.items())
    )
    work.stored = tuple(made for each in saved.values() for made in (each.artifact, *each.children))


def _called(work: Work, step: Step[..., Any], values: Mapping[str, Any]) -> Any:
    """What the step returned, if that and what it is given pass the checks that it asks for."""
    borders = borders_of(step.function)
    _seed(work)
    if not borders:
        return checked(step, step.call_with(values))
    from windlass.execution.data_checks.inspection import Inspection

    work.inspection = Inspection(step.name, borders)
    given = work.inspection.entering(values)
    _seed(work)  # again: what a check draws shifts no draw of the step's
    return work.inspection.leaving(checked(step, step.call_with(given)))


def _seed(work: Work) -> None:
    if work.seed is not None:
        seeding.seed_all(work.seed)


@contextlib.contextmanager
def _observed(work: Work) -> Iterator[None]:
    """Keeps what a step logs and, in a run that is watched, what it does besides."""
    job = work.job
    with contextlib.ExitStack() as stack:
        journal = stack.enter_context(journalling(job.journal_path(work.name, work.attempt)))
        stack.enter_context(attended(journal, job.system_metrics, _live_log(work)))
        if job.tracker is not None:
            from windlass.execution.delivering.inside import inside

            stack.enter_context(inside(job, work.name, work.attempt))
        if job.watched:
            from windlass.execution.watching import watched

            stack.enter_context(watched(job, job.events_path(work.name, work.attempt)))
        yield


def _live_log(work: Work) -> Callable[[], None] | None:
    """What records a step's log while it runs; None where the worker does not reach the record."""
    if work.job.stores.records.is_private:
        return None
    return LiveLog(work.job, work.name, work.attempt).flush


def _saved(work: Work, name: str, value: Any) -> Saved:
    try:
        return artifacts.save(
            value,
            work.job.stores.artifacts,
            allow_pickle=work.job.plan.settings(work.node).allow_pickle,
            split=(work.node.name, name) in work.job.plan.mapped_over and work.index is None,
        )
    except FormatError as error:
        if work.node.outputs == ("output",):
            raise
        raise FormatError(f"output '{name}': {error.message}", hint=error.hint) from error.__cause__


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Writes an error's traceback where the step's own output is."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and not in_worker():
            raise
        with contextlib.suppress(OSError, ValueError):  # the step may have closed it
            print(describe_failure(error)["traceback"], file=sys.stderr, end="")  # noqa: T201
        raise


def _fail(work: Work, error: BaseException) -> Result:
    records, job = work.job.stores.records, work.job
    told = describe_failure(error)
    environment = job.plan.settings(work.node).environment
    if environment is not None and isinstance(error, ModuleNotFoundError):
        told["hint"] = f"Add it to [environments.{environment}] in windlass.toml."
    tries = work.attempt - work.first
    final = tries >= job.plan.settings(work.node).retries or _would_fail_again(error)
    if final:
        work.outputs = ()
        work.tracked = what_is_tracked(job, work.name, work.attempt)
        records.commit_outcome(outcome_of(work, error=told))
        if work.tracked.logged:
            forget_spool(job, work.name, work.attempt)
    else:
        records.fail_attempt(job.run, work.name, work.attempt, "failed", told)
        record_logged(job, work.name, work.attempt)
    return Result(work.name, "failed", final, seconds=work.seconds, error=told, reason=work.reason)


def _would_fail_again(error: BaseException) -> bool:
    """Whether another attempt could only fail in the same way: it is given the same."""
    if isinstance(error, DataCheckError):
        return error.border == "input"
    return isinstance(error, DefinitionError | FormatError)
