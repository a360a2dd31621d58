"""What there is to draw of a graph, before anything has a place: shapes, links and groups.

A choice becomes a shape of its own, between what decides it and what hangs on its branches. Both
the drawing and the Mermaid text start from here.
"""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windlass.errors import DefinitionError
from windlass.pipeline.graph import (
    Branch,
    Choice,
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Gathered,
    Graph,
    Node,
    Ref,
    leaves,
)
from windlass.pipeline.wording import about_choice, about_node

ShapeKind: TypeAlias = Literal["step", "map", "choice", "group"]
LinkKind: TypeAlias = Literal["data", "order", "yes", "no", "either"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One thing that is drawn.

    Args:
        name: The name of the node, the choice, or the group that stands for its nodes.
        label: What is written on it.
        kind: ``step``, ``map``, ``choice``, or a collapsed ``group``.
        group: The innermost open group that it lies in.
        count: Of a map, how many items it has, where the graph says so.
        about: What it is, in a few lines.
    """

    name: str
    label: str
    kind: ShapeKind
    group: str | None = None
    count: int | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One shape comes before another.

    `kind` is ``data``; ``order``, where no value passes; or the branch of a choice, ``yes`` or
    ``no``; ``either`` where both branches give a value that needs no node.
    """

    source: str
    target: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class Diagram:
    """What there is to draw of a graph.

    Args:
        name: The pipeline's name.
        shapes: By name; each after all that come before it.
        links: Without doubles.
        groups: The open groups, outer ones first, each with the group around it.
    """

    name: str
    shapes: Mapping[str, Shape]
    links: tuple[Link, ...]
    groups: Mapping[str, str | None]


def diagram(graph: Graph, collapsed: Collection[str] = ()) -> Diagram:
    """What there is to draw of a graph.

    Args:
        graph: The graph.
        collapsed: Names of groups that are drawn as one shape.

    Raises:
        DefinitionError: Nodes of the graph, or collapsed groups, wait for one another.
    """
    parts: dict[str, Node | Choice] = {**graph.nodes, **graph.choices}
    owners = {name: _owner(name, collapsed) for name in parts}
    links: dict[tuple[str, str], LinkKind] = {}
    for source, target, kind in _links(graph):
        ends = owners[source], owners[target]
        if ends[0] != ends[1]:
            links[ends] = _merged(links.get(ends), kind)
    shapes: dict[str, Shape] = {}
    for name, part in parts.items():
        owner = owners[name]
        if owner not in shapes:
            shapes[owner] = _shape(part) if owner == name else _group_shape(owner)
    return drawn_as(graph.name, shapes, links)


def drawn_as(
    name: str, shapes: Mapping[str, Shape], links: Mapping[tuple[str, str], LinkKind]
) -> Diagram:
    """A diagram of shapes by their names, and of the links between them, in order.

    Raises:
        DefinitionError: Shapes wait for one another.
    """
    return Diagram(
        name,
        _in_order(shapes, links, name),
        tuple(Link(*ends, kind) for ends, kind in links.items()),
        _open_groups(shapes.values()),
    )


def parent(name: str) -> str | None:
    """The group that a node, a choice or a group lies in."""
    return name.rpartition(".")[0] or None


def chain(group: str | None) -> tuple[str, ...]:
    """A group and those around it, outermost first."""
    return () if group is None else (*chain(parent(group)), group)


def _owner(name: str, collapsed: Collection[str]) -> str:
    """The shape that stands for a node or a choice: itself, or a collapsed group around it."""
    return next((group for group in chain(parent(name)) if group in collapsed), name)


def _shape(part: Node | Choice) -> Shape:
    label, group = part.name.rpartition(".")[2], parent(part.name)
    if isinstance(part, Choice):
        return Shape(part.name, _question(part), "choice", group, about=about_choice(part))
    if part.mapped:
        return Shape(part.name, label, "map", group, _count(part), about_node(part))
    return Shape(part.name, label, "step", group, about=about_node(part))


def _group_shape(name: str) -> Shape:
    about = f"{name}\nthe steps of a nested pipeline"
    return Shape(name, name.rpartition(".")[2], "group", parent(name), about=about)


def _question(choice: Choice) -> str:
    """What a choice asks: a parameter by its name; what a node found stands right above it."""
    match choice.condition:
        case FromParameter(name):
            return f"{name}?"
        case Constant(value):
            return f"{value}?"
    return "?"


def _count(node: Node) -> int | None:
    """How many items a map has, if all that it runs over is written in the pipeline."""
    lengths = [_length(ref.of) for ref in node.inputs.values() if isinstance(ref, Each)]
    product = 1
    for length in lengths:
        if length is None:
            return None
        product *= length
    return lengths[0] if node.mode == "zip" and lengths else product


def _length(ref: Ref) -> int | None:
    if isinstance(ref, Constant) and isinstance(ref.value, list):
        return len(ref.value)
    return len(ref.items) if isinstance(ref, Gathered) else None


def _links(graph: Graph) -> Iterator[tuple[str, str, LinkKind]]:
    for node in graph.nodes.values():
        data = [found for ref in node.inputs.values() for found in _sources(graph, ref)]
        order: list[tuple[str, LinkKind]] = [(name, "order") for name in node.after]
        yield from _into(graph, node, data + order)
    for choice in graph.choices.values():
        yield from _into(graph, choice, list(_sources(graph, choice.condition)))


def _into(
    graph: Graph, part: Node | Choice, sources: list[tuple[str, LinkKind]]
) -> Iterator[tuple[str, str, LinkKind]]:
    """The links into a node or a choice: from `sources`, and from the choice that it hangs on.

    What follows others of its own branch hangs on the choice through them.
    """
    for source, kind in sources:
        yield source, part.name, kind
    if part.when and not any(_stands_on(graph, source, part.when) for source, _ in sources):
        innermost = part.when[-1]
        yield innermost.choice, part.name, "yes" if innermost.taken else "no"


def _stands_on(graph: Graph, name: str, when: tuple[Branch, ...]) -> bool:
    own = (graph.nodes.get(name) or graph.choices[name]).when
    return own[: len(when)] == when


def _sources(graph: Graph, ref: Ref) -> Iterator[tuple[str, LinkKind]]:
    """Where a value comes from: nodes; and a choice, for what is not made on its own branch."""
    waiting: list[tuple[Ref, Branch | None]] = [(ref, None)]
    seen: set[str] = set()
    while waiting:
        part, branch = waiting.pop()
        for leaf in leaves(part):
            if isinstance(leaf, FromNode):
                yield leaf.node, "data"
            elif isinstance(leaf, FromChoice) and leaf.choice not in seen:
                seen.add(leaf.choice)
                choice = graph.choices[leaf.choice]
                waiting.append((choice.otherwise, Branch(choice.name, False)))
                waiting.append((choice.then, Branch(choice.name, True)))
            if branch is not None and not _is_made_on(graph, leaf, branch):
                yield branch.choice, "yes" if branch.taken else "no"


def _is_made_on(graph: Graph, leaf: Ref, branch: Branch) -> bool:
    match leaf:
        case FromNode(name) | FromChoice(name):
            return _stands_on(graph, name, (*graph.choices[branch.choice].when, branch))
    return False


def _merged(old: LinkKind | None, new: LinkKind) -> LinkKind:
    """The kind of one link that stands for two."""
    if old is None or old == new:
        return new
    if {old, new} <= {"yes", "no", "either"}:
        return "either"
    return "data" if "data" in (old, new) else old


def _in_order(
    shapes: Mapping[str, Shape], links: Collection[tuple[str, str]], name: str
) -> dict[str, Shape]:
    """The shapes, each after all that come before it."""
    before: dict[str, list[str]] = {shape: [] for shape in shapes}
    for source, target in links:
        before[target].append(source)
    try:
        order = list(graphlib.TopologicalSorter(before).static_order())
    except graphlib.CycleError as error:
        told = " → ".join(error.args[1])
        raise DefinitionError(f"the pipeline '{name}' cannot be drawn in order: {told}") from None
    return {shape: shapes[shape] for shape in order}


def _open_groups(shapes: Collection[Shape]) -> dict[str, str | None]:
    found = {group for shape in shapes for group in chain(shape.group)}
    return {group: parent(group) for group in sorted(found, key=lambda it: (it.count("."), it))}
