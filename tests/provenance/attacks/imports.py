"""Code that is reached by other ways than its name, and files that come and go."""

from __future__ import annotations

import io
import marshal
import zipfile
from importlib.util import MAGIC_NUMBER

from provenance.attacks.case import Cases

CASES = Cases()
attack = CASES.attack

# modules and names that no name in the code tells of
_HELPER = "# --- helper.py\ndef f(x):\n    return x * 3\n"
_LOAD = """
s = iu.spec_from_file_location('pl', 'helper.py')
m = iu.module_from_spec(s)
s.loader.exec_module(m)
"""
for name, flow, value in (
    ("the dict of a module", "import helper", "helper.__dict__['f'](x)"),
    ("vars", "import helper", "vars(helper)['f'](x)"),
    ("getattr", "import helper", "getattr(helper, 'f')(x)"),
    ("attrgetter", "import operator, helper", "operator.attrgetter('f')(helper)(x)"),
    ("methodcaller", "import operator, helper", "operator.methodcaller('f', x)(helper)"),
    ("object.__getattribute__", "import helper", "object.__getattribute__(helper, 'f')(x)"),
    ("inspect.getmembers", "import helper, inspect", "dict(inspect.getmembers(helper))['f'](x)"),
    (
        "match on a module",
        "import helper",
        "match helper:\n  case object(f=g):\n    return g(x)",
    ),
    ("builtins.__import__", "import builtins", "builtins.__import__('helper').f(x)"),
    ("builtins.eval", "import builtins, helper", "builtins.eval('helper.f(5)')"),
    ("an alias of eval", "import helper\nev = eval", "ev('helper.f(5)')"),
    ("eval in a dict", "import helper\nE = {'e': eval}", "E['e']('helper.f(5)')"),
    ("a loader", "import importlib.util as iu", f"{_LOAD}return m.f(x)"),
    (
        "another loader",
        "from importlib.machinery import SourceFileLoader",
        "SourceFileLoader('pl', 'helper.py').load_module().f(x)",
    ),
    ("resolve_name", "import pkgutil", "pkgutil.resolve_name('helper:f')(x)"),
    ("pydoc.locate", "import pydoc", "pydoc.locate('helper.f')(x)"),
    ("a frame", "import inspect\nfrom helper import f", "inspect.currentframe().f_globals['f'](x)"),
    ("globals()", "from helper import f", "globals()['f'](x)"),
    (
        "the globals of a function",
        "from helper import f\ndef g():\n    pass",
        "g.__globals__['f'](x)",
    ),
    ("a pickle", "import pickle", "pickle.loads(b'chelper\\nf\\n.')(x)"),
    ("runpy", "import runpy", "runpy.run_path('helper.py')['f'](x)"),
    ("sys.modules", "import sys, helper", "sys.modules['helper'].f(x)"),
    (
        "a query of a frame",
        "import pandas as pd\nfrom helper import f",
        "int(pd.DataFrame({'a': range(9)}).eval('@f(a)').sum())",
    ),
    ("a late import_module", "", "from late import g\nreturn g(x)"),
    ("a late __import__", "", "from late import h\nreturn h(x)"),
):
    late = """# --- late.py
import importlib
def g(x):
    return importlib.import_module('helper').f(x)
def h(x):
    return __import__('helper').f(x)
"""
    files = _HELPER + (late if "late" in name else "")
    attack(f"a function reached by {name}", f"{flow}\n{files}", value, "* 3", "* 4")
attack(
    "a constant in a query of a frame",
    "import pandas as pd\nK = 3",
    "len(pd.DataFrame({'a': range(9)}).query('a > @K'))",
    "K = 3",
    "K = 4",
)
attack(
    "a module that is not registered",
    "import types\ncfg = types.ModuleType('cfg')\ncfg.K = 3",
    "cfg.K * x",
    "= 3",
    "= 4",
)
for name, value in (("constant", "exp.K * x"), ("function", "exp.f(x)")):
    attack(
        f"a {name} of a module loaded by its path",
        """
import importlib.util as iu
s = iu.spec_from_file_location('exp', 'configs/exp1.py')
exp = iu.module_from_spec(s)
s.loader.exec_module(exp)
# --- configs/exp1.py
K = 3
def f(x):
    return x * K
""",
        value,
        "= 3",
        "= 4",
    )
