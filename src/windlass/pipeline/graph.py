"""The traced DAG as pure data: nodes, the edges between them, maps, choices and groups.

Where a node's argument comes from is a *reference*, one of seven small classes. They turn into JSON
and back, so that a plan can be stored, hashed, and executed where the pipeline's own source is
not even importable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Literal, TypeAlias

from windlass.errors import DefinitionError
from windlass.pipeline.marks import Mark
from windlass.values import Json

Mode: TypeAlias = Literal["single", "zip", "product"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A plain value that stands in the pipeline's code, as `windlass.values` encodes it."""

    value: Json


@dataclass(frozen=True, slots=True)
class FromParameter:
    """A parameter of the pipeline."""

    name: str


@dataclass(frozen=True, slots=True)
class FromNode:
    """What a node returned: all of it, or one field of its named tuple."""

    node: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class FromChoice:
    """The value of the branch that a choice took."""

    choice: str


@dataclass(frozen=True, slots=True)
class Each:
    """One item after the other of a list: what a map runs over."""

    of: Ref


@dataclass(frozen=True, slots=True)
class Gathered:
    """A list or tuple, written in the pipeline's code, of references."""

    kind: Literal["list", "tuple"]
    items: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A dict or named tuple, written in the pipeline's code, of references.

    Args:
        items: The references by key, in order.
        cls: The named tuple's ``module:qualname``; None for a dict.
    """

    items: tuple[tuple[str, Ref], ...]
    cls: str | None = None


Ref: TypeAlias = Constant | FromParameter | FromNode | FromChoice | Each | Gathered | Keyed


@dataclass(frozen=True, slots=True)
class Branch:
    """A side of a choice; a node on it runs only if that side is taken."""

    choice: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Node:
    """One call of a step.

    Args:
        name: Unique in the graph: ``train``, ``train_2``, in a nested pipeline ``group.train``.
        step: The step's ``module:qualname``.
        inputs: Where each argument comes from, by parameter name.
        mode: ``single``; or a map over the `Each` arguments, zipped or crossed.
        after: Nodes that come first although no value passes.
        when: The branches that the node stands on, outermost first.
        settings: The step's settings that differ from the defaults.
        outputs: Names of what it returns: ``("output",)``, or a named tuple's fields.
        marks: What these are to models.
    """

    name: str
    step: str
    inputs: Mapping[str, Ref]
    mode: Mode = "single"
    after: tuple[str, ...] = ()
    when: tuple[Branch, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("output",)
    marks: tuple[Mark, ...] = ()

    @property
    def mapped(self) -> bool:
        """Whether it runs once for each item."""
        return self.mode != "single"

    @property
    def group(self) -> str | None:
        """The nested pipeline that it belongs to, if any."""
        return self.name.rpartition(".")[0] or None


@dataclass(frozen=True, slots=True)
class Choice:
    """``either(condition, then, otherwise)``."""

    name: str
    condition: Ref
    then: Ref
    otherwise: Ref
    when: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """What a pipeline computes.

    Args:
        name: The pipeline's name.
        nodes: By name, in the order of the calls: always after the nodes that they need.
        choices: By name.
        result: Where the pipeline's return value comes from.
    """

    name: str
    nodes: Mapping[str, Node]
    choices: Mapping[str, Choice]
    result: Ref

    def _repr_html_(self) -> str:
        from windlass.pipeline.drawing import graph_html

        return graph_html(self)

    def upstream(self, node: Node) -> set[str]:
        """Names of the nodes that must end before `node` can start."""
        found = set(node.after)
        for ref in node.inputs.values():
            found |= self.nodes_of(ref)
        for branch in node.when:
            found |= self.nodes_of(self.choices[branch.choice].condition)
        return found

    def nodes_of(self, ref: Ref) -> set[str]:
        """Names of the nodes that a reference needs, through choices."""
        found: set[str] = set()
        for leaf in leaves(ref):
            if isinstance(leaf, FromNode):
                found.add(leaf.node)
            elif isinstance(leaf, FromChoice):
                choice = self.choices[leaf.choice]
                for part in (choice.condition, choice.then, choice.otherwise):
                    found |= self.nodes_of(part)
        return found

    @property
    def steps(self) -> list[str]:
        """The ``module:qualname`` of every step, once each."""
        return list(dict.fromkeys(node.step for node in self.nodes.values()))

    def mapped_over(self) -> set[tuple[str, str]]:
        """The outputs, as (node, name), whose items some map runs over."""
        found = set()
        for node in self.nodes.values():
            for ref in node.inputs.values():
                if isinstance(ref, Each):
                    found |= self._list_outputs(ref.of)
        return found

    def _list_outputs(self, ref: Ref) -> set[tuple[str, str]]:
        if isinstance(ref, FromNode):
            return {(ref.node, ref.field or "output")}
        if isinstance(ref, FromChoice):
            choice = self.choices[ref.choice]
            return self._list_outputs(choice.then) | self._list_outputs(choice.otherwise)
        return set()

    def check(self) -> None:
        """Refuses a graph that cannot run, such as one read from a file that was edited.

        Raises:
            DefinitionError: A node or choice is missing, or nodes wait for one another.
        """
        upstream = {name: self._known_upstream(node) for name, node in self.nodes.items()}
        try:
            TopologicalSorter(upstream).prepare()
        except CycleError as error:
            path = " → ".join(error.args[1])
            raise DefinitionError(
                f"the pipeline '{self.name}' has a cycle: {path}",
                hint="A step cannot wait for what waits for it.",
            ) from None

    def _known_upstream(self, node: Node) -> set[str]:
        try:
            needs = self.upstream(node)
        except KeyError as error:
            raise DefinitionError(f"'{node.name}' needs the unknown choice {error}") from None
        for name in needs - self.nodes.keys():
            raise DefinitionError(f"'{node.name}' needs '{name}', which is not in the graph")
        return needs


def leaves(ref: Ref) -> Iterator[Ref]:
    """The references in `ref` that hold no other."""
    match ref:
        case Each(of):
            yield from leaves(of)
        case Gathered(_, items):
            for item in items:
                yield from leaves(item)
        case Keyed(pairs, _):
            for _, item in pairs:
                yield from leaves(item)
        case _:
            yield ref
