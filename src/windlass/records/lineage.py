"""How an artifact came to be, and what came of it, through every run that touched it."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.records.database import Row, one_of
from windlass.records.looking import Looking
from windlass.records.model import Edge, Lineage
from windlass.records.reading import portions

_MOST = 10_000
"""Edges followed each way, so that a page never hangs on the history of a whole year."""


class Lineages(Looking):
    """Follows the edges between artifacts and the nodes that made and read them."""

    def lineage(self, content: str) -> Lineage:
        """The lineage of an artifact, upstream and downstream.

        An artifact that several runs made, the later ones from the cache, has several makers.
        """
        made, read = self._upstream(content)
        return Lineage(content, tuple(made), tuple(read), tuple(self._downstream(content)))

    def _upstream(self, content: str) -> tuple[list[Edge], list[Edge]]:
        made: dict[Edge, None] = {}
        read: dict[Edge, None] = {}
        waiting, seen = [content], {content}
        while waiting and len(made) < _MOST:
            makers = self._edges("outputs", "name", waiting)
            made |= dict.fromkeys(makers)
            edges = [edge for maker in makers for edge in self._inputs_of(maker)]
            read |= dict.fromkeys(edges)
            waiting = [c for c in dict.fromkeys(e.content for e in edges) if c not in seen]
            seen.update(waiting)
        return list(made), list(read)

    def _downstream(self, content: str) -> list[Edge]:
        used: dict[Edge, None] = {}
        waiting, seen = [content], {content}
        while waiting and len(used) < _MOST:
            readers = self._edges("inputs", "parameter", waiting)
            used |= dict.fromkeys(readers)
            made = [edge for reader in readers for edge in self._outputs_of(reader)]
            waiting = [c for c in dict.fromkeys(e.content for e in made) if c not in seen]
            seen.update(waiting)
        return list(used)

    def _inputs_of(self, edge: Edge) -> list[Edge]:
        return self._of_node("inputs", "parameter", edge)

    def _outputs_of(self, edge: Edge) -> list[Edge]:
        return self._of_node("outputs", "name", edge)

    def _of_node(self, table: str, name: str, edge: Edge) -> list[Edge]:
        here = {"run": edge.run, "node": edge.node}
        return self._find(table, name, f"{table}.run = :run AND {table}.node = :node", here)

    def _edges(self, table: str, name: str, contents: Sequence[str]) -> list[Edge]:
        found: list[Edge] = []
        for some in portions(contents):
            condition, names = one_of("content", some)
            found += self._find(table, name, condition, names)
        return found

    def _find(self, table: str, name: str, where: str, parameters: Row) -> list[Edge]:
        query = (
            f"SELECT run, runs.name AS run_name, node, {table}.{name} AS name, content "  # noqa: S608
            f"FROM {table} JOIN runs ON runs.id = {table}.run WHERE {where} "
            f"ORDER BY runs.created, node LIMIT {_MOST}"
        )
        return [Edge(**dict(row)) for row in self.execute(query, parameters)]
