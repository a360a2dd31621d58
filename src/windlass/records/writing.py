"""What is written: every change of state is one short transaction."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.records import rows
from windlass.records.database import Database
from windlass.records.identity import uuid7
from windlass.records.model import (
    Attempt,
    Event,
    Metric,
    NewRun,
    Outcome,
    Param,
    PlanNode,
    Run,
)

_SUCCEEDED = "SELECT 1 FROM outcomes WHERE run = :run AND node = :node AND status = 'succeeded'"
_LAST_NUMBER = "SELECT max(number) AS number FROM runs WHERE pipeline = :pipeline"
_END_ATTEMPT = (
    "UPDATE attempts SET status = :status, ended = :ended, error = :error "
    "WHERE run = :run AND node = :node AND attempt = :attempt"
)
_END_RUN = "UPDATE runs SET status = :status, ended = :ended, error = :error WHERE id = :id"


class Writing(Database):
    """The writes of the record."""

    def save_plan(
        self, digest: str, pipeline: str, document: str, nodes: Sequence[PlanNode]
    ) -> None:
        """Keeps a plan, once."""
        if self._has("plans", digest):
            return
        row = {"digest": digest, "pipeline": pipeline, "document": document}
        told = [
            {"plan": digest, "node": n.name, "step": n.step, "kind": n.kind, "position": n.position}
            for n in nodes
        ]
        with self.write():
            self._add("plans", [{**row, "created": time.time()}])
            self._add("nodes", told)

    def save_bundle(self, digest: str, document: str) -> None:
        """Keeps a bundle's document, once."""
        self._save_document("bundles", digest, document)

    def save_environment(self, digest: str, document: str) -> None:
        """Keeps an environment's document, once."""
        self._save_document("environments", digest, document)

    def create_run(self, run: NewRun) -> Run:
        """Records a new run, numbered without gaps among the runs of its pipeline."""
        run_id, created = uuid7(), time.time()
        with self.write():
            if self.path is None:  # SQLite's writers are alone already
                lock = "SELECT pg_advisory_xact_lock(hashtext(:pipeline))"
                self.execute(lock, {"pipeline": run.pipeline})
            last = self.execute(_LAST_NUMBER, {"pipeline": run.pipeline})[0]["number"]
            row = rows.run_row(run, run_id, (last or 0) + 1, created)
            self._add("runs", [row])
            self._add_params([Param(run_id, "", p.name, p.value) for p in run.parameters])
            self._add_tags(run_id, run.tags)
            self._add_events([Event(run_id, "", created, "created")])
        parameters = {parameter.name: parameter.value for parameter in run.parameters}
        absent = {"ended": None, "error": None}
        return rows.run_of({**row, **absent}, parameters, dict(run.tags))

    def begin_attempt(self, attempt: Attempt) -> bool:
        """Notes that a node is being tried; False, and nothing written, if it has succeeded."""
        row = rows.attempt_row(attempt)
        with self.write():
            if self._has_succeeded(attempt.run, attempt.node):
                return False
            if self._add("attempts", [row]) == 0:  # begun before, by one that was lost
                self.change(_END_ATTEMPT, {name: row[name] for name in _ATTEMPT_ENDS})
        return True

    def commit_outcome(self, outcome: Outcome) -> bool:
        """Makes an outcome visible with all that belongs to it; False if a success stands."""
        return self.commit_outcomes([outcome]) == 1

    def commit_outcomes(self, outcomes: Sequence[Outcome]) -> int:
        """Commits several outcomes in one transaction; returns how many were written.

        One is left out where a successful outcome stands already; a failed, skipped or cancelled
        one is replaced.
        """
        now = time.time()
        with self.write():
            written = [o for o in outcomes if not self._has_succeeded(o.run, o.node)]
            self._replace(written)
            self._end_attempts(written, now)
            self._add(
                "artifacts", [rows.artifact_row(a, now) for o in written for a in o.artifacts]
            )
            self._add("outputs", [row for o in written for row in rows.output_rows(o)])
            self._add("inputs", [row for o in written for row in rows.input_rows(o)])
            self._add("metrics", [rows.metric_row(metric) for o in written for metric in o.metrics])
            self._add_params([param for o in written for param in o.params])
        return len(written)

    def fail_attempt(
        self, run: str, node: str, attempt: int, status: str, error: Mapping[str, Any]
    ) -> None:
        """Ends an attempt that did not succeed, and that is no outcome yet."""
        now = time.time()
        told = {"attempt": attempt, "status": status, "message": error.get("message")}
        with self.write():
            self._end_attempt(run, node, attempt, status, error, now)
            self._add_events([Event(run, node, now, "attempt failed", told)])

    def save_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Records artifacts whose bytes are stored."""
        now = time.time()
        with self.write():
            self._add("artifacts", [rows.artifact_row(artifact, now) for artifact in artifacts])

    def add_metrics(self, metrics: Iterable[Metric]) -> None:
        """Adds metrics; those that are there already are left alone."""
        told = [rows.metric_row(metric) for metric in metrics]
        if told:
            with self.write():
                self._add("metrics", told)

    def add_event(self, event: Event) -> None:
        """Adds to the history of a run."""
        with self.write():
            self._add_events([event])

    def finish_run(self, run: str, status: str, error: str | None) -> None:
        """Ends a run."""
        now = time.time()
        with self.write():
            self.change(_END_RUN, {"id": run, "status": status, "ended": now, "error": error})
            self._add_events([Event(run, "", now, status, {"error": error})])

    def tag_run(self, run: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run, replacing those of the same names."""
        with self.write():
            for key in tags:
                self.change(
                    "DELETE FROM tags WHERE run = :run AND key = :key", {"run": run, "key": key}
                )
            self._add_tags(run, tags)

    def _replace(self, outcomes: Sequence[Outcome]) -> None:
        """Inserts outcomes in the place of earlier ones, which did not succeed."""
        told = [rows.outcome_row(outcome) for outcome in outcomes]
        if self._add("outcomes", told) == len(told):
            return
        for row in told:
            of_node = {"run": row["run"], "node": row["node"]}
            for table in ("outcomes", "outputs", "inputs"):
                self.change(f"DELETE FROM {table} WHERE run = :run AND node = :node", of_node)  # noqa: S608
        self._add("outcomes", told)

    def _end_attempts(self, outcomes: Sequence[Outcome], now: float) -> None:
        for o in outcomes:
            if o.attempt:  # 0: the node was never tried
                self._end_attempt(o.run, o.node, o.attempt, o.status, o.error, now)

    def _end_attempt(
        self,
        run: str,
        node: str,
        attempt: int,
        status: str,
        error: Mapping[str, Any] | None,
        now: float,
    ) -> None:
        told = None if error is None else rows.dump(error)
        key = {"run": run, "node": node, "attempt": attempt}
        self.change(_END_ATTEMPT, {**key, "status": status, "ended": now, "error": told})

    def _has_succeeded(self, run: str, node: str) -> bool:
        return bool(self.execute(_SUCCEEDED, {"run": run, "node": node}))

    def _has(self, table: str, digest: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE digest = :digest"  # noqa: S608
        return bool(self.execute(query, {"digest": digest}))

    def _save_document(self, table: str, digest: str, document: str) -> None:
        if not self._has(table, digest):
            with self.write():
                self._add(table, [{"digest": digest, "document": document}])

    def _add(self, table: str, told: Sequence[rows.Row]) -> int:
        """Inserts rows, leaving alone those that are there already; returns how many are new."""
        return self.change(_insert(table, tuple(told[0])), told) if told else 0

    def _add_params(self, params: Sequence[Param]) -> None:
        last = {(param.run, param.node, param.name): param for param in params}
        self._add("parameters", [rows.param_row(param) for param in last.values()])

    def _add_tags(self, run: str, tags: Mapping[str, str]) -> None:
        self._add("tags", [{"run": run, "key": k, "value": v} for k, v in tags.items()])

    def _add_events(self, events: Sequence[Event]) -> None:
        self._add("events", [rows.event_row(event) for event in events])


_ATTEMPT_ENDS = ("run", "node", "attempt", "status", "ended", "error")


@functools.cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    values = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT DO NOTHING"  # noqa: S608
