"""The nodes of a plan as the record keeps them."""

from __future__ import annotations

from windlass.pipeline.graph import Graph, Node
from windlass.records.model import NodeMark, PlanNode


def plan_nodes(graph: Graph, *, marked: bool = True) -> list[PlanNode]:
    """The nodes of a graph as the record keeps them.

    Args:
        graph: The graph.
        marked: Whether what its marks name may become versions of models.
    """
    return [
        PlanNode(node.name, node.step, node.mode, position, _marks(node) if marked else ())
        for position, node in enumerate(graph.nodes.values())
    ]


def _marks(node: Node) -> tuple[NodeMark, ...]:
    return tuple(NodeMark(m.output, m.role, m.model, m.settings) for m in node.marks)
