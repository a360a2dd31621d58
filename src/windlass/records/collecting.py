"""What of the record nobody needs any more, and taking it out.

Small things that many share stay: plans, environments, fingerprints, the documents of bundles.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set

from windlass.records import rows
from windlass.records.database import Row, one_of
from windlass.records.driving import Driving
from windlass.records.model import Event, Run
from windlass.records.reading import portions

_OF_RUNS = (
    *("attempts", "inputs", "outputs", "outcomes", "parameters", "events", "tags"),
    *("series", "summaries", "logged"),
)
_WRITTEN = "runs, outcomes, artifacts, parts, outputs, inputs, logged, version_artifacts"
"""In the order in which they are written, so that no two wait for one another."""
_NEEDED = """
WITH RECURSIVE needed(content) AS (
    SELECT content FROM outputs UNION SELECT content FROM inputs
    UNION SELECT content FROM logged UNION SELECT content FROM version_artifacts
    UNION SELECT parts.part FROM needed JOIN parts ON parts.whole = needed.content
)
"""
_UNNEEDED = f"{_NEEDED} SELECT content FROM artifacts EXCEPT SELECT content FROM needed"  # noqa: S608
_ORIGINS = "SELECT DISTINCT run, origin_run FROM outcomes WHERE origin_run IS NOT NULL"
_MADE_BY = """
SELECT DISTINCT content FROM outputs JOIN runs ON runs.id = outputs.run
WHERE runs.plan = :plan AND outputs.node = :node AND outputs.name = :output
"""
_REMOVE = """
DELETE FROM runs WHERE id = :id AND status = :status AND coalesce(driver, '') = :driver
    AND coalesce(beat, 0) = :beat
"""
_TEXTS = (
    ("runs", "details", "created"),
    ("runs", "git", "created"),
    ("events", "data", "time"),
    ("locks", "document", None),
    ("proofs", "document", "created"),
    ("evidence", "document", "created"),
    ("reports", "document", "created"),
)
"""Documents that may name blobs and bundles, and when they were written, where that is told."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Collecting(Driving):
    """Finds and removes what is needed no more."""

    def alone(self) -> None:
        """Lets no one else write what counts here, until the transaction that is open ends."""
        if self.path is None:  # SQLite's writers are alone already
            self.execute(f"LOCK TABLE {_WRITTEN} IN SHARE ROW EXCLUSIVE MODE")

    def origins(self) -> dict[str, set[str]]:
        """For each run, the runs from which it had results by way of the cache."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.execute(_ORIGINS):
            found[row["run"]].add(row["origin_run"])
        return found

    def runs_of_versions(self) -> set[str]:
        """The runs that made versions of models: they stay, as their evidence does."""
        query = "SELECT DISTINCT run FROM versions WHERE run IS NOT NULL"
        return {row["run"] for row in self.execute(query)}

    def forgotten(self) -> dict[str, float]:
        """When results of runs were first kept from being found, by run."""
        query = "SELECT run, min(time) AS time FROM events WHERE kind = 'forgotten' GROUP BY run"
        return {row["run"]: row["time"] for row in self.execute(query)}

    def forget_runs(self, runs: Sequence[Run]) -> None:
        """Lets no result of runs stand for a node from now on, and then says since when."""
        with self.write():
            for run in runs:
                self.change("UPDATE outcomes SET key = NULL WHERE run = :run", {"run": run.id})
        for run in runs:
            self.add_event(Event(run.id, "", time.time(), "forgotten"))

    def remove_runs(self, runs: Sequence[Run]) -> list[Run]:
        """Removes runs, in the transaction that is open; not one that was resumed meanwhile."""
        removed = []
        for run in runs:
            self.hold([run.id])
            seen = {"id": run.id, "status": run.status}
            if self.change(_REMOVE, {**seen, "driver": run.driver or "", "beat": run.beat or 0.0}):
                for table in (*_OF_RUNS, "proofs"):
                    self.change(f"DELETE FROM {table} WHERE run = :run", {"run": run.id})  # noqa: S608
                self.forget_deliveries(run.id)
                removed.append(run)
        return removed

    def plans_of_runs(self) -> list[str]:
        """The plans of all runs."""
        return [row["plan"] for row in self.execute("SELECT DISTINCT plan FROM runs")]

    def made_by(self, plan: str, node: str, output: str) -> set[str]:
        """What a node returned under a name, in all runs of a plan."""
        named = {"plan": plan, "node": node, "output": output}
        return {row["content"] for row in self.execute(_MADE_BY, named)}

    def remove_artifacts(self, kept: Set[str] = frozenset()) -> int:
        """Removes artifacts that no run has, in the transaction that is open; returns how many.

        Args:
            kept: The contents of those that stay though no row says so.
        """
        found = {row["content"] for row in self.execute(_UNNEEDED)}
        if found:  # else there is no need to read the documents that may name some
            kept = kept | set(self._named(0.0))
        waiting = sorted(found & kept)
        while waiting:
            whole = waiting.pop()
            found.discard(whole)
            parts = self.execute("SELECT part FROM parts WHERE whole = :whole", {"whole": whole})
            waiting += found & {row["part"] for row in parts}
        for some in portions(sorted(found)):
            for table, column in (("parts", "whole"), ("artifacts", "content")):
                condition, names = one_of(column, some)
                self.change(f"DELETE FROM {table} WHERE {condition}", names)  # noqa: S608
        return len(found)

    def needed_blobs(self, since: float = 0.0) -> set[str]:
        """The blobs that artifacts, bundles of runs, or documents name.

        Args:
            since: Only what was recorded since then; a little more may be told.
        """
        found = set(self._named(since))
        query = "SELECT blob, files FROM artifacts WHERE created >= :since"
        for row in self.execute(query, {"since": since}):
            found |= {row["blob"], *(rows.load(row["files"]) if row["files"] else ())}
        of_runs = {row["bundle"] for row in self.execute("SELECT DISTINCT bundle FROM runs")}
        for row in self._archives():
            if row["digest"] in of_runs or row["digest"] in found:
                found.add(row["blob"])
        return found

    def archives(self) -> set[str]:
        """The blobs that are archives of bundles."""
        return {row["blob"] for row in self._archives()}

    def forget_archive(self, blob: str) -> None:
        """Notes, in the transaction that is open, that the archive of a bundle is gone."""
        self.change("UPDATE bundles SET blob = NULL WHERE blob = :blob", {"blob": blob})

    def _archives(self) -> list[Row]:
        return self.execute("SELECT digest, blob FROM bundles WHERE blob IS NOT NULL")

    def _named(self, since: float) -> Iterator[str]:
        for table, column, written in _TEXTS:
            where = f"AND {written} >= :since" if written else ""
            query = f"SELECT {column} AS text FROM {table} WHERE {column} IS NOT NULL {where}"  # noqa: S608
            for row in self.execute(query, {"since": since} if written else None):
                yield from _DIGEST.findall(row["text"])
