"""What a step is given: values that are nearly equal, and instances whose classes change."""

from __future__ import annotations

from provenance.attacks.case import CHAIN, Cases

CASES = Cases()
attack = CASES.attack

_NEARLY = {
    "the order of a dict": ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"),
    "1 and True": ("[1]", "[True]"),
    "1 and 1.0": ("1", "1.0"),
    "the sign of zero": ("0.0", "-0.0"),
    "the digits of a decimal": ("decimal.Decimal('1.0')", "decimal.Decimal('1.00')"),
    "an empty range": ("range(0)", "range(0, 0, 2)"),
    "the length of a deque": (
        "collections.deque([1], maxlen=2)",
        "collections.deque([1], maxlen=3)",
    ),
    "the order of an OrderedDict": (
        "collections.OrderedDict(a=1, b=2)",
        "collections.OrderedDict(b=2, a=1)",
    ),
    "the fold of a time": (
        "datetime.datetime(2020, 10, 25, 2, 30, fold=0)",
        "datetime.datetime(2020, 10, 25, 2, 30, fold=1)",
    ),
    "the name of a time zone": (
        "datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)",
        "datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(0), 'X'))",
    ),
    "the form of a letter": ("'\\u00e9'", "'e\\u0301'"),
    "a tuple and a list": ("(1,)", "[1]"),
    "the factory of a dict": ("collections.defaultdict(int)", "collections.defaultdict(float)"),
    "the bytes of an array": ("np.array([1], dtype='>i4')", "np.array([1], dtype='<i4')"),
    "the order of an array": (
        "np.array([[1, 2], [3, 4]], order='C').ravel(order='K')",
        "np.array([[1, 2], [3, 4]], order='F').ravel(order='K')",
    ),
    "the order of categories": (
        "pd.DataFrame({'a': pd.Categorical(['a'], categories=['a', 'b'])})",
        "pd.DataFrame({'a': pd.Categorical(['a'], categories=['b', 'a'])})",
    ),
    "the frequency of an index": (
        "pd.Series([1, 2, 3], index=pd.date_range('2020', '2020-01-03'))",
        "pd.Series([1, 2, 3], index=pd.DatetimeIndex(['2020-01-01', '2020-01-02', '2020-01-03']))",
    ),
    "the attributes of a frame": (
        "pd.DataFrame({'a': [1]})",
        "(lambda d: (d.attrs.update(k=3), d)[1])(pd.DataFrame({'a': [1]}))",
    ),
    "the kind of an index": ("pd.DataFrame({'a': [1]}, index=[0])", "pd.DataFrame({'a': [1]})"),
    "an object in a frame": ("pd.DataFrame({'a': [1, 'x']})", "pd.DataFrame({'a': [1.0, 'x']})"),
    "what is missing in a frame": (
        "pd.DataFrame({'a': [None, 'x']}, dtype=object)",
        "pd.DataFrame({'a': [float('nan'), 'x']}, dtype=object)",
    ),
}
_SHOW = """
def shown(g):
    found = [repr(g), getattr(g, 'fold', ''), repr(getattr(g, 'attrs', '')), type(g).__name__]
    found += [repr(g.index)] if hasattr(g, 'loc') else []
    found += [repr(g['a'].dtype), repr([type(v) for v in g['a']])] if hasattr(g, 'columns') else []
    return str([*found, str(g.dtype) if hasattr(g, 'dtype') else ''])
"""
for name, (old, new) in _NEARLY.items():
    libraries = "import collections, datetime, decimal\n"
    libraries += "import numpy as np\n" * ("np." in old) + "import pandas as pd\n" * ("pd." in old)
    attack(
        f"{name} of an input",
        f"""
{libraries}{_SHOW}
@step
def m(x: int):
    return {old}
@step
def a(g):
    return shown(g)
""",
        old=f"return {old}",
        new=f"return {new}",
        pipeline=CHAIN,
    )
    attack(
        f"{name} of a constant",
        f"{libraries}{_SHOW}G = {old}\n",
        "shown(G)",
        f"G = {old}",
        f"G = {new}",
    )

