"""How an artifact came to be, and what came of it, through every run that touched it.

Inside a run it is followed from node to node: every node of a run has an outcome there, cached or
not. From one run to another it is followed by the contents that a run read and did not make. So
two pipelines that happen to return the same small number have nothing to do with one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from windlass.records.database import Row, one_of
from windlass.records.looking import Looking
from windlass.records.model import Edge, Lineage
from windlass.records.reading import portions
from windlass.records.run_graph import RunGraph

_MOST = 10_000
"""Edges followed each way, so that a page never hangs on the history of a whole year."""
_MOST_RUNS = 50
"""Runs looked through each way: those that computed something, then those that had it cached."""

_EDGES = """
SELECT t.run, runs.name AS run_name, t.node, t.{name} AS name, t.content, outcomes.cached
FROM {table} t JOIN runs ON runs.id = t.run
JOIN outcomes ON outcomes.run = t.run AND outcomes.node = t.node
WHERE t.{{condition}} ORDER BY outcomes.cached, t.run, t.node LIMIT {most}
"""
_MAKERS = _EDGES.format(table="outputs", name="name", most=_MOST)
_READERS = _EDGES.format(table="inputs", name="parameter", most=_MOST)
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

    def lineage(self, content: str, run: str | None = None) -> Lineage:
        """The lineage of an artifact, upstream and downstream.

        An artifact that several runs made, the later ones from the cache, has several makers; those
        that computed it come first, and only they are followed further.

        Args:
            content: Which artifact.
            run: The id of a run whose nodes are followed, too, even if they were cached.
        """
        with self.view():
            graphs = _Graphs(self)
            made, read = self._upstream(content, run, graphs)
            return Lineage(
                content, tuple(made), tuple(read), tuple(self._downstream(content, graphs))
            )

    def _upstream(
        self, content: str, run: str | None, graphs: _Graphs
    ) -> tuple[Iterable[Edge], Iterable[Edge]]:
        makers = self._makers(content)
        made, read = dict.fromkeys(makers), dict[Edge, None]()
        computed = [edge for edge in makers if not edge.cached] or makers[:1]
        waiting = _nodes(edge for edge in makers if edge.run == run)
        waiting |= _nodes(islice(computed, _MOST_RUNS))
        for of_run, node in _growing(waiting):
            for edge in graphs[of_run].reads.get(node, ()):
                if edge not in read and len(made) < _MOST:
                    read[edge] = None
                    found = graphs[of_run].makers_of(edge.content) or self._makers(edge.content)[:1]
                    made |= dict.fromkeys(found)
                    waiting |= _nodes(found)
        return made, read

    def _downstream(self, content: str, graphs: _Graphs) -> Iterable[Edge]:
        readers = self._readers(content)
        used = dict.fromkeys(readers)
        runs = set(islice(dict.fromkeys(edge.run for edge in readers), _MOST_RUNS))
        waiting = _nodes(edge for edge in readers if edge.run in runs)
        for run, node in _growing(waiting):
            for output in graphs[run].makes.get(node, ()):
                if len(used) < _MOST:
                    found = graphs[run].readers_of(output.content)
                    used |= dict.fromkeys(found)
                    waiting |= _nodes(found)
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
        return []

    def _readers(self, content: str) -> list[Edge]:
        """The nodes that read an artifact, a list that it is in, or an item of it."""
        kin = [row["content"] for row in self.execute(_KIN, {"content": content})]
        return self._edges(_READERS, kin)

    def _edges(self, query: str, contents: list[str]) -> list[Edge]:
        found: list[Row] = []
        for some in portions(contents):
            condition, names = one_of("content", some)
            found += self.execute(query.format(condition=condition), names)
        edges = [Edge(**{**row, "cached": bool(row["cached"])}) for row in found]
        return sorted(edges, key=lambda edge: edge.cached)


class _Graphs(dict[str, RunGraph]):
    """The graphs of runs, each read when it is first asked for."""

    def __init__(self, records: Looking) -> None:
        self._records = records

    def __missing__(self, run: str) -> RunGraph:
        self[run] = RunGraph(self._records, run)
        return self[run]


def _nodes(edges: Iterable[Edge]) -> dict[tuple[str, str], None]:
    return dict.fromkeys((edge.run, edge.node) for edge in edges)


def _growing(waiting: dict[tuple[str, str], None]) -> Iterable[tuple[str, str]]:
    """The nodes of a queue in order, each once, with those that are added on the way."""
    done = 0
    while done < len(waiting):
        batch = list(islice(waiting, done, None))
        yield from batch
        done += len(batch)
