"""Effects of importing whose statement keeps a value."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "an effect of a cached function that is kept",
        """
import conf
# --- conf.py
import decimal, functools
@functools.lru_cache
def load():
    decimal.getcontext().prec = 3
    return 1
S = load()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a callable instance that is kept",
        """
import conf
# --- conf.py
import decimal
class L:
    def __call__(self):
        decimal.getcontext().prec = 3
load = L()
S = load()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a partial that is kept",
        """
import conf
# --- conf.py
import decimal, functools
def f(n):
    decimal.getcontext().prec = n
load = functools.partial(f, 3)
S = load()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "f, 3",
        "f, 4",
    ),
    (
        "an effect of a function in a dict that is kept",
        """
import conf
# --- conf.py
import decimal
def f():
    decimal.getcontext().prec = 3
ALL = {'k': f}
S = ALL['k']()
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "effects of functions in a list, kept by a comprehension",
        """
import conf
# --- conf.py
import decimal
def f():
    decimal.getcontext().prec = 3
ALL = [f]
S = [g() for g in ALL]
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "an effect of a map that is kept",
        """
import conf
# --- conf.py
import decimal
def f(n):
    decimal.getcontext().prec = n
S = list(map(f, [3]))
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "[3]",
        "[4]",
    ),
    (
        "a variable popped from the environment, kept",
        """
import conf
# --- conf.py
import os
os.environ['WLX'] = 'q'
OLD = os.environ.pop('WLX')
""",
        """
import os
return os.environ.get('WLX')
""",
        "pop",
        "get",
    ),
    (
        "an effect of an operator that is kept",
        """
import conf
# --- conf.py
import decimal
class P:
    def __or__(self, n):
        decimal.getcontext().prec = n
        return self
p = P()
q = p | 3
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "p | 3",
        "p | 4",
    ),
    (
        "an effect of a property that is kept",
        """
import conf
# --- conf.py
import decimal
class P:
    @property
    def k(self):
        decimal.getcontext().prec = 3
        return 1
p = P()
q = p.k
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "prec = 3",
        "prec = 4",
    ),
    (
        "a project's function named print",
        """
import conf
# --- conf.py
import decimal
def print(n):
    decimal.getcontext().prec = n
print(3)
""",
        """
import decimal
return str(decimal.Decimal(x) / 7)
""",
        "print(3)",
        "print(4)",
    ),
    (
        "a torch device or dtype default",
        """
import torch, conf
# --- conf.py
import torch
def go(d):
    torch.set_default_dtype(d)
X = go(torch.float32)
""",
        "str(torch.zeros(1).dtype)",
        "float32",
        "float64",
    ),
    (
        "a mixin with __init_subclass__ registry by keyword",
        """
import models
from base import B
# --- base.py
class B:
    reg = {}
    def __init_subclass__(cls, /, key, **k):
        super().__init_subclass__(**k)
        B.reg[key] = cls
# --- models.py
from base import B
class C(B, key='c'):
    def g(self, x): return x * 3
""",
        "B.reg['c']().g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a registry of classes that are deleted",
        """
import models
from base import B
# --- base.py
class B:
    reg = {}
    def __init_subclass__(cls):
        B.reg['c'] = cls
# --- models.py
from base import B
class C(B):
    def g(self, x): return x * 3
del C
""",
        "B.reg['c']().g(x)",
        "* 3",
        "* 4",
    ),
    (
        "plugins by pkgutil at import",
        """
from helper import f
# --- helper.py
import importlib, pkgutil, plugins
NAMES = [m.name for m in pkgutil.iter_modules(plugins.__path__)]
REG = {name: importlib.import_module(f'plugins.{name}') for name in NAMES}
def f(x): return [m.g(x) for m in REG.values()]
# --- plugins/__init__.py
# --- plugins/one.py
def g(x): return x * 3
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
