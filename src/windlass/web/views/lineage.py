"""How an artifact came to be, from its data on, and what came of it, down to production."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from windlass.records.database import one_of
from windlass.web.page import Ask, Query
from windlass.web.views.finding import open_artifact
from windlass.web.views.preview import known_facts
from windlass.web.views.production import VersionLine, versions_of
from windlass.words import type_text

if TYPE_CHECKING:
    from windlass.records import Records
    from windlass.records.model import Edge, Lineage

_MOST = 200
"""Lines of a list; the graph has as many boxes at most."""
_MOST_RUNS = 20
"""Runs in which it is followed who read what."""

_SOURCES = """
SELECT DISTINCT run, node, source FROM inputs WHERE {condition} AND source IS NOT NULL
"""


class EdgeLine(TypedDict):
    """A node that made an artifact under a name, or read it as a parameter."""

    run: str
    node: str
    name: str
    content: str
    cached: bool


class DataLine(TypedDict):
    """What an artifact comes from in the end: an output of a node that read none."""

    run: str
    node: str
    content: str
    type: str
    summary: dict[str, Any]


class BoxLine(TypedDict):
    """A box of the graph.

    ``kind`` is ``artifact`` for the one that is asked for, ``node`` for a node of a run, of a map
    with how many of its items, ``version`` or ``server``.
    """

    name: str
    kind: str
    label: str
    run: str | None
    node: str | None
    items: int


class LineageDocument(TypedDict):
    """The lineage of an artifact.

    ``made`` is who made it and what it was made from, nearest first; ``read`` what they read;
    ``used`` who read it and what was made from that; ``data`` what it comes from in the end;
    ``versions`` what it, or what was made from it, is in production. ``counts`` are the whole
    lengths of the lists.
    """

    content: str
    type: str
    summary: dict[str, Any]
    made: list[EdgeLine]
    read: list[EdgeLine]
    used: list[EdgeLine]
    counts: dict[str, int]
    data: list[DataLine]
    versions: list[VersionLine]
    boxes: list[BoxLine]
    links: list[tuple[str, str]]


def lineage(ask: Ask[Query]) -> LineageDocument:
    """The lineage of an artifact: from its data, and down to production."""
    found, records = open_artifact(ask), ask.records
    told = records.lineage(found.content)
    drawn = _Drawn(records, told, found.type)
    versions = drawn.versions()
    return LineageDocument(
        content=found.content,
        type=found.type,
        summary=known_facts(found.summary),
        made=[_edge(edge) for edge in told.made[:_MOST]],
        read=[_edge(edge) for edge in told.read[:_MOST]],
        used=[_edge(edge) for edge in told.used[:_MOST]],
        counts={"made": len(told.made), "read": len(told.read), "used": len(told.used)},
        data=_data(records, told),
        versions=versions,
        boxes=list(drawn.boxes.values()),
        links=list(drawn.links),
    )


def _edge(edge: Edge) -> EdgeLine:
    return EdgeLine(
        run=edge.run_name,
        node=edge.node,
        name=edge.label,
        content=edge.content,
        cached=edge.cached,
    )


def _data(records: Records, told: Lineage) -> list[DataLine]:
    """What nodes returned that read no artifact."""
    readers = {(edge.run, edge.node) for edge in told.read}
    made = [edge for edge in told.made if not edge.cached]
    roots = dict.fromkeys(edge for edge in made if (edge.run, edge.node) not in readers)
    known = records.artifacts(edge.content for edge in islice(roots, _MOST))
    return [
        DataLine(
            run=edge.run_name,
            node=edge.node,
            content=edge.content,
            type=known[edge.content].type,
            summary=known_facts(known[edge.content].summary),
        )
        for edge in islice(roots, _MOST)
        if edge.content in known and edge.content != told.content
    ]


class _Place(NamedTuple):
    """A node of a run, or all items of a map together."""

    run: str
    node: str


ARTIFACT = "artifact"


class _Drawn:
    """The boxes and links of a lineage."""

    def __init__(self, records: Records, told: Lineage, kind: str) -> None:
        self._records, self._told = records, told
        self.boxes: dict[str, BoxLine] = {}
        self.links: dict[tuple[str, str], None] = {}
        self._users = list(_without_cached(told.used))
        self._items: Counter[_Place] = Counter()
        self._count()
        self._box(ARTIFACT, ARTIFACT, f"{type_text(kind)} {told.content[:8]}", None, None)
        self._upstream()
        self._above = frozenset(self.boxes)
        self._downstream()

    def _count(self) -> None:
        """How many items of each map take part."""
        edges = [each.computed for each in self._told.made] + self._users
        edges += self._told.read
        for run, node in {(edge.run_name, edge.node) for edge in edges}:
            if node.endswith("]"):
                self._items[_Place(run, _base(node))] += 1

    def _upstream(self) -> None:
        for edge in self._told.made:
            if edge.content == self._told.content:
                self._link(self._node(edge.computed), ARTIFACT)
        for edge in self._told.read:
            if edge.source is not None:
                self._link(self._node(edge.source.computed), self._node(edge))

    def _downstream(self) -> None:
        """Who read it; not those from which it came, as where one of several models is picked."""
        users = {(edge.run, _base(edge.node)): edge for edge in self._users}
        for edge in self._users:
            if edge.content == self._told.content:
                self._link_below(ARTIFACT, self._node(edge))
        for run, node, source in self._sources(edge.run for edge in self._users):
            there, here = users.get((run, _base(source))), users.get((run, _base(node)))
            if there and here:
                self._link_below(self._node(there), self._node(here))

    def _sources(self, runs: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        some = list(islice(dict.fromkeys(runs), _MOST_RUNS))
        if some:
            condition, names = one_of("run", some)
            for row in self._records.execute(_SOURCES.format(condition=condition), names):
                yield row["run"], row["node"], row["source"]

    def versions(self) -> list[VersionLine]:
        """The versions that it, or what was made from it, is or belongs to; with their boxes."""
        makers: dict[str, str | None] = {self._told.content: ARTIFACT}
        nodes: dict[str, dict[str, Edge]] = {}
        for edge in islice(self._users, _MOST):
            nodes.setdefault(edge.run, {})[edge.node] = edge
        for run, own in islice(nodes.items(), _MOST_RUNS):
            for node, outputs in self._records.node_outputs(run, list(own)).items():
                for content in outputs.values():
                    makers.setdefault(content, self._node(own[node]))
        found = versions_of(self._records, makers)
        for version in found:
            self._version(version, makers[version["content"]])
        return found

    def _version(self, version: VersionLine, maker: str | None) -> None:
        label = f"{version['model']}@{version['number']}"
        told = " ".join([label, *version["aliases"]])
        box = self._box(label, "version", told, None, None)
        self._link(maker, box)
        for server in version["servers"]:
            name = f"{server['alias']} at {server['host']}"
            self._link(box, self._box(f"{label} {name}", "server", name, None, None))

    def _node(self, edge: Edge) -> str | None:
        place = _Place(edge.run_name, _base(edge.node))
        items = self._items[place]
        return self._box(
            f"{place.run}/{place.node}", "node", place.node, place.run, place.node, items
        )

    def _box(
        self, name: str, kind: str, label: str, run: str | None, node: str | None, items: int = 0
    ) -> str | None:
        """The name of a box, which is made if it is not there; None if there are too many."""
        if name not in self.boxes:
            if len(self.boxes) >= _MOST:
                return None
            self.boxes[name] = BoxLine(
                name=name, kind=kind, label=label, run=run, node=node, items=items
            )
        return name

    def _link_below(self, source: str | None, target: str | None) -> None:
        if target not in self._above:
            self._link(source, target)

    def _link(self, source: str | None, target: str | None) -> None:
        if source is not None and target is not None and source != target:
            self.links[source, target] = None


def _without_cached(used: Iterable[Edge]) -> Iterator[Edge]:
    """Those that computed something; all, if none did."""
    edges = list(used)
    return iter([edge for edge in edges if not edge.cached] or edges)


def _base(node: str) -> str:
    return node.partition("[")[0]
