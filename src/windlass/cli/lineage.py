"""``lineage``: how an artifact came to be, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from windlass.cli.finding import Named, find_artifact
from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.words import summary_text, type_text

if TYPE_CHECKING:
    from windlass.pipeline.graph import Graph
    from windlass.records import Records
    from windlass.records.model import Edge, Lineage

_MOST_SHOWN = 20


@command
def lineage(artifact: Named, stack: StackName = None, json: Json = False) -> int:
    """Shows the lineage of an artifact."""
    stores = stores_here(stack)
    found, node = find_artifact(stores, artifact)
    told = stores.records.lineage(found.content, node[0] if node else None)
    if json:
        print_json(
            {
                "content": told.content,
                "made": [_edge_document(edge) for edge in told.made],
                "read": [_edge_document(edge) for edge in told.read],
                "used": [_edge_document(edge) for edge in told.used],
            }
        )
        return DONE
    from rich.text import Text
    from rich.tree import Tree

    facts = summary_text(found.summary)
    title = Text.assemble(
        (type_text(found.type), "bold"), f"  {facts}  ", (found.content[:12], "dim")
    )
    tree = Tree(title, guide_style="dim")
    _Makers(stores.records, told).add(tree, told.content, node)
    if told.used:
        _add_some(tree.add(Text("was read by", "bold")), [_reader(edge) for edge in told.used])
    console().print(tree)
    return DONE


class _Makers:
    """Draws who made what from what, each node once."""

    def __init__(self, records: Records, told: Lineage) -> None:
        self._records = records
        self._graphs: dict[str, Graph] = {}
        self._made = told.made
        self._read: dict[tuple[str, str], list[Edge]] = {}
        for edge in told.read:
            self._read.setdefault((edge.run, edge.node), []).append(edge)
        self._drawn: set[tuple[str, str]] = set()

    def add(
        self,
        tree: Any,
        content: str,
        wanted: tuple[str, str] | None,
        feeding: AbstractSet[str] = frozenset(),
    ) -> None:
        """Adds who made an artifact and, below, from what.

        Equal values are one artifact, so several nodes may have made it: the wanted node is told,
        or else one of the wanted node's run, and there one that feeds what was told before.
        """
        from rich.text import Text

        makers = [edge for edge in self._made if edge.content == content]
        if not makers:
            return
        maker = min(makers, key=lambda edge: _distance(edge, wanted, feeding))
        others = f"  and by {len(makers) - 1} more" if len(makers) > 1 and not feeding else ""
        told = Text.assemble(f"made by {maker.run_name}  ", (maker.node, "bold"), (others, "dim"))
        branch = tree.add(told)
        node = (maker.run, maker.node)
        if node in self._drawn:
            branch.label.append("  (see above)", "dim")
            return
        self._drawn.add(node)
        read = self._read.get(node, [])
        for edge in read[:_MOST_SHOWN]:
            below = branch.add(Text.assemble(f"from {edge.name}  ", (edge.content[:12], "dim")))
            self.add(below, edge.content, (maker.run, ""), self._feeding(edge))
        _add_more(branch, len(read))

    def _feeding(self, edge: Edge) -> AbstractSet[str]:
        """The nodes that an input came from, as the plan has it; items of a map by their name."""
        graph = self._graph(edge.run)
        ref = graph.nodes[edge.node.partition("[")[0]].inputs.get(edge.name)
        if ref is not None:
            return graph.nodes_of(ref)
        place = _PLACE.search(edge.name)  # of a list that joins the items of a map
        return {f"{edge.node}{place[0]}"} if place else frozenset()

    def _graph(self, run: str) -> Graph:
        if run not in self._graphs:
            from windlass.pipeline.plan import read_plan

            plan = self._records.plan(self._records.run_by_id(run).plan)
            self._graphs[run] = read_plan(plan).graph
        return self._graphs[run]


_PLACE = re.compile(r"\[\d+\]$")


def _distance(edge: Edge, wanted: tuple[str, str] | None, feeding: AbstractSet[str]) -> int:
    if wanted is None:
        return 0
    if (edge.run, edge.node) == wanted:
        return 0
    if edge.run != wanted[0]:
        return 4
    if edge.node in feeding:
        return 1
    return 2 if edge.node.partition("[")[0] in feeding else 3


def _reader(edge: Edge) -> Any:
    from rich.text import Text

    return Text.assemble(f"{edge.run_name}  ", (edge.node, "bold"), f" as {edge.name}")


def _add_some(branch: Any, labels: Sequence[Any]) -> None:
    for label in labels[:_MOST_SHOWN]:
        branch.add(label)
    _add_more(branch, len(labels))


def _add_more(branch: Any, count: int) -> None:
    if count > _MOST_SHOWN:
        from rich.text import Text

        branch.add(Text(f"… and {count - _MOST_SHOWN:,} more; --json has them all", "dim"))


def _edge_document(edge: Edge) -> dict[str, str]:
    return {"run": edge.run_name, "node": edge.node, "name": edge.name, "content": edge.content}