# methods of what is given
for name, model, made, value in (
    (
        "a pickled object",
        "class Z:\n    def f(self):\n        return self.k * 3\n",
        "z = Z()\n    z.k, z.it = x, {1: object}\n    return z",
        "g.f()",
    ),
    (
        "what holds an array",
        """
import dataclasses
@dataclasses.dataclass
class Z:
    k: object
    def f(self):
        return int(self.k.sum()) * 3
""",
        "import numpy as np\n    return {'a': [Z(np.arange(3))]}",
        "g['a'][0].f()",
    ),
    (
        "what is yielded",
        """
import dataclasses
@dataclasses.dataclass
class Z:
    k: int
    def f(self):
        return self.k * 3
""",
        "yield Z(x)",
        "next(iter(g)).f()",
    ),
    (
        "a NamedTuple",
        (
            "import typing\nclass Z(typing.NamedTuple):\n    k: int\n"
            "    def f(self):\n        return self.k * 3\n"
        ),
        "return Z(x)",
        "g.f()",
    ),
    (
        "a model",
        (
            "import pydantic\nclass Z(pydantic.BaseModel):\n    k: int\n"
            "    def f(self):\n        return self.k * 3\n"
        ),
        "return [Z(k=x)]",
        "g[0].f()",
    ),
    (
        "an array of a class of the project",
        (
            "import numpy\nclass Z(numpy.ndarray):\n"
            "    def f(self):\n        return int(self.sum()) * 3\n"
        ),
        "import numpy as np\n    return np.arange(3).view(Z)",
        "g.f()",
    ),
    (
        "a frame of a class of the project",
        (
            "import pandas\nclass Z(pandas.DataFrame):\n"
            "    def f(self):\n        return int(self.a.sum()) * 3\n"
        ),
        "return Z({'a': [1, 2]})",
        "g.f()",
    ),
):
    attack(
        f"a method of {name}",
        f"""
from model import Z
@step(allow_pickle=True)
def m(x: int):
    {made}
@step(allow_pickle=True)
def a(g):
    return {value}
# --- model.py
{model}
""",
        old="* 3",
        new="* 4",
        pipeline=CHAIN,
    )
attack(
    "how a format of the project reads",
    """
import fmt
@step
def m(x: int) -> fmt.G:
    return fmt.G(x)
@step
def a(g: fmt.G) -> int:
    return g.k
# --- fmt.py
import windlass.artifacts as artifacts
class G:
    def __init__(self, k):
        self.k = k
@artifacts.register
class Format(artifacts.Format["fmt.G"]):
    name = "gg"
    types = ("fmt.G",)
    def write(self, value, sink):
        sink.write(str(value.k).encode())
    def read(self, source):
        return G(int(source.bytes()) * 3)
""",
    old="* 3",
    new="* 4",
    pipeline=CHAIN,
)

# steps that are not what their names tell
_DECORATED = """
import json, os, functools
def scaled(k):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(x):
            return function(x) * k
        return wrapper
    return decorate
@step
@scaled(K)
def a(x: int):
    return x
"""
attack(
    "a step's decorator, by a variable",
    _DECORATED.replace("K)", "len(os.environ['MODE']))"),
    modes=("a", "bb"),
)
attack(
    "a step's decorator, by a file",
    _DECORATED.replace("K)", "json.load(open('c.json'))['k'])"),
    old="3",
    new="4",
    files={"c.json": '{"k": 3}'},
)
attack(
    "a step's default, by a file",
    """
import pathlib
@step
def a(x: int, *, k: str = pathlib.Path('c.txt').read_text()):
    return k
""",
    old="three",
    new="four",
    files={"c.txt": "three"},
)
attack(
    "a step chosen by a variable",
    """
import os
if os.environ["MODE"] == "a":
    @step
    def a(x: int):
        return x + 1
else:
    @step
    def a(x: int):
        return x + 2
""",
    modes=("a", "b"),
)
attack(
    "one of two lambdas on a line, by a variable",
    "import os\nf = (lambda x: x + 1) if os.environ['MODE'] == 'a' else (lambda x: x + 2)",
    "f(x)",
    modes=("a", "b"),
)
attack(
    "a global that another step sets",
    """
import state
@step
def m(x: int):
    state.K = x
    return 1
@step
def a(x: int):
    return state.K * x
# --- state.py
K = 1
""",
    old="m(5)",
    new="m(6)",
    pipeline="@pipeline\ndef everything():\n    t = m(5)\n    return a.after(t)(2)\n",
)
