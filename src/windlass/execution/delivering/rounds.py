"""A round of telling a tracker what it has not been told."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from windlass.errors import RecordError, TrackerAwayError, WindlassError
from windlass.execution.delivering.documents import RunTold, report_told, version_told
from windlass.execution.job import Stores
from windlass.execution.stores import open_stores
from windlass.records.deliveries import ALIAS, NODE, REPORT, RUN, VERSION, Due
from windlass.records.models import VersionRow
from windlass.stacks.stack import Stack
from windlass.tracking.tracker import TrackedAlias, Tracker
from windlass.tracking.trying import tracker_of

_HOLD = 30.0
"""Seconds for which nobody else tells a tracker, if this process dies."""
_MODELS = (VERSION, REPORT, ALIAS)


@dataclass
class Round:
    """What came of a round.

    Args:
        tracker: The tracker, without passwords.
        told: How much was told, by kind.
        refused: What the tracker would not take, and why.
        away: Why it cannot be told now; None if it can.
        busy: Whether another process is telling it.
        left: What is still to be told, by kind.
    """

    tracker: str
    told: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    away: str | None = None
    busy: bool = False
    left: dict[str, int] = field(default_factory=dict)


def deliver(
    stack: Stack, *, models: bool = True, again: bool = False, patience: float = 0.0
) -> Round | None:
    """Tells a stack's tracker what it has not been told; None where the stack has none.

    Args:
        stack: The stack.
        models: Whether it is told of models, too, and not of runs alone.
        again: Whether it is told, too, what it has refused several times.
        patience: Seconds to wait for another process that is telling it.

    Raises:
        ConfigError: As `windlass.tracking.trying.tracker_of`.
        RecordError: The record cannot be reached.
    """
    tracker = tracker_of(stack)
    if tracker is None:
        return None
    stores = open_stores(stack)
    try:
        return _Telling(stores, tracker, str(stack.tracker_shown)).go(models, again, patience)
    finally:
        stores.records.close()


class _Telling:
    """One round."""

    def __init__(self, stores: Stores, tracker: Tracker, name: str) -> None:
        self._stores, self._records = stores, stores.records
        self._tracker, self._name = tracker, name
        self._round = Round(name)

    def go(self, models: bool, again: bool, patience: float) -> Round:
        if again:
            self._records.forgive(self._name)
        kinds = (RUN, *(_MODELS if models else ()))
        if any(self._records.due(self._name, kind) for kind in kinds):
            with self._alone(patience) as is_alone:
                if is_alone:
                    self._tell(kinds)
        left = {kind: len(self._records.due(self._name, kind)) for kind in (RUN, *_MODELS)}
        self._round.left = {kind: count for kind, count in left.items() if count}
        return self._round

    def _tell(self, kinds: tuple[str, ...]) -> None:
        try:
            self._tracker.reach()
            for kind in kinds:  # a version hangs on its run, an alias on its version
                for due in self._records.due(self._name, kind):
                    getattr(self, f"_tell_{kind}")(due)
        except TrackerAwayError as error:
            self._round.away = error.message

    def _tell_run(self, due: Due) -> None:
        row = self._records.run_by_id(due.subject)
        told = RunTold(self._stores, row)
        with self._refusing(due.kind, due.subject, None) as refused:
            if row.ended is None:
                self._tracker.tell_run(told.run)
            known = self._records.delivered_nodes(self._name, row.id)
            for outcome in told.outcomes():
                digest = told.digest_of(outcome)
                if known.get(outcome.node) != digest:
                    self._tell_node(told, outcome, digest, refused)
            if row.ended is not None and not refused:
                self._tracker.tell_run(told.run)
        if row.ended is not None and not refused:
            self._records.settle_run(self._name, row, told.run.digest)
            self._count(RUN)

    def _tell_node(self, told: RunTold, outcome: Any, digest: str, refused: list[str]) -> None:
        subject = f"{told.row.id}/{outcome.node}"
        with self._refusing(NODE, subject, digest) as why:
            self._tracker.tell_node(told.node(outcome))
            self._records.note_delivered(self._name, NODE, subject, digest)
            self._count(NODE)
        if why:
            refused += why
            self._records.note_refused(self._name, RUN, told.row.id, None, why[0])

    def _tell_version(self, due: Due) -> None:
        row = self._version(due)
        with self._noted(due, row.content):
            self._tracker.tell_version(version_told(self._stores, row))

    def _tell_report(self, due: Due) -> None:
        row = self._version(due)
        report = next(each for each in self._records.reports(row) if each.id == due.subject)
        with self._noted(due, due.subject):
            self._tracker.tell_report(report_told(self._stores, row, report))

    def _tell_alias(self, due: Due) -> None:
        row = None if due.number is None else self._version(due)
        version = None if row is None else version_told(self._stores, row)
        with self._noted(due, str(due.move)):
            self._tracker.tell_alias(TrackedAlias(due.model, due.alias, version))

    def _version(self, due: Due) -> VersionRow:
        assert due.number is not None
        return self._records.version(due.model, due.number)

    def _count(self, kind: str) -> None:
        self._round.told[kind] = self._round.told.get(kind, 0) + 1

    @contextlib.contextmanager
    def _noted(self, due: Due, digest: str) -> Iterator[None]:
        with self._refusing(due.kind, due.subject, digest):
            yield
            self._records.note_delivered(self._name, due.kind, due.subject, digest)
            self._count(due.kind)

    @contextlib.contextmanager
    def _refusing(self, kind: str, subject: str, digest: str | None) -> Iterator[list[str]]:
        """Notes what the tracker would not take: the others are told all the same."""
        why: list[str] = []
        try:
            yield why
        except (TrackerAwayError, RecordError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a tracker's library raises
            is_ours = isinstance(error, WindlassError)
            told = error.message if is_ours else f"{type(error).__name__}: {error}"  # type: ignore[attr-defined]
            why.append(told)
            self._round.refused[subject] = told
            self._records.note_refused(self._name, kind, subject, digest, told)

    @contextlib.contextmanager
    def _alone(self, patience: float) -> Iterator[bool]:
        """Keeps other processes from telling the tracker, and says that this one still does."""
        holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex}"
        if not self._holds(holder, patience):
            self._round.busy = True
            yield False
            return
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(holder, over), daemon=True)
        beat.start()
        try:
            yield True
        finally:
            over.set()
            beat.join()
            self._records.let_tracker_go(self._name, holder)

    def _holds(self, holder: str, patience: float) -> bool:
        """Whether a holder gets the tracker in time."""
        end = time.monotonic() + patience
        while not self._records.hold_tracker(self._name, holder, _HOLD):
            if time.monotonic() >= end:
                return False
            time.sleep(min(1.0, patience))
        return True

    def _beat(self, holder: str, over: threading.Event) -> None:
        while not over.wait(_HOLD / 3):
            with contextlib.suppress(RecordError):
                self._records.hold_tracker(self._name, holder, _HOLD)


def round_text(told: Round) -> str:
    """What came of a round, in a line."""
    done = ", ".join(_counted(kind, count) for kind, count in told.told.items())
    parts = [f"told: {done}"] if done else []
    if told.away:
        parts.append(told.away)
    if told.busy:
        parts.append("another process is telling it now")
    parts += [f"would not take {what}: {why}" for what, why in list(told.refused.items())[:3]]
    if told.left:
        waits = ", ".join(_counted(kind, count) for kind, count in told.left.items())
        parts.append(f"waits: {waits}")
    return f"{told.tracker}  {'; '.join(parts) or 'nothing is new'}"


def _counted(kind: str, count: int) -> str:
    plural = {"alias": "aliases"}.get(kind, f"{kind}s")
    return f"{count} {kind if count == 1 else plural}"
