"""How an artifact came to be, and what came of it, through every run that touched it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from windlass.records import schema
from windlass.records.model import Edge, Lineage
from windlass.records.reading import Reading

_MOST = 10_000
"""Edges followed each way, so that a page never hangs on the history of a whole year."""


class Lineages(Reading):
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
            makers = self._edges(schema.outputs, "name", "content", waiting)
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
            readers = self._edges(schema.inputs, "parameter", "content", waiting)
            used |= dict.fromkeys(readers)
            made = [edge for reader in readers for edge in self._outputs_of(reader)]
            waiting = [c for c in dict.fromkeys(e.content for e in made) if c not in seen]
            seen.update(waiting)
        return list(used)

    def _inputs_of(self, edge: Edge) -> list[Edge]:
        return self._of_node(schema.inputs, "parameter", edge)

    def _outputs_of(self, edge: Edge) -> list[Edge]:
        return self._of_node(schema.outputs, "name", edge)

    def _of_node(self, table: sa.Table, name: str, edge: Edge) -> list[Edge]:
        here = sa.and_(table.c.run == edge.run, table.c.node == edge.node)
        return self._find(table, name, here)

    def _edges(
        self, table: sa.Table, name: str, column: str, contents: Sequence[str]
    ) -> list[Edge]:
        return self._find(table, name, table.c[column].in_(contents[:500]))

    def _find(self, table: sa.Table, name: str, where: sa.ColumnElement[bool]) -> list[Edge]:
        runs = schema.runs
        query: sa.Select[Any] = (
            sa.select(table.c.run, runs.c.name, table.c.node, table.c[name], table.c.content)
            .join(runs, runs.c.id == table.c.run)
            .where(where)
            .order_by(runs.c.created, table.c.node)
            .limit(_MOST)
        )
        with self.telling():
            return [Edge(*row) for row in self.read().execute(query)]
