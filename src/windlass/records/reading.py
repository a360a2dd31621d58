"""What is read: for the execution of nodes, and for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import groupby
from typing import Any, TypeVar

import sqlalchemy as sa

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotFoundError
from windlass.records import rows, schema
from windlass.records.database import Database
from windlass.records.model import Attempt, Event, Metric, Outcome, Output, Param, Run

T = TypeVar("T")

_RUNS, _OUTCOMES, _OUTPUTS = schema.runs, schema.outcomes, schema.outputs
_ARTIFACTS, _NODES = schema.artifacts, schema.nodes
_AT_ONCE = 500
"""Most names in one question: databases limit how many values a statement may hold."""

_ONE_ARTIFACT = sa.select(_ARTIFACTS).where(_ARTIFACTS.c.content == sa.bindparam("content"))
_CACHED = (
    sa.select(_OUTCOMES, _RUNS.c.name.label("run_name"))
    .join(_RUNS, _RUNS.c.id == _OUTCOMES.c.run)
    .where(_OUTCOMES.c.key == sa.bindparam("key"), _OUTCOMES.c.status == "succeeded")
    .order_by(_RUNS.c.created.desc())
    .limit(1)
)
_ITEM = re.compile(r"(.+)\[(\d+)\]$")
_NAMED = re.compile(r".+-\d+$")


class Reading(Database):
    """The questions that the record answers."""

    def run(self, ref: str) -> Run:
        """A run by its name, id, the first six or more characters of its id, or its pipeline.

        A pipeline's name, ``latest`` or ``-1`` stand for the newest run.

        Raises:
            NotFoundError: There is none, or the id is not told in full enough.
        """
        found = self._find_run(ref)
        if found is None:
            raise self._no_run(ref)
        return next(iter(self._with_parts([found])))

    def runs(
        self,
        *,
        pipeline: str | None = None,
        status: str | None = None,
        tag: tuple[str, str] | None = None,
        limit: int = 20,
    ) -> list[Run]:
        """Runs, the newest first."""
        query = sa.select(_RUNS).order_by(_RUNS.c.created.desc(), _RUNS.c.id.desc()).limit(limit)
        if pipeline is not None:
            query = query.where(_RUNS.c.pipeline == pipeline)
        if status is not None:
            query = query.where(_RUNS.c.status == status)
        if tag is not None:
            tags = schema.tags
            tagged = sa.select(tags.c.run).where(tags.c.key == tag[0], tags.c.value == tag[1])
            query = query.where(_RUNS.c.id.in_(tagged))
        return list(self._with_parts(self._all(query)))

    def plan(self, digest: str) -> str:
        """The document of a plan."""
        return self._document(schema.plans, digest, "plan")

    def bundle(self, digest: str) -> str:
        """The document of a bundle."""
        return self._document(schema.bundles, digest, "bundle")

    def environment(self, digest: str) -> str:
        """The document of an environment."""
        return self._document(schema.environments, digest, "environment")

    def outcome(self, run: str, node: str) -> Outcome | None:
        """What came of a node; None while nothing has."""
        query = sa.select(_OUTCOMES).where(_OUTCOMES.c.run == run, _OUTCOMES.c.node == node)
        found = self._all(query)
        return self._with_outputs(found)[0] if found else None

    def run_outcomes(self, run: str) -> list[Outcome]:
        """What came of every node of a run, in the order of the graph and of the items."""
        found = self._with_outputs(self._all(sa.select(_OUTCOMES).where(_OUTCOMES.c.run == run)))
        of_run = sa.select(_RUNS.c.plan).where(_RUNS.c.id == run).scalar_subquery()
        query = sa.select(_NODES.c.node, _NODES.c.position).where(_NODES.c.plan == of_run)
        places = {row["node"]: row["position"] for row in self._all(query)}
        return sorted(found, key=lambda outcome: _place(outcome.node, places))

    def succeeded_nodes(self, run: str) -> set[str]:
        """Names of the nodes and items that have succeeded."""
        query = sa.select(_OUTCOMES.c.node).where(
            _OUTCOMES.c.run == run, _OUTCOMES.c.status == "succeeded"
        )
        return {row["node"] for row in self._all(query)}

    def node_outputs(self, run: str, nodes: Sequence[str]) -> dict[str, dict[str, str]]:
        """The contents of what nodes returned, by node and name of the output."""
        found: dict[str, dict[str, str]] = {}
        for some in _portions(nodes):
            query = sa.select(_OUTPUTS.c.node, _OUTPUTS.c.name, _OUTPUTS.c.content).where(
                _OUTPUTS.c.run == run, _OUTPUTS.c.node.in_(some)
            )
            for row in self._all(query):
                found.setdefault(row["node"], {})[row["name"]] = row["content"]
        return found

    def cached(self, key: str) -> Outcome | None:
        """The newest success with a cache key, with what it returned."""
        with self.telling():
            row = self.read().execute(_CACHED, {"key": key}).mappings().first()
        if row is None:
            return None
        fields = {name: value for name, value in row.items() if name != "run_name"}
        contents = self.node_outputs(row["run"], [row["node"]]).get(row["node"], {})
        outputs = [Output(name, place, c) for place, (name, c) in enumerate(contents.items())]
        return rows.outcome_of(fields, outputs, row["run_name"])

    def attempts(self, run: str, node: str | None = None) -> list[Attempt]:
        """The tries at a node, or at all nodes, in order."""
        table = schema.attempts
        query = sa.select(table).where(table.c.run == run).order_by(table.c.started)
        if node is not None:
            query = query.where(table.c.node == node)
        return [rows.attempt_of(row) for row in self._all(query)]

    def artifact(self, content: str) -> Artifact | None:
        """An artifact by its content."""
        with self.telling():
            row = self.read().execute(_ONE_ARTIFACT, {"content": content}).mappings().first()
        return None if row is None else rows.artifact_of(row)

    def artifacts(self, contents: Iterable[str]) -> dict[str, Artifact]:
        """Artifacts by their contents; those that are not there are left out."""
        found = {}
        for some in _portions(list(dict.fromkeys(contents))):
            for row in self._all(sa.select(_ARTIFACTS).where(_ARTIFACTS.c.content.in_(some))):
                found[row["content"]] = rows.artifact_of(row)
        return found

    def find_artifact(self, ref: str) -> Artifact:
        """An artifact by its content, its blob, or the first characters of one of them.

        Raises:
            NotFoundError: There is none, or more than one.
        """
        table = _ARTIFACTS.c
        near = sa.or_(_begins(table.content, ref), _begins(table.blob, ref))
        found = self._all(sa.select(_ARTIFACTS).where(near).limit(3))
        if len(found) == 1:
            return rows.artifact_of(found[0])
        if not found:
            raise NotFoundError(
                f"there is no artifact '{ref}'",
                hint="Its digest stands in: windlass artifacts list RUN",
            )
        raise NotFoundError(
            f"more than one artifact begins with '{ref}'", hint="Give more of its digest."
        )

    def metrics(self, run: str) -> list[Metric]:
        """What a run's steps logged, in the order of time."""
        table = schema.metrics
        order = (table.c.time, table.c.node, table.c.attempt, table.c.seq)
        query = sa.select(table).where(table.c.run == run).order_by(*order)
        return [Metric(**row) for row in self._all(query)]

    def params(self, run: str) -> list[Param]:
        """The settings that a run's steps logged."""
        table = schema.parameters
        query = sa.select(table).where(table.c.run == run, table.c.node != "")
        return [Param(**{**row, "value": rows.load(row["value"])}) for row in self._all(query)]

    def events(self, run: str) -> list[Event]:
        """The history of a run."""
        table = schema.events
        query = sa.select(table).where(table.c.run == run).order_by(table.c.id)
        return [
            Event(row["run"], row["node"], row["time"], row["kind"], rows.load(row["data"]))
            for row in self._all(query)
        ]

    def counts(self) -> dict[str, int]:
        """How many rows some tables have."""
        tables = (_RUNS, _OUTCOMES, _ARTIFACTS)
        return {
            table.name: self._all(sa.select(sa.func.count().label("n")).select_from(table))[0]["n"]
            for table in tables
        }

    def _find_run(self, ref: str) -> Mapping[str, Any] | None:
        newest = sa.select(_RUNS).order_by(_RUNS.c.created.desc(), _RUNS.c.id.desc()).limit(1)
        if ref in ("latest", "-1"):
            tries = [newest]
        else:
            tries = [sa.select(_RUNS).where(sa.or_(_RUNS.c.name == ref, _RUNS.c.id == ref))]
            if not _NAMED.match(ref):
                tries.append(newest.where(_RUNS.c.pipeline == ref))
        for query in tries:
            found = self._all(query)
            if found:
                return found[0]
        return self._run_by_prefix(ref)

    def _run_by_prefix(self, ref: str) -> Mapping[str, Any] | None:
        if len(ref) < 6:
            return None
        found = self._all(sa.select(_RUNS).where(_begins(_RUNS.c.id, ref)).limit(2))
        if len(found) > 1:
            raise NotFoundError(f"more than one run's id begins with '{ref}'")
        return found[0] if found else None

    def _no_run(self, ref: str) -> NotFoundError:
        query = sa.select(_RUNS.c.name).order_by(_RUNS.c.created.desc()).limit(200)
        names = [row["name"] for row in self._all(query)]
        if not names:
            return NotFoundError(
                f"there is no run '{ref}': none is recorded in {self.shown}",
                hint="Begin one: windlass run FILE.py:PIPELINE",
            )
        near = get_close_matches(ref, names, 3) or names[:3]
        return NotFoundError(f"there is no run '{ref}'", hint=f"There is {', '.join(near)}.")

    def _with_parts(self, found: Sequence[Mapping[str, Any]]) -> Iterator[Run]:
        """The runs of rows, with their parameters and tags."""
        ids = [row["id"] for row in found]
        params: dict[str, dict[str, Any]] = {run: {} for run in ids}
        tags: dict[str, dict[str, str]] = {run: {} for run in ids}
        for some in _portions(ids):
            table = schema.parameters
            own = sa.select(table).where(table.c.run.in_(some), table.c.node == "")
            for row in self._all(own):
                params[row["run"]][row["name"]] = rows.load(row["value"])
            for row in self._all(sa.select(schema.tags).where(schema.tags.c.run.in_(some))):
                tags[row["run"]][row["key"]] = row["value"]
        for row in found:
            yield rows.run_of(row, params[row["id"]], tags[row["id"]])

    def _with_outputs(self, found: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """The outcomes of rows of one run, with their outputs and the artifacts of these."""
        by_node: dict[str, list[Output]] = {}
        for some in _portions([row["node"] for row in found]):
            query = (
                sa.select(_OUTPUTS.c.node, _OUTPUTS.c.name, _OUTPUTS.c.position, _ARTIFACTS)
                .join(_ARTIFACTS, _ARTIFACTS.c.content == _OUTPUTS.c.content)
                .where(_OUTPUTS.c.run == found[0]["run"], _OUTPUTS.c.node.in_(some))
                .order_by(_OUTPUTS.c.node, _OUTPUTS.c.position)
            )
            for node, group in groupby(self._all(query), key=lambda row: row["node"]):
                by_node[node] = [_output(row) for row in group]
        return [rows.outcome_of(row, by_node.get(row["node"], ())) for row in found]

    def _document(self, table: sa.Table, digest: str, what: str) -> str:
        found = self._all(sa.select(table.c.document).where(table.c.digest == digest))
        if not found:
            raise NotFoundError(f"the record has no {what} {digest}")
        return str(found[0]["document"])

    def _all(self, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        with self.telling():
            return self.read().execute(query).mappings().all()


def _output(row: Mapping[str, Any]) -> Output:
    artifact = rows.artifact_of(row)
    return Output(row["name"], row["position"], artifact.content, artifact)


def _begins(column: sa.Column[Any], prefix: str) -> sa.ColumnElement[bool]:
    """``LIKE 'prefix%'`` as a range, which an index answers whatever the collation."""
    return sa.and_(column >= prefix, column < prefix + "\U0010ffff")


def _place(node: str, places: Mapping[str, int]) -> tuple[int, int]:
    match = _ITEM.match(node)
    base, index = (match[1], int(match[2])) if match else (node, -1)
    return places.get(base, len(places)), index


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
