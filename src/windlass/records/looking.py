"""What people ask: runs, their nodes, attempts, logs of numbers, artifacts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotFoundError
from windlass.records import rows
from windlass.records.database import Row
from windlass.records.model import Attempt, Event, Metric, Outcome, Param, Run
from windlass.records.reading import Reading

if TYPE_CHECKING:
    import sqlalchemy as sa

_ITEM = re.compile(r"(.+)\[(\d+)\]$")
_NUMBERED = re.compile(r".+-\d+$")
_SHORTEST_ID = 6
_LAST = "\U0010ffff"
"""After every other character: ``x >= prefix AND x < prefix || _LAST`` uses an index."""


class Looking(Reading):
    """The questions that people ask of the record."""

    def run(self, ref: str) -> Run:
        """A run by its name, id, the first six or more characters of its id, or its pipeline.

        A pipeline's name, ``latest`` or ``-1`` stand for the newest run.

        Raises:
            NotFoundError: There is none, or the id is not told in full enough.
        """
        found = self._find_run(ref)
        if found is None:
            raise self._no_run(ref)
        return next(self.with_parts([found]))

    def runs(
        self,
        *,
        pipeline: str | None = None,
        status: str | None = None,
        tag: tuple[str, str] | None = None,
        limit: int = 20,
    ) -> list[Run]:
        """Runs, the newest first."""
        import sqlalchemy as sa

        from windlass.records.schema import runs, tags

        query = sa.select(runs).order_by(runs.c.created.desc(), runs.c.id.desc()).limit(limit)
        if pipeline is not None:
            query = query.where(runs.c.pipeline == pipeline)
        if status is not None:
            query = query.where(runs.c.status == status)
        if tag is not None:
            tagged = sa.select(tags.c.run).where(tags.c.key == tag[0], tags.c.value == tag[1])
            query = query.where(runs.c.id.in_(tagged))
        return list(self.with_parts(self.ask(query)))

    def run_outcomes(self, run: str) -> list[Outcome]:
        """What came of every node of a run, in the order of the graph and of the items."""
        query = "SELECT * FROM outcomes WHERE run = :run"
        found = self.with_outputs(self.execute(query, {"run": run}))
        of_run = "plan = (SELECT plan FROM runs WHERE id = :run)"
        nodes = self.execute(f"SELECT node, position FROM nodes WHERE {of_run}", {"run": run})  # noqa: S608
        places = {row["node"]: row["position"] for row in nodes}
        return sorted(found, key=lambda outcome: _place(outcome.node, places))

    def attempts(self, run: str, node: str | None = None) -> list[Attempt]:
        """The tries at a node, or at all nodes, in order."""
        query = "SELECT * FROM attempts WHERE run = :run"
        names = {"run": run}
        if node is not None:
            query, names = f"{query} AND node = :node", {**names, "node": node}
        found = self.execute(f"{query} ORDER BY started, attempt", names)
        return [rows.attempt_of(row) for row in found]

    def find_artifact(self, ref: str) -> Artifact:
        """An artifact by its content, its blob, or the first characters of one of them.

        Raises:
            NotFoundError: There is none, or more than one.
        """
        query = (
            "SELECT * FROM artifacts WHERE content >= :ref AND content < :last "
            "OR blob >= :ref AND blob < :last LIMIT 3"
        )
        found = self.execute(query, {"ref": ref, "last": ref + _LAST})
        if len(found) == 1:
            return rows.artifact_of(found[0])
        if not found:
            raise NotFoundError(
                f"there is no artifact '{ref}'",
                hint="Digests stand in: windlass artifacts list RUN",
            )
        raise NotFoundError(
            f"more than one artifact begins with '{ref}'", hint="Give more of its digest."
        )

    def metrics(self, run: str) -> list[Metric]:
        """What a run's steps logged, in the order of time."""
        query = "SELECT * FROM metrics WHERE run = :run ORDER BY time, node, attempt, seq"
        return [Metric(**dict(row)) for row in self.execute(query, {"run": run})]

    def params(self, run: str) -> list[Param]:
        """The settings that a run's steps logged."""
        query = "SELECT * FROM parameters WHERE run = :run AND node != ''"
        return [
            Param(row["run"], row["node"], row["name"], rows.load(row["value"]))
            for row in self.execute(query, {"run": run})
        ]

    def events(self, run: str) -> list[Event]:
        """The history of a run."""
        query = "SELECT * FROM events WHERE run = :run ORDER BY id"
        return [
            Event(row["run"], row["node"], row["time"], row["kind"], rows.load(row["data"]))
            for row in self.execute(query, {"run": run})
        ]

    def counts(self) -> dict[str, int]:
        """How many runs, outcomes and artifacts there are."""
        return {
            table: self.execute(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
            for table in ("runs", "outcomes", "artifacts")
        }

    def ask(self, query: sa.Select[Any]) -> list[Row]:
        """The rows of a question that SQLAlchemy puts together."""
        with self.telling(), self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _find_run(self, ref: str) -> Row | None:
        newest = "ORDER BY created DESC, id DESC LIMIT 1"
        if ref in ("latest", "-1"):
            conditions = [newest]
        else:
            conditions = ["WHERE name = :ref OR id = :ref"]
            if not _NUMBERED.match(ref):
                conditions.append(f"WHERE pipeline = :ref {newest}")
        for condition in conditions:
            found = self.execute(f"SELECT * FROM runs {condition}", {"ref": ref})  # noqa: S608
            if found:
                return found[0]
        return self._run_by_prefix(ref)

    def _run_by_prefix(self, ref: str) -> Row | None:
        if len(ref) < _SHORTEST_ID:
            return None
        query = "SELECT * FROM runs WHERE id >= :ref AND id < :last LIMIT 2"
        found = self.execute(query, {"ref": ref, "last": ref + _LAST})
        if len(found) > 1:
            raise NotFoundError(f"more than one run's id begins with '{ref}'")
        return found[0] if found else None

    def _no_run(self, ref: str) -> NotFoundError:
        query = "SELECT name FROM runs ORDER BY created DESC LIMIT 200"
        names = [row["name"] for row in self.execute(query)]
        if not names:
            return NotFoundError(
                f"there is no run '{ref}': none is recorded in {self.shown}",
                hint="Begin one: windlass run FILE.py:PIPELINE",
            )
        near = get_close_matches(ref, names, 3) or names[:3]
        return NotFoundError(f"there is no run '{ref}'", hint=f"There is {', '.join(near)}.")


def _place(node: str, places: Mapping[str, int]) -> tuple[int, int]:
    match = _ITEM.match(node)
    base, index = (match[1], int(match[2])) if match else (node, -1)
    return places.get(base, len(places)), index