attack(
    "a property of the class of a module",
    """
import settings
# --- settings.py
import sys, types
class M(types.ModuleType):
    @property
    def K(self):
        return 3
sys.modules[__name__].__class__ = M
""",
    "settings.K * x",
    "return 3",
    "return 4",
)
for name, text, value in (
    ("getattr", "import models", "getattr(models, 'one').f(x)"),
    ("a late import", "", "from late import g\nreturn g(x)"),
    ("an import of the package", "import models", "models.one.f(x)"),
    ("a namespace package", "import space.models.one", "space.models.one.f(x)"),
):
    prefix = "space/" if "space" in name else ""
    attack(
        f"a submodule by {name}",
        f"""
{text}
# --- {prefix}models/__init__.py
from . import one
# --- {prefix}models/one.py
def f(x):
    return x * 3
# --- late.py
import models
def g(x):
    return models.one.f(x)
""",
        value,
        "* 3",
        "* 4",
    )
attack(
    "a package by an import of its submodule",
    """
import models.one
# --- models/__init__.py
def top(x):
    return x * 3
# --- models/one.py
""",
    "import models.one\nreturn models.top(x)",
    "* 3",
    "* 4",
)
for name, head in (("within", "import sys\n"), ("outside", "")):
    attack(
        f"a path added when it runs, sys imported {name}",
        f"{'' if head else 'import sys'}\n# --- lib/hidden.py\ndef f(x):\n    return x * 3\n",
        f"{head}sys.path.insert(0, 'lib')\nimport hidden\nreturn hidden.f(x)",
        "* 3",
        "* 4",
    )

# files that come and go
attack(
    "a module of Python's that is shadowed",
    "import tabnanny",
    "tabnanny.verbose",
    added={"tabnanny.py": "verbose = 99\n"},
)
attack(
    "a late import that was missing",
    "# --- slow.py\ndef f(x):\n    return 1\n",
    "try:\n    from fast import f\nexcept ImportError:\n    from slow import f\nreturn f(x)",
    added={"fast.py": "def f(x):\n    return 2\n"},
)
attack(
    "an import that was missing",
    """
try:
    from fast import f
except ImportError:
    from slow import f
# --- slow.py
def f(x):
    return 1
""",
    "f(x)",
    added={"fast.py": "def f(x):\n    return 2\n"},
)
attack(
    "an import that is missing",
    """
try:
    from fast import f
except ImportError:
    from slow import f
# --- slow.py
def f(x):
    return 1
# --- fast.py
def f(x):
    return 2
""",
    "f(x)",
    removed=("fast.py",),
)
attack(
    "a late module shadowed by a package",
    "# --- late.py\ndef f(x):\n    return 1\n",
    "from late import f\nreturn f(x)",
    added={"late/__init__.py": "def f(x):\n    return 2\n"},
)
attack(
    "a module found by listing the folder",
    """
import importlib, pathlib
FOUND = [importlib.import_module(p.stem) for p in sorted(pathlib.Path('.').glob('plug_*.py'))]
# --- plug_a.py
k = 3
""",
    "sum(each.k for each in FOUND) * x",
    added={"plug_b.py": "k = 4\n"},
)


# code that is not in files of Python's source
def _zip(k: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as opened:
        opened.writestr(
            "zmod.py",
            f"""
import dataclasses
def f(x):
    return x * {k}
@dataclasses.dataclass
class D:
    w: list = dataclasses.field(default_factory=lambda: [{k}])
""",
        )
    return held.getvalue()


def _compiled(k: int) -> bytes:
    code = compile(f"def f(x):\n    return x * {k}\n", "src.txt", "exec")
    return MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


_PATH = "import sys\nsys.path.insert(0, 'lib.zip')\n"
for name, before, value in (
    ("a function", "import zmod", "zmod.f(x)"),
    ("a factory of a dataclass", "import zmod", "zmod.D().w[0]"),
    ("a late function", "", "import zmod\nreturn zmod.f(x)"),
):
    attack(
        f"{name} in an archive",
        f"{_PATH}{before}",
        value,
        files={"lib.zip": _zip(3)},
        added={"lib.zip": _zip(4)},
    )
for name, before, value in (
    ("a function", "import pm", "pm.f(x)"),
    ("a late function", "", "import pm\nreturn pm.f(x)"),
):
    attack(
        f"{name} of a compiled file",
        before,
        value,
        files={"pm.pyc": _compiled(3)},
        added={"pm.pyc": _compiled(4)},
    )
attack(
    "a text that is executed on import",
    """
from helper import f
# --- helper.py
import pathlib
exec((pathlib.Path(__file__).parent / 'gen.txt').read_text())
# --- gen.txt
def f(x):
    return x * 3
""",
    "f(x)",
    "* 3",
    "* 4",
)
