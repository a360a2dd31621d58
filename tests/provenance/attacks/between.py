"""What modules take from one another, and do to one another."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a star import",
        """
from helper import *
# --- helper.py
__all__ = ['f']
def f(x):
    return x * 3
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
    (
        "what a star import takes",
        """
from one import *
from two import *
# --- one.py
def f(x):
    return 1
# --- two.py
__all__ = ['g']
def f(x):
    return 2
def g(x):
    return 3
""",
        "f(x)",
        "['g']",
        "['f', 'g']",
    ),
    (
        "a constant for types alone",
        """
from typing import TYPE_CHECKING
K = 1
if not TYPE_CHECKING:
    K = 3
""",
        "K * x",
        "K = 3",
        "K = 4",
    ),
    (
        "an import by a constant",
        """
from conf import FAST
if FAST:
    from one import f
else:
    from two import f
# --- conf.py
FAST = True
# --- one.py
def f(x):
    return 1
# --- two.py
def f(x):
    return 2
""",
        "f(x)",
        "True",
        "False",
    ),
    (
        "a late import by a constant",
        """
# --- conf.py
FAST = True
# --- one.py
def f(x):
    return 1
# --- two.py
def f(x):
    return 2
""",
        """
from conf import FAST
if FAST:
    from one import f
else:
    from two import f
return f(x)
""",
        "True",
        "False",
    ),
    (
        "a monkeypatch of a library by another module",
        """
import textwrap, patch
# --- patch.py
import textwrap
textwrap.dedent = lambda text: '3'
""",
        "textwrap.dedent('q')",
        "'3'",
        "'4'",
    ),
    (
        "a subclass set on a library",
        """
import textwrap, patch
# --- patch.py
import textwrap
class W(textwrap.TextWrapper):
    def fill(self, text):
        return '3'
textwrap.TextWrapper = W
""",
        "textwrap.fill('q')",
        "'3'",
        "'4'",
    ),
    (
        "a module put in place of itself",
        """
import conf
# --- conf.py
import sys
class C:
    k = 3
sys.modules[__name__] = C()
""",
        "conf.k * x",
        "k = 3",
        "k = 4",
    ),
    (
        "the order of two imports that patch",
        """
import one, two
from conf import C
# --- conf.py
class C:
    k = 0
# --- one.py
import conf
conf.C.k = 1
# --- two.py
import conf
conf.C.k = 2
""",
        "C.k * x",
        "import one, two",
        "import two, one",
    ),
    (
        "an import for its effect in a package",
        """
import models
from models import REGISTRY
# --- models/__init__.py
REGISTRY = {}
from models import one
# --- models/one.py
from models import REGISTRY
REGISTRY['f'] = lambda x: x * 3
""",
        "REGISTRY['f'](x)",
        "* 3",
        "* 4",
    ),
    (
        "a registry filled when classes are made",
        """
from base import FOUND
import models
# --- base.py
FOUND = []
class Base:
    def __init_subclass__(cls):
        FOUND.append(cls)
# --- models.py
from base import Base
class M(Base):
    def f(self):
        return 3
""",
        "FOUND[0]().f() * x",
        "return 3",
        "return 4",
    ),
    (
        "a registry by weak references",
        """
import base, models
# --- base.py
import weakref
FOUND = weakref.WeakSet()
def add(f):
    FOUND.add(f)
    return f
# --- models.py
from base import add
@add
def f(x):
    return x * 3
""",
        "[f(x) for f in base.FOUND]",
        "* 3",
        "* 4",
    ),
    (
        "a registry of an instance of a library",
        """
import base, models
# --- base.py
import collections
FOUND = collections.UserDict()
# --- models.py
from base import FOUND
FOUND['f'] = lambda x: x * 3
""",
        "base.FOUND['f'](x)",
        "* 3",
        "* 4",
    ),
    (
        "a callback at the end of import",
        """
import conf
# --- conf.py
K = 1
def late():
    global K
    K = 3
late()
""",
        "conf.K * x",
        "K = 3",
        "K = 4",
    ),
):
    CASES.attack(name, text, value, old, new)
