"""Taking into the record what workers posted of a run, and ending the run if all is settled."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from windlass.errors import NotFoundError
from windlass.execution.execute import Result
from windlass.execution.job import Job, Stores, open_job
from windlass.execution.liveness import is_gone
from windlass.execution.observer import Observer
from windlass.execution.progress import Progress
from windlass.execution.relay.fold import Fold, Folded
from windlass.execution.relay.objects import RunObjects, posted_runs
from windlass.execution.relay.private import new_run, take_code, take_shipped
from windlass.execution.run import Run
from windlass.execution.schedule import Task
from windlass.execution.stores import open_stores
from windlass.models.minted import tell_versions
from windlass.provenance.project import find_project
from windlass.records.model import Run as Row
from windlass.stacks.stack import Stack, load_stack

_ALL = 10**9


@dataclass(frozen=True)
class Synced:
    """What came of it.

    Args:
        run: The run, as it stands now.
        folded: What was new.
        waiting: The nodes and items that have not ended yet, and could run.
        made: If that has ended the run, what it has made of models, in sentences.
    """

    run: Run[Any]
    folded: Folded
    waiting: tuple[str, ...]
    made: tuple[str, ...] = ()


def sync(named: str, *, stack: str | None = None, project: Path | None = None) -> Synced:
    """Takes in what is new of a run, whether or not its driver is there, or it was recorded.

    Args:
        named: The run's name, its id, its pipeline's name, or ``latest``.
        stack: The stack in whose record it is; None for the default.
        project: Its project's folder; None for that around the working directory.

    Raises:
        NotFoundError: There is no such run.
        StoreError: Its artifact store cannot be read.
    """
    found = find_project(project or Path.cwd())
    wired = load_stack(stack, found)
    stores = open_stores(wired)
    try:
        row = stores.records.run(named)
    except NotFoundError:
        if not _adopt(named, stores, wired):
            raise
        row = stores.records.run_by_id(named)
    return _synced(row, open_stores(load_stack(row.stack, found)))


def sync_all(*, stack: str | None = None, project: Path | None = None) -> list[Synced]:
    """Takes in what is new of every run that goes on, and of those that the record does not know.

    Args:
        stack: The stack; None for the default.
        project: The project's folder; None for that around the working directory.

    Raises:
        StoreError: The artifact store cannot be read.
    """
    wired = load_stack(stack, find_project(project or Path.cwd()))
    stores = open_stores(wired)
    posted = posted_runs(stores.artifacts)
    known = {run.id: run for run in stores.records.runs(limit=_ALL)} if posted else {}
    for run in sorted(posted - known.keys()):
        if _adopt(run, stores, wired):
            known[run] = stores.records.run_by_id(run)
    going = [known[run] for run in sorted(posted & known.keys()) if known[run].status == "running"]
    return [_synced(row, stores) for row in going]


def _synced(row: Row, stores: Stores) -> Synced:
    job = open_job(row.id, stores)
    folded = Fold(job).everything()
    if _is_driven(row):
        return Synced(Run(stores.records.run_by_id(row.id), stores), folded, ())
    waiting, made = settle(job, row), list[str]()
    ended = stores.records.run_by_id(row.id)
    if ended.status == "succeeded" != row.status:
        tell_versions(job, made.append)
    return Synced(Run(ended, stores), folded, waiting, tuple(made))


def _adopt(run: str, stores: Stores, stack: Stack) -> bool:
    """Records a run that was begun where no record could be reached; False if none was."""
    objects = RunObjects(stores.artifacts, run)
    document = objects.any_begun()
    if document is None:
        return False
    take_code(stores.records, document, objects)
    stores.artifacts.add_user(stores.records.shown)
    stores.records.create_run(replace(new_run(document), tracker=stack.tracker_shown))
    take_shipped(stores.records, document)
    return True


def settle(job: Job, row: Row) -> tuple[str, ...]:
    """Settles, in a run that nobody drives, what follows from what is recorded; ends it at the end.

    Returns:
        What has not ended yet, and could run.
    """
    progress, waiting = settled(job)
    if progress.finished and progress.status != row.status:
        job.stores.records.finish_run(job.run, progress.status, progress.error)
    return tuple(task.name for task in waiting)


def settled(job: Job) -> tuple[Progress, list[Task]]:
    """A run as far as it is recorded, with what follows from that; and what could run."""
    progress = Progress(replace(job, cache=False), Observer(), keep_going=True)
    failed = {
        outcome.node: outcome
        for outcome in job.stores.records.outcomes(job.run)
        if outcome.status == "failed"
    }
    todo, waiting = deque(progress.tasks()), []
    while todo:
        task = todo.popleft()
        outcome = failed.get(task.name)
        if outcome is None:
            waiting.append(task)
            continue
        error = dict(outcome.error or {})
        progress.finish(task, Result(task.name, "failed", error=error))
        todo.extend(progress.tasks())
    return progress, waiting


def _is_driven(row: Row) -> bool:
    """Whether a driver settles the run's nodes itself."""
    return row.status == "running" and row.driver is not None and not is_gone(row)
