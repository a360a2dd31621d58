"""Modules that are imported when a step runs."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

for name, text, value, old, new in (
    (
        "a docstring in a late module's function",
        """
# --- late.py
def f():
    '''three'''
def prompt():
    return f.__doc__
""",
        """
import late
return late.prompt()
""",
        "'''three",
        "'''four",
    ),
    (
        "a docstring of a late module",
        """
# --- late.py
'''three'''
def prompt():
    return __doc__
""",
        """
import late
return late.prompt()
""",
        "'''three",
        "'''four",
    ),
    (
        "the source of a class by inspect in a late module",
        """
# --- late.py
import inspect
def f():
    # three
    return 1
def g():
    return inspect.getsource(f)
""",
        "import late\nreturn late.g()",
        "# three",
        "# four",
    ),
    (
        "a late module that resolves a name",
        """
# --- late.py
import pkgutil
def g(x):
    return pkgutil.resolve_name('other:f')(x)
# --- other.py
def f(x):
    return x * 3
""",
        "import late\nreturn late.g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a late module that adds a folder to the path",
        """
# --- late.py
import sys, os
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))
from deep import f
def g(x):
    return f(x)
# --- lib/deep.py
def f(x):
    return x * 3
""",
        "import late\nreturn late.g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a late module with a loader",
        """
# --- late.py
from importlib import machinery
import os
FILE = os.path.join(os.path.dirname(__file__), 'lib/deep.py')
M = machinery.SourceFileLoader('m', FILE).load_module()
def g(x):
    return M.f(x)
# --- lib/deep.py
def f(x):
    return x * 3
""",
        "import late\nreturn late.g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a late module that walks packages",
        """
# --- late.py
import pkgutil, plugins
def g(x):
    for finder, name, _ in pkgutil.iter_modules(plugins.__path__):
        return finder.find_spec(name).loader.load_module(name).f(x)
# --- plugins/__init__.py
# --- plugins/deep.py
def f(x):
    return x * 3
""",
        "import late\nreturn late.g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a late module that walks packages with import_module",
        """
# --- late.py
import pkgutil, importlib, plugins
def g(x):
    names = [m.name for m in pkgutil.iter_modules(plugins.__path__)]
    return [importlib.import_module('plugins.' + name).f(x) for name in names]
# --- plugins/__init__.py
# --- plugins/deep.py
def f(x):
    return x * 3
""",
        "import late\nreturn late.g(x)",
        "* 3",
        "* 4",
    ),
    (
        "a late relative import of a package",
        """
from pkg import f
# --- pkg/__init__.py
def f(x):
    from .sub import g
    return g(x)
# --- pkg/sub/__init__.py
from .deep import *
# --- pkg/sub/deep.py
def g(x):
    return x * 3
""",
        "f(x)",
        "* 3",
        "* 4",
    ),
):
    CASES.attack(name, text, value, old, new)
