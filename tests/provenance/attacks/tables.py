"""Tables of libraries that are changed, and other objects of theirs."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a table of a library under a name of one's own",
        """
from helper import f
# --- helper.py
import json
T = json.encoder.ESCAPE_DCT
T['q'] = '3'
def f(x):
    import json
    return json.encoder.ESCAPE_DCT['q']
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "a list of a library under a name of one's own, appended",
        """
from helper import f
# --- helper.py
import mimetypes
T = mimetypes.knownfiles
T.append('3')
def f(x):
    import mimetypes
    return mimetypes.knownfiles[-1]
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "a dict of a library, updated in place",
        """
from helper import f
# --- helper.py
import mimetypes
mimetypes.types_map.update({'.q': '3'})
def f(x):
    import mimetypes
    return mimetypes.types_map['.q']
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "an imported dict of a library, set by item",
        """
from helper import f
# --- helper.py
from mimetypes import types_map
types_map['.q'] = '3'
def f(x):
    import mimetypes
    return mimetypes.types_map['.q']
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "an imported list of a library, extended",
        """
from helper import f
# --- helper.py
from mimetypes import knownfiles
knownfiles += ['3']
def f(x):
    import mimetypes
    return mimetypes.knownfiles[-1]
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "warnings as errors by a filter list",
        """
from helper import f
# --- helper.py
import warnings
warnings.filters.insert(0, ('error', None, UserWarning, None, 0))
def f(x):
    import warnings
    try: warnings.warn('q'); return 1
    except UserWarning: return 2
""",
        "f(x)",
        "'error'",
        "'ignore'",
    ),
    (
        "a matplotlib rc by a helper given it",
        """
from helper import f
# --- helper.py
import matplotlib as m
def put(rc): rc['lines.linewidth'] = 3
put(m.rcParams)
def f(x): return m.rcParams['lines.linewidth']
""",
        "f(x)",
        "= 3",
        "= 4",
    ),
    (
        "pandas options by a helper given it",
        """
from helper import f
# --- helper.py
import pandas as pd
def put(o): o.display.precision = 3
put(pd.options)
def f(x): return pd.get_option('display.precision')
""",
        "f(x)",
        "= 3",
        "= 4",
    ),
    (
        "a networkx graph's attributes",
        """
from helper import f
# --- helper.py
import networkx as nx
G = nx.Graph()
def put(g): g.add_edge(1, 2, w=3)
put(G)
def f(x): return G[1][2]['w']
""",
        "f(x)",
        "w=3",
        "w=4",
    ),
    (
        "an effect of a method of an object made there, kept",
        """
import conf
# --- conf.py
import decimal
class S:
    k = 3
    def go(self):
        decimal.getcontext().prec = self.k
        return self
X = S().go()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "k = 3",
        "k = 4",
    ),
    (
        "a dict of a library, set by item",
        """
from helper import f
# --- helper.py
import mimetypes
mimetypes.types_map['.q'] = '3'
def f(x):
    import mimetypes
    return mimetypes.types_map['.q']
""",
        "f(x)",
        "'3'",
        "'4'",
    ),
    (
        "a model's validator set at module level by a loop",
        """
from helper import f
# --- helper.py
import pydantic
def v(k): return k * 3
fields = {'k': (pydantic.conint(ge=0), 1)}
P = pydantic.create_model('P', k=(int, 1), __validators__={'v': pydantic.field_validator('k')(v)})
def f(x): return P(k=x).k
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "functional enum of a file",
    """
from helper import f
# --- helper.py
import enum
P = enum.Enum('P', open('c.txt').read())
def f(x): return [p.name for p in P]
""",
    "f(x)",
    files={"c.txt": "a b"},
    added={"c.txt": "b a"},
)
CASES.attack(
    "TypedDict total by a file",
    """
from helper import f
# --- helper.py
import typing
T = open('c.txt').read() == 'a'
class P(typing.TypedDict, total=T):
    k: int
def f(x): return sorted(P.__required_keys__)
""",
    "f(x)",
    files={"c.txt": "a"},
    added={"c.txt": "b"},
)
