"""Taking into the record what workers posted that could not reach it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from windlass.records import rows
from windlass.records.driving import Driving
from windlass.records.model import Attempt, Event, Posted
from windlass.records.patience import patiently

_FAILED = "SELECT node, data FROM events WHERE run = :run AND kind = 'attempt failed'"


class Folding(Driving):
    """Writes that may be made again, and in any order."""

    def failed_attempts(self, run: str) -> set[tuple[str, int]]:
        """The attempts of a run that are known to have failed, as (node, attempt).

        By its history: of two workers at one attempt, one may fail and the other succeed.
        """
        found = self.execute(_FAILED, {"run": run})
        return {(row["node"], rows.load(row["data"])["attempt"]) for row in found}

    @patiently
    def fold(self, run: str, posted: Sequence[Posted]) -> None:
        """Takes in what came of the attempts at some nodes of a run.

        Args:
            run: Its id.
            posted: All that is known of each of these nodes: its failed attempts in order, and
                then its success, if it has one; so that it does not matter what came first.
        """
        attempts = [each.attempt for each in posted if each.attempt is not None]
        failed = [each for each in attempts if each.status != "succeeded"]
        retried = [each.outcome for each in posted if not each.final]
        params = [param for each in posted for param in each.outcome.params]
        with self.write():
            self.hold([run])
            known = self.failed_attempts(run)
            self.add_events([_event(a) for a in failed if (a.node, a.attempt) not in known])
            self._put("attempts", [rows.attempt_row(each) for each in attempts])
            self.put_artifacts([made for each in retried for made in each.artifacts], time.time())
            self.put_series([series for each in posted for series in each.outcome.series])
            self.put_logged([logged for each in posted for logged in each.outcome.logged])
            self._put("parameters", [rows.param_row(param) for param in params])
        self.commit_outcomes([each.outcome for each in posted if each.final])


def _event(attempt: Attempt) -> Event:
    error = attempt.error or {}
    told = {"attempt": attempt.attempt, "status": attempt.status, "message": error.get("message")}
    return Event(
        attempt.run, attempt.node, attempt.ended or attempt.started, "attempt failed", told
    )
