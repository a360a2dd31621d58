"""A graph as Mermaid text, which GitHub, GitLab and many editors draw in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from windlass.pipeline.diagram import Diagram, Shape, diagram
from windlass.pipeline.graph import Graph
from windlass.pipeline.layered.lettering import short

_SHAPES = {
    "step": ('["', '"]'),
    "map": ('[["', '"]]'),
    "choice": ('{"', '"}'),
    "group": ('[["', '"]]'),
}
_ARROWS = {
    "data": "-->",
    "order": "-.->",
    "yes": "-->|yes|",
    "no": "-->|no|",
    "either": "-->|yes, no|",
}


def mermaid(graph: Graph) -> str:
    """A graph as a Mermaid flowchart, to be put between ```` ```mermaid ```` and ```` ``` ````.

    Raises:
        DefinitionError: Nodes of the graph wait for one another.
    """
    shown = diagram(graph)
    ids = {name: f"n{number}" for number, name in enumerate(shown.shapes)}
    lines = ["flowchart TD", *_inside(shown, None, ids, "  ")]
    lines += [f"  {ids[it.source]} {_ARROWS[it.kind]} {ids[it.target]}" for it in shown.links]
    return "\n".join(lines) + "\n"


def _inside(
    shown: Diagram, group: str | None, ids: Mapping[str, str], indent: str
) -> Iterator[str]:
    """The shapes of a group and the groups in it."""
    for name, shape in shown.shapes.items():
        if shape.group == group:
            yield f"{indent}{ids[name]}{_shape(shape)}"
    for number, (name, outer) in enumerate(shown.groups.items()):
        if outer == group:
            yield f'{indent}subgraph g{number}["{_text(name.rpartition(".")[2])}"]'
            yield from _inside(shown, name, ids, indent + "  ")
            yield f"{indent}end"


def _shape(shape: Shape) -> str:
    opening, closing = _SHAPES[shape.kind]
    count = f" ×{shape.count or 'n'}" if shape.kind == "map" else ""
    return f"{opening}{_text(shape.label)}{count}{closing}"


def _text(label: str) -> str:
    """A label; what has a meaning in Mermaid or HTML is written as its number."""
    return "".join(
        sign if sign.isalnum() or sign in "_ …?.-" else f"#{ord(sign)};" for sign in short(label)
    )
