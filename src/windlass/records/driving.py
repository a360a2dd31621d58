"""Who drives a run: one process at a time, told apart by a token that it drew."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from windlass.records import rows
from windlass.records.model import Event, Run, RunParameter
from windlass.records.writing import Writing, not_driven
from windlass.values import Json

_BEAT = "UPDATE runs SET beat = :beat WHERE id = :id AND driver = :driver"
_CLAIM = """
UPDATE runs SET driver = :driver, beat = :now, host = :host, status = 'running', ended = NULL,
    error = NULL, plan = :plan, bundle = :bundle, environment = :environment, target = :target,
    details = :details
WHERE id = :id AND status = :seen_status AND coalesce(driver, '') = :seen_driver
    AND coalesce(beat, 0) = :seen_beat
"""
_RELEASE = """
UPDATE runs SET driver = NULL, beat = NULL, host = NULL WHERE id = :id AND driver = :driver
"""
_ASK_TO_END = "end asked"
_ASKED_TO_END = """
SELECT data FROM events WHERE run = :run AND kind = :kind AND id > (
    SELECT coalesce(max(id), 0) FROM events WHERE run = :run AND kind = 'resumed'
) ORDER BY id LIMIT 1
"""
_OPEN = "run = :run AND status <> 'succeeded'"
_OF_OPEN = f"run = :run AND node IN (SELECT node FROM outcomes WHERE {_OPEN})"  # noqa: S608
_LAST_ATTEMPTS = "SELECT node, max(attempt) AS last FROM attempts WHERE run = :run GROUP BY node"


class Driving(Writing):
    """Taking over a run, and staying the one that drives it."""

    def beat(self, run: str, driver: str) -> bool:
        """Says that a driver is alive; False if another one drives the run by now."""
        told = {"id": run, "driver": driver, "beat": time.time()}
        with self.write():
            return self.change(_BEAT, told) == 1

    def ask_to_end(self, run: str, by: str) -> None:
        """Leaves word for the driver of a run that it is to end."""
        with self.write():
            self.add_events([Event(run, "", time.time(), _ASK_TO_END, {"by": by})])

    def asked_to_end(self, run: str) -> str | None:
        """Who has asked for the end of a run since it was last begun; None if nobody has."""
        found = self.execute(_ASKED_TO_END, {"run": run, "kind": _ASK_TO_END})
        return rows.load(found[0]["data"])["by"] if found else None

    def release_run(self, run: str, driver: str) -> None:
        """Leaves a run to an engine that orders its nodes itself, and says nothing to the record.

        It goes on until `windlass.targets.sync` finds that all is settled.

        Raises:
            NotDrivenError: Another one drives it by now.
        """
        with self.write():
            if self.change(_RELEASE, {"id": run, "driver": driver}) != 1:
                raise not_driven()
            self.add_events([Event(run, "", time.time(), "left to an engine")])

    def claim_run(
        self,
        seen: Run,
        now: Run,
        parameters: Sequence[RunParameter] = (),
        *,
        note: Mapping[str, Json] | None = None,
    ) -> bool:
        """Makes a driver the one of a run that has none, by compare-and-swap.

        What came of nodes that did not succeed is taken back: they are to be tried again. Their
        attempts stay.

        Args:
            seen: The run as it was when it was found to have no driver.
            now: The same with the new driver, and with what else changes.
            parameters: Those that are new.
            note: What the run's history is to say of it.

        Returns:
            False, and nothing is changed, if the run is not as it was seen: somebody was first.
        """
        began = time.time()
        with self.write():
            self.hold([seen.id])  # a write of the driver before is over, or will be refused
            if self.change(_CLAIM, {**_after(now, began), **_before(seen)}) != 1:
                return False
            for table in ("outputs", "inputs"):
                self.change(f"DELETE FROM {table} WHERE {_OF_OPEN}", {"run": seen.id})  # noqa: S608
            self.change(f"DELETE FROM outcomes WHERE {_OPEN}", {"run": seen.id})  # noqa: S608
            self.put_parameters(seen.id, parameters)
            self.tell_again(seen.id)
            self.add_events([Event(seen.id, "", began, "resumed", note or {})])
        return True

    def last_attempts(self, run: str) -> dict[str, int]:
        """How often each node of a run was tried."""
        return {row["node"]: row["last"] for row in self.execute(_LAST_ATTEMPTS, {"run": run})}


def _after(now: Run, began: float) -> rows.Row:
    return {
        "id": now.id,
        "now": began,
        "driver": now.driver,
        "host": rows.dump(now.host),
        "plan": now.plan,
        "bundle": now.bundle,
        "environment": now.environment,
        "target": now.target,
        "details": rows.dump(now.details),
    }


def _before(seen: Run) -> rows.Row:
    return {
        "seen_status": seen.status,
        "seen_driver": seen.driver or "",
        "seen_beat": seen.beat or 0.0,
    }
