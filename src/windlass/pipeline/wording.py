"""A graph's parts in words: where an argument comes from, what a node is."""

from __future__ import annotations

import json
from collections.abc import Iterator

from windlass.pipeline.graph import (
    Choice,
    Constant,
    Each,
    FromChoice,
    FromNode,
    FromParameter,
    Gathered,
    Keyed,
    Node,
    Ref,
)
from windlass.pipeline.layered.lettering import short

_LONGEST = 60


def told(ref: Ref) -> str:  # noqa: PLR0911 (one return a kind)
    """Where an argument comes from, as one would write it in the pipeline."""
    match ref:
        case Constant(value):
            return short(json.dumps(value, ensure_ascii=False), _LONGEST)
        case FromParameter(name):
            return f"parameter {name}"
        case FromNode(node, field):
            return node if field is None else f"{node}.{field}"
        case FromChoice(choice):
            return choice
        case Each(of):
            return f"each of {told(of)}"
        case Gathered(_, items):
            return short(f"[{', '.join(told(item) for item in items)}]", _LONGEST)
        case Keyed(pairs, _):
            return short(f"{{{', '.join(f'{key}: {told(it)}' for key, it in pairs)}}}", _LONGEST)


def about_node(node: Node) -> str:
    """What a node is, in a few lines."""
    return "\n".join(_node_lines(node))


def _node_lines(node: Node) -> Iterator[str]:
    yield node.name
    yield f"step {node.step}"
    if node.mapped:
        crossed = ", every combination" if node.mode == "product" else ""
        yield f"once for each item{crossed}"
    for name, ref in node.inputs.items():
        yield f"{name} ← {told(ref)}"
    if node.after:
        yield f"after {', '.join(node.after)}"
    for branch in node.when:
        yield f"only if {branch.choice} is {'yes' if branch.taken else 'no'}"
    for name, value in node.settings.items():
        yield f"{name} {json.dumps(value, ensure_ascii=False)}"


def about_choice(choice: Choice) -> str:
    """What a choice is, in a few lines."""
    return "\n".join(
        [
            f"{choice.name}: {told(choice.condition)}",
            f"yes ← {told(choice.then)}",
            f"no ← {told(choice.otherwise)}",
        ]
    )
