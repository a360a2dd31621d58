"""What the nodes of one run made and read: its lineage in memory."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from windlass.records.database import Database
from windlass.records.model import Edge

_MADE = """
SELECT outputs.run, runs.name AS run_name, outputs.node, outputs.name, outputs.content,
    outcomes.cached, outcomes.origin_run, outcomes.origin_node
FROM outputs JOIN runs ON runs.id = outputs.run
JOIN outcomes ON outcomes.run = outputs.run AND outcomes.node = outputs.node
WHERE outputs.run = :run ORDER BY outputs.node, outputs.position
"""
_READ = """
SELECT inputs.run, runs.name AS run_name, inputs.node, inputs.parameter AS name, inputs.content,
    outcomes.cached, inputs.source, inputs.output, inputs.item
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
_COPIES = """
SELECT run, node, origin_node FROM outcomes WHERE origin_run = :run ORDER BY run, node
"""
_ITEM = re.compile(r"(.+)\[(\d+)\]$")


class Read(NamedTuple):
    """What a node read, and the node, output and item of its run that it had it from."""

    edge: Edge
    source: str | None
    output: str | None
    item: int | None


class RunGraph:
    """The nodes of a run and the artifacts between them.

    What an older Windlass recorded has no sources: there, equal contents join.

    Attributes:
        makes: What each node made.
        origins: The run and node that computed what a cached node has.
    """

    def __init__(self, records: Database, run: str) -> None:
        self._records, self._run = records, run
        self.makes: defaultdict[str, list[Edge]] = defaultdict(list)
        self.origins: dict[str, tuple[str, str]] = {}
        self._items: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self._reads: defaultdict[str, list[Read]] = defaultdict(list)
        self._readers: defaultdict[str, list[Read]] = defaultdict(list)
        self._readers_of_content: defaultdict[str, list[Edge]] = defaultdict(list)
        for row in records.execute(_MADE, {"run": run}):
            self._add_made(edge_of(row), row["origin_run"], row["origin_node"])
        for row in records.execute(_READ, {"run": run}):
            self._add_read(Read(edge_of(row), row["source"], row["output"], row["item"]))

    def reads(self, node: str) -> list[Read]:
        """What a node read; one that joins the items of a map read what those returned."""
        return self._reads.get(node) or list(self._joined(node))

    def maker(self, read: Read) -> Edge | None:
        """The node that made what another read; None if none of this run is known to."""
        if read.source is None:
            return next(iter(self._makers_of_content(read.edge.content)), None)
        found = self.made(read.source, read.output or "output")
        if found is None or read.item is None:
            return found
        return found.item(read.item, read.edge.content)

    def made(self, node: str, output: str) -> Edge | None:
        """An output of a node."""
        return next((edge for edge in self.makes.get(node, ()) if edge.name == output), None)

    def readers(self, made: Edge) -> Iterator[Edge]:
        """The nodes that read an output, or the item of it that the edge is of."""
        for read in self._readers.get(made.node, ()):
            is_it = not made.items or read.item in (None, made.items[0])
            if is_it and read.output == made.name:
                yield read.edge
        if self._readers_of_content:
            for content in self._kin(made.content):
                yield from self._readers_of_content.get(content, ())

    def alike(self, made: Edge) -> Iterator[Edge]:
        """The same value elsewhere in the run: in the list of a map's results, or out of it."""
        match = _ITEM.match(made.node)
        joined = self.made(match[1], made.name) if match else None
        if match and joined:
            yield joined.item(int(match[2]), made.content)
        for position, node in self._items.get(made.node, {}).items():
            item = self.made(node, made.name)
            if item and made.items[:1] in ((), (position,)):
                yield replace(item, items=made.items[1:])

    @cached_property
    def copies(self) -> dict[str, list[tuple[str, str]]]:
        """The nodes, with their runs, that had from the cache what each node here computed."""
        found: dict[str, list[tuple[str, str]]] = {}
        for row in self._records.execute(_COPIES, {"run": self._run}):
            found.setdefault(row["origin_node"], []).append((row["run"], row["node"]))
        return found

    def _add_made(self, edge: Edge, origin_run: str | None, origin_node: str | None) -> None:
        if match := _ITEM.match(edge.node):
            self._items[match[1]][int(match[2])] = edge.node
        if origin_run is not None and origin_node is not None:
            self.origins[edge.node] = (origin_run, origin_node)
        self.makes[edge.node].append(edge)

    def _add_read(self, read: Read) -> None:
        self._reads[read.edge.node].append(read)
        if read.source is None:
            self._readers_of_content[read.edge.content].append(read.edge)
        else:
            self._readers[read.source].append(read)

    def _joined(self, node: str) -> Iterator[Read]:
        for edge in self.makes.get(node, ()):
            for position, name in sorted(self._items.get(node, {}).items()):
                if item := self.made(name, edge.name):
                    yield Read(edge.item(position, item.content), name, edge.name, None)

    def _makers_of_content(self, content: str) -> list[Edge]:
        """The nodes that made an artifact; failing that, the list which it is an item of."""
        found = [edge for edges in self.makes.values() for edge in edges if edge.content == content]
        if found:
            return found
        for whole, position in self._held[1].get(content, ()):
            makers = self._makers_of_content(whole)
            if makers:
                return [edge.item(position, content) for edge in makers]
        return []

    def _kin(self, content: str) -> dict[str, None]:
        """An artifact, the lists that it is in, and the items of it."""
        parts, wholes = self._held
        found = {content: None}
        for kin in (wholes, parts):
            waiting = [content]
            while waiting:
                near = [other for other, _ in kin.get(waiting.pop(), ())]
                waiting += [other for other in near if other not in found]
                found |= dict.fromkeys(near)
        return found

    @cached_property
    def _held(self) -> tuple[_Held, _Held]:
        """The parts of wholes and the wholes of parts, with the places of the parts."""
        parts: _Held = defaultdict(list)
        wholes: _Held = defaultdict(list)
        for row in self._records.execute(_HELD, {"run": self._run}):
            parts[row["whole"]].append((row["part"], row["position"]))
            wholes[row["part"]].append((row["whole"], row["position"]))
        return parts, wholes


_Held = defaultdict[str, list[tuple[str, int]]]


def edge_of(row: Any) -> Edge:
    """The edge of a row that has its columns, and maybe more."""
    fields = ("run", "run_name", "node", "name", "content")
    return Edge(**{field: row[field] for field in fields}, cached=bool(row["cached"]))
