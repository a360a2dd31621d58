"""What is written: every change of state is one short transaction."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotDrivenError
from windlass.records import rows
from windlass.records.database import one_of
from windlass.records.deliveries import Deliveries
from windlass.records.identity import uuid7
from windlass.records.minting import Minting
from windlass.records.model import (
    Attempt,
    Event,
    NewRun,
    Outcome,
    Param,
    PlanNode,
    Run,
    RunParameter,
)
from windlass.records.model_rows import mark_rows
from windlass.records.patience import patiently
from windlass.records.reading import portions
from windlass.records.tracked import Logged
from windlass.records.tracking import Tracking

_STATUS = "SELECT status FROM outcomes WHERE run = :run AND node = :node"
_LAST_NUMBER = "SELECT max(number) AS number FROM runs WHERE pipeline = :pipeline"
_END_ATTEMPT = (
    "UPDATE attempts SET status = :status, ended = :ended, error = :error "
    "WHERE run = :run AND node = :node AND attempt = :attempt"
)
_END_RUN = "UPDATE runs SET status = :status, ended = :ended, error = :error WHERE id = :id"
_DRIVEN = "SELECT 1 FROM runs WHERE id = :id AND driver = :driver"
_NOT_FINAL = "outcomes.status <> 'succeeded'"
_OTHER_BYTES = "artifacts.blob <> excluded.blob"
_OTHER_ARCHIVE = "bundles.blob IS NULL OR bundles.blob <> excluded.blob"
_FORGET_TAG = "DELETE FROM tags WHERE run = :run AND key = :key"


class Writing(Minting, Tracking, Deliveries):
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
            self._add("marks", [row for node in nodes for row in mark_rows(digest, node)])

    def save_bundle(self, digest: str, document: str, blob: str | None = None) -> None:
        """Keeps a bundle's document, and the digest of its archive's bytes."""
        told = {"digest": digest, "document": document, "blob": blob}
        with self.write():
            self._put("bundles", [told], _OTHER_ARCHIVE)

    def save_environment(self, digest: str, document: str) -> None:
        """Keeps an environment's document, once."""
        self._save_document("environments", digest, document)

    def save_lock(self, digests: Sequence[str], document: str) -> None:
        """Keeps a lock by its digest and by that of what was solved; the first one stands."""
        with self.write():
            self._add("locks", [{"digest": each, "document": document} for each in digests])

    def save_fingerprint(self, digest: str, document: str, sources: Mapping[str, str]) -> None:
        """Keeps what a step can reach in code, and the source of its pieces by their digests.

        Where nothing can be written, for this process alone: it may only be asking.
        """
        if self.read_only:
            self.unwritten.update({**sources, digest: document})
            return
        told = [{"digest": key, "text": rows.clean(text)} for key, text in sources.items()]
        with self.write():
            self._add("fingerprints", [{"digest": digest, "document": document}])
            self._add("sources", told)

    def create_run(self, run: NewRun) -> Run:
        """Records a new run, numbered without gaps among the runs of its pipeline."""
        with self.write():
            self.hold([run.pipeline])
            last = self.execute(_LAST_NUMBER, {"pipeline": run.pipeline})[0]["number"]
            created = run.created or time.time()
            row = rows.run_row(run, run.id or uuid7(), (last or 0) + 1, created)
            self._add("runs", [row])
            self.put_parameters(row["id"], run.parameters)
            self._put_tags(row["id"], run.tags)
            self.put_waiting(row["id"], run.tracker)
            self.add_events([Event(row["id"], "", row["created"], "created")])
        parameters = {parameter.name: parameter.value for parameter in run.parameters}
        absent = {"ended": None, "error": None}
        return rows.run_of({**row, **absent}, parameters, dict(run.tags))

    @patiently
    def begin_attempt(self, attempt: Attempt) -> bool:
        """Notes that a node is being tried; False, and nothing written, if it has succeeded.

        An attempt that was begun before, by a process that was lost, begins anew.
        """
        with self.write():
            if self._status(attempt.run, attempt.node) == "succeeded":
                return False
            self._put("attempts", [rows.attempt_row(attempt)])
        return True

    def commit_outcome(self, outcome: Outcome) -> bool:
        """Makes an outcome visible with all that belongs to it; False if a success stands."""
        return self.commit_outcomes([outcome]) == 1

    @patiently
    def commit_outcomes(self, outcomes: Sequence[Outcome], *, driver: str | None = None) -> int:
        """Commits several outcomes in one transaction; returns how many were written.

        One is left out where a successful outcome stands already; a failed, skipped or cancelled
        one is replaced, and its outputs with it.

        Args:
            outcomes: What came of nodes.
            driver: Who decided that, if it was the driver of the run.

        Raises:
            NotDrivenError: Another one drives the run by now.
        """
        now = time.time()
        with self.write():
            for run in {outcome.run for outcome in outcomes} if driver is not None else ():
                self._check_driver(run, driver)
            standing = self._standing(outcomes)
            written = list(_unless_final(outcomes, standing))
            stand = {(o.run, o.node): o for o in written}  # of several of a node, the last
            self._replace([o for key, o in stand.items() if key in standing])
            self._put("outcomes", [rows.ended_row(o, now) for o in stand.values()], _NOT_FINAL)
            self._end_attempts(written, now)
            self.put_artifacts([a for o in written for a in o.artifacts], now)
            self._add("outputs", [row for o in stand.values() for row in rows.output_rows(o)])
            self._add("inputs", [row for o in stand.values() for row in rows.input_rows(o)])
            self.put_series([series for o in written for series in o.series])
            self.put_logged([logged for o in written for logged in o.logged])
            self.put_had(list(stand.values()))
            self._put("parameters", [rows.param_row(param) for o in written for param in o.params])
            self.add_events([event for o in written for event in o.events])
        return len(written)

    @patiently
    def fail_attempt(
        self, run: str, node: str, attempt: int, status: str, error: Mapping[str, Any]
    ) -> None:
        """Ends an attempt that did not succeed, and that is no outcome yet."""
        now = time.time()
        told = {"attempt": attempt, "status": status, "message": error.get("message")}
        with self.write():
            self.change(_END_ATTEMPT, rows.attempt_end_row(run, node, attempt, status, error, now))
            self.add_events([Event(run, node, now, "attempt failed", told)])

    def save_artifacts(self, artifacts: Sequence[Artifact]) -> None:
        """Records artifacts whose bytes are stored."""
        with self.write():
            self.put_artifacts(artifacts, time.time())

    @patiently
    def add_logged(self, told: Sequence[Logged], artifacts: Sequence[Artifact]) -> None:
        """Adds figures, tables and texts, with the artifacts that they are."""
        if told:
            with self.write():
                self.put_artifacts(artifacts, time.time())
                self.put_logged(told)

    @patiently
    def add_params(self, params: Sequence[Param]) -> None:
        """Adds settings that a step chose; one of the same name is replaced."""
        if params:
            with self.write():
                self._put("parameters", [rows.param_row(param) for param in params])

    def add_event(self, event: Event) -> None:
        """Adds to the history of a run."""
        with self.write():
            self.add_events([event])

    @patiently
    def finish_run(
        self, run: str, status: str, error: str | None, *, driver: str | None = None
    ) -> None:
        """Ends a run; if it succeeded, what its plan marks as models are versions from then on.

        Args:
            run: Its id.
            status: How it ended.
            error: Why, if it did not succeed.
            driver: Who says so; None for somebody who need not drive it.

        Raises:
            NotDrivenError: Another one drives it by now.
        """
        now = time.time()
        row = {"id": run, "status": status, "ended": now, "error": rows.clean_or_none(error)}
        with self.write():
            if driver is not None:
                self._check_driver(run, driver)
            self.change(_END_RUN, row)
            self.tell_again(run)
            self.add_events([Event(run, "", now, status, {"error": error})])
            minted = self.mint_of_run(run) if status == "succeeded" else []
            self.add_events([Event(run, "", now, "version", m._asdict()) for m in minted])

    def tag_run(self, run: str, tags: Mapping[str, str]) -> None:
        """Sets tags of a run, replacing those of the same names."""
        with self.write():
            self._put_tags(run, tags)
            self.tell_again(run)

    def untag_run(self, run: str, keys: Iterable[str]) -> None:
        """Takes tags away from a run; those it has not are passed over."""
        with self.write():
            for key in keys:
                self.change(_FORGET_TAG, {"run": run, "key": key})
            self.tell_again(run)

    def _standing(self, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], str]:
        """The status of what stands in the places of outcomes, while nobody else writes there."""
        found: dict[tuple[str, str], str] = {}
        for run in sorted({outcome.run for outcome in outcomes}):
            self.hold([run])
            for some in portions([o.node for o in outcomes if o.run == run]):
                condition, names = one_of("node", some)
                query = f"SELECT node, status FROM outcomes WHERE run = :run AND {condition}"  # noqa: S608
                for row in self.execute(query, {"run": run, **names}):
                    found[run, row["node"]] = row["status"]
        return found

    def _replace(self, outcomes: Sequence[Outcome]) -> None:
        """Takes away what belonged to earlier outcomes."""
        places = [{"run": outcome.run, "node": outcome.node} for outcome in outcomes]
        for table in ("outputs", "inputs"):
            if places:
                self.change(f"DELETE FROM {table} WHERE run = :run AND node = :node", places)  # noqa: S608

    def _status(self, run: str, node: str) -> str | None:
        found = self.execute(_STATUS, {"run": run, "node": node})
        return found[0]["status"] if found else None

    def _end_attempts(self, outcomes: Sequence[Outcome], now: float) -> None:
        tried = [o for o in outcomes if o.attempt]  # 0: the node was never tried
        ends = [
            rows.attempt_end_row(o.run, o.node, o.attempt, o.status, o.error, o.ended or now)
            for o in tried
        ]
        if ends:
            self.change(_END_ATTEMPT, ends)

    def put_artifacts(self, artifacts: Sequence[Artifact], now: float) -> None:
        """Records artifacts; of equal contents in other bytes, those that were written last count.

        The earlier bytes may be gone: a value is then made again, and must be found again. All in
        one order, so that no two writers of PostgreSQL wait for one another.
        """
        told = sorted(artifacts, key=lambda artifact: artifact.content)
        self._put("artifacts", [rows.artifact_row(a, now) for a in told], _OTHER_BYTES)
        self._add("parts", [row for artifact in told for row in rows.part_rows(artifact)])

    def put_parameters(self, run: str, parameters: Sequence[RunParameter]) -> None:
        """Keeps parameters of a run itself, in the transaction that is open."""
        own = [Param(run, "", each.name, each.value) for each in parameters]
        self._put("parameters", [rows.param_row(param) for param in own])

    def _check_driver(self, run: str, driver: str | None) -> None:
        self.hold([run])
        if not self.execute(_DRIVEN, {"id": run, "driver": driver}):
            raise not_driven()

    def _put_tags(self, run: str, tags: Mapping[str, str]) -> None:
        self._put("tags", [{"run": run, "key": k, "value": v} for k, v in tags.items()])

    def add_events(self, events: Sequence[Event]) -> None:
        """Adds to the history of runs, in the transaction that is open."""
        self._add("events", [rows.event_row(event) for event in events])

    def _save_document(self, table: str, digest: str, document: str) -> None:
        if not self._has(table, digest):
            with self.write():
                self._add(table, [{"digest": digest, "document": document}])


def _unless_final(
    outcomes: Sequence[Outcome], standing: Mapping[tuple[str, str], str]
) -> Iterator[Outcome]:
    """The outcomes that may be written: none of a node after its success."""
    final = {place for place, status in standing.items() if status == "succeeded"}
    for outcome in outcomes:
        place = (outcome.run, outcome.node)
        if place not in final:
            yield outcome
            if outcome.status == "succeeded":
                final.add(place)


def not_driven() -> NotDrivenError:
    """What a driver is told that has lost its run."""
    return NotDrivenError(
        "this process drives the run no more: another one has resumed it",
        hint="Look at it: windlass runs",
    )
