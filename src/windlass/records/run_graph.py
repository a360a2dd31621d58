"""What the nodes of one run made and read: its lineage in memory."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from windlass.records.database import Database
from windlass.records.model import Edge

_MADE = """
SELECT outputs.run, runs.name AS run_name, outputs.node, outputs.name, outputs.content,
    outcomes.cached, outcomes.attempt
FROM outputs JOIN runs ON runs.id = outputs.run
JOIN outcomes ON outcomes.run = outputs.run AND outcomes.node = outputs.node
WHERE outputs.run = :run ORDER BY outputs.node, outputs.position
"""
_READ = """
SELECT inputs.run, runs.name AS run_name, inputs.node, inputs.parameter AS name, inputs.content,
    outcomes.cached
FROM inputs JOIN runs ON runs.id = inputs.run
JOIN outcomes ON outcomes.run = inputs.run AND outcomes.node = inputs.node
WHERE inputs.run = :run ORDER BY inputs.node, inputs.parameter, inputs.position
"""
_HELD = """
WITH RECURSIVE held(whole, position, part) AS (
    SELECT parts.whole, parts.position, parts.part
    FROM outputs JOIN parts ON parts.whole = outputs.content WHERE outputs.run = :run
    UNION SELECT parts.whole, parts.position, parts.part
    FROM held JOIN parts ON parts.whole = held.part
)
SELECT whole, position, part FROM held ORDER BY whole, position
"""


class RunGraph:
    """The nodes of a run and the artifacts between them.

    Attributes:
        makes: What each node made.
        reads: What each node read; one that joins the items of a map read those items.
    """

    def __init__(self, records: Database, run: str) -> None:
        self.makes: defaultdict[str, list[Edge]] = defaultdict(list)
        self.reads: defaultdict[str, list[Edge]] = defaultdict(list)
        self._makers: defaultdict[str, list[Edge]] = defaultdict(list)
        self._readers: defaultdict[str, list[Edge]] = defaultdict(list)
        self._parts: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        self._wholes: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for row in records.execute(_HELD, {"run": run}):
            self._parts[row["whole"]].append((row["position"], row["part"]))
            self._wholes[row["part"]].append((row["whole"], row["position"]))
        for row in records.execute(_READ, {"run": run}):
            self._add_read(_edge(row))
        for row in records.execute(_MADE, {"run": run}):
            self._add_made(_edge(row), joined=row["attempt"] == 0)

    def makers_of(self, content: str) -> list[Edge]:
        """The nodes that made an artifact; failing that, the list which it is an item of."""
        found = self._makers.get(content)
        if found:
            return found
        for whole, position in self._wholes.get(content, ()):
            makers = self.makers_of(whole)
            if makers:
                return [edge.item(position, content) for edge in makers]
        return []

    def readers_of(self, content: str) -> list[Edge]:
        """The nodes that read an artifact, a list that it is in, or an item of it."""
        kin = {content: None} | self._held_by(content) | self._pieces_of(content)
        return [edge for each in kin for edge in self._readers.get(each, ())]

    def _add_read(self, edge: Edge) -> None:
        self.reads[edge.node].append(edge)
        self._readers[edge.content].append(edge)

    def _add_made(self, edge: Edge, *, joined: bool) -> None:
        self.makes[edge.node].append(edge)
        self._makers[edge.content].append(edge)
        if joined:  # no step ran: the list was made of what the items of a map returned
            for position, part in self._parts.get(edge.content, ()):
                self.reads[edge.node].append(edge.item(position, part))

    def _held_by(self, content: str) -> dict[str, None]:
        found: dict[str, None] = {}
        for whole, _ in self._wholes.get(content, ()):
            found |= {whole: None} | self._held_by(whole)
        return found

    def _pieces_of(self, content: str) -> dict[str, None]:
        found: dict[str, None] = {}
        for _, part in self._parts.get(content, ()):
            found |= {part: None} | self._pieces_of(part)
        return found


def _edge(row: Any) -> Edge:
    fields = ("run", "run_name", "node", "name", "content")
    return Edge(**{field: row[field] for field in fields}, cached=bool(row["cached"]))
