"""What of a notebook's cells becomes a module."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from windlass.errors import DefinitionError
from windlass.places import CELLS, place
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
    _, _, text = text.partition("from __future__ import annotations\n")
    functions = "def g():\n    return a\ndef f():\n    return g()"
    assert text.strip() == f"# In [1]\na = 1\n\n# In [2]\n{functions}"


def test_where_a_line_is_from_is_told_by_comments(tmp_path: Path) -> None:
    head = "from __future__ import annotations"
    f = "import math; import json\n\ndef h():\n    return math\n\nx=1\ndef f():\n    return h, json"
    file = tmp_path / "n_cells.py"
    file.write_text(f"{CELLS}\n" + sliced("g = 1", f"{head}\n{f}"))
    rows = file.read_text().splitlines()
    for text, line in (("import json", 2), ("    return math", 5), ("    return h, json", 9)):
        found = place(str(file), rows.index(text) + 1)
        assert str(found) == f"In [2], line {line}"


def test_the_last_binding_counts() -> None:
    assert (
        result(sliced("def g():\n    return 1", "def f():\n    return g()", "g = lambda: 2")) == 2
    )
    text = sliced("n = 1", "def f():\n    return n", "n = n + 1", "n += 5")
    assert "n = 7" in text
    assert result(text) == 7


def test_what_held_the_earlier_of_two_holds_it_anew() -> None:
    text = sliced(
        "class Base:\n    n = 1",
        "class Child(Base):\n    pass\ndef f():\n    return Child.n",
        "class Base:\n    n = 2",
    )
    assert result(text) == 1  # as in the notebook
    text = sliced(
        "import functools\nK = 1\ndef h():\n    return 1",
        "def g(a=K):\n    return a\nheld = functools.partial(h)\ntable = {'h': h}",
        "K = 2\ndef h():\n    return 2 + held()",
        "def f():\n    return K, g(), h(), held(), table['h']()",
    )
    assert result(text) == (2, 1, 3, 1, 1)


def test_what_reads_its_own_last_value() -> None:
    text = sliced(
        "from collections import deque\nd = deque([1])",
        "d = deque([*d, 2])",
        "old = d\nd = deque([*d, 3])\nd += [4]",
        "def f():\n    return list(d)",
    )
    assert result(text) == [1, 2, 3, 4]
    assert "old" not in text


def test_statements_of_a_cell_keep_their_order() -> None:
    text = sliced(
        "class Box: pass\nraw = Box(); raw.n = 1",
        "import copy\ndf = copy.copy(raw)",
        "raw.n = 5\ndf = copy.copy(raw)",
        "def f():\n    return df.n",
    )
    assert result(text) == 5
    assert text.count("copy.copy") == 1


def test_definitions_that_nothing_used_are_left_out() -> None:
    texts = ["def g():\n    return 1", "def g():\n    return 2", "def f():\n    return g()"]
    text = sliced(*texts)
    assert text.count("def g") == 1
    assert result(text) == 2


def test_a_name_that_was_deleted_is_not_there() -> None:
    text = sliced("def g():\n    return 1", "def f():\n    return 'g' in globals()", "del g")
    assert result(text) is False


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
    many = "from __future__ import (\n    annotations,\n    division,\n)\ndef f(): return 3"
    assert result(sliced(many)) == 3
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
