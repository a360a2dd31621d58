"""What people ask: runs, their nodes, attempts, logs of numbers, artifacts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from difflib import get_close_matches

from windlass.artifacts.artifact import Artifact
from windlass.errors import NotFoundError
from windlass.records import rows
from windlass.records.database import Row
from windlass.records.model import Attempt, Event, Input, Outcome, Param, Run
from windlass.records.reading import Reading

_ITEM = re.compile(r"(.+)\[(\d+)\]$")
_ID_START = re.compile(r"[0-9a-f-]{6,}")
_DIGEST_START = re.compile(r"[0-9a-f]+")
_BEGINS = "{0} >= :ref AND {0} < :last"
_LAST = "g"
"""After every digit of an id or digest, whatever the database's collation."""


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
        """Runs, the newest first.

        Args:
            pipeline: Only of this one.
            status: Only with this one.
            tag: Only those that have this tag, with this value.
            limit: At most so many.
        """
        source, newest = ("runs", "runs.number" if pipeline is not None else "runs.id")
        wanted: dict[str, str] = {}
        if pipeline is not None:
            wanted["runs.pipeline"] = pipeline
        if status is not None:
            wanted["runs.status"] = status
        if tag is not None:
            source, newest = "tags JOIN runs ON runs.id = tags.run", "tags.run"
            wanted["tags.key"], wanted["tags.value"] = tag
        names = {column.replace(".", "_"): value for column, value in wanted.items()}
        conditions = " AND ".join(f"{c} = :{n}" for c, n in zip(wanted, names, strict=True))
        where = f"WHERE {conditions}" if wanted else ""
        query = f"SELECT runs.* FROM {source} {where} ORDER BY {newest} DESC LIMIT :limit"  # noqa: S608
        return list(self.with_parts(self.execute(query, {**names, "limit": limit})))

    def run_outcomes(self, run: str) -> list[Outcome]:
        """What came of every node of a run, in the order of the graph and of the items."""
        of_run = "plan = (SELECT plan FROM runs WHERE id = :run)"
        nodes = self.execute(f"SELECT node, position FROM nodes WHERE {of_run}", {"run": run})  # noqa: S608
        places = {row["node"]: row["position"] for row in nodes}
        return sorted(self.outcomes(run), key=lambda outcome: _place(outcome.node, places))

    def attempts(self, run: str, node: str | None = None) -> list[Attempt]:
        """The tries at a node, or at all nodes, in order."""
        query = "SELECT * FROM attempts WHERE run = :run"
        names = {"run": run}
        if node is not None:
            query, names = f"{query} AND node = :node", {**names, "node": node}
        found = self.execute(f"{query} ORDER BY started, node, attempt", names)
        return [rows.attempt_of(row) for row in found]

    def find_artifact(self, ref: str) -> Artifact:
        """An artifact by its content, its blob, or the first characters of one of them.

        Raises:
            NotFoundError: There is none, or more than one.
        """
        for column in ("content", "blob"):
            found = self._artifacts_beginning(column, ref.lower())
            if len(found) == 1:
                return rows.artifact_of(found[0])
            if found:
                near = [f"{row[column][: len(ref) + 8]}… ({row['type']})" for row in found]
                raise NotFoundError(
                    f"more than one artifact begins with '{ref}'",
                    hint=f"Give more of its digest: {', '.join(near)}",
                )
        raise NotFoundError(
            f"there is no artifact '{ref}'", hint="Digests stand in: windlass artifacts list RUN"
        )

    def run_inputs(self, run: str) -> dict[str, list[Input]]:
        """What the nodes of a run read, by node; one that read nothing has an empty list."""
        found: defaultdict[str, list[Input]] = defaultdict(list)
        query = "SELECT * FROM inputs WHERE run = :run ORDER BY node, parameter, position"
        for row in self.execute(query, {"run": run}):
            place = (row["parameter"], row["position"], row["content"])
            found[row["node"]].append(Input(*place, row["source"], row["output"], row["item"]))
        return found

    def params(self, run: str) -> list[Param]:
        """The settings that a run's steps logged."""
        query = "SELECT * FROM parameters WHERE run = :run AND node <> '' ORDER BY node, name"
        return [
            Param(row["run"], row["node"], row["name"], rows.load(row["value"]))
            for row in self.execute(query, {"run": run})
        ]

    def events(self, run: str, kind: str | None = None) -> list[Event]:
        """The history of a run; if asked for, of one kind."""
        query = "SELECT * FROM events WHERE run = :run AND kind = coalesce(:kind, kind) ORDER BY id"
        return [
            Event(row["run"], row["node"], row["time"], row["kind"], rows.load(row["data"]))
            for row in self.execute(query, {"run": run, "kind": kind})
        ]

    def counts(self) -> dict[str, int]:
        """How many runs, outcomes and artifacts there are."""
        return {
            table: self.execute(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
            for table in ("runs", "outcomes", "artifacts")
        }

    def _find_run(self, ref: str) -> Row | None:
        newest = ("ORDER BY id DESC LIMIT 1",)
        ways = (
            "WHERE name = :ref",
            "WHERE id = :ref",
            "WHERE pipeline = :ref ORDER BY number DESC LIMIT 1",
        )
        for way in newest if ref in ("latest", "-1") else ways:
            found = self.execute(f"SELECT * FROM runs {way}", {"ref": ref})  # noqa: S608
            if found:
                return found[0]
        return self._run_by_prefix(ref.lower())

    def _run_by_prefix(self, ref: str) -> Row | None:
        if not _ID_START.fullmatch(ref):
            return None
        query = f"SELECT * FROM runs WHERE {_BEGINS.format('id')} LIMIT 4"  # noqa: S608
        found = self.execute(query, {"ref": ref, "last": ref + _LAST})
        if len(found) > 1:
            near = ", ".join(f"{row['id']} ({row['name']})" for row in found)
            raise NotFoundError(
                f"more than one run's id begins with '{ref}'", hint=f"There is {near}."
            )
        return found[0] if found else None

    def _artifacts_beginning(self, column: str, ref: str) -> list[Row]:
        if not _DIGEST_START.fullmatch(ref):
            return []
        query = f"SELECT * FROM artifacts WHERE {_BEGINS.format(column)} LIMIT 3"  # noqa: S608
        return self.execute(query, {"ref": ref, "last": ref + _LAST})

    def _no_run(self, ref: str) -> NotFoundError:
        found = self.execute("SELECT name, pipeline FROM runs ORDER BY id DESC LIMIT 200")
        if not found:
            return NotFoundError(
                f"there is no run '{ref}': none is recorded in {self.shown}",
                hint="Begin one: windlass run FILE.py:PIPELINE",
            )
        names = [row["name"] for row in found] + list({row["pipeline"] for row in found})
        near = get_close_matches(ref, names, 3) or names[:3]
        return NotFoundError(f"there is no run '{ref}'", hint=f"There is {', '.join(near)}.")


def _place(node: str, places: Mapping[str, int]) -> tuple[int, int]:
    match = _ITEM.match(node)
    base, index = (match[1], int(match[2])) if match else (node, -1)
    return places.get(base, len(places)), index
