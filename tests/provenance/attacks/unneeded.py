"""Edits of what no step needs, in files that steps need."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

CASES.attack(
    "needless, a reordering of methods",
    """
from helper import f
# --- helper.py
class C:
    def g(self):
        return 3
    def h(self):
        return 4
def f(x):
    return C().g()
""",
    "f(x)",
    "    def g(self):\n        return 3\n    def h(self):\n        return 4\n",
    "    def h(self):\n        return 4\n    def g(self):\n        return 3\n",
    is_needless=True,
)
CASES.attack(
    "needless, an unused function with a registering decorator of another table",
    """
from helper import f
# --- helper.py
REG = {}
OTHER = {}
def reg(t):
    def d(c):
        t[c.__name__] = c
        return c
    return d
@reg(REG)
def g(x):
    return x
@reg(OTHER)
def u(x):
    return 1
def f(x):
    return REG['g'](x)
""",
    "f(x)",
    "return 1",
    "return 2",
    is_needless=True,
)
CASES.attack(
    "needless, an unused fixture of a click command",
    """
from helper import f
# --- helper.py
import click
@click.command()
def main():
    click.echo('1')
def f(x):
    return x
""",
    "f(x)",
    "'1'",
    "'2'",
    is_needless=True,
)
CASES.attack(
    "needless, a main guard",
    """
from helper import f
# --- helper.py
def f(x):
    return x
if __name__ == '__main__':
    print(f(1))
""",
    "f(x)",
    "f(1)",
    "f(2)",
    is_needless=True,
)
CASES.attack(
    "needless, a new re-export",
    """
from pkg import f
# --- helper.py
# --- pkg/__init__.py
from .one import f
# --- pkg/one.py
def f(x):
    return x
def g(x):
    return 1
""",
    "f(x)",
    "from .one import f",
    "from .one import f, g",
    is_needless=True,
)
CASES.attack(
    "needless, a new file of a package",
    """
from pkg import f
# --- pkg/__init__.py
from .one import f
# --- pkg/one.py
def f(x):
    return x
""",
    "f(x)",
    is_needless=True,
    added={"pkg/new.py": "def g():\n    return 1\n"},
)
CASES.attack(
    "needless, a sibling in a lazy package",
    """
from pkg import f
# --- pkg/__init__.py
_LAZY = {'g': '.two'}
def __getattr__(name):
    if name in _LAZY:
        import importlib
        return importlib.import_module(_LAZY[name], __name__)
    raise AttributeError(name)
from .one import f
# --- pkg/one.py
def f(x):
    return x
# --- pkg/two.py
def g(x):
    return 1
""",
    "f(x)",
    "return 1",
    "return 2",
    is_needless=True,
)
CASES.attack(
    "needless, an unused function beside objects hashed by identity",
    """
from helper import f
# --- helper.py
class C:
    def __init__(self, k):
        self.k = k
P = {C(1): 1, C(2): 2}
S = {C(3), C(4)}
def u():
    return 1
def f(x):
    return sum(c.k for c in S) + len(P)
""",
    "f(x)",
    "return 1",
    "return 2",
    is_needless=True,
)
CASES.attack(
    "needless, a comment beside a sklearn pipeline",
    """
from helper import f
# --- helper.py
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
def g(x):
    return x
M = make_pipeline(FunctionTransformer(g))
def f(x):
    return M.transform(x)
""",
    "f(x)",
    "M = ",
    "# c\nM = ",
    is_needless=True,
)
CASES.attack(
    "needless, a line above a lambda in a pipeline",
    """
from helper import f
# --- helper.py
from sklearn.preprocessing import FunctionTransformer
M = FunctionTransformer(lambda x: x)
def f(x):
    return M.transform(x)
""",
    "f(x)",
    "M = ",
    "# c\nM = ",
    is_needless=True,
)
CASES.attack(
    "needless, a comment above an opaque object",
    """
from helper import f
# --- helper.py
import threading
T = threading.Thread(target=print)
def f(x):
    return T.daemon
""",
    "f(x)",
    "T = ",
    "# c\nT = ",
    is_needless=True,
)
