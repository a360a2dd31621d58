"""``lineage``: how an artifact came to be, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from windlass.cli.finding import Named, find_artifact
from windlass.cli.output import DONE, Json, StackName, command, console, print_json
from windlass.cli.place import stores_here
from windlass.words import summary_text, type_text

if TYPE_CHECKING:
    from windlass.records.model import Edge, Lineage

_MOST_SHOWN = 20


@command
def lineage(artifact: Named, stack: StackName = None, json: Json = False) -> int:
    """Shows the lineage of an artifact."""
    stores = stores_here(stack)
    found, place = find_artifact(stores, artifact)
    told = stores.records.lineage(found.content, place)
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
    _Makers(told).add_first(tree)
    if told.used:
        _add_some(tree.add(Text("was read by", "bold")), [_reader(edge) for edge in told.used])
    console().print(tree)
    return DONE


class _Makers:
    """Draws who made what from what, each node once."""

    def __init__(self, told: Lineage) -> None:
        self._told = told
        self._read: dict[tuple[str, str], list[Edge]] = {}
        for edge in told.read:
            self._read.setdefault((edge.run, edge.node), []).append(edge)
        self._drawn: set[tuple[str, str]] = set()

    def add_first(self, tree: Any) -> None:
        """Adds who made the artifact itself: several may have returned equal values."""
        makers = [edge for edge in self._told.made if edge.content == self._told.content]
        computed = {(edge.computed.run, edge.computed.node) for edge in makers}
        if makers:
            self.add(tree, makers[0], others=len(computed) - 1)

    def add(self, tree: Any, maker: Edge, others: int = 0) -> None:
        """Adds a node that made something and, below, what it was made from."""
        from rich.text import Text

        computed = maker.computed
        more = f"  and by {others:,} more" if others else ""
        if computed is not maker:
            more = f"  taken from {computed.run_name}  {computed.node}{more}"
        told = Text.assemble(f"made by {maker.run_name}  ", (maker.node, "bold"), (more, "dim"))
        branch = tree.add(told)
        node = (computed.run, computed.node)
        if node in self._drawn:
            branch.label.append("  (see above)", "dim")
            return
        self._drawn.add(node)
        read = self._read.get(node, [])
        for edge in read[:_MOST_SHOWN]:
            below = branch.add(Text.assemble(f"from {edge.label}  ", (edge.content[:12], "dim")))
            if edge.source is not None:
                self.add(below, edge.source)
        _add_more(branch, len(read))


def _reader(edge: Edge) -> Any:
    from rich.text import Text

    return Text.assemble(f"{edge.run_name}  ", (edge.node, "bold"), f" as {edge.label}")


def _add_some(branch: Any, labels: Sequence[Any]) -> None:
    for label in labels[:_MOST_SHOWN]:
        branch.add(label)
    _add_more(branch, len(labels))


def _add_more(branch: Any, count: int) -> None:
    if count > _MOST_SHOWN:
        from rich.text import Text

        branch.add(Text(f"… and {count - _MOST_SHOWN:,} more; --json has them all", "dim"))


def _edge_document(edge: Edge) -> dict[str, Any]:
    source = edge.source
    return {
        "run": edge.run_name,
        "node": edge.node,
        "name": edge.label,
        "content": edge.content,
        "cached": edge.cached,
        "source": None if source is None else {"run": source.run_name, "node": source.node},
    }
