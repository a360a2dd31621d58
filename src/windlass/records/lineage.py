"""How an artifact came to be, and what came of it, through every run that touched it.

It is followed by what really happened, and never by equal contents: a node's record names the nodes
that its inputs came from, and, where the cache had its result, who computed that. So two steps
that happen to return the same small number have nothing to do with one another. See
docs/decisions/0010. What an older Windlass recorded names no sources: it is followed by contents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from windlass.records.database import Row, one_of
from windlass.records.looking import Looking
from windlass.records.model import Edge, Lineage, Place
from windlass.records.reading import portions
from windlass.records.run_graph import RunGraph, edge_of

T = TypeVar("T")

_MOST = 10_000
"""Edges followed each way, so that a page never hangs on the history of a whole year."""
_MOST_RUNS = 50
"""Runs looked through each way: those that computed something, then those that had it cached."""

_EDGES = """
SELECT t.run, runs.name AS run_name, t.node, t.{name} AS name, t.content, outcomes.cached
FROM {table} t JOIN runs ON runs.id = t.run
JOIN outcomes ON outcomes.run = t.run AND outcomes.node = t.node
WHERE t.{{condition}} {only} ORDER BY outcomes.cached, t.run, t.node LIMIT {most}
"""
_MAKERS = _EDGES.format(table="outputs", name="name", only="", most=_MOST)
_READERS = _EDGES.format(table="inputs", name="parameter", only="AND t.source IS NULL", most=_MOST)
_ITEM_SOURCES = """
SELECT DISTINCT t.run, runs.name AS run_name, t.source AS node, t.output AS name, t.content, t.item,
    outcomes.cached
FROM inputs t JOIN runs ON runs.id = t.run
JOIN outcomes ON outcomes.run = t.run AND outcomes.node = t.source
WHERE t.content = :content AND t.item IS NOT NULL ORDER BY outcomes.cached, t.run LIMIT 100
"""
_LOGGERS = f"""
SELECT logged.run, runs.name AS run_name, logged.node, logged.name, logged.content,
    coalesce(outcomes.cached, FALSE) AS cached
FROM logged JOIN runs ON runs.id = logged.run
LEFT JOIN outcomes ON outcomes.run = logged.run AND outcomes.node = logged.node
WHERE logged.content = :content ORDER BY logged.run, logged.node LIMIT {_MOST}
"""  # noqa: S608
_WHOLES = "SELECT whole, position FROM parts WHERE part = :part ORDER BY whole, position"
_KIN = """
WITH RECURSIVE
    wholes(content) AS (SELECT CAST(:content AS TEXT)
        UNION SELECT parts.whole FROM wholes JOIN parts ON parts.part = wholes.content),
    pieces(content) AS (SELECT CAST(:content AS TEXT)
        UNION SELECT parts.part FROM pieces JOIN parts ON parts.whole = pieces.content)
