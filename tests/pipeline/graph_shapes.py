"""Graphs of every shape for the laws of drawings, and a few that are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

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
    Mode,
    Node,
    Ref,
)

GROUPS = ("", "", "", "a.", "b.", "a.c.", "a.c.d.", "b.c.")


@dataclass
class Growing:
    """A graph in the making; each part refers only to parts before it."""

    draw: Callable[[Any], Any]
    nodes: dict[str, Node] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    begun: int = 0

    def ref(self, depth: int = 0) -> Ref:
        kinds: list[str] = ["parameter", "constant"]
        kinds += ["node"] * 4 if self.nodes else []
        kinds += ["choice"] * 2 if self.choices else []
        kinds += ["list"] if depth == 0 else []
        match self.draw(st.sampled_from(kinds)):
            case "node":
                return FromNode(self.draw(st.sampled_from(sorted(self.nodes))))
            case "choice":
                return FromChoice(self.draw(st.sampled_from(sorted(self.choices))))
            case "list":
                size = self.draw(st.integers(0, 3))
                return Gathered("list", tuple(self.ref(1) for _ in range(size)))
            case "constant":
                return Constant([1, 2, 3])
        return FromParameter("rows")

    def add_node(self, when: tuple[Branch, ...] = ()) -> Ref:
        group = self.draw(st.sampled_from(GROUPS))
        label = "n" * self.draw(st.integers(1, 40))
        mapped = self.draw(st.sampled_from([False, False, True]))
        inputs = {f"p{i}": self.ref() for i in range(self.draw(st.integers(0, 3)))}
        mode: Mode = "zip" if mapped else "single"
        if mapped:
            inputs["item"] = Each(self.ref(1))
        after = (
            self.draw(st.sets(st.sampled_from(sorted(self.nodes)), max_size=2))
            if (self.nodes)
            else set()
        )
        name = f"{group}{label}{len(self.nodes)}"
        self.nodes[name] = Node(
            name, "m:f", inputs, mode=mode, after=tuple(sorted(after)), when=when
        )
        return FromNode(name)

    def add_choice(self, when: tuple[Branch, ...] = (), depth: int = 0) -> Ref:
        name = f"{self.draw(st.sampled_from(GROUPS))}either{self.begun}"
        self.begun += 1
        condition = self.ref(1)
        then, otherwise = (
            self._branch((*when, Branch(name, taken)), depth) for taken in (True, False)
        )
        self.choices[name] = Choice(name, condition, then, otherwise, when)
        return FromChoice(name)

    def _branch(self, when: tuple[Branch, ...], depth: int) -> Ref:
        for _ in range(self.draw(st.integers(0, 2))):
            self.add_node(when)
        if depth == 0 and self.draw(st.sampled_from([False, False, True])):
            return self.add_choice(when, depth + 1)
        return self.ref(1)


@st.composite
def graphs(draw: Callable[[Any], Any], most: int = 14) -> Graph:
    growing = Growing(draw)
    result: Ref = Constant(None)
    for _ in range(draw(st.integers(1, most))):
        grow = draw(st.sampled_from([growing.add_node] * 5 + [growing.add_choice]))
        result = grow()
    return Graph("pipeline", growing.nodes, growing.choices, result)


def chain(length: int) -> Graph:
    inputs = [{"x": FromNode(f"n{i - 1}")} if i else {} for i in range(length)]
    nodes = {f"n{i}": Node(f"n{i}", "m:f", dict(given)) for i, given in enumerate(inputs)}
    return Graph("chain", nodes, {}, FromNode(f"n{length - 1}"))


def fan(width: int) -> Graph:
    nodes = {"first": Node("first", "m:f", {})}
    for i in range(width):
        nodes[f"n{i}"] = Node(f"n{i}", "m:f", {"x": FromNode("first")})
    last = Gathered("list", tuple(FromNode(f"n{i}") for i in range(width)))
    nodes["last"] = Node("last", "m:f", {"x": last})
    return Graph("fan", nodes, {}, FromNode("last"))


def ladder(length: int) -> Graph:
    """Every node needs all before it: the most lines that there can be."""
    nodes = {}
    for i in range(length):
        given = Gathered("list", tuple(FromNode(f"n{j}") for j in range(i)))
        nodes[f"n{i}"] = Node(f"n{i}", "m:f", {"x": given})
    return Graph("ladder", nodes, {}, FromNode(f"n{length - 1}"))
