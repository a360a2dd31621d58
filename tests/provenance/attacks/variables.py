"""What a variable of the environment decides as a module is imported."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

CASES.attack(
    "an attribute of a class that is there by a variable",
    """
from helper import C
# --- helper.py
import os
class C:
    if os.environ.get('MODE'):
        k = 3
""",
    "getattr(C, 'k', 0)",
    modes=("", "1"),
)
CASES.attack(
    "an attribute of a class set elsewhere by a variable",
    """
from helper import C
import other
# --- helper.py
class C:
    pass
# --- other.py
import os
from helper import C
if os.environ.get('MODE'):
    C.k = 3
""",
    "getattr(C, 'k', 0)",
    modes=("", "1"),
)
CASES.attack(
    "a method of a class set elsewhere by a variable",
    """
from helper import C
import other
# --- helper.py
class B:
    def f(self):
        return 1
class C(B):
    pass
# --- other.py
import os
from helper import C
if os.environ.get('MODE'):
    C.f = lambda self: 3
""",
    "C().f()",
    modes=("", "1"),
)
CASES.attack(
    "a member of an enum that is there by a variable",
    """
from helper import C
# --- helper.py
import os, enum
class C(enum.Enum):
    A = 1
    if os.environ.get('MODE'):
        B = 3
""",
    "[c.value for c in C]",
    modes=("", "1"),
)
CASES.attack(
    "a name of a module that is there by a variable",
    """
import helper
# --- helper.py
import os
A = 1
if os.environ.get('MODE'):
    K = 3
""",
    "getattr(helper, 'K', 0)",
    modes=("", "1"),
)
CASES.attack(
    "a name of a module by a variable, of all",
    """
import helper
# --- helper.py
import os
A = 1
globals().update(K=1) if os.environ.get('MODE') else None
""",
    "sorted(k for k in vars(helper) if len(k) == 1)",
    modes=("", "1"),
)
CASES.attack(
    "a submodule that is there by a variable",
    """
import pkg
# --- pkg/__init__.py
import os
if os.environ.get('MODE'):
    from . import one
# --- pkg/one.py
k = 3
""",
    "getattr(getattr(pkg, 'one', None), 'k', 0)",
    modes=("", "1"),
)
CASES.attack(
    "two functions on a line with tuples, by a variable",
    """
from helper import f
# --- helper.py
import os
f = (lambda: (1, 2)) if os.environ.get('MODE') else (lambda: (3, 4))
""",
    "f()",
    modes=("", "1"),
)
CASES.attack(
    "two functions on a line with inner functions, by a variable",
    """
from helper import f
# --- helper.py
import os
f = (lambda x: (lambda: x * 3)()) if os.environ.get('MODE') else (lambda x: (lambda: x * 4)())
""",
    "f(x)",
    modes=("", "1"),
)
CASES.attack(
    "a metaclass by a variable",
    """
from helper import C
# --- helper.py
import os
class M(type):
    def __call__(cls):
        return 3
class N(type):
    def __call__(cls):
        return 4
class C(metaclass=M if os.environ.get('MODE') else N):
    pass
""",
    "C() * x",
    modes=("", "1"),
)
CASES.attack(
    "a registered abc by a variable",
    """
from helper import P, C
# --- helper.py
import os, abc
class P(abc.ABC): pass
class C: pass
if os.environ.get('MODE'):
    P.register(C)
""",
    "isinstance(C(), P)",
    modes=("", "1"),
)
CASES.attack(
    "a patched library by a variable",
    """
import helper, textwrap
# --- helper.py
import os, textwrap
if os.environ.get('MODE'):
    textwrap.dedent = lambda x: '3'
""",
    "textwrap.dedent(str(x))",
    modes=("", "1"),
)
CASES.attack(
    "a field of a dataclass by a variable",
    """
from helper import C
# --- helper.py
import os, dataclasses
@dataclasses.dataclass
class C:
    a: int = 1
    if os.environ.get('MODE'):
        b: int = 3
""",
    "repr(C())",
    modes=("", "1"),
)
CASES.attack(
    "options of a dataclass by a variable",
    """
from helper import C
# --- helper.py
import os, dataclasses
@dataclasses.dataclass(frozen=bool(os.environ.get('MODE')))
class C:
    a: int = 1
""",
    """
try:
    C().a = 2
    return 'set'
except AttributeError:
    return 'frozen'
""",
    modes=("", "1"),
)
CASES.attack(
    "a base by a variable",
    """
from helper import C
# --- helper.py
import os
class P:
    def f(self): return 3
class Q:
    def f(self): return 4
class C(P if os.environ.get('MODE') else Q):
    pass
""",
    "C().f()",
    modes=("", "1"),
)
CASES.attack(
    "an import by a variable",
    """
from helper import f
# --- helper.py
import os
if os.environ.get('MODE'):
    from one import f
else:
    from two import f
# --- one.py
def f(x): return 3
# --- two.py
def f(x): return 4
""",
    "f(x)",
    modes=("", "1"),
)
CASES.attack(
    "a dispatched type by a variable",
    """
from helper import f
# --- helper.py
import os, functools
@functools.singledispatch
def f(x): return 1
if os.environ.get('MODE'):
    @f.register(int)
    def g(x): return 3
""",
    "f(x)",
    modes=("", "1"),
)
CASES.attack(
    "a subclass registry by a variable",
    """
from helper import B
# --- helper.py
import os
class B:
    found = []
    def __init_subclass__(cls):
        B.found.append(cls)
class C(B): pass
if os.environ.get('MODE'):
    class D(B): pass
""",
    "len(B.found)",
    modes=("", "1"),
)
CASES.attack(
    "a validator by a variable",
    """
from helper import C
# --- helper.py
import os, pydantic
class C(pydantic.BaseModel):
    k: int
    if os.environ.get('MODE'):
        @pydantic.field_validator('k')
        def v(cls, k): return k * 3
""",
    "C(k=x).k",
    modes=("", "1"),
)
