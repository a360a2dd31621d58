"""From journals on this disk to segments at their place; and what is older than it may be."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from windlass.errors import StoreError
from windlass.records.production import Observation
from windlass.serving.observing.compacting import compact, how
from windlass.serving.observing.journal import Folder, Name, read_journal
from windlass.serving.observing.place import SEGMENT, Place

KINDS = ("predictions", "feedback")
_DAY = 86400.0


def folder_of(model: str, kind: str, day: str | None = None) -> str:
    """The folder of a model's segments, or of those of a day."""
    return "/".join(filter(None, (model, kind, day)))


def segment_of(model: str, name: Name) -> str:
    """What a journal's segment is called."""
    return f"{folder_of(model, name.kind, name.day)}/{name}{SEGMENT}"


class Publisher:
    """Publishes journals, and takes in what dead writers of this machine have left.

    Args:
        model: The model's name.
        root: The folder of the writers' folders.
        own: That of this writer.
        open_place: Opens the place of the segments.
        keep: Seconds that segments are kept.
    """

    def __init__(
        self, model: str, root: Path, own: Folder, open_place: Callable[[], Place], keep: float
    ) -> None:
        self.published: Counter[str] = Counter()
        """Segments and their rows since the beginning."""
        self._model, self._root, self._own, self._keep = model, root, own, keep
        self._writer = own.path.name
        self._open_place = open_place
        self._place: Place | None = None

    @property
    def place(self) -> Place:
        """Where segments go, opened when it is first needed.

        Raises:
            StoreError: It cannot be.
        """
        if self._place is None:
            self._place = self._open_place()
        return self._place

    def publish(self, folder: Folder | None = None) -> None:
        """Publishes all closed journals of a folder, this writer's if none is given.

        Raises:
            StoreError: One cannot be; it and the later ones are left.
        """
        for name, path in (folder or self._own).journals():
            try:
                rows = self._publish(name, path)
            except OSError as error:  # this disk is full
                raise StoreError(f"the journal {path} cannot be published: {error}") from error
            self.published.update(segments=int(rows > 0), rows=rows)
            path.unlink()

    def _publish(self, name: Name, path: Path) -> int:
        partial = path.with_suffix(".partial")
        try:
            rows = write_segment(path, partial)
            if rows:
                self.place.publish(partial, segment_of(self._model, name))
        finally:
            partial.unlink(missing_ok=True)
        return rows

    def adopt(self, save: Callable[[list[Observation]], None]) -> int:
        """Publishes what dead writers have left, and saves their counts; returns how many did.

        What one has left keeps nobody from what another has.

        Raises:
            StoreError: Something cannot be published; it is left for the next time.
            RecordError: Counts cannot be saved; they are left.
        """
        adopted, first = 0, None
        for folder in Folder.left(self._root):
            try:
                if folder.note.exists():
                    save(read_note(folder.note))
                    folder.note.unlink()
                self.publish(folder)
                adopted += 1
            except Exception as error:  # noqa: BLE001 - the others are looked at first
                first = first or error
            finally:
                folder.remove()
        if first is not None:
            raise first
        return adopted

    def forget(self, now: float | None = None) -> int:
        """Removes segments that were begun before what is kept; returns how many, or days of them.

        Raises:
            StoreError: One cannot be removed.
        """
        before = (time.time() if now is None else now) - self._keep
        removed = 0
        for kind in KINDS:
            for day in self.place.folders(folder_of(self._model, kind)):
                for name in self._old(kind, day, before):
                    self.place.remove(name)
                    removed += 1
        return removed

    def compact(self) -> int:
        """Joins small segments; returns how many there are less.

        They are joined within a day, and a twentieth of the time that they are kept, as those that
        are joined are forgotten together.

        Raises:
            StoreError: They cannot be read or written.
        """
        span = min(_DAY, self._keep / 20)
        scratch = self._own.path / "compacting.partial"
        fewer = 0
        for kind in KINDS:
            for day in self.place.folders(folder_of(self._model, kind)):
                folder = folder_of(self._model, kind, day)
                fewer += compact(self.place, folder, kind, self._writer, span, scratch)
        return fewer

    def _old(self, kind: str, day: str, before: float) -> list[str]:
        """A whole day if its end is past, else the segments of it that are."""
        folder = folder_of(self._model, kind, day)
        if day <= day_of(before - _DAY):
            return [folder]
        if day > day_of(before):
            return []
        names = self.place.segments(folder)
        return [f"{folder}/{each}" for each in names if begun(each) < before]


def day_of(when: float) -> str:
    """The day of a moment, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(when))


def begun(segment: str) -> float:
    """When a segment was begun, by its name."""
    return int(segment.partition("-")[0]) / 1000


def write_segment(journal: Path, segment: Path) -> int:
    """Makes a journal a file of Parquet; returns how many rows there are, and of none makes none.

    Raises:
        OSError: The disk is full.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 0
    with contextlib.ExitStack() as stack:
        writer = None
        for batch in read_journal(journal):
            if writer is None:
                writer = stack.enter_context(
                    pq.ParquetWriter(str(segment), batch.schema, **how(batch.schema))
                )
            writer.write_table(pa.Table.from_batches([batch]))
            rows += batch.num_rows
    return rows


def read_note(path: Path) -> list[Observation]:
    """The counts that a writer has left; none if the disk has spoilt them."""
    try:
        return [Observation(**each) for each in json.loads(path.read_text())]
    except (ValueError, TypeError):
        return []


def leave_note(path: Path, observations: list[Observation]) -> None:
    """Leaves counts for the next observer on this machine."""
    names = Observation.__dataclass_fields__
    told = [{name: getattr(each, name) for name in names} for each in observations]
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(told))
    partial.replace(path)
