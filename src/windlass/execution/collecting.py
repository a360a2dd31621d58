"""Collecting what nobody needs: old runs, where that is asked for, and then bytes that none names.

Safe beside whatever runs. What a run writes is younger than the store's grace, or than the run; an
equal blob that was there already is made young when it is written again, under the lock under which
an old one is removed. A run that is to go gives no more results to others from then on, and goes
when no run is left that may have had one before.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from windlass.artifacts.store import ArtifactStore
from windlass.errors import DefinitionError, NotFoundError
from windlass.execution.items import Items
from windlass.execution.job import Stores, open_job
from windlass.execution.liveness import is_gone
from windlass.execution.relay.fold import Fold
from windlass.execution.relay.objects import posted_digests, posted_runs
from windlass.provenance.code_folders import old_folders, take_away
from windlass.records import Records
from windlass.records.model import Run
from windlass.records.reading import portions

_ALL = 10**9
_NEVER = float("inf")
_SLACK = 60.0
"""Seconds by which the clocks of those who write to one record may differ."""
_LAYOUT_SECONDS = 7 * 24 * 3600
"""Since it was made; a layout is a copy, and is made again when it is read."""


@dataclass
class Collected:
    """What was removed, or would be.

    Args:
        runs: Names of runs.
        needed: Names of runs that are old enough, and from which later ones had results, or models
            their versions.
        waiting: Names of those that go when the runs that go on now have ended.
        artifacts: How many values.
        blobs: How many files of values.
        archives: How many archives of code.
        layouts: How many copies of files under their own names.
        logs: How many folders of logs.
        code: How many folders of unpacked code.
        bytes: Of all of these on the disk, or in the bucket.
    """

    runs: list[str] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    artifacts: int = 0
    blobs: int = 0
    archives: int = 0
    layouts: int = 0
    logs: int = 0
    code: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Which runs may go.

    Args:
        before: Those that ended before then, in seconds since 1970; None for no run at all.
        keep_last: How many of each pipeline stay however old; one does always.
    """

    before: float | None = None
    keep_last: int = 1


class _DryRunError(Exception):
    """Takes the transaction back in which all was tried."""


def collect(
    stores: Stores,
    rule: Rule,
    *,
    others: Sequence[Records] = (),
    dry: bool = False,
    grace: float | None = None,
    code: Path | None = None,
) -> Collected:
    """Removes what is needed no more.

    Args:
        stores: Whose.
        rule: Which runs may go.
        others: Other record stores that name blobs of the same artifact store.
        dry: Whether only to tell.
        grace: Seconds that what nothing names yet is left alone; else those of the store.
        code: The project's folder for unpacked code, if that is to be looked at, too.
    """
    records, store, done, now = stores.records, stores.artifacts, Collected(), time.time()
    if not dry:
        _fold_posted(stores)
    before = min(now, _first_going(records)) - (store.grace if grace is None else grace)
    doomed = _doomed(records, rule, done)
    if not dry:
        known = records.forgotten()
        records.forget_runs([run for run in doomed if run.id not in known])
    removed, needed = _remove(stores, _ready(records, doomed, done), done, dry=dry)
    needed = needed.union(*(other.needed_blobs() for other in others))
    recorded = {run.id for each in (records, *others) for run in each.runs(limit=_ALL)}
    needed |= posted_digests(store, recorded.union(run.id for run in removed))
    found = [s for s in store.stored() if s.blob not in needed and s.modified < before]
    if dry:
        archives = records.archives()
        for stored in found:
            _count(done, stored.size, is_archive=stored.blob in archives)
    else:
        users = sorted((records, *others), key=lambda each: each.shown)
        _sweep(store, users, [stored.blob for stored in found], before, now, done)
    for run in removed if not dry else ():
        store.named.remove(f"runs/{run.id}")
    _remove_folders((stores.logs / run.id for run in removed), "logs", done, dry=dry)
    if _first_going(records) == _NEVER:
        _remove_folders(_old_layouts(store.layouts, now), "layouts", done, dry=dry)
    if code is not None and all(_first_going(each) == _NEVER for each in (records, *others)):
        old = [*old_folders(code, now)]
        away = old if dry else [gone for each in old if (gone := take_away(each, now))]
        _remove_folders(away, "code", done, dry=dry)
    return done


def _fold_posted(stores: Stores) -> None:
    """Takes in what workers posted of runs, so that the values are named that they made."""
    posted = posted_runs(stores.artifacts)
    for run in stores.records.runs(limit=_ALL) if posted else ():
        if run.id in posted and run.status != "succeeded":
            with contextlib.suppress(NotFoundError, DefinitionError):  # of another Windlass
                Fold(open_job(run.id, stores)).everything()


