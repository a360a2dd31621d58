"""Code that only a text names, and texts that code reads."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()
CASES.attack(
    "an import string of a module that is not imported",
    (
        "import pydantic\nclass S(pydantic.BaseModel):\n    f: pydantic.ImportString\n"
        "# --- late.py\nK = 1\ndef f(x):\n    return x * 3\n"
    ),
    "S(f='late.f').f(x)",
    "x * 3",
    "x * 4",
)
CASES.attack(
    "an import string by module and name, in a table",
    (
        "import pydantic, helper\nT = {'k': 'helper:C.f'}\n"
        "# --- helper.py\nclass C:\n    def f(x):\n        return x * 3\n"
    ),
    "pydantic.TypeAdapter(pydantic.ImportString).validate_python('helper:C').f(x) + len(T)",
    "x * 3",
    "x * 4",
)

for name, text, value, old, new in (
    (
        "a query kept as a constant",
        """
import pandas as pd
K = 3
Q = 'a > @K'
""",
        "len(pd.DataFrame({'a': [3, 4]}).query(Q)) + x",
        "K = 3",
        "K = 4",
    ),
    (
        "a query given to a helper of another module",
        """
import pandas as pd
from helper import pick
# --- helper.py
K = 3
def pick(df, text):
    return df.query(text)
""",
        "len(pick(pd.DataFrame({'a': [3, 4]}), 'a > @K'))",
        "K = 3",
        "K = 4",
    ),
    (
        "pandas' eval of a name",
        "import pandas as pd\nK = 3\n",
        "int(pd.eval('K + 1'))",
        "K = 3",
        "K = 4",
    ),
    (
        "an import string of a model",
        """
import pydantic, helper
class S(pydantic.BaseModel):
    f: pydantic.ImportString = pydantic.Field('helper.f', validate_default=True)
# --- helper.py
def f(x):
    return x * 3
""",
        "S().f(x)",
        "* 3",
        "* 4",
    ),
    (
        "an import string of an argument",
        """
import pydantic, helper
class S(pydantic.BaseModel):
    f: pydantic.ImportString
# --- helper.py
def f(x):
    return x * 3
""",
        "S(f='helper.f').f(x)",
        "* 3",
        "* 4",
    ),
    (
        "a handler named in a logging configuration",
        """
import logging.config, helper
# --- helper.py
def f():
    return 3
""",
        """
c = logging.config.DictConfigurator({'version': 1})
return c.resolve('helper.f')() * x
""",
        "return 3",
        "return 4",
    ),
    (
        "a module's docstring",
        """
import helper
# --- helper.py
'''three'''
def f():
    return __doc__
""",
        "helper.f()",
        "'''three",
        "'''four",
    ),
    (
        "annotations of a module",
        """
import helper
# --- helper.py
K: 'three' = 1
def f():
    return __annotations__['K']
""",
        "helper.f()",
        "'three'",
        "'four'",
    ),
    (
        "type hints of a module",
        """
import helper, typing
# --- helper.py
import typing
K: typing.Literal['three'] = 1
""",
        "str(typing.get_type_hints(helper)['K'])",
        "'three'",
        "'four'",
    ),
    (
        "a docstring by getattr",
        """
import helper
# --- helper.py
def f():
    '''three'''
""",
        "getattr(helper.f, '__doc__')",
        "'''three",
        "'''four",
    ),
    (
        "a docstring by vars of a class",
        """
import helper
# --- helper.py
class C:
    '''three'''
""",
        "vars(helper.C)['__doc__']",
        "'''three",
        "'''four",
    ),
    (
        "subclasses by getattr",
        """
import helper
# --- helper.py
class B:
    pass
class C(B):
    def f(self):
        return 3
""",
        "[c().f() for c in getattr(helper.B, '__subclasses__')()]",
        "return 3",
        "return 4",
    ),
    (
        "a yaml constructor added by a library's function",
        """
import yaml, conf
# --- conf.py
import yaml
def f(loader, node):
    return 3
yaml.add_constructor('!k', f, Loader=yaml.SafeLoader)
""",
        "yaml.safe_load('!k 1') * x",
        "return 3",
        "return 4",
    ),
):
    CASES.attack(name, text, value, old, new)
CASES.attack(
    "a yaml that names a function",
    """
import yaml
@step(files=['o.yaml'])
def a(x: int):
    return yaml.unsafe_load(open('o.yaml'))['f'](x)
# --- helper.py
def f(x):
    return x * 3
""",
    "",
    "* 3",
    "* 4",
    files={"o.yaml": "f: !!python/name:helper.f ''\n"},
)
CASES.attack(
    "a pickle of the project's object read by pandas",
    """
import pandas as pd
@step(files=['o.pkl'])
def a(x: int):
    return pd.read_pickle('o.pkl').f() * x
# --- helper.py
class C:
    def f(self):
        return 3
""",
    "",
    "return 3",
    "return 4",
    files={"o.pkl": b"\x80\x04chelper\nC\n)\x81."},
)
CASES.attack(
    "a pickle of the project's object read by numpy",
    """
import numpy as np
@step(files=['o.pkl'])
def a(x: int):
    return np.load('o.pkl', allow_pickle=True).f() * x
# --- helper.py
class C:
    def f(self):
        return 3
""",
    "",
    "return 3",
    "return 4",
    files={"o.pkl": b"\x80\x04chelper\nC\n)\x81."},
)
