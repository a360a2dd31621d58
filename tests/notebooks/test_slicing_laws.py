"""Cells in whatever order: the module does what the notebook does, or is refused."""

from __future__ import annotations

import ast
import re
import traceback
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windlass.provenance.cells.kernel import Cell
from windlass.provenance.cells.sameness import Sameness
from windlass.provenance.cells.slicing import Slicer
from windlass.provenance.fingerprint.classes import held_by

PRELUDE = """
import functools
class Box:
    def __init__(self, n):
        self.n = n
    def grow(self, by):
        self.n = [self.n, by]
        return self
    def __repr__(self):
        return f'Box({self.n!r})'
"""
NAMES = st.sampled_from("abcd")
FUNCTIONS = st.sampled_from("fgh")
NUMBERS = st.integers(0, 9)
TEMPLATES = (
    "{x} = {k}",
    "{x} = [{y}, {k}]",
    "{x} = {y}",
    "{x} = Box({y})",
    "{x} = Box({f}())",
    "{x}.n = {k}",
    "{x}.n = {f}()",
    "{x} = {x}, {k}",
    "{x}, {y} = {y}, {x}",
    "{x} += [{k}]",
    "{x}.append({k})",
    "{x}.grow({y})",
    "{x} = {x}.grow({k})",
    "if {x}:\n    {y} = {k}",
    "for i in range({k}):\n    {x} = [i, {y}]",
    "try:\n    {x} = {y}.n\nexcept AttributeError:\n    {x} = {k}",
    "print({x}, {f}())",
    "{x} = {y}\ndel {y}",
    "{x} = {f}",
    "{x} = functools.partial({f})",
    "{x} = {f}()",
    "{x} = [{f}, {f}()]",
    "def {f}():\n    return {k}",
    "def {f}():\n    return [{x}, {k}]",
    "def {f}(v={x}):\n    return [v, {k}]",
    "def {f}():\n    return {g}()",
    "def {f}():\n    global {x}\n    {x} = {k}\n    return {x}",
    "@functools.wraps({g})\ndef {f}():\n    return [{x}, {k}]",
    "{f} = functools.partial(Box, {x})",
    "{f} = lambda v={x}: [v, {k}]",
    "class Box(Box):\n    def more(self):\n        return [{x}, {k}]",
    (
        "class Box:\n    n = {k}\n    def __init__(self, n):\n        self.m = n\n"
        "    def __repr__(self):\n        return f'Own({{self.m!r}}, {{self.n!r}})'"
    ),
    "def {f}(n: Box = {x}) -> Box:\n    def inner(k: Box):\n        return k\n    return inner(n)",
    "import math\ndef {f}():\n    return [math.floor(2.5), {x}]",
    "if (n := {k}) > 4:\n    {x} = n",
    "{x} = [{y} for _ in range(2)]",
    "{x} = {{'k': {f}, 'n': {y}}}",
    "{x}['n'] = {k}",
    "{x}: int = {k}",
)
TOLD = """
def told(value, seen=0):
    if seen > 4:
        return '...'
    if isinstance(value, (list, tuple)):
        return [told(each, seen + 1) for each in value]
    if isinstance(value, dict):
        return {key: told(each, seen + 1) for key, each in value.items()}
    if isinstance(value, type) or not callable(value):
        return repr(value) if not isinstance(value, type) else value.__name__
    try:
        return told(value(), seen + 1)
    except (NameError, TypeError, AttributeError, RecursionError) as error:
        return type(error).__name__
"""
STATEMENTS = st.builds(
    lambda template, x, y, f, g, k: template.format(x=x, y=y, f=f, g=g, k=k),
    st.sampled_from(TEMPLATES),
    NAMES,
    NAMES,
    FUNCTIONS,
    FUNCTIONS,
    NUMBERS,
)
CELLS = st.lists(st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join), max_size=12)


def run_as_kernel(texts: list[str]) -> tuple[list[Cell], dict[str, Any]]:
    """What was run, as far as it came, and what names stand for then."""
    space: dict[str, Any] = {"__name__": "__main__", "print": lambda *_: None}
    cells = []
    for number, text in enumerate(texts, 1):
        cell = Cell(number, text, ast.parse(text).body)
        try:
            for node in cell.body:  # one by one, as IPython does it
                module = ast.Module([node], type_ignores=[])
                exec(compile(module, f"<cell {number}>", "exec", dont_inherit=True), space)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[1]
            cell = cell.until(frame.lineno or 0)
        cells.append(cell)
    return cells, space


def without_places(told: object) -> str:
    """A value as text, without where things are in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(told))


def outcome(texts: list[str], wanted: list[str]) -> str:
    """``same``, or why the module is not run; fails if it does something else than the cells."""
    start = [PRELUDE, "a = 1\nb = [2]\nc = Box(3)\nd = 'd'", "def f():\n    return a\ng = h = f"]
    step = f"{TOLD}\ndef step():\n    return told([{', '.join(wanted)}])"
    cells, space = run_as_kernel([*start, *texts, step])
    slicer = Slicer(cells, space)
    text = slicer.module(["step"])
    try:
        told = space["step"]()
    except (NameError, RecursionError):
        return "the cells deleted it, or it holds itself"
    module: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(text, "<module>", "exec", dont_inherit=True), module)
    except (NameError, AttributeError, TypeError, KeyError, RecursionError):
        return "cannot be run anew"
    is_same = Sameness([each.text for each in slicer.statements])
    if not all(is_same(space[name], module.get(name)) for name in slicer.made_anew()):
        return "refused"
    assert without_places(module["step"]()) == without_places(told), text
    return "same"


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_a_module_does_what_its_cells_do() -> None:
    found: Counter[str] = Counter()

    @settings(max_examples=400)
    @given(CELLS, st.lists(st.one_of(NAMES, FUNCTIONS, st.just("Box(1)")), min_size=1, max_size=3))
    def tried(texts: list[str], wanted: list[str]) -> None:
        found[outcome(texts, wanted)] += 1

    tried()
    assert found["same"] > 0.8 * found.total(), found  # to refuse everything would be no art
    assert found["cannot be run anew"] < 0.02 * found.total(), found


def test_what_is_in_slots_is_held_by_an_instance() -> None:
    class Base:
        __slots__ = "count"  # noqa: PLC0205 (as some write it)

    class Box(Base):
        __slots__ = ("__inner", "more")

        def __init__(self) -> None:
            self.count, self.__inner = 1, 2

    assert held_by(Box()) == {"count": 1, "_Box__inner": 2}