def _first_going(records: Records) -> float:
    """When the first of the runs that go on was begun."""
    going = [run for run in records.runs(status="running", limit=_ALL) if not is_gone(run)]
    return min((run.created for run in going), default=_NEVER)


def _doomed(records: Records, rule: Rule, done: Collected) -> list[Run]:
    """The runs that are old enough, and that no run needs which stays."""
    if rule.before is None:
        return []
    every = records.runs(limit=_ALL)
    old = {run.id: run for run in _old(every, rule.before, max(1, rule.keep_last))}
    origins = records.origins()
    waiting = [run.id for run in every if run.id not in old]
    for run in records.runs_of_versions() & old.keys():
        done.needed.append(old.pop(run).name)
        waiting.append(run)
    while waiting:
        for origin in origins.get(waiting.pop(), ()):
            if origin in old:
                done.needed.append(old.pop(origin).name)
                waiting.append(origin)
    return list(old.values())


def _old(every: Sequence[Run], before: float, keep_last: int) -> Iterator[Run]:
    """Of runs, the newest first, those that are over since long, but for some of each pipeline."""
    seen: Counter[str] = Counter()
    for run in every:
        seen[run.pipeline] += 1
        is_over = run.status != "running" or is_gone(run)
        ended = run.ended or run.beat or run.created
        if is_over and ended < before and seen[run.pipeline] > keep_last:
            yield run


def _ready(records: Records, doomed: Sequence[Run], done: Collected) -> list[Run]:
    """Those of which no run that goes on may have taken a result that it has not recorded yet."""
    first, forgotten = _first_going(records), records.forgotten()
    ready = [
        run for run in doomed if forgotten.get(run.id, 0.0 if first == _NEVER else first) < first
    ]
    done.waiting = [run.name for run in doomed if run not in ready]
    return ready


def _remove(
    stores: Stores, doomed: Sequence[Run], done: Collected, *, dry: bool
) -> tuple[list[Run], set[str]]:
    """Removes runs and the artifacts that only they had; returns the blobs that are named then."""
    records, items = stores.records, Items(stores)
    removed: list[Run] = []
    needed: set[str] = set()
    items.of_maps()  # looked at once before, so that nobody waits while bytes are read
    try:
        with records.write():
            records.alone()
            removed = records.remove_runs(doomed)
            done.artifacts = records.remove_artifacts(items.of_maps())
            needed = records.needed_blobs()
            _take_back_if(dry)
    except _DryRunError:
        pass
    done.runs = [run.name for run in removed]
    return removed, needed


def _take_back_if(dry: bool) -> None:
    if dry:
        raise _DryRunError


def _sweep(
    store: ArtifactStore,
    users: Sequence[Records],
    found: Sequence[str],
    before: float,
    since: float,
    done: Collected,
) -> None:
    """Removes old blobs that nothing named, a few at a time, while nobody can begin to name one.

    Args:
        store: Where they are.
        users: The record stores that name blobs of it.
        found: The blobs.
        before: Only those that were not written or kept since then.
        since: When it was looked at what is named.
        done: What was removed.
    """
    archives = set().union(*(records.archives() for records in users))
    for some in portions(found):
        with ExitStack() as held:
            for records in users:
                held.enter_context(records.write())
                records.alone()
            named = set().union(*(records.needed_blobs(since - _SLACK) for records in users))
            for blob in some:
                freed = 0 if blob in named else store.collect(blob, before)
                if freed and blob in archives:
                    for records in users:
                        records.forget_archive(blob)
                if freed:
                    _count(done, freed, is_archive=blob in archives)


def _count(done: Collected, size: int, *, is_archive: bool) -> None:
    done.archives += is_archive
    done.blobs += not is_archive
    done.bytes += size


def _old_layouts(folder: Path, now: float) -> Iterator[Path]:
    for layout in folder.iterdir() if folder.is_dir() else ():
        if layout.stat().st_mtime < now - _LAYOUT_SECONDS:
            yield layout


def _remove_folders(folders: Iterable[Path], what: str, done: Collected, *, dry: bool) -> None:
    for folder in folders:
        if folder.is_dir():
            files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
            done.bytes += sum(path.stat().st_size for path in files)
            setattr(done, what, getattr(done, what) + 1)
            if not dry:
                shutil.rmtree(folder, ignore_errors=True)