SELECT content FROM wholes UNION SELECT content FROM pieces
"""


class Lineages(Looking):
    """Follows the edges between artifacts and the nodes that made and read them."""

    def lineage(self, content: str, place: Place | None = None) -> Lineage:
        """The lineage of an artifact, upstream and downstream.

        Args:
            content: Which artifact.
            place: Where it was made. Without, it is that of all nodes that returned it: those that
                computed it come first, and only they are followed further.
        """
        with self.view():
            graphs = _Graphs(self)
            at_place = graphs.at(place, content) if place else []
            found = at_place or (self._loggers(content, place) if place else self._makers(content))
            makers = [graphs.traced(edge) for edge in found]
            computed = [edge for edge in makers if place or not edge.cached] or makers[:1]
            first = list(islice(computed, _MOST_RUNS))
            made, read = self._upstream(first, graphs)
            starts = dict.fromkeys(each for edge in makers for each in (edge.computed, edge))
            used = self._downstream(content, starts, graphs, everywhere=place is None)
            return Lineage(content, tuple(dict.fromkeys(makers) | made), tuple(read), tuple(used))

    def _upstream(
        self, first: Iterable[Edge], graphs: _Graphs
    ) -> tuple[dict[Edge, None], dict[Edge, None]]:
        made, read = dict.fromkeys(edge.computed for edge in first), dict[Edge, None]()
        waiting = _computing(first)
        for run, node in _growing(waiting):
            for edge in graphs.reads(run, node):
                if edge not in read and len(made) < _MOST:
                    read[edge] = None
                    if edge.source is not None:
                        made |= dict.fromkeys((edge.source, edge.source.computed))
                        waiting |= _computing([edge.source])
        return made, read

    def _downstream(
        self, content: str, starts: dict[Edge, None], graphs: _Graphs, *, everywhere: bool
    ) -> Iterable[Edge]:
        waiting = {replace(edge, source=None): None for edge in starts}
        readers = self._readers(content) if everywhere or not starts else []
        used = dict.fromkeys(readers)
        runs = set(islice(dict.fromkeys(edge.run for edge in readers), _MOST_RUNS))
        for edge in readers:
            if edge.run in runs:
                waiting |= dict.fromkeys(graphs[edge.run].makes.get(edge.node, ()))
        for made in _growing(waiting):
            waiting |= dict.fromkeys([*graphs[made.run].alike(made), *graphs.copies(made)])
            for edge in graphs[made.run].readers(made):
                if len(used) < _MOST:
                    used[edge] = None
                    waiting |= dict.fromkeys(graphs[edge.run].makes.get(edge.node, ()))
        return used

    def _makers(self, content: str) -> list[Edge]:
        """The nodes that made an artifact; failing that, a list which it is an item of."""
        found = self._edges(_MAKERS, [content])
        if found:
            return found
        for row in self.execute(_WHOLES, {"part": content}):
            makers = self._makers(row["whole"])
            if makers:
                return [edge.item(row["position"], content) for edge in makers]
        items = self.execute(_ITEM_SOURCES, {"content": content})
        if items:
            return [edge_of(row).item(row["item"], content) for row in items]
        return self._loggers(content)

    def _loggers(self, content: str, place: Place | None = None) -> list[Edge]:
        """The nodes that logged an artifact; of those at a place alone, if one of them is there."""
        found = [edge_of(row) for row in self.execute(_LOGGERS, {"content": content})]
        there = [edge for edge in found if place and (edge.run, edge.node) == place[:2]]
        return there or found

    def maker(self, content: str) -> Edge | None:
        """Some node that made an artifact, the first that computed it."""
        return next(iter(self._makers(content)), None)

    def _readers(self, content: str) -> list[Edge]:
        """The nodes that read an artifact, a list that it is in, or an item of it.

        Of those alone whose record names no source.
        """
        kin = [row["content"] for row in self.execute(_KIN, {"content": content})]
        return self._edges(_READERS, kin)

    def _edges(self, query: str, contents: list[str]) -> list[Edge]:
        found: list[Row] = []
        for some in portions(contents):
            condition, names = one_of("content", some)
            found += self.execute(query.format(condition=condition), names)
        return sorted(map(edge_of, found), key=lambda edge: edge.cached)


class _Graphs(dict[str, RunGraph]):
    """The graphs of runs, each read when it is first asked for."""

    def __init__(self, records: Lineages) -> None:
        self._records = records

    def __missing__(self, run: str) -> RunGraph:
        self[run] = RunGraph(self._records, run)
        return self[run]

    def at(self, place: Place, content: str) -> list[Edge]:
        """What was made at a place."""
        found = self[place.run].made(place.node, place.output)
        if found is None:
            return []
        return [replace(found, items=place.items, content=content)]

    def traced(self, made: Edge) -> Edge:
        """The edge with who computed what a cached node has, where that is recorded."""
        run, node = self[made.run].origins.get(made.node, (None, None))
        origin = self[run].made(node, made.name) if run and node else None
        if origin is None:
            return made
        return replace(made, source=replace(origin, items=made.items, content=made.content))

    def reads(self, run: str, node: str) -> Iterator[Edge]:
        """What a node read, each with who made it."""
        for read in self[run].reads(node):
            maker = self[run].maker(read)
            if maker is None and read.source is None:
                maker = self._records.maker(read.edge.content)
            yield replace(read.edge, source=self.traced(maker) if maker else None)

    def copies(self, made: Edge) -> Iterator[Edge]:
        """The same output in the runs that had it from the cache."""
        for run, node in self[made.run].copies.get(made.node, ()):
            if run in self or len(self) < _MOST_RUNS:
                copy = self[run].made(node, made.name)
                if copy is not None:
                    yield replace(copy, items=made.items, content=made.content)


def _computing(edges: Iterable[Edge]) -> dict[tuple[str, str], None]:
    """The nodes that computed something, with their runs."""
    return dict.fromkeys((edge.computed.run, edge.computed.node) for edge in edges)


def _growing(waiting: dict[T, None]) -> Iterator[T]:
    """The keys of a queue in order, each once, with those that are added on the way."""
    done = 0
    while done < len(waiting):
        batch = list(islice(waiting, done, None))
        yield from batch
        done += len(batch)
