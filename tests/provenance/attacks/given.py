"""What classes and functions are given from outside."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "__hash__ set by another module",
        """
from helper import C
import other
# --- helper.py
class C:
    pass
# --- other.py
from helper import C
C.__hash__ = lambda self: 3
""",
        "hash(C()) * x",
        "3",
        "4",
    ),
    (
        "__match_args__ set by another module",
        """
from helper import C
import other
# --- helper.py
class C:
    a = 1
    b = 2
# --- other.py
from helper import C
C.__match_args__ = ('a',)
""",
        """
match C():
    case C(v):
        return v
""",
        "'a'",
        "'b'",
    ),
    (
        "_missing_ of an enum set by another module",
        """
from helper import C
import other
# --- helper.py
import enum
class C(enum.Enum):
    P = 1
    Q = 2
# --- other.py
from helper import C
C._missing_ = classmethod(lambda cls, v: C.P)
""",
        "C(7).name",
        "C.P",
        "C.Q",
    ),
    (
        "__format__ of an enum set by another module",
        """
from helper import C
import other
# --- helper.py
import enum
class C(enum.Enum):
    P = 1
# --- other.py
from helper import C
C.__format__ = lambda self, s: '3'
""",
        "f'{C.P}'",
        "'3'",
        "'4'",
    ),
    (
        "__call__ compiled from a text by another module",
        """
from helper import C
import other
# --- helper.py
class C:
    pass
# --- other.py
from helper import C
C.__call__ = eval('lambda self, x: x * 3')
""",
        "C()(x)",
        "* 3",
        "* 4",
    ),
    (
        "a subclass of property set from outside",
        """
from helper import C
import other
# --- helper.py
class C:
    pass
# --- other.py
from helper import C
class prop(property):
    def __get__(self, o, t=None):
        return 3
C.p = prop(lambda self: 1)
""",
        "C().p * x",
        "return 3",
        "return 4",
    ),
    (
        "a subclass of staticmethod set from outside",
        """
from helper import C
import other
# --- helper.py
class C:
    pass
# --- other.py
from helper import C
class prop(staticmethod):
    def __get__(self, o, t=None):
        return 3
C.p = prop(lambda self: 1)
""",
        "C().p * x",
        "return 3",
        "return 4",
    ),
    (
        "an attribute of a cached function, set by another module",
        """
import helper, other
# --- helper.py
import functools
@functools.lru_cache
def f(x):
    return x
# --- other.py
import helper
helper.f.k = 3
""",
        "helper.f.k * x",
        "3",
        "4",
    ),
    (
        "an attribute of a partial",
        """
import helper
# --- helper.py
import functools
f = functools.partial(int)
L = vars(f)
L['k'] = 3
""",
        "helper.f.k * x",
        "3",
        "4",
    ),
    (
        "an attribute of a context manager's function",
        """
import helper, other
# --- helper.py
import contextlib
@contextlib.contextmanager
def f(x):
    yield f.k
# --- other.py
import helper
def put(f, k):
    f.k = k
put(helper.f, 3)
""",
        """
with helper.f(x) as k:
    return k
""",
        "3",
        "4",
    ),
    (
        "an attribute of a dispatched function",
        """
import helper, other
# --- helper.py
import functools
@functools.singledispatch
def f(x):
    return f.k
# --- other.py
import helper
def put(f, k):
    f.k = k
put(helper.f, 3)
""",
        "helper.f(x)",
        "3",
        "4",
    ),
    (
        "an attribute of a vectorized function",
        """
import helper, other
# --- helper.py
import numpy as np
@np.vectorize
def f(x):
    return x
# --- other.py
import helper
def put(f, k):
    f.k = k
put(helper.f, 3)
""",
        "helper.f.k",
        "3",
        "4",
    ),
    (
        "a subclass of cached_property",
        """
from helper import C
# --- helper.py
import functools
class prop(functools.cached_property):
    def __get__(self, o, t=None):
        return 3
def make(f):
    return prop(f)
class C:
    @make
    def p(self):
        return 1
""",
        "C().p * x",
        "return 3",
        "return 4",
    ),
    (
        "singledispatchmethod from another module",
        """
from helper import C
import other
# --- helper.py
import functools
class C:
    @functools.singledispatchmethod
    def f(self, x):
        return 0
# --- other.py
from helper import C
@C.__dict__['f'].register(int)
def _(self, x):
    return x * 3
""",
        "C().f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "an attribute of a cached function that another file tells",
    """
import helper
# --- helper.py
import functools
@functools.lru_cache
def f(x):
    return x
f.k = int(open("c.txt").read())
""",
    "helper.f.k * x",
    files={"c.txt": "3"},
    added={"c.txt": "4"},
)
