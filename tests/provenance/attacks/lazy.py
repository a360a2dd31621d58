"""Packages that import their modules when these are asked for, and modules that appear."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a lazy package by a statement",
        """
import pkg
# --- pkg/__init__.py
def __getattr__(name):
    if name == 'f':
        from .deep import f
        return f
    raise AttributeError(name)
# --- pkg/deep.py
def f(x):
    return x * 3
""",
        "pkg.f(x)",
        "* 3",
        "* 4",
    ),
    (
        "a lazy package taken from within",
        """
# --- pkg/__init__.py
def __getattr__(name):
    if name == 'f':
        from .deep import f
        return f
    raise AttributeError(name)
# --- pkg/deep.py
def f(x):
    return x * 3
""",
        "from pkg import f\nreturn f(x)",
        "* 3",
        "* 4",
    ),
    (
        "a lazy class of a package",
        """
from helper import L
# --- helper.py
class Lazy:
    def __init__(self, name):
        self.name = name
    def __getattr__(self, key):
        import importlib
        return getattr(importlib.import_module(self.name), key)
L = Lazy('deep')
# --- deep.py
def f(x):
    return x * 3
""",
        "L.f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "a late conditional import",
    """
from helper import f
# --- helper.py
def f(x):
    try:
        from fast import g
    except ImportError:
        return x * 3
    return g(x)
""",
    "f(x)",
    added={"fast.py": "def g(x): return x * 4\n"},
)
CASES.attack(
    "an optional flag by find_spec within",
    """
from helper import f
# --- helper.py
def f(x):
    import importlib.util
    return importlib.util.find_spec('fast') is not None
""",
    "f(x)",
    added={"fast.py": "def g(x): return x * 4\n"},
)
CASES.attack(
    "a late conditional import of a submodule",
    """
from helper import f
# --- helper.py
def f(x):
    try:
        from pkg.fast import g
    except ImportError:
        return x * 3
    return g(x)
# --- pkg/__init__.py
""",
    "f(x)",
    added={"pkg/fast.py": "def g(x): return x * 4\n"},
)
CASES.attack(
    "a conditional import, the first appears",
    """
from helper import f
# --- helper.py
try:
    from fast import g
except ImportError:
    def g(x): return x * 3
def f(x): return g(x)
""",
    "f(x)",
    added={"fast.py": "def g(x): return x * 4\n"},
)
CASES.attack(
    "an optional flag by find_spec",
    """
from helper import f
# --- helper.py
import importlib.util
HAS = importlib.util.find_spec('fast') is not None
def f(x): return HAS
""",
    "f(x)",
    added={"fast.py": "def g(x): return x * 4\n"},
)
CASES.attack(
    "a module swapped for a package",
    """
from one import f
# --- one.py
def f(x): return x * 3
""",
    "f(x)",
    added={"one/__init__.py": "def f(x): return x * 4\n"},
    removed=("one.py",),
)
CASES.attack(
    "a file that shadows a package's module",
    """
from pkg import f
# --- pkg/__init__.py
from .one import f
# --- pkg/one.py
def f(x): return x * 3
""",
    "f(x)",
    added={"pkg/one/__init__.py": "def f(x): return x * 4\n"},
)
