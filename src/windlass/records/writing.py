"""What is written: every change of state is one short transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from windlass.artifacts.artifact import Artifact
from windlass.records import rows, schema
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
    RunParameter,
)

_OUTCOMES, _ATTEMPTS, _RUNS = schema.outcomes, schema.attempts, schema.runs

_SUCCEEDED = sa.select(sa.literal(1)).where(
    _OUTCOMES.c.run == sa.bindparam("run"),
    _OUTCOMES.c.node == sa.bindparam("node"),
    _OUTCOMES.c.status == "succeeded",
)
_END_ATTEMPT = (
    sa.update(_ATTEMPTS)
    .where(
        _ATTEMPTS.c.run == sa.bindparam("b_run"),
        _ATTEMPTS.c.node == sa.bindparam("b_node"),
        _ATTEMPTS.c.attempt == sa.bindparam("b_attempt"),
    )
    .values(status=sa.bindparam("status"), ended=sa.bindparam("ended"), error=sa.bindparam("error"))
)


class Writing(Database):
    """The writes of the record."""

    def save_plan(
        self, digest: str, pipeline: str, document: str, nodes: Sequence[PlanNode]
    ) -> None:
        """Keeps a plan, once."""
        plans = schema.plans
        if self._has(plans, digest):
            return
        row = {"digest": digest, "pipeline": pipeline, "document": document}
        told = [
            {"plan": digest, "node": n.name, "step": n.step, "kind": n.kind, "position": n.position}
            for n in nodes
        ]
        with self.write() as connection:
            connection.execute(self.insert_new(plans), {**row, "created": time.time()})
            self._insert(connection, schema.nodes, told)

    def save_bundle(self, digest: str, document: str) -> None:
        """Keeps a bundle's document, once."""
        self._save_document(schema.bundles, digest, document)

    def save_environment(self, digest: str, document: str) -> None:
        """Keeps an environment's document, once."""
        self._save_document(schema.environments, digest, document)

    def create_run(self, run: NewRun) -> Run:
        """Records a new run, numbered without gaps among the runs of its pipeline."""
        run_id, created = uuid7(), time.time()
        last = sa.select(sa.func.max(_RUNS.c.number)).where(_RUNS.c.pipeline == run.pipeline)
        with self.write() as connection:
            if not self.sqlite:  # SQLite's writers are alone already
                lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext(run.pipeline))
                connection.execute(sa.select(lock))
            number = (connection.execute(last).scalar() or 0) + 1
            row = rows.run_row(run, run_id, number, created)
            connection.execute(sa.insert(_RUNS), row)
            self._add_run_parameters(connection, run_id, run.parameters)
            self._add_tags(connection, run_id, run.tags)
            self._add_events(connection, [Event(run_id, "", created, "created")])
        parameters = {parameter.name: parameter.value for parameter in run.parameters}
        absent = {"ended": None, "error": None}
        return rows.run_of({**row, **absent}, parameters, dict(run.tags))

    def begin_attempt(self, attempt: Attempt) -> bool:
        """Notes that a node is being tried; False, and nothing written, if it has succeeded."""
        with self.write() as connection:
            if self._has_succeeded(connection, attempt.run, attempt.node):
                return False
            key = {"b_run": attempt.run, "b_node": attempt.node, "b_attempt": attempt.attempt}
            row = rows.attempt_row(attempt)
            if connection.execute(self.insert_new(_ATTEMPTS), row).rowcount == 0:
                again = {"status": "running", "ended": None, "error": None}
                connection.execute(_END_ATTEMPT, {**key, **again})
        return True

    def commit_outcome(self, outcome: Outcome) -> bool:
        """Makes an outcome visible with all that belongs to it; False if a success stands."""
        return self.commit_outcomes([outcome]) == 1

    def commit_outcomes(self, outcomes: Sequence[Outcome]) -> int:
        """Commits several outcomes in one transaction; returns how many were written.

        One is left out where a successful outcome stands already; a failed, skipped or cancelled
        one is replaced.
        """
        with self.write() as connection:
            written = [
                outcome
                for outcome in outcomes
                if not self._has_succeeded(connection, outcome.run, outcome.node)
            ]
            self._replace(connection, written)
            self._end_attempts(connection, written)
            now = time.time()
            made = [rows.artifact_row(a, now) for o in written for a in o.artifacts]
            self._insert_new(connection, schema.artifacts, made)
            produced = [row for o in written for row in rows.output_rows(o)]
            self._insert(connection, schema.outputs, produced)
            read = [row for o in written for row in rows.input_rows(o.run, o.node, o.inputs)]
            self._insert_new(connection, schema.inputs, read)
            logged = [rows.metric_row(metric) for o in written for metric in o.metrics]
            self._insert_new(connection, schema.metrics, logged)
            self._add_params(connection, [param for o in written for param in o.params])
        return len(written)

    def fail_attempt(
        self, run: str, node: str, attempt: int, status: str, error: Mapping[str, Any]
    ) -> None:
        """Ends an attempt that did not succeed, and that is no outcome yet."""
        with self.write() as connection:
            self._end_attempt(connection, run, node, attempt, status, error)
            told = {"attempt": attempt, "status": status, "message": error.get("message")}
            event = Event(run, node, time.time(), "attempt failed", told)
            self._add_events(connection, [event])

    def save_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Records artifacts whose bytes are stored."""
        now = time.time()
        with self.write() as connection:
            made = [rows.artifact_row(artifact, now) for artifact in artifacts]
            self._insert_new(connection, schema.artifacts, made)

    def add_metrics(self, metrics: Iterable[Metric]) -> None:
        """Adds metrics; those that are there already are left alone."""
        told = [rows.metric_row(metric) for metric in metrics]
        if told:
            with self.write() as connection:
                self._insert_new(connection, schema.metrics, told)

    def add_event(self, event: Event) -> None:
        """Adds to the history of a run."""
        with self.write() as connection:
            self._add_events(connection, [event])

    def finish_run(self, run: str, status: str, error: str | None) -> None:
        """Ends a run."""
        now = time.time()
        change = sa.update(_RUNS).where(_RUNS.c.id == run)
        with self.write() as connection:
            connection.execute(change.values(status=status, ended=now, error=error))
            self._add_events(connection, [Event(run, "", now, status, {"error": error})])

    def tag_run(self, run: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run, replacing those of the same names."""
        with self.write() as connection:
            gone = sa.delete(schema.tags).where(schema.tags.c.run == run)
            connection.execute(gone.where(schema.tags.c.key.in_(list(tags))))
            self._add_tags(connection, run, tags)

    def _replace(self, connection: sa.Connection, outcomes: Sequence[Outcome]) -> None:
        """Inserts outcomes in the place of earlier ones, which did not succeed."""
        rest = []
        for outcome in outcomes:
            row = rows.outcome_row(outcome)
            if connection.execute(self.insert_new(_OUTCOMES), row).rowcount == 0:
                rest.append((outcome, row))
        for outcome, row in rest:
            for table in (_OUTCOMES, schema.outputs, schema.inputs):
                ours = sa.and_(table.c.run == outcome.run, table.c.node == outcome.node)
                connection.execute(sa.delete(table).where(ours))
            connection.execute(sa.insert(_OUTCOMES), row)

    def _end_attempts(self, connection: sa.Connection, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.attempt:  # 0: the node was never tried
                self._end_attempt(
                    connection,
                    outcome.run,
                    outcome.node,
                    outcome.attempt,
                    outcome.status,
                    outcome.error,
                )

    def _end_attempt(
        self,
        connection: sa.Connection,
        run: str,
        node: str,
        attempt: int,
        status: str,
        error: Mapping[str, Any] | None,
    ) -> None:
        told = None if error is None else rows.dump(error)
        key = {"b_run": run, "b_node": node, "b_attempt": attempt}
        end = {"status": status, "ended": time.time(), "error": told}
        connection.execute(_END_ATTEMPT, {**key, **end})

    def _has_succeeded(self, connection: sa.Connection, run: str, node: str) -> bool:
        return connection.execute(_SUCCEEDED, {"run": run, "node": node}).first() is not None

    def _has(self, table: sa.Table, digest: str) -> bool:
        query = sa.select(sa.literal(1)).where(table.c.digest == digest)
        with self.telling():
            return self.read().execute(query).first() is not None

    def _save_document(self, table: sa.Table, digest: str, document: str) -> None:
        if not self._has(table, digest):
            with self.write() as connection:
                row = {"digest": digest, "document": document}
                connection.execute(self.insert_new(table), row)

    def _insert(self, connection: sa.Connection, table: sa.Table, told: list[rows.Row]) -> None:
        if told:
            connection.execute(sa.insert(table), told)

    def _insert_new(self, connection: sa.Connection, table: sa.Table, told: list[rows.Row]) -> None:
        if told:
            connection.execute(self.insert_new(table), told)

    def _add_run_parameters(
        self, connection: sa.Connection, run: str, parameters: Sequence[RunParameter]
    ) -> None:
        self._add_params(connection, [Param(run, "", p.name, p.value) for p in parameters])

    def _add_params(self, connection: sa.Connection, params: Sequence[Param]) -> None:
        last = {(param.run, param.node, param.name): param for param in params}
        told = [rows.param_row(param) for param in last.values()]
        self._insert_new(connection, schema.parameters, told)

    def _add_tags(self, connection: sa.Connection, run: str, tags: Mapping[str, str]) -> None:
        told = [{"run": run, "key": key, "value": value} for key, value in tags.items()]
        self._insert(connection, schema.tags, told)

    def _add_events(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        told = [
            {
                "run": e.run,
                "node": e.node,
                "time": e.time,
                "kind": e.kind,
                "data": rows.dump(e.data),
            }
            for e in events
        ]
        self._insert(connection, schema.events, told)
