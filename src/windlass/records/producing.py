"""Servers, what they saw, alerts and turns: what is written and asked of production."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from windlass.records import rows
from windlass.records.identity import uuid7
from windlass.records.production import Alert, Deployment, Observation, Traffic, Turn
from windlass.records.writing import Writing

_DEPLOYMENTS = "SELECT * FROM deployments WHERE model = :model ORDER BY began DESC, id"
_OBSERVATIONS = """
SELECT model, number, began, writer, seconds, document FROM observations
WHERE model = :model AND began >= :since AND began < :until
ORDER BY began, number, writer
"""
_TRAFFIC = """
SELECT sum(requests) AS requests, sum(failures) AS failures, max(began + seconds) AS last
FROM observations WHERE model = :model AND began >= :since
"""
_FORGET = "DELETE FROM observations WHERE model = :model AND began < :before"
_ALERTS = "SELECT * FROM alerts WHERE model = :model AND time >= :since ORDER BY time DESC, id"
_TURNS = "SELECT * FROM turns WHERE model = :model ORDER BY began DESC, id DESC"
_OPEN_TURN = "SELECT * FROM turns WHERE model = :model AND ended IS NULL"
_BEAT_TURN = "UPDATE turns SET beat = :beat, document = :document WHERE id = :id AND ended IS NULL"
_END_TURN = """
UPDATE turns SET beat = :ended, ended = :ended, state = :state, document = :document
WHERE id = :id AND ended IS NULL
"""


class Producing(Writing):
    """What is written and asked of production."""

    def save_deployment(self, deployment: Deployment) -> None:
        """Keeps what a server tells of itself, in the place of what it told before."""
        with self.write():
            self._put("deployments", [_row(deployment)])

    def deployments(self, model: str) -> list[Deployment]:
        """The servers of a model, the last started first."""
        return [Deployment(**_read(row)) for row in self.execute(_DEPLOYMENTS, {"model": model})]

    def save_observations(self, observations: Sequence[Observation]) -> None:
        """Keeps what a writer has counted in its windows, in the place of what it told before."""
        with self.write():
            self._put("observations", [_counted_row(each) for each in observations])

    def observations(
        self, model: str, since: float = 0.0, until: float = float("inf")
    ) -> list[Observation]:
        """What was counted in windows that begin in a time, the oldest first."""
        named = {"model": model, "since": since, "until": min(until, _END_OF_TIME)}
        return [Observation(**_read(row)) for row in self.execute(_OBSERVATIONS, named)]

    def traffic(self, model: str, since: float) -> Traffic:
        """What a model was asked in windows that begin after a time."""
        (row,) = self.execute(_TRAFFIC, {"model": model, "since": since})
        return Traffic(int(row["requests"] or 0), int(row["failures"] or 0), row["last"])

    def forget_observations(self, model: str, before: float) -> int:
        """Removes windows that began before a time; returns how many rows there were."""
        with self.write():
            return self.change(_FORGET, {"model": model, "before": before})

    def save_alert(self, model: str, number: int, kind: str, document: Mapping[str, Any]) -> Alert:
        """Keeps that something was found."""
        alert = Alert(uuid7(), model, number, time.time(), kind, document)
        with self.write():
            self._add("alerts", [_row(alert)])
        return alert

    def alerts(self, model: str, since: float = 0.0) -> list[Alert]:
        """What was found of a model since a time, the newest first."""
        found = self.execute(_ALERTS, {"model": model, "since": since})
        return [Alert(**_read(row)) for row in found]

    def begin_turn(
        self,
        model: str,
        document: Mapping[str, Any],
        patience: float,
        *,
        after: str | None = None,
    ) -> Turn | None:
        """Begins a turn of a model, if none is in progress.

        One whose process has said nothing for a while is lost, and is ended as such.

        Args:
            model: The model's name.
            document: Why it begins, and who began it.
            patience: Seconds of silence after which the process of a turn is taken for dead.
            after: The id of the turn that was the last when this one was found to be due, empty if
                there was none; None if that does not matter.

        Returns:
            The turn; None if there is one in progress, or another was the last one.
        """
        now = time.time()
        with self.write():
            self.hold([f"turn:{model}"])
            for row in self.execute(_OPEN_TURN, {"model": model}):
                if Turn(**_read(row)).lives(now, patience):
                    return None
                lost = {"id": row["id"], "state": "lost", "ended": now}
                self.change(_END_TURN, {**lost, "document": row["document"]})
            if after is not None and after != self._last_turn(model):
                return None
            turn = Turn(uuid7(), model, now, now, None, "running", document)
            self._add("turns", [_row(turn)])
        return turn

    def _last_turn(self, model: str) -> str:
        found = self.execute(f"{_TURNS} LIMIT 1", {"model": model})
        return str(found[0]["id"]) if found else ""

    def beat_turn(self, turn: Turn, document: Mapping[str, Any]) -> bool:
        """Says that a turn goes on, and how far it is; False if it was taken for lost."""
        told = {"id": turn.id, "beat": time.time(), "document": rows.dump(document)}
        with self.write():
            return self.change(_BEAT_TURN, told) == 1

    def end_turn(self, turn: Turn, state: str, document: Mapping[str, Any]) -> bool:
        """Ends a turn; False, and nothing is changed, if it was taken for lost."""
        told = {"id": turn.id, "ended": time.time(), "state": state}
        with self.write():
            return self.change(_END_TURN, {**told, "document": rows.dump(document)}) == 1

    def turns(self, model: str) -> list[Turn]:
        """The turns of a model, the newest first."""
        return [Turn(**_read(row)) for row in self.execute(_TURNS, {"model": model})]


_END_OF_TIME = 1e300
"""Later than any window; infinity has no literal in every database."""


def _row(told: Deployment | Observation | Alert | Turn) -> dict[str, Any]:
    found = {name: getattr(told, name) for name in told.__slots__}
    return {**found, "document": rows.dump(told.document)}


def _counted_row(told: Observation) -> dict[str, Any]:
    failures = told.document.get("failures", {})
    counts = {"requests": told.document.get("requests", 0), "failures": sum(failures.values())}
    return {**_row(told), **counts}


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "document": rows.load(row["document"])}
