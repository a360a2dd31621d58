"""A graph as the JSON that is in a plan."""

from __future__ import annotations

from typing import Any

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
    Keyed,
    Node,
    Ref,
)
from windlass.pipeline.marks import Mark
from windlass.values import Json


def _ref_to_json(ref: Ref) -> Json:  # noqa: PLR0911 (one return a kind)
    """A reference as JSON: an object with one key that names its kind."""
    match ref:
        case Constant(value):
            return {"constant": value}
        case FromParameter(name):
            return {"parameter": name}
        case FromNode(node, field):
            return {"node": node} if field is None else {"node": node, "field": field}
        case FromChoice(choice):
            return {"choice": choice}
        case Each(of):
            return {"each": _ref_to_json(of)}
        case Gathered(kind, items):
            return {kind: [_ref_to_json(item) for item in items]}
        case Keyed(pairs, cls):
            document: dict[str, Json] = {"dict": [[key, _ref_to_json(item)] for key, item in pairs]}
            return document if cls is None else {**document, "class": cls}


def _ref_from_json(document: Any) -> Ref:  # noqa: PLR0911 (one return a kind)
    """The reference that `_ref_to_json` wrote."""
    match document:
        case {"constant": value}:
            return Constant(value)
        case {"parameter": name}:
            return FromParameter(name)
        case {"node": node}:
            return FromNode(node, document.get("field"))
        case {"choice": choice}:
            return FromChoice(choice)
        case {"each": of}:
            return Each(_ref_from_json(of))
        case {"list": items}:
            return Gathered("list", tuple(_ref_from_json(item) for item in items))
        case {"tuple": items}:
            return Gathered("tuple", tuple(_ref_from_json(item) for item in items))
        case {"dict": pairs}:
            items_ = tuple((key, _ref_from_json(item)) for key, item in pairs)
            return Keyed(items_, document.get("class"))
    raise DefinitionError(f"a plan holds the unknown reference {document!r}")


def graph_to_json(graph: Graph) -> dict[str, Json]:
    """A graph as JSON; what has its default is left out."""
    return {
        "name": graph.name,
        "nodes": [_node_to_json(node) for node in graph.nodes.values()],
        "choices": [_choice_to_json(choice) for choice in graph.choices.values()],
        "result": _ref_to_json(graph.result),
    }


def graph_from_json(document: Any) -> Graph:
    """The graph that `graph_to_json` wrote."""
    nodes = [_node_from_json(item) for item in document["nodes"]]
    choices = [_choice_from_json(item) for item in document["choices"]]
    return Graph(
        document["name"],
        {node.name: node for node in nodes},
        {choice.name: choice for choice in choices},
        _ref_from_json(document["result"]),
    )


def _when_to_json(when: tuple[Branch, ...]) -> Json:
    return [[branch.choice, branch.taken] for branch in when]


def _when_from_json(document: Any) -> tuple[Branch, ...]:
    return tuple(Branch(choice, taken) for choice, taken in document.get("when", ()))


def _node_to_json(node: Node) -> Json:
    document: dict[str, Json] = {
        "name": node.name,
        "step": node.step,
        "inputs": {name: _ref_to_json(ref) for name, ref in node.inputs.items()},
    }
    if node.mapped:
        document["mode"] = node.mode
    if node.after:
        document["after"] = list(node.after)
    if node.when:
        document["when"] = _when_to_json(node.when)
    if node.settings:
        document["settings"] = dict(node.settings)
    if node.outputs != ("output",):
        document["outputs"] = list(node.outputs)
    if node.marks:
        document["marks"] = [
            [mark.output, mark.role, mark.model, dict(mark.settings)] for mark in node.marks
        ]
    return document


def _node_from_json(document: Any) -> Node:
    return Node(
        name=document["name"],
        step=document["step"],
        inputs={name: _ref_from_json(ref) for name, ref in document["inputs"].items()},
        mode=document.get("mode", "single"),
        after=tuple(document.get("after", ())),
        when=_when_from_json(document),
        settings=document.get("settings", {}),
        outputs=tuple(document.get("outputs", ("output",))),
        marks=tuple(Mark(*mark) for mark in document.get("marks", ())),
    )


def _choice_to_json(choice: Choice) -> Json:
    return {
        "name": choice.name,
        "condition": _ref_to_json(choice.condition),
        "then": _ref_to_json(choice.then),
        "otherwise": _ref_to_json(choice.otherwise),
        "when": _when_to_json(choice.when),
    }


def _choice_from_json(document: Any) -> Choice:
    return Choice(
        name=document["name"],
        condition=_ref_from_json(document["condition"]),
        then=_ref_from_json(document["then"]),
        otherwise=_ref_from_json(document["otherwise"]),
        when=_when_from_json(document),
    )
