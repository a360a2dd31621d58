"""What instances, containers and closures hold."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()
attack = CASES.attack

# what is held beside the value that a name tells of
attack(
    "a default of a context variable",
    """
from contextvars import ContextVar
V = ContextVar("V", default=3)
""",
    "x * V.get()",
    "default=3",
    "default=4",
)
attack(
    "an attribute of a thread's own",
    """
import threading
V = threading.local()
V.k = 3
""",
    "x * V.k",
    "V.k = 3",
    "V.k = 4",
)
attack(
    "an event that is set",
    """
import threading
E = threading.Event()
E.set()
""",
    "x * E.is_set()",
    "E.set()",
    "pass",
)
attack(
    "a level of a logger",
    """
import logging
L = logging.getLogger("mine")
L.setLevel(10)
""",
    "x * L.level",
    "10",
    "20",
)
attack(
    "an array in a closure",
    """
import numpy as np
def make(w):
    def f(x):
        return float((w * x).sum())
    return f
f = make(np.array([1.0, 2.0]))
""",
    "f(x)",
    "2.0]",
    "3.0]",
)
attack(
    "a frame in a closure",
    """
import pandas as pd
def make(w):
    def f(x):
        return int((w.a * x).sum())
    return f
f = make(pd.DataFrame({"a": [1, 2]}))
""",
    "f(x)",
    "[1, 2]",
    "[1, 3]",
)
attack(
    "an array as a default",
    """
import numpy as np
def f(x, w=np.array([1.0, 2.0])):
    return float((w * x).sum())
""",
    "f(x)",
    "2.0]",
    "3.0]",
)
attack(
    "the factory of an empty defaultdict",
    """
from collections import defaultdict
def make(d):
    def f(x):
        return x * dict.get(d, "k", d.default_factory())
    return f
f = make(defaultdict(lambda: 3))
""",
    "f(x)",
    "lambda: 3",
    "lambda: 4",
)
attack(
    "a private slot",
    """
class A:
    __slots__ = ("__k",)
    def __init__(self, k):
        self.__k = k
    def times(self, x):
        return self.__k * x
A0 = A(3)
""",
    "A0.times(x)",
    "A(3)",
    "A(4)",
)
attack(
    "a subclass of Path",
    """
import pathlib
class P(type(pathlib.Path())):
    def load(self):
        return 3
X = P("data")
""",
    "X.load() * x",
    "return 3",
    "return 4",
)
for base, (made, use) in {
    "collections.deque": ("Q([3])", "X[0]"),
    "datetime.date": ("Q(2020, 1, 3)", "X.day"),
    "Exception": ("Q(3)", "X.args[0]"),
    "decimal.Decimal": ("Q(3)", "int(X)"),
    "bytearray": ("Q([3])", "X[0]"),
    "complex": ("Q(3)", "int(X.real)"),
    "array.array": ("Q('i', [3])", "X[0]"),
    "collections.defaultdict": ("Q(lambda: 3)", "X.default_factory()"),
    "types.SimpleNamespace": ("Q(k=3)", "X.k"),
    "functools.partial": ("Q(int, '3')", "X()"),
    "collections.UserDict": ("Q(k=3)", "X['k']"),
    "numpy.ndarray": ("numpy.array([3]).view(Q)", "int(X[0])"),
}.items():
    attack(
        f"an instance of a subclass of {base}",
        f"""
import array, collections, datetime, decimal, functools, numpy, types
class Q({base}):
    pass
X = {made}
""",
        f"{use} * x",
        f"X = {made}",
        f"X = {made}".replace("3", "4"),
    )
attack(
    "the call of a subclass of partial",
    """
import functools
class Q(functools.partial):
    def __call__(self, x):
        return 3 * x
X = Q(int)
""",
    "X(x)",
    "3 * x",
    "4 * x",
)

# what cannot be looked into, made from a file that is read on import
_READ = "json.loads((pathlib.Path(__file__).parent / 'c.json').read_text())"
for name, made, use in (
    ("a dict", "P = CC", "P['k']"),
    (
        "a configparser",
        "import configparser\nP = configparser.ConfigParser()\nP.read_dict({'a': CC})",
        "P.getint('a', 'k')",
    ),
    ("a template", "import string\nP = string.Template(str(CC['k']))", "P.substitute()"),
    ("a namespace", "import argparse\nP = argparse.Namespace(**CC)", "P.k"),
    ("an array.array", "import array\nP = array.array('i', CC.values())", "P[0]"),
    ("a generator of numbers", "import random\nP = random.Random(CC['k'])", "P.random()"),
    ("a dict with an open file", "import io\nP = {**CC, 'io': io.StringIO()}", "P['k']"),
    (
        "an instance with an open file",
        """
import io
class S:
    def __init__(self):
        self.k, self.io = CC['k'], io.StringIO()
P = S()
""",
        "P.k",
    ),
):
    for way, before, read, after in (
        ("by a constant", f"C = {_READ}\n", "C", ""),
        ("by a constant that is gone", f"C = {_READ}\n", "C", "\ndel C\n"),
        ("in one line", "", _READ, ""),
    ):
        attack(
            f"{name} read from a file {way}",
            f"""
import settings
# --- settings.py
import json, pathlib
{before}{made.replace("CC", read)}{after}
""",
            f"settings.{use} * x",
            '{"k": 3}',
            '{"k": 4}',
            files={"c.json": '{"k": 3}'},
            is_plain="random" not in use,
        )
for taken, use in (
    ("import patch\nfrom settings import S", "S"),
    ("import settings, patch", "settings.S"),
):
    attack(
        f"an instance with an open file changed by another module: {use}",
        f"""
{taken}
# --- settings.py
import io
class T:
    def __init__(self):
        self.k, self.io = 1, io.StringIO()
S = T()
# --- patch.py
import settings
settings.S.k = 3
""",
        f"{use}.k * x",
        "S.k = 3",
        "S.k = 4",
    )
attack(
    "an instance with an open file, of a variable",
    """
import settings
# --- settings.py
import io, os
class T:
    def __init__(self):
        self.k, self.io = os.environ["MODE"], io.StringIO()
S = T()
""",
    "settings.S.k",
    modes=("a", "b"),
)
attack(
    "a closure of a library",
    "import shutil\nI = shutil.ignore_patterns('b*')\n",
    "sorted(I('.', ['bb', 'cc']))",
    "'b*'",
    "'c*'",
)
attack(
    "the attributes of a frame",
    """
import pandas as pd
D = pd.DataFrame({"a": [1]})
D.attrs["k"] = 3
""",
    "D.attrs['k'] * x",
    "= 3",
    "= 4",
)
attack(
    "the mask of an array",
    "import numpy as np\nD = np.ma.array([1, 2], mask=[0, 1])\n",
    "int(D.sum())",
    "[0, 1]",
    "[1, 0]",
)
attack(
    "the order of an array",
    "import numpy as np\nD = np.array([[1, 2], [3, 4]], order='C')\n",
    "D.ravel(order='K').tolist()",
    "'C'",
    "'F'",
)

# text that is read
attack(
    "a docstring as a prompt",
    """
def f():
    'three'
""",
    "f.__doc__",
    "three",
    "four",
)
attack(
    "a docstring in a schema",
    """
import pydantic
class M(pydantic.BaseModel):
    'three'
    k: int
""",
    "str(M.model_json_schema())",
    "three",
    "four",
)
