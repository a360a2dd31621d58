"""What trackers were told, and what they are still to be told.

A run on a stack with a tracker is noted here as waiting in the transaction in which it is recorded,
and so again when it changes after its end. Versions, reports and aliases wait where nothing says
that they were told. So whatever dies, at whatever instruction, what is owed stands in the record.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from windlass.records import rows
from windlass.records.inserting import Inserting, insert_or_replace
from windlass.records.model import Run

RUN, NODE, VERSION, REPORT, ALIAS = "run", "node", "version", "report", "alias"
WAITING, DELIVERED, REFUSED = "waiting", "delivered", "refused"

_NOT_TOLD = """
NOT EXISTS (
    SELECT 1 FROM deliveries d WHERE d.tracker = :tracker AND d.kind = '{kind}'
    AND d.subject = {subject} AND d.digest = {digest}
    AND (d.state = 'delivered' OR d.tries >= :tries)
)
"""
_RUNS = """
SELECT subject FROM deliveries WHERE tracker = :tracker AND kind = 'run' AND state <> 'delivered'
AND tries < :tries ORDER BY subject
"""
_VERSION = "v.model || '@' || v.number"
_VERSIONS = (
    f"SELECT {_VERSION} AS subject, v.model, v.number FROM versions v WHERE "  # noqa: S608
    + _NOT_TOLD.format(kind=VERSION, subject=_VERSION, digest="v.content")
    + "ORDER BY v.model, v.number"
)
_REPORTS = (
    "SELECT r.id AS subject, r.model, r.number FROM reports r WHERE "  # noqa: S608
    + _NOT_TOLD.format(kind=REPORT, subject="r.id", digest="r.id")
    + "ORDER BY r.id"
)
_ALIASES = (
    "SELECT m.model || '@' || m.alias AS subject, m.model, m.alias, m.new AS number, m.id "  # noqa: S608
    "FROM moves m JOIN (SELECT max(id) AS id FROM moves GROUP BY model, alias) l ON l.id = m.id "
    "WHERE "
    + _NOT_TOLD.format(kind=ALIAS, subject="m.model || '@' || m.alias", digest="'' || m.id")
    + "ORDER BY m.id"
)
_DUE = {RUN: _RUNS, VERSION: _VERSIONS, REPORT: _REPORTS, ALIAS: _ALIASES}
_NODES = """
SELECT subject, digest FROM deliveries WHERE tracker = :tracker AND kind = 'node'
AND state = 'delivered' AND subject >= :first AND subject < :last
"""
_FORGET_NODES = """
DELETE FROM deliveries WHERE tracker = :tracker AND kind = 'node'
AND subject >= :first AND subject < :last
"""
_FORGET_RUN = """
DELETE FROM deliveries WHERE kind = 'run' AND subject = :run
OR kind = 'node' AND subject >= :first AND subject < :last
"""
_AGAIN = """
UPDATE deliveries SET state = 'waiting', tries = 0 WHERE kind = 'run' AND subject = :run
"""
_FORGIVE = "UPDATE deliveries SET tries = 0 WHERE tracker = :tracker AND state <> 'delivered'"
_SETTLE = """
UPDATE deliveries SET state = 'delivered', digest = :digest, time = :time, error = NULL
WHERE tracker = :tracker AND kind = 'run' AND subject = :run AND EXISTS (
    SELECT 1 FROM runs WHERE id = :run AND status = :status AND coalesce(ended, 0) = :ended
)
"""
_FAIL = insert_or_replace(
    "deliveries",
    ("tracker", "kind", "subject", "state", "digest", "tries", "time", "error"),
).replace("tries = excluded.tries", "tries = deliveries.tries + 1")
_HELD = "SELECT holder, until FROM deliverers WHERE tracker = :tracker"
_HOLD = """
INSERT INTO deliverers (tracker, holder, until) VALUES (:tracker, :holder, :until)
ON CONFLICT (tracker) DO UPDATE SET holder = excluded.holder, until = excluded.until
WHERE deliverers.holder = excluded.holder OR deliverers.until < :now
"""
_LET_GO = "DELETE FROM deliverers WHERE tracker = :tracker AND holder = :holder"
_STATES = """
SELECT tracker, kind, state, count(*) AS n, max(error) AS error FROM deliveries
WHERE state <> 'delivered' AND kind <> 'node' GROUP BY tracker, kind, state ORDER BY tracker, kind
"""
_OF_RUN = "SELECT tracker, state, tries, time, error FROM deliveries WHERE kind = 'run' AND "
MOST_TRIES = 5
"""After which what a tracker refuses is left alone until somebody asks for it."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something that a tracker is to be told.

    Args:
        kind: ``run``, ``version``, ``report`` or ``alias``.
        subject: What: a run's or a report's id, ``delay@3``, ``delay@champion``.
        model: The model's name, if it is of one.
        number: The version's; None for an alias that was taken away.
        alias: The alias.
        move: The id of the move that brought it there.
    """

    kind: str
    subject: str
    model: str = ""
    number: int | None = None
    alias: str = ""
    move: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """How it stands with telling a tracker of a run, or of several things of a kind."""

    tracker: str
    kind: str
    state: str
    count: int
    error: str | None


class Deliveries(Inserting):
    """Writes down and tells what trackers were told."""

    def put_waiting(self, run: str, tracker: str | None) -> None:
        """Notes that a tracker is to be told of a run, in the transaction that is open."""
        if tracker is not None:
            row = {"tracker": tracker, "kind": RUN, "subject": run, "state": WAITING}
            self._add("deliveries", [{**row, "tries": 0, "time": time.time()}])

    def tell_again(self, run: str) -> None:
        """Notes that a run has changed since trackers were told, in the open transaction."""
        self.change(_AGAIN, {"run": run})

    def due(self, tracker: str, kind: str) -> list[Due]:
        """What a tracker is to be told, the oldest first; not what it keeps refusing."""
        names = {"tracker": tracker, "tries": MOST_TRIES}
        return [_due(kind, row) for row in self.execute(_DUE[kind], names)]

    def delivered_nodes(self, tracker: str, run: str) -> dict[str, str]:
        """The digest of what a tracker was told of each node of a run that it was told of."""
        found = self.execute(_NODES, {"tracker": tracker, **_nodes_of(run)})
        return {row["subject"].partition("/")[2]: row["digest"] for row in found}

    def note_delivered(self, tracker: str, kind: str, subject: str, digest: str) -> None:
        """Notes that a tracker was told."""
        row = {"tracker": tracker, "kind": kind, "subject": subject, "state": DELIVERED}
        told = {**row, "digest": digest, "tries": 0, "time": time.time(), "error": None}
        with self.write():
            self._put("deliveries", [told])

    def note_refused(
        self, tracker: str, kind: str, subject: str, digest: str | None, error: str
    ) -> None:
        """Notes that a tracker would not take something, and why."""
        row = {"tracker": tracker, "kind": kind, "subject": subject, "state": REFUSED}
        more = {"digest": digest, "tries": 1, "time": time.time(), "error": rows.clean(error)}
        with self.write():
            self.change(_FAIL, {**row, **more})

    def forgive(self, tracker: str) -> None:
        """Lets what a tracker kept refusing be tried again."""
        with self.write():
            self.change(_FORGIVE, {"tracker": tracker})

    def settle_run(self, tracker: str, seen: Run, digest: str) -> None:
        """Notes that a tracker was told all of a run, if it is still as it was seen."""
        now = {"tracker": tracker, "run": seen.id, "digest": digest, "time": time.time()}
        with self.write():
            self.hold([seen.id])
            if self.change(_SETTLE, {**now, "status": seen.status, "ended": seen.ended or 0.0}):
                self.change(_FORGET_NODES, {"tracker": tracker, **_nodes_of(seen.id)})

    def forget_deliveries(self, run: str) -> None:
        """Forgets, in the transaction that is open, what trackers were told of a run."""
        self.change(_FORGET_RUN, {"run": run, **_nodes_of(run)})

    def hold_tracker(self, tracker: str, holder: str, seconds: float) -> bool:
        """Lets a process tell a tracker for a while; False if another one does."""
        now = time.time()
        told = {"tracker": tracker, "holder": holder, "until": now + seconds, "now": now}
        with self.write():
            self.change(_HOLD, told)
            return bool(self.execute(_HELD, {"tracker": tracker})[0]["holder"] == holder)

    def let_tracker_go(self, tracker: str, holder: str) -> None:
        """Lets other processes tell a tracker."""
        with self.write():
            self.change(_LET_GO, {"tracker": tracker, "holder": holder})

    def undelivered(self) -> list[Delivery]:
        """What trackers have not been told or would not take, counted by kind."""
        fields = ("tracker", "kind", "state", "n", "error")
        return [Delivery(*(row[name] for name in fields)) for row in self.execute(_STATES)]

    def deliveries_of(self, run: str) -> list[Mapping[str, object]]:
        """How it stands with telling trackers of a run."""
        return [dict(row) for row in self.execute(f"{_OF_RUN} subject = :run", {"run": run})]


def _due(kind: str, row: Mapping[str, object]) -> Due:
    names = {"subject": "subject", "model": "model", "number": "number", "alias": "alias"}
    names |= {"move": "id"} if kind == ALIAS else {}
    return Due(kind, **{name: row[key] for name, key in names.items() if key in row.keys()})  # type: ignore[arg-type] # noqa: SIM118


def _nodes_of(run: str) -> dict[str, str]:
    return {"first": f"{run}/", "last": f"{run}0"}  # "0" comes after "/"
