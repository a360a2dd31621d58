"""What importing a module does besides defining things."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()
attack = CASES.attack

# effects of importing, in every shape of a statement
_SET = "os.environ['WLX'] = '3'"
_VARIABLE = ("os.environ.get('WLX', 'none')", "'3'", "'4'")
for name, conf in (
    (
        "of a class method",
        "class C:\n    @classmethod\n    def do(cls):\n        SET\nC.do()",
    ),
    ("of a method", "class C:\n    def apply(self):\n        SET\nc = C()\nc.apply()"),
    ("of making an instance", "class C:\n    def __init__(self):\n        SET\nc = C()"),
    ("of a call that is kept", "def setup():\n    SET\n    return 1\nOK = setup()"),
    ("of a match statement", "match 1:\n    case 1:\n        SET"),
    ("of the body of a class", "class S:\n    SET"),
    ("of a comprehension", "[os.environ.update(WLX=v) for v in ['3']]"),
    ("on an alias", "env = os.environ\nenv['WLX'] = '3'"),
    ("of a part of an expression", "os.environ.get('NOPE') or os.environ.update(WLX='3')"),
    ("of a decorator", "def now(f):\n    f()\n    return f\n@now\ndef setup():\n    SET"),
    ("of a default", "def f(x=os.environ.update(WLX='3')):\n    return x"),
    ("of a walrus", "if (k := os.environ.setdefault('WLX', '3')):\n    pass"),
    ("of a loop", "while not os.environ.get('WLX'):\n    SET"),
    ("of a context manager", "import contextlib\nwith contextlib.suppress(KeyError):\n    SET"),
    ("of a lambda", "setup = lambda: os.environ.update(WLX='3')\nsetup()"),
    ("of a handler", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    SET"),
    ("of a property", "class C:\n    @property\n    def p(self):\n        SET\nC().p"),
    ("of an operator", "class C:\n    def __add__(self, o):\n        SET\nC() + 1"),
    ("of a subscript", "class C:\n    def __getitem__(self, o):\n        SET\nC()[0]"),
    ("of a map", "list(map(lambda v: os.environ.update(WLX=v), ['3']))"),
    ("of an f-string", "def setup():\n    SET\nf'{setup()}'"),
    (
        "of a metaclass",
        "class M(type):\n    def __init__(cls, *a):\n        SET\nclass C(metaclass=M):\n    pass",
    ),
    (
        "of __init_subclass__",
        "class B:\n    def __init_subclass__(cls):\n        SET\nclass C(B):\n    pass",
    ),
    (
        "of __set_name__",
        "class D:\n    def __set_name__(self, o, n):\n        SET\nclass C:\n    d = D()",
    ),
):
    attack(
        f"an effect {name}",
        f"import os, conf\n# --- conf.py\nimport os\n{conf.replace('SET', _SET)}",
        *_VARIABLE,
    )
for name, conf, old, new in (
    ("an if", "DEBUG = True\nif DEBUG:\n    os.environ['WLX'] = '3'", "= True", "= False"),
    ("a for", "for v in ('1', '2'):\n    os.environ.setdefault('WLX', v)", "'1'", "'7'"),
):
    attack(
        f"what decides on an effect in {name}",
        f"import os, conf\n# --- conf.py\nimport os\n{conf}",
        "os.environ.get('WLX', 'none')",
        old,
        new,
    )
attack(
    "an effect of a function of another module",
    f"import os, conf\nconf.f()\n# --- conf.py\nimport os\ndef f():\n    {_SET}",
    *_VARIABLE,
)
for name, conf in (
    ("directly", "decimal.getcontext().prec = 5"),
    ("by a variable", "ctx = decimal.getcontext()\nctx.prec = 5"),
    ("by a function", "def setup():\n    decimal.getcontext().prec = 5\nsetup()"),
):
    attack(
        f"the precision of decimals set {name}",
        f"import decimal, conf\n# --- conf.py\nimport decimal\n{conf}",
        "str(decimal.Decimal(x) / 7)",
        "= 5",
        "= 6",
    )
for name, flow, conf, value, old, new in (
    (
        "a builtin",
        "",
        "import builtins\ndef f():\n    builtins.KK = 3\nf()",
        "x * KK",
        "= 3",
        "= 4",
    ),
    (
        "a default of a library",
        "import pprint",
        "import pprint\ndef f():\n    pprint.pformat.__kwdefaults__['sort_dicts'] = True\nf()",
        "pprint.pformat({'b': 1, 'a': 2})",
        "True",
        "False",
    ),
    (
        "how numpy prints",
        "import numpy as np",
        "import numpy as np\nold = np.set_printoptions(precision=3)",
        "str(np.array([x / 7]))",
        "=3",
        "=4",
    ),
    (
        "how numpy divides",
        "import numpy as np",
        "import numpy as np\nold = np.seterr(divide='ignore')",
        """
try:
    return float(np.array([1.0])[0] / np.array([0.0])[0])
except FloatingPointError:
    return -1.0
""",
        "'ignore'",
        "'raise'",
    ),
    (
        "an accessor of frames",
        "import pandas as pd",
        """
import pandas as pd
@pd.api.extensions.register_dataframe_accessor("geo")
class Geo:
    def __init__(self, df):
        self.df = df
    def area(self):
        return 3
""",
        "pd.DataFrame({'a': [1]}).geo.area() * x",
        "return 3",
        "return 4",
    ),
    (
        "a codec",
        "",
        """
import codecs
@codecs.register
def search(name):
    if name == "wlx":
        return codecs.CodecInfo(lambda s, e="": (b"3", 1), lambda b, e="": ("3", 1), name="wlx")
""",
        "'q'.encode('wlx')",
        '(b"3", 1)',
        '(b"4", 1)',
    ),
    (
        "how things are copied",
        "import copy, conf",
        """
import copyreg
class P:
    k = 0
def reduce(value):
    return remake, ()
def remake():
    p = P()
    p.k = 3
    return p
copyreg.pickle(P, reduce)
""",
        "copy.copy(conf.P()).k * x",
        "p.k = 3",
        "p.k = 4",
    ),
    (
        "what is done at an audit event",
        "import sys",
        """
import sys
seen = []
def hook(event, arguments):
    if event == "wlx":
        arguments[0].append(3)
sys.addaudithook(hook)
""",
        "found = []\nsys.audit('wlx', found)\nreturn found[0] * x",
        "append(3)",
        "append(4)",
    ),
):
    attack(
        f"an effect on {name}",
        f"{flow}\nimport conf\n# --- conf.py\n{conf}",
        value,
        old,
        new,
    )
