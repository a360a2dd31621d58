"""What is written: every change of state is one short transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.records import rows
from windlass.records.database import Database
from windlass.records.identity import uuid7
from windlass.records.inserting import insert, insert_or_replace
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

_STATUS = "SELECT status FROM outcomes WHERE run = :run AND node = :node"
_LAST_NUMBER = "SELECT max(number) AS number FROM runs WHERE pipeline = :pipeline"
_NUMBERING = "SELECT pg_advisory_xact_lock(hashtext(:pipeline))"
_END_ATTEMPT = (
    "UPDATE attempts SET status = :status, ended = :ended, error = :error "
    "WHERE run = :run AND node = :node AND attempt = :attempt"
)
_END_RUN = "UPDATE runs SET status = :status, ended = :ended, error = :error WHERE id = :id"
_FORGET_TAG = "DELETE FROM tags WHERE run = :run AND key = :key"


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
        with self.write():
            if self.path is None:  # SQLite's writers are alone already
                self.execute(_NUMBERING, {"pipeline": run.pipeline})
            last = self.execute(_LAST_NUMBER, {"pipeline": run.pipeline})[0]["number"]
            row = rows.run_row(run, uuid7(), (last or 0) + 1, time.time())
            self._add("runs", [row])
            self._put_params([Param(row["id"], "", p.name, p.value) for p in run.parameters])
            self._put_tags(row["id"], run.tags)
            self._add_events([Event(row["id"], "", row["created"], "created")])
        parameters = {parameter.name: parameter.value for parameter in run.parameters}
        absent = {"ended": None, "error": None}
        return rows.run_of({**row, **absent}, parameters, dict(run.tags))

    def begin_attempt(self, attempt: Attempt) -> bool:
        """Notes that a node is being tried; False, and nothing written, if it has succeeded.

        An attempt that was begun before, by a process that was lost, begins anew.
        """
        with self.write():
            if self._status(attempt.run, attempt.node) == "succeeded":
                return False
            row = rows.attempt_row(attempt)
            self.change(insert_or_replace("attempts", tuple(row)), row)
        return True

    def commit_outcome(self, outcome: Outcome) -> bool:
        """Makes an outcome visible with all that belongs to it; False if a success stands."""
        return self.commit_outcomes([outcome]) == 1

    def commit_outcomes(self, outcomes: Sequence[Outcome]) -> int:
        """Commits several outcomes in one transaction; returns how many were written.

        One is left out where a successful outcome stands already; a failed, skipped or cancelled
        one is replaced, and its outputs with it.
        """
        now = time.time()
        with self.write():
            written = [outcome for outcome in outcomes if self._settle(outcome, now)]
            self._end_attempts(written, now)
            self._put_artifacts([a for o in written for a in o.artifacts], now)
            stand = {(o.run, o.node): o for o in written}.values()  # of several of a node, the last
            self._add("outputs", [row for o in stand for row in rows.output_rows(o)])
            self._add("inputs", [row for o in stand for row in rows.input_rows(o)])
            self._add("metrics", [rows.metric_row(metric) for o in written for metric in o.metrics])
            self._put_params([param for o in written for param in o.params])
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
        with self.write():
            self._put_artifacts(artifacts, time.time())

    def add_metrics(self, metrics: Iterable[Metric]) -> None:
        """Adds metrics; those that are there already are left alone."""
        told = [rows.metric_row(metric) for metric in metrics]
        if told:
            with self.write():
                self._add("metrics", told)

    def add_params(self, params: Sequence[Param]) -> None:
        """Adds settings that a step chose; one of the same name is replaced."""
        if params:
            with self.write():
                self._put_params(params)

    def add_event(self, event: Event) -> None:
        """Adds to the history of a run."""
        with self.write():
            self._add_events([event])

    def finish_run(self, run: str, status: str, error: str | None) -> None:
        """Ends a run."""
        now = time.time()
        row = {"id": run, "status": status, "ended": now, "error": rows.clean_or_none(error)}
        with self.write():
            self.change(_END_RUN, row)
            self._add_events([Event(run, "", now, status, {"error": error})])

    def tag_run(self, run: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run, replacing those of the same names."""
        with self.write():
            self._put_tags(run, tags)

    def untag_run(self, run: str, keys: Iterable[str]) -> None:
        """Takes tags away from a run; those it has not are passed over."""
        with self.write():
            for key in keys:
                self.change(_FORGET_TAG, {"run": run, "key": key})

    def _settle(self, outcome: Outcome, now: float) -> bool:
        """Writes an outcome's own row, unless a success stands there."""
        standing = self._status(outcome.run, outcome.node)
        if standing == "succeeded":
            return False
        row = rows.outcome_row(outcome)
        row["ended"] = now if outcome.ended is None else outcome.ended  # the cache goes by it
        # Said again to the database: PostgreSQL lets another writer in between the two.
        query = insert_or_replace("outcomes", tuple(row), "outcomes.status <> 'succeeded'")
        if self.change(query, row) == 0:
            return False
        if standing is not None or self.path is None:
            of_node = {"run": outcome.run, "node": outcome.node}
            for table in ("outputs", "inputs"):
                self.change(f"DELETE FROM {table} WHERE run = :run AND node = :node", of_node)  # noqa: S608
        return True

    def _status(self, run: str, node: str) -> str | None:
        found = self.execute(_STATUS, {"run": run, "node": node})
        return found[0]["status"] if found else None

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

    def _put_artifacts(self, artifacts: Sequence[Artifact], now: float) -> None:
        """Records artifacts; of equal contents in other bytes, those that were written last count.

        The earlier bytes may be gone: a value is then made again, and must be found again. All in
        one order, so that no two writers of PostgreSQL wait for one another.
        """
        if artifacts:
            told = sorted(artifacts, key=lambda artifact: artifact.content)
            found = [rows.artifact_row(artifact, now) for artifact in told]
            others = "artifacts.blob <> excluded.blob"
            self.change(insert_or_replace("artifacts", tuple(found[0]), others), found)
            self._add("parts", [row for artifact in told for row in rows.part_rows(artifact)])

    def _put_params(self, params: Sequence[Param]) -> None:
        if params:
            found = [rows.param_row(param) for param in params]
            self.change(insert_or_replace("parameters", tuple(found[0])), found)

    def _put_tags(self, run: str, tags: Mapping[str, str]) -> None:
        if tags:
            found = [{"run": run, "key": key, "value": value} for key, value in tags.items()]
            self.change(insert_or_replace("tags", tuple(found[0])), found)

    def _add_events(self, events: Sequence[Event]) -> None:
        self._add("events", [rows.event_row(event) for event in events])

    def _add(self, table: str, told: Sequence[rows.Row]) -> None:
        """Inserts rows, leaving alone those that are there already."""
        if told:
            self.change(insert(table, tuple(told[0])), told)

    def _has(self, table: str, digest: str) -> bool:
        query = f"SELECT 1 FROM {table} WHERE digest = :digest"  # noqa: S608
        return bool(self.execute(query, {"digest": digest}))

    def _save_document(self, table: str, digest: str, document: str) -> None:
        if not self._has(table, digest):
            with self.write():
                self._add(table, [{"digest": digest, "document": document}])
