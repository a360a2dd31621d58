"""What a step logged, from its journal into the record: at its end, and while it still runs."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from windlass.artifacts.artifact import Artifact
from windlass.artifacts.store import ArtifactStore
from windlass.artifacts.telling import read_artifact
from windlass.errors import WindlassError
from windlass.records.model import Param
from windlass.records.points import Points
from windlass.records.rows import clean
from windlass.records.tracked import Logged, Series
from windlass.tracking.reading import Entry, JournalReader, Told, read_journal
from windlass.tracking.spool import spool_of

if TYPE_CHECKING:
    from windlass.execution.job import Job


@dataclass(frozen=True, slots=True)
class Tracked:
    """What an attempt logged, as the record takes it.

    Args:
        series: Its numbers.
        params: Settings that it chose.
        logged: Figures, tables and texts.
        artifacts: The values of these, whose bytes are in the artifact store.
    """

    series: tuple[Series, ...] = ()
    params: tuple[Param, ...] = ()
    logged: tuple[Logged, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


def tracked(job: Job, node: str, attempt: int, *, values: bool = True) -> Tracked:
    """What an attempt logged; the bytes of its figures, tables and texts are published.

    Args:
        job: The run.
        node: The node, or the item of a map.
        attempt: Counted from 1.
        values: Whether figures, tables and texts are told; else numbers and settings alone.

    Raises:
        StoreError: The artifact store cannot be written.
        CorruptError: The bytes of a value are gone, or altered.
    """
    told = read_journal(job.journal_path(node, attempt))
    return _tracked(_Place(job, node, attempt), told if values else Told(told.series, told.params))


def what_is_tracked(job: Job, node: str, attempt: int) -> Tracked:
    """The same, for an attempt that has failed: what cannot be published is left out."""
    try:
        return tracked(job, node, attempt)
    except WindlassError:
        return tracked(job, node, attempt, values=False)


def record_logged(job: Job, node: str, attempt: int) -> None:
    """Records what an attempt logged that came to no outcome: it was logged all the same."""
    found = what_is_tracked(job, node, attempt)
    _record(job, found)
    if found.logged:
        forget_spool(job, node, attempt)


def forget_spool(job: Job, node: str, attempt: int) -> None:
    """Removes what was kept of an attempt's values until the artifact store had them."""
    shutil.rmtree(spool_of(job.journal_path(node, attempt)), ignore_errors=True)


class LiveLog:
    """Records what a step logs while it runs, each time what is new.

    It is safe beside the outcome, which adds what the record does not have yet.
    """

    def __init__(self, job: Job, node: str, attempt: int) -> None:
        self._place = _Place(job, node, attempt)
        self._begin_anew()

    def flush(self) -> None:
        """Records what is new; what cannot be recorded now will be with what comes next."""
        try:
            told = self._reader.read()
            _record(self._place.job, _tracked(self._place, told, self._counts, self._values))
        except WindlassError:
            self._begin_anew()
            return
        self._counts.update({name: len(points) for name, points in told.series.items()})
        self._values += len(told.values)

    def _begin_anew(self) -> None:
        self._reader = JournalReader(self._place.journal)
        self._counts: Counter[str] = Counter()
        self._values = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """An attempt at a node of a run."""

    job: Job
    node: str
    attempt: int

    @property
    def journal(self) -> Any:
        return self.job.journal_path(self.node, self.attempt)

    @property
    def key(self) -> tuple[str, str, int]:
        return self.job.run, self.node, self.attempt


def _record(job: Job, found: Tracked) -> None:
    records = job.stores.records
    records.add_series(found.series)
    records.add_params(found.params)
    records.add_logged(found.logged, found.artifacts)


def _tracked(
    place: _Place, told: Told, before: Counter[str] | None = None, values: int = 0
) -> Tracked:
    """What was told, as rows of the record.

    Args:
        place: The attempt.
        told: Of it.
        before: How many points of each series were told earlier.
        values: How many figures, tables and texts were.
    """
    before = before or Counter()
    series = tuple(
        Series(*place.key, name, points, before[name])
        for name, points in _by_clean_names(told.series).items()
    )
    params = tuple(Param(place.job.run, place.node, *told_) for told_ in told.params.items())
    found = [_value(place, entry, seq) for seq, entry in enumerate(told.values, values)]
    _publish(place, [artifact for _, made in found for artifact in made])
    return Tracked(
        series,
        params,
        tuple(logged for logged, _ in found),
        tuple(artifact for _, made in found for artifact in made),
    )


def _by_clean_names(series: dict[str, Points]) -> dict[str, Points]:
    """Series by the names that the record has them under; two odd ones may be one there."""
    found: dict[str, Points] = {}
    for name, points in series.items():
        if clean(name) in found:
            found[clean(name)].extend(points)
        else:
            found[clean(name)] = points
    return found


def _value(place: _Place, entry: Entry, seq: int) -> tuple[Logged, list[Artifact]]:
    artifact = read_artifact(entry.value["artifact"])
    children = [read_artifact(each) for each in entry.value["children"]]
    kind, content = entry.value["kind"], artifact.content
    told = Logged(*place.key, seq, entry.name, kind, content, entry.step, entry.time)
    return told, [artifact, *children]


def _publish(place: _Place, found: Iterable[Artifact]) -> None:
    """Lays the bytes of values in the artifact store, where they are not there already."""
    spool, store = ArtifactStore(spool_of(place.journal)), place.job.stores.artifacts
    for blob in dict.fromkeys(_blobs(found)):
        if not store.keep(blob):
            store.put_file(spool.path(blob))


def _blobs(found: Iterable[Artifact]) -> Iterator[str]:
    for artifact in found:
        if artifact.inline is None:
            yield artifact.blob
        yield from artifact.files
