"""Code that says the same as before, but is made of a file that is read on import."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_FROM = "from helper import A\n# --- helper.py\n"
_READ = 'int(open("c.txt").read())'
for name, text, value in (
    ("a constant", "A = READ", "A * x"),
    ("a constant in a dict", "A = {'k': [READ]}", "A['k'][0] * x"),
    (
        "a default",
        """
def A(x, k=READ):
    return x * k
""",
        "A(x)",
    ),
    (
        "a keyword's default",
        """
def A(x, *, k=READ):
    return x * k
""",
        "A(x)",
    ),
    (
        "a closure",
        """
def make(k):
    return lambda x: x * k
A = make(READ)
""",
        "A(x)",
    ),
    (
        "an attribute of a function",
        """
def A(x):
    return x * A.k
A.k = READ
""",
        "A(x)",
    ),
    (
        "an annotation",
        """
def A(x: READ):
    return x
""",
        "A.__annotations__['x'] * x",
    ),
    (
        "a class's attribute",
        """
class A:
    k = READ
""",
        "A.k * x",
    ),
    (
        "a class's attribute set later",
        """
class A:
    pass
A.k = READ
""",
        "A.k * x",
    ),
    (
        "a class's attribute like one of abc's",
        """
class A:
    _abc_k = READ
""",
        "A._abc_k * x",
    ),
    (
        "a class's annotation",
        """
class A:
    k: READ
""",
        "A.__annotations__['k'] * x",
    ),
    (
        "a keyword of a class",
        """
class B:
    def __init_subclass__(cls, k):
        cls.k = k
class A(B, k=READ):
    pass
""",
        "A.k * x",
    ),
    (
        "a member of an enum",
        """
import enum
class A(enum.Enum):
    K = READ
""",
        "A.K.value * x",
    ),
    (
        "the type of a base",
        """
class A((int, str)[READ - 3]):
    pass
""",
        "repr(A(x))",
    ),
    (
        "a field of a dataclass",
        """
import dataclasses as d
@d.dataclass
class A:
    k: int = READ
""",
        "A().k * x",
    ),
    (
        "the metadata of a field",
        """
import dataclasses as d
@d.dataclass
class A:
    k: int = d.field(default=1, metadata={'u': READ})
""",
        """
import dataclasses
return dataclasses.fields(A)[0].metadata['u'] * x
""",
    ),
    (
        "the factory of a field",
        """
import dataclasses as d, functools
@d.dataclass
class A:
    k: int = d.field(default_factory=functools.partial(int, READ))
""",
        "A().k * x",
    ),
    (
        "an option of a dataclass",
        """
import dataclasses as d
@d.dataclass(order=READ == 3)
class A:
    k: int = 1
""",
        "hasattr(A, '__lt__') and '__lt__' in vars(A)",
    ),
    (
        "a field of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    k: int = READ
""",
        "A().k * x",
    ),
    (
        "a constraint of a model",
        """
import pydantic
class A(pydantic.BaseModel):
    k: str = pydantic.Field(max_length=READ)
""",
        """
try:
    return A(k='four').k
except ValueError:
    return 'too long'
""",
    ),
    (
        "a field of attrs",
        """
import attrs
@attrs.define
class A:
    k: int = READ
""",
        "A().k * x",
    ),
    (
        "a field of a NamedTuple",
        """
import typing
class A(typing.NamedTuple):
    k: int = READ
""",
        "A().k * x",
    ),
    (
        "an argument of a decorator",
        """
import functools
def by(k):
    def d(f):
        @functools.wraps(f)
        def w(x):
            return f(x) * k
        return w
    return d
@by(READ)
def A(x):
    return x
""",
        "A(x)",
    ),
    (
        "a size of a cache",
        """
import functools
@functools.lru_cache(maxsize=READ)
def A(x):
    return x
""",
        "A.cache_parameters()['maxsize'] * x",
    ),
    (
        "a branch",
        """
if READ == 3:
    A = 1
else:
    A = 2
""",
        "A * x",
    ),
    (
        "a branch of functions",
        """
if READ == 3:
    def A(x):
        return x
else:
    def A(x):
        return -x
""",
        "A(x)",
    ),
    (
        "a branch of classes",
        """
if READ == 3:
    class A:
        def f(self):
            return 1
else:
    class A:
        def f(self):
            return 2
""",
        "A().f()",
    ),
    (
        "a branch of imports",
        """
if READ == 3:
    from math import floor as A
else:
    from math import ceil as A
""",
        "A(x + 0.5)",
    ),
    ("the text of a function", "exec(f'def A(x):\\n    return x * {READ}')", "A(x)"),
    (
        "the text of a method",
        "class A:\n    exec(f'def f(self, x):\\n    return x * {READ}')",
        "A().f(x)",
    ),
    ("the text of a lambda", "A = eval(f'lambda x: x * {READ}')", "A(x)"),
    ("a class made of a text", "A = type('A', (), {'k': READ})", "A.k * x"),
    (
        "a pattern",
        """
import re
A = re.compile('a{%d}' % READ)
""",
        "bool(A.match('aaa'))",
    ),
    (
        "a type variable",
        """
import typing
A = typing.TypeVar('A', bound=typing.Literal[READ])
""",
        "A.__bound__.__args__[0] * x",
    ),
    (
        "a literal type",
        """
import typing
A = typing.Literal[READ]
""",
        "A.__args__[0] * x",
    ),
    (
        "an annotated type",
        """
import typing
A = typing.Annotated[int, READ]
""",
        "A.__metadata__[0] * x",
    ),
    ("a slice", "A = slice(READ)", "'abcdef'[A]"),
    (
        "an adapter of a type",
        """
import pydantic, typing
A = pydantic.TypeAdapter(typing.Literal[READ])
""",
        "A.json_schema()['const']",
    ),
    (
        "a date's zone",
        """
import datetime as d
A = d.timezone(d.timedelta(hours=READ))
""",
        "str(A)",
    ),
    (
        "a structure",
        """
import struct
A = struct.Struct(f'{READ}s')
""",
        "A.size * x",
    ),
    (
        "an effect",
        """
import decimal
decimal.getcontext().prec = READ
A = 7
""",
        """
import decimal
return str(decimal.Decimal(x) / A)
""",
    ),
    (
        "an effect in a call",
        """
import os
os.environ.update(WLX=str(READ))
A = 'WLX'
""",
        """
import os
return os.environ[A]
""",
    ),
    (
        "an effect in a function",
        """
import os
def f():
    os.environ['WLX'] = str(READ)
f()
A = 'WLX'
""",
        """
import os
return os.environ[A]
""",
    ),
):
    CASES.attack(
        f"{name} that a file tells",
        f"{_FROM}{text.replace('READ', _READ)}",
        value,
        files={"c.txt": "3"},
        added={"c.txt": "4"},
    )
