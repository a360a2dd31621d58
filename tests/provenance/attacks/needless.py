"""Edits that say nothing: no step may run after them."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_HELPER = """
import os
N = 1000
S = 'q'
def f(x):
    y = x * 3
    return y + N + len(S)
"""
for name, old, new in (
    ("a comment", "x * 3", "x * 3  # c"),
    ("a docstring", "def f(x):", "def f(x):\n    'doc'"),
    ("parentheses", "x * 3", "(x * 3)"),
    ("a function that is not used", "def f", "def unused():\n    return 3\ndef f"),
    ("a local annotation", "y = x", "y: int = x"),
    ("an import that is not used", "import os", "import os, re"),
    ("two lines for one", "x * 3", "(x *\n        3)"),
    ("underscores in a number", "1000", "1_000"),
    ("other quotes", "'q'", '"q"'),
    ("dead code", "y = x", "if False:\n        z()\n    y = x"),
    ("a pass", "y = x", "pass\n    y = x"),
    ("a text that stands alone", "def f", "'text'\ndef f"),
    ("a semicolon", "x * 3\n", "x * 3;\n"),
    ("two texts for one", "'q'", "'' 'q'"),
    ("an encoding", "import os", "# -*- coding: utf-8 -*-\nimport os"),
    ("lines of another system", "import os\nN", "import os\r\nN"),
    ("a class that is not used", "def f", "class Unused:\n    k = 3\ndef f"),
    ("a constant that is not used", "N = 1000", "N = 1000\nM = [1, 2]"),
    ("an order of definitions", "N = 1000\nS = 'q'", "S = 'q'\nN = 1000"),
):
    CASES.attack(
        name,
        f"from helper import f\n# --- helper.py\n{_HELPER}",
        "f(x)",
        old,
        new,
        is_needless=True,
    )
for name, text, value, old, new in (
    (
        "a docstring of a class",
        "class A:\n    k: int = 1\n    def f(self, x):\n        return x\n",
        "A().f(x)",
        "    k: int = 1\n",
        "    '''doc'''\n    # c\n    k: int = 1\n",
    ),
    (
        "a comment in a dataclass",
        (
            "import dataclasses\n@dataclasses.dataclass\nclass A:\n    k: int = 1\n"
            "    def f(self, x):\n        return x\n"
        ),
        "A(1).f(x)",
        "return x\n",
        "return x  # c\n",
    ),
    (
        "a file that nothing imports, beside a dispatched function",
        (
            "import functools\n@functools.singledispatch\ndef A(x):\n    return 0\n"
            "# --- other.py\nB = 1\n"
        ),
        "A(x)",
        "B = 1",
        "B = 2",
    ),
    (
        "a file that nothing imports, beside what cannot be looked into",
        "import string\nA = string.Template('a')\n# --- other.py\nB = 1\n",
        "A.substitute()",
        "B = 1",
        "B = 2",
    ),
    (
        "a file that nothing imports, beside a late import",
        (
            "def A(x):\n    import late\n    return late.f(x)\n"
            "# --- late.py\ndef f(x):\n    return x\n# --- other.py\nB = 1\n"
        ),
        "A(x)",
        "B = 1",
        "B = 2",
    ),
    (
        "a function in a dict, which nothing calls",
        "def f():\n    return 1\nALL = {'k': f}\nB = ALL['k']\nA = 3\n",
        "A * x",
        "return 1",
        "return 2",
    ),
    (
        "a function that is mapped, and changes nothing",
        "import pandas\ndef f(n):\n    return pandas.isna(n)\nB = list(map(f, [3]))\nA = 3\n",
        "A * x",
        "isna(n)",
        "notna(n)",
    ),
    (
        "a function that is called from a list, and changes nothing",
        "def f():\n    return 1\nALL = [f]\nB = [g() for g in ALL]\nA = 3\n",
        "A * x",
        "return 1",
        "return 2",
    ),
    (
        "a decorating instance that changes nothing of a library",
        (
            "class App:\n    def __init__(self):\n        self.all = []\n"
            "    def on(self, f):\n        self.all.append(f)\n        return f\n"
            "app = App()\n@app.on\ndef g():\n    return 1\nA = 3\n"
        ),
        "A * x",
        "return 1",
        "return 2",
    ),
    (
        "an operator and a property that change nothing of a library",
        (
            "class P:\n    def __or__(self, n):\n        return 1\n"
            "    @property\n    def k(self):\n        return 1 + 0\n"
            "p = P()\nq, r = p | 3, p.k\nA = 3\n"
        ),
        "A * x",
        "1 + 0",
        "1 + 1",
    ),
    (
        "a validator of a model that changes nothing of a library",
        (
            "import pydantic\nclass S(pydantic.BaseModel):\n    k: int = 3\n"
            "    @pydantic.field_validator('k')\n    def v(cls, k):\n        return k + 1\n"
            "B = S()\nA = 3\n"
        ),
        "A * x",
        "k + 1",
        "k + 2",
    ),
    (
        "a method of what a class makes, which nothing calls",
        (
            "import decimal\nclass S:\n    def go(self):\n        return 1\n"
            "    def other(self):\n        decimal.getcontext().prec = 3\n"
            "B = S().go()\nA = 3\n"
        ),
        "A * x",
        "prec = 3",
        "prec = 4",
    ),
    (
        "another step, with other options",
        (
            "from windlass import step\n@step\ndef b(x: int):\n    import torch\n"
            "    torch.manual_seed(3)\n    return x\nB = b.options(retries=2)\nA = 3\n"
        ),
        "A * x",
        "manual_seed(3)",
        "manual_seed(4)",
    ),
    (
        "a list of one's own under another name, appended",
        "B = [1]\nC = B\nC.append(2)\nC += [3]\nA = 3\n",
        "A * x",
        "append(2)",
        "append(3)",
    ),
    (
        "a text that names no name of a module",
        "def A(x):\n    return len('other.csv') * x\n# --- other.py\nB = 1\n",
        "A(x)",
        "B = 1",
        "B = 2",
    ),
    (
        "another name of a module than a text names",
        (
            "import other\ndef A(x):\n    return len('other.f') * x\n"
            "# --- other.py\ndef f():\n    return 1\ndef g():\n    return 1 + 0\n"
        ),
        "A(x)",
        "1 + 0",
        "1 + 1",
    ),
    (
        "a comment beside a derived property",
        (
            "class P(property):\n    def __get__(self, o, t=None):\n        return 3\n"
            "class A:\n    k = P(lambda self: 1)\n"
        ),
        "A().k",
        "return 3\n",
        "return 3  # c\n",
    ),
    (
        "a comment beside attributes of what a library made",
        (
            "import contextlib, functools\n@contextlib.contextmanager\ndef B():\n    yield 3\n"
            "A = functools.partial(B)\nA.k = B.k = B\n"
        ),
        "A.k.__name__",
        "A.k =",
        "# c\nA.k =",
    ),
    (
        "a comment beside a hash and what a class is matched by",
        (
            "import dataclasses, enum, typing\nT = typing.TypeVar('T')\n"
            "@dataclasses.dataclass(frozen=True, slots=True)\nclass A(typing.Generic[T]):\n"
            "    k: int = 1\nA.__hash__ = lambda self: 3\n"
        ),
        "hash(A())",
        "    k: int = 1\n",
        "    k: int = 1  # c\n",
    ),
    (
        "a comment beside times with zones",
        (
            "import datetime as d, zoneinfo\nU = d.datetime(2020, 1, 1, tzinfo=d.timezone.utc)\n"
            "A = [U, U.astimezone(zoneinfo.ZoneInfo('UTC')), d.time(3, tzinfo=d.timezone.utc)]\n"
        ),
        "str(A)",
        "A = [",
        "# c\nA = [",
    ),
    (
        "a docstring of an enum",
        "import enum\nclass A(enum.Enum):\n    RED = 1\n",
        "A.RED.value",
        "    RED = 1",
        "    'doc'\n    RED = 1",
    ),
    (
        "a docstring of a model",
        "import pydantic\nclass A(pydantic.BaseModel):\n    k: int = 1\n",
        "A().k",
        "    k: int = 1",
        "    'doc'\n    k: int = 1",
    ),
):
    CASES.attack(
        name,
        f"from helper import A\n# --- helper.py\n{text}",
        value,
        old,
        new,
        is_needless=True,
    )
