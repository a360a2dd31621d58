"""What functions do to objects that they are given."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a patch of a library it is given by a function",
        """
import patch
# --- patch.py
import textwrap
def put(module, v):
    module.dedent = lambda x: v
put(textwrap, '3')
""",
        """
import textwrap
return textwrap.dedent(str(x))
""",
        "'3'",
        "'4'",
    ),
    (
        "a patch of numpy it is given",
        """
import patch
# --- patch.py
import numpy as np
def put(module):
    module.mean = lambda x: 3
put(np)
""",
        """
import numpy as np
return np.mean(x)
""",
        "3",
        "4",
    ),
    (
        "a method put on a library class by a decorator of the project's",
        """
import patch, pandas as pd
# --- patch.py
import pandas as pd
def patch_to(cls):
    def d(f):
        setattr(cls, f.__name__, f)
        return f
    return d
@patch_to(pd.Series)
def lag(self):
    return 3
""",
        "pd.Series([x]).lag()",
        "return 3",
        "return 4",
    ),
    (
        "a method put on a library class by a plain function",
        """
import patch, pandas as pd
# --- patch.py
import pandas as pd
def lag(self):
    return 3
def put(cls, f):
    setattr(cls, f.__name__, f)
put(pd.Series, lag)
""",
        "pd.Series([x]).lag()",
        "return 3",
        "return 4",
    ),
    (
        "a context it is given by a variable",
        """
import conf
# --- conf.py
import decimal
def setup(c):
    c.prec = 3
C = decimal.getcontext()
setup(C)
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a patcher's method on what it holds",
        """
import conf
# --- conf.py
import textwrap
class P:
    def __init__(self, m):
        self.m = m
    def apply(self):
        self.m.dedent = lambda x: '3'
p = P(textwrap)
p.apply()
""",
        """
import textwrap
return textwrap.dedent(str(x))
""",
        "'3'",
        "'4'",
    ),
    (
        "a polars namespace by a decorator of the project",
        """
import polars as pl, other
# --- other.py
import polars as pl
def ns(name):
    return lambda c: pl.api.register_series_namespace(name)(c)
@ns('zz')
class Z:
    def __init__(self, s):
        pass
    def f(self):
        return 3
""",
        "pl.Series([x]).zz.f()",
        "return 3",
        "return 4",
    ),
    (
        "an accessor of pandas by a decorator of the project",
        """
import pandas as pd, other
# --- other.py
import pandas as pd
def ns(name):
    def d(c):
        return pd.api.extensions.register_series_accessor(name)(c)
    return d
@ns('zz')
class Z:
    def __init__(self, s):
        pass
    def f(self):
        return 3
""",
        "pd.Series([x]).zz.f()",
        "return 3",
        "return 4",
    ),
    (
        "an effect in a function on the dict of a module",
        """
import conf
# --- conf.py
import textwrap
def put():
    textwrap.__dict__.update(dedent=lambda x: '3')
put()
""",
        """
import textwrap
return textwrap.dedent(str(x))
""",
        "'3'",
        "'4'",
    ),
    (
        "an effect in a function on an alias",
        """
import conf
# --- conf.py
import textwrap
def put():
    target = textwrap
    target.dedent = lambda x: '3'
put()
""",
        """
import textwrap
return textwrap.dedent(str(x))
""",
        "'3'",
        "'4'",
    ),
    (
        "an effect in a function by a loop over modules",
        """
import conf
# --- conf.py
import textwrap
def put():
    for m in (textwrap,):
        m.dedent = lambda x: '3'
put()
""",
        """
import textwrap
return textwrap.dedent(str(x))
""",
        "'3'",
        "'4'",
    ),
    (
        "an effect in a function by type.__setattr__",
        """
import conf
# --- conf.py
import textwrap
def put():
    type.__setattr__(textwrap.TextWrapper, 'kk', '3')
put()
""",
        """
import textwrap
return textwrap.TextWrapper.kk
""",
        "'3'",
        "'4'",
    ),
    (
        "an effect in a function on a table of a library",
        """
import conf
# --- conf.py
import json
def put():
    json.encoder.ESCAPE_DCT.update({'q': '3'})
put()
""",
        """
import json
return json.encoder.ESCAPE_DCT['q']
""",
        "'3'",
        "'4'",
    ),
    (
        "an abstract class registered in a function",
        """
import conf
# --- conf.py
from collections.abc import Sequence
class C:
    pass
def put(*classes):
    for c in classes:
        Sequence.register(c)
put(C)
""",
        """
import conf
from collections.abc import Sequence
return isinstance(conf.C(), Sequence)
""",
        "put(C)",
        "put()",
    ),
    (
        "a metric registered in a table of a library",
        """
import other
from sklearn.metrics import get_scorer
# --- other.py
from sklearn.metrics import _scorer, make_scorer
def f(y, p):
    return 3
def put(table):
    table['zz'] = make_scorer(f)
put(_scorer._SCORERS)
""",
        "get_scorer('zz')._score_func(x, x)",
        "return 3",
        "return 4",
    ),
):
    CASES.attack(name, text, value, old, new)
