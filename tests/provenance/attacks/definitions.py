"""How functions, classes and names are made in a module."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_FROM = "from helper import A\n# --- helper.py\n"
for name, text, value in (
    (
        "a name of a module by __getattr__",
        """
def __getattr__(name):
    if name == 'A':
        return 3
    raise AttributeError(name)
""",
        "A * x",
    ),
    (
        "state that two closures share",
        """
def make():
    n = 0
    def add():
        nonlocal n
        n += 3
    def get():
        return n
    return add, get
add, A = make()
add()
""",
        "A() * x",
    ),
    (
        "a constant that a branch sets",
        """
import sys
if sys.maxsize > 1:
    A = 3
else:
    A = 2
""",
        "A * x",
    ),
    (
        "a constant that a loop sets",
        """
A = 0
for i in range(3):
    A += i
""",
        "A * x",
    ),
    (
        "a constant that a handler sets",
        """
try:
    A = 3 // 1
except ZeroDivisionError:
    A = 1
""",
        "A * x",
    ),
    (
        "a named tuple's default",
        """
import typing
class A(typing.NamedTuple):
    k: int = 3
""",
        "A().k * x",
    ),
    (
        "a namedtuple's default",
        """
import collections
A = collections.namedtuple('A', 'k', defaults=[3])
""",
        "A().k * x",
    ),
    (
        "slots of a dataclass",
        """
import dataclasses
@dataclasses.dataclass(slots=True)
class A:
    k: int = 3
""",
        "A().k * x",
    ),
    (
        "what a dataclass checks after",
        """
import dataclasses
@dataclasses.dataclass
class A:
    k: int = 0
    def __post_init__(self):
        self.k = 3
""",
        "A().k * x",
    ),
    (
        "the metadata of a field",
        """
import dataclasses
@dataclasses.dataclass
class A:
    k: int = dataclasses.field(default=1, metadata={'u': 3})
""",
        """
import dataclasses
return dataclasses.fields(A)[0].metadata['u'] * x
""",
    ),
    (
        "the argument of a decorator of a class",
        """
def by(k):
    def decorate(cls):
        cls.k = k
        return cls
    return decorate
@by(3)
class A:
    pass
""",
        "A.k * x",
    ),
    (
        "a class that a decorator replaces",
        """
def twice(cls):
    class B(cls):
        k = 3
    return B
@twice
class A:
    pass
""",
        "A.k * x",
    ),
    (
        "a bound method",
        """
class K:
    def f(self, x):
        return x * 3
A = K().f
""",
        "A(x)",
    ),
    (
        "a method's instance",
        """
class K:
    def __init__(self, k):
        self.k = k
    def f(self, x):
        return x * self.k
A = K(3).f
""",
        "A(x)",
    ),
    (
        "__getattr__ of an instance",
        """
class K:
    def __getattr__(self, n):
        return 3
A = K()
""",
        "A.any * x",
    ),
    (
        "__missing__",
        """
class K(dict):
    def __missing__(self, n):
        return 3
A = K()
""",
        "A['q'] * x",
    ),
    (
        "an iterator",
        """
class A:
    def __iter__(self):
        return iter([3])
""",
        "sum(A()) * x",
    ),
    (
        "an operator from the right",
        """
class A:
    def __rmul__(self, o):
        return o * 3
""",
        "x * A()",
    ),
    (
        "a truth",
        """
class A:
    def __len__(self):
        return 4 - 3
""",
        "1 if A() else 2",
    ),
    (
        "a deletion",
        """
out = []
class A:
    def __del__(self):
        out.append(3)
""",
        """
import helper
b = A()
del b
return helper.out.pop()
""",
    ),
    (
        "a function's attribute",
        """
def A(x):
    return x * A.k
A.k = 3
""",
        "A(x)",
    ),
    (
        "code that is replaced",
        """
def A(x):
    return x
def B(x):
    return x * 3
A.__code__ = B.__code__
""",
        "A(x)",
    ),
    (
        "defaults that are replaced",
        """
def A(x, k=1):
    return x * k
A.__defaults__ = (3,)
""",
        "A(x)",
    ),
    (
        "a partialmethod",
        """
import functools
class A:
    def f(self, k, x):
        return k * x
    g = functools.partialmethod(f, 3)
""",
        "A().g(x)",
    ),
):
    CASES.attack(name, f"{_FROM}{text}", value, "3", "4")
