"""The observer of a deployment: an inbox, and two threads behind it.

observer = observe(stores, "delay", settings)
observer.answered(batch)          # from the model's thread: as good as nothing
observer.state()
observer.close()                  # writes all that was noted
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.errors import StoreError
from windlass.execution.job import Stores
from windlass.provenance import secrets
from windlass.records.production import Observation
from windlass.serving.exchange import Batch
from windlass.serving.observing.counting import AT_ONCE, Tally, count_rows, number_of
from windlass.serving.observing.early import import_early
from windlass.serving.observing.inbox import MOST_ROWS, Inbox, Taken, Truth
from windlass.serving.observing.joining import Joined, joined
from windlass.serving.observing.journal import Folder
from windlass.serving.observing.journals import Journals
from windlass.serving.observing.known import Describe, Versions, from_record
from windlass.serving.observing.place import Place
from windlass.serving.observing.publishing import Publisher, leave_note
from windlass.serving.observing.rows import tables_of, truths_table
from windlass.stacks.models import ModelSettings, ServingSettings
from windlass.values import Json

HISTORY = 400 * 86400.0
"""Seconds that counts are kept: they hold no value of anybody's, and last year is of use."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done, in seconds.

    Args:
        drain: Between two looks into the inbox: what a killed process loses of its log. Each costs
            a part however little there is, and requests wait while it is worked on: a second is
            seen in the slowest, a quarter of one in all.
        save: Between two saves of counts: what a killed process loses of them.
        segment: After which a journal is closed and published.
        upkeep: Between two looks at what is too old, and at what dead writers have left.
        patience: That closing waits for a record store that cannot be reached.
    """

    drain: float = 0.5
    save: float = 5.0
    segment: float = 60.0
    upkeep: float = 3600.0
    patience: float = 10.0


def log_place(stores: Stores, settings: ServingSettings) -> Place:
    """Where the predictions of a model are logged.

    Raises:
        ConfigError: Its address holds a reference to a secret that cannot be resolved.
        StoreError: It cannot be opened.
    """
    written = settings.log
    if written is None:
        return Place(str(stores.logs.parent / "predictions"))
    address = secrets.resolve(written, root=stores.project, where="[models.*.serving] log")
    options = stores.artifacts.options_for(address)
    return Place(address if options else _from(stores.project, address), options)


def observe(
    stores: Stores,
    model: str,
    settings: ModelSettings,
    *,
    describe: Describe | None = None,
    pace: Pace | None = None,
    most_rows: int = MOST_ROWS,
) -> BackgroundObserver:
    """The observer of a deployment, at work.

    Args:
        stores: The record, and where it logs if nothing else is said.
        model: The model's name.
        settings: What ``windlass.toml`` says of it.
        describe: What is known of a version by its number; None: the record is asked.
        pace: How often things are done.
        most_rows: Rows that may wait.

    Raises:
        StoreError: Nothing can be written in the state folder.
    """
    return BackgroundObserver(
        stores, model, settings, describe or from_record(stores, model), pace or Pace(), most_rows
    )


class BackgroundObserver:
    """Takes note in threads of its own; arguments as for `observe`."""

    def __init__(
        self,
        stores: Stores,
        model: str,
        settings: ModelSettings,
        describe: Describe,
        pace: Pace,
        most_rows: int,
    ) -> None:
        import_early()
        self.writer = os.urandom(8).hex()
        self._stores, self._model, self._pace = stores, model, pace
        self._serving = settings.serving
        self._versions = Versions(describe)
        self._inbox = Inbox(settings.monitor.window, most_rows)
        self._tally = Tally(settings.monitor.window)
        root = stores.logs.parent / "spool" / model
        self._folder = _folder(root, self.writer)
        self._journals = Journals(self._folder, self.writer, pace.segment)
        self._publisher = Publisher(
            model,
            root,
            self._folder,
            lambda: log_place(stores, self._serving),
            settings.serving.keep,
        )
        self._uncounted: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._lost: Counter[str] = Counter()
        self._stopping = threading.Event()
        self._drained = threading.Event()
        self._threads = [
            threading.Thread(
                target=target, name=f"windlass-{target.__name__.strip('_')}", daemon=True
            )
            for target in (self._drain_all, self._keep_all)
        ]
        for thread in self._threads:
            thread.start()

    def answered(self, batch: Batch) -> None:
        """Notes requests that were answered: see `windlass.serving.exchange.Observer`."""
        self._inbox.put(batch)

    def failed(self, kind: str, seconds: float) -> None:
        """Notes a request without an answer: ``invalid``, ``busy``, ``unready`` or ``error``."""
        self._inbox.fail(kind, seconds)

    def feedback(self, request: str, truth: Sequence[Any]) -> bool:
        """Notes what was true of a request's rows; False if there is no room for it."""
        return self._inbox.tell(Truth(request, time.time(), truth)) if truth else True

    def close(self) -> None:
        """Writes all that was noted; a record out of reach is waited for, for a while.

        Counts that it could not be given then are left on this machine's disk, and are saved by the
        next observer here.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._inbox.filling.set()
        for thread in self._threads:
            thread.join()
        self._folder.remove()

    def state(self) -> dict[str, Json]:
        """What was noted, what could not be, and why."""
        return {
            "writer": self.writer,
            "waiting": self._inbox.rows,
            "dropped": self._inbox.totals["rows"],
            "dropped_labels": self._inbox.totals["labels"],
            "lost": self._lost["rows"],
            "lost_labels": self._lost["labels"],
            "unlogged": self._journals.lost["rows"],
            "unsaved_windows": len(self._tally.unsaved()),
            "lost_windows": self._tally.lost,
            "unpublished": len(self._folder.journals()) if not self._stopping.is_set() else 0,
            "segments": self._publisher.published["segments"],
            "logged": self._publisher.published["rows"],
            "uncounted": dict(self._uncounted),
            "problems": {
                **self._problems,
                **self._journals.problems,
                **({"version": self._versions.problem} if self._versions.problem else {}),
            },
        }

    def _drain_all(self) -> None:
        while not self._stopping.is_set():
            self._inbox.filling.wait(self._pace.drain)
            self._drain()
        self._drain()
        self._journals.close()
        self._drained.set()

    def _drain(self) -> None:
        taken = self._inbox.take()
        self._trying("noting", lambda: self._tally.add_taken(taken))
        for some in joined(taken.batches, self._inbox.began):
            if not self._trying("noting", functools.partial(self._note, some)):
                self._lost["rows"] += some.rows
        if not self._trying("feedback", lambda: self._log_truths(taken)):
            self._lost["labels"] += sum(len(each.values) for each in taken.truths)
        self._trying("rolling", self._journals.roll)

    def _note(self, some: Joined) -> None:
        known = self._versions[some.version]
        counts, problems = count_rows(some, known)
        self._tally.add(some.began, number_of(some.version), counts)
        self._uncounted.update(problems)
        if self._serving.sample > 0:
            number = number_of(some.version)
            for table in tables_of(some, known, self._serving.redact, self._serving.sample):
                self._journals.append("predictions", number, table)

    def _log_truths(self, taken: Taken) -> None:
        if taken.truths:
            self._journals.append("feedback", 0, truths_table(taken.truths))

    def _keep_all(self) -> None:
        upkeep = 0.0
        while not self._drained.wait(self._pace.save):
            self._trying("record", self._save)
            self._trying("log", self._publisher.publish)
            if time.monotonic() >= upkeep:
                done = [self._trying(what, task) for what, task in self._upkeep.items()]
                upkeep = time.monotonic() + (self._pace.upkeep if all(done) else 0.0)
        self._finish()

    def _finish(self) -> None:
        self._trying("log", self._publisher.publish)
        end = time.monotonic() + self._pace.patience
        while self._tally.unsaved():
            if self._trying("record", self._save):
                continue
            if time.monotonic() > end:
                with contextlib.suppress(OSError):
                    leave_note(self._folder.note, [o for o, _, _ in self._observations()])
                break
            time.sleep(min(0.5, self._pace.patience))
        self._stores.records.close()

    @property
    def _upkeep(self) -> Mapping[str, Callable[[], object]]:
        """What is done now and then; where one fails the others are done all the same."""
        records, publisher = self._stores.records, self._publisher
        return {
            "adopting": lambda: publisher.adopt(records.save_observations),
            "forgetting": publisher.forget,
            "compacting": publisher.compact,
            "history": lambda: records.forget_observations(self._model, time.time() - HISTORY),
        }

    def _save(self) -> None:
        told = self._observations(AT_ONCE)
        if told:
            self._stores.records.save_observations([observation for observation, _, _ in told])
        # What waits in the inbox may still belong to a window that has just ended.
        before = time.time() - 40 * self._pace.drain
        self._tally.save({key: changes for _, key, changes in told}, before)

    def _observations(
        self, most: int | None = None
    ) -> list[tuple[Observation, tuple[float, int], int]]:
        """What the record has not, the oldest first."""
        window = self._tally.window
        unsaved = itertools.islice(self._tally.unsaved().items(), most)
        return [
            (
                Observation(self._model, key[1], key[0], self.writer, window, counts.document()),
                key,
                changes,
            )
            for key, (counts, changes) in unsaved
        ]

    def _trying(self, what: str, work: Callable[[], object]) -> bool:
        """Does what may fail, and be done the next time; tells why in `state`."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - a store out of reach must not end the thread
            self._problems[what] = f"{type(error).__name__}: {error}"
            return False
        self._problems.pop(what, None)
        return True


def _folder(root: Path, writer: str) -> Folder:
    try:
        return Folder.make(root, writer)
    except OSError as error:
        raise StoreError(
            f"predictions cannot be noted in {root}: {error.strerror}",
            hint="Check the folder's permissions and the room on its disk.",
        ) from error


def _from(root: Path, address: str) -> str:
    from windlass.stacks.stack import is_url

    return address if is_url(address) else str(root / Path(address).expanduser())
