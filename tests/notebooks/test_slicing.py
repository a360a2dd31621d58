"""What of a notebook's cells becomes a module."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from windlass.errors import DefinitionError
from windlass.provenance.cells.kernel import Cell
from windlass.provenance.cells.slicing import Slicer


def sliced(*texts: str, wanted: str = "f", **more: Any) -> str:
    """Runs cells and gives the module of what is wanted, without its first line."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for text in texts:
        exec(text, space)
    cells = [Cell(at, text, ast.parse(text).body) for at, text in enumerate(texts, 1)]
    return Slicer(cells, {**space, **more}).module([wanted]).partition("\n")[2].strip()


def result(text: str) -> Any:
    space: dict[str, Any] = {}
    exec(text, space)
    return space["f"]()


def test_only_what_is_needed() -> None:
    text = sliced("a = 1\nb = 2\nprint(b)", "def g():\n    return a\ndef f():\n    return g()")
    assert text == "# In [1]\na = 1\n\n# In [2]\ndef g():\n    return a\ndef f():\n    return g()"


def test_the_last_binding_counts() -> None:
    assert (
        result(sliced("def g():\n    return 1", "def f():\n    return g()", "g = lambda: 2")) == 2
    )
    text = sliced("n = 1", "def f():\n    return n", "n = n + 1", "n += 5")
    assert "n = 7" in text
    assert result(text) == 7


def test_a_cell_that_is_run_again_stays_before_what_rests_on_it() -> None:
    text = sliced(
        "class Base:\n    n = 1",
        "class Child(Base):\n    pass\ndef f():\n    return Child.n",
        "class Base:\n    n = 2",
    )
    assert result(text) == 2


def test_what_changes_an_object() -> None:
    text = sliced(
        "table = {'a': len}\nitems = [len]",
        "table['b'] = max\nitems.append(min)\nitems.copy()",
        "for name in ['c', 'd']:\n    table[name] = sum",
        "def f():\n    return sorted(table), len(items)",
    )
    assert result(text) == (["a", "b", "c", "d"], 2)
    assert "copy" not in text


def test_configuration_of_what_is_needed() -> None:
    text = sliced(
        "import decimal, json\nimport warnings",
        "decimal.setcontext(decimal.Context(prec=5))",
        "json.set_up = 1",
        "warnings.simplefilter('error')",
        "def f():\n    return decimal.Decimal(1) / 3",
    )
    assert "prec=5" in text
    assert "set_up" not in text
    assert "simplefilter" in text


def test_future_imports_come_first() -> None:
    text = sliced("import json", "from __future__ import annotations\ndef f(x: int = 0): return x")
    assert text.startswith("from __future__ import annotations")
    assert result(text) == 0


def test_annotations_and_defaults_are_needed() -> None:
    text = sliced(
        "class A: pass\nclass B: pass\nN = 4",
        "def f(a: 'list[A]' = None, *, n=N) -> B:\n    return n",
    )
    assert "class A" in text
    assert "class B" in text
    assert result(text) == 4


def test_several_on_a_line_and_decorators() -> None:
    text = sliced("a = 1; b = 2; import functools", "@functools.cache\ndef f(): return a")
    assert result(text) == 1
    assert "b" not in text.replace("functools", "").replace("__doc__", "")


def test_data_is_as_it_is_now() -> None:
    text = sliced("import os\nn = [os.getpid()]", "n.append(2)", "def f():\n    return n", n=[1, 2])
    assert "n = [1, 2]" in text
    assert "import os" not in text


def test_a_name_of_nobody() -> None:
    with pytest.raises(DefinitionError, match="needs 'other', which no cell"):
        sliced("def f():\n    return other", other=object())
    assert result(sliced("from math import *", "def f():\n    return floor(2.5)")) == 2
