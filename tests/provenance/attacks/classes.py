"""Classes, what makes them, and what is set on them; decorators and registries that are objects."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()
attack = CASES.attack

# decorators that leave objects under the names of functions
for taken, use in (("from helper import f", "f(x)"), ("import helper", "helper.f(x)")):
    attack(
        f"the argument of a decorator that is a class: {taken}",
        f"""
{taken}
# --- helper.py
import functools
class Scaled:
    def __init__(self, function, k):
        functools.update_wrapper(self, function)
        self.function, self.k = function, k
    def __call__(self, x):
        return self.function(x) * self.k
def scaled(k):
    return lambda function: Scaled(function, k)
@scaled(3)
def f(x):
    return x + 1
""",
        use,
        "@scaled(3)",
        "@scaled(4)",
    )
    attack(
        f"the argument of a partial with a function's name: {taken}",
        f"""
{taken}
# --- helper.py
import functools
def f(k, x):
    return x * k
f = functools.update_wrapper(functools.partial(f, 3), f)
""",
        use,
        "(f, 3)",
        "(f, 4)",
    )
attack(
    "a function that only its wrapper holds",
    """
from helper import f
# --- helper.py
import functools
def twice(function):
    def wrapper(x):
        return wrapper.__wrapped__(x) * 2
    functools.update_wrapper(wrapper, function)
    return wrapper
@twice
def f(x):
    return x + 1
""",
    "f(x)",
    "x + 1",
    "x + 2",
)

# enums
for decorator, use in (
    ("@functools.cache", "Color.RED.w()"),
    ("@functools.cached_property", "Color.RED.w"),
    ("@enum.property", "Color.RED.w"),
):
    attack(
        f"a method of an enum under {decorator}",
        f"""
import enum, functools
class Color(enum.Enum):
    RED = 1
    {decorator}
    def w(self):
        return 3
""",
        f"x * {use}",
        "return 3",
        "return 4",
    )
attack(
    "an attribute of a member of an enum",
    """
import enum
class Color(enum.Enum):
    RED = 1
Color.RED.weight = 3
""",
    "x * Color.RED.weight",
    "weight = 3",
    "weight = 4",
)

# classes that no class statement makes, or that a function makes
for how, text, use in (
    (
        "make_dataclass",
        'import dataclasses\nD = dataclasses.make_dataclass("D", [("k", int, 3)])',
        "D().k",
    ),
    ("a metaclass", 'import abc\nD = abc.ABCMeta("D", (), {"k": 3})', "D.k"),
    (
        "a metaclass, with a method",
        'import abc\ndef m(self):\n    return 3\nD = abc.ABCMeta("D", (), {"m": m})',
        "D().m()",
    ),
    (
        "types.new_class",
        'import types\ndef body(n):\n    n["k"] = 3\nD = types.new_class("D", (), {}, body)',
        "D.k",
    ),
    ("create_model", 'import pydantic\nD = pydantic.create_model("D", k=(int, 3))', "D().k"),
    (
        "a function, a model",
        """
import pydantic
def make(k):
    class D(pydantic.BaseModel):
        w: int = k
    return D
D = make(3)
""",
        "D().w",
    ),
    (
        "a function, a dataclass with a factory",
        """
import dataclasses
def make(k):
    @dataclasses.dataclass
    class D:
        w: list = dataclasses.field(default_factory=lambda: [k])
    return D
D = make(3)
""",
        "D().w[0]",
    ),
):
    attack(f"a class made by {how}", text, f"x * {use}", "3", "4")
_MAKE = """
def make(k):
    class D:
        w = k
    return D
"""
attack(
    "two classes of one function swapped",
    f"{_MAKE}P, Q = make(3), make(4)",
    "x * P.w - Q.w",
    "make(3), make(4)",
    "make(4), make(3)",
)
attack(
    "two classes of one function swapped in a dict",
    f'{_MAKE}R = {{"p": make(3), "q": make(4)}}',
    "x * R['p'].w - R['q'].w",
    '"p": make(3), "q": make(4)',
    '"p": make(4), "q": make(3)',
)
attack(
    "methods swapped by another module",
    """
import patch
from helper import A
# --- helper.py
class A:
    pass
def one(self, x):
    return 1
def two(self, x):
    return 2
# --- patch.py
import helper
helper.A.f, helper.A.g = helper.one, helper.two
""",
    "A().f(x) + A().g(x) * 100",
    "helper.one, helper.two",
    "helper.two, helper.one",
)
attack(
    "a partial set on a class by another module",
    """
import patch
from helper import A
# --- helper.py
class A:
    pass
def times(k, x):
    return k * x
# --- patch.py
import functools, helper
helper.A.f = functools.partial(helper.times, 3)
""",
    "A.f(x)",
    "times, 3",
    "times, 4",
)
for mode, made in (
    ("by a branch that is edited", "if True:"),
    ("by a variable", "import os\nif os.environ['MODE'] == 'a':"),
):
    attack(
        f"a class defined twice, {mode}",
        f"""
import dataclasses
{made}
    @dataclasses.dataclass
    class D:
        w: list = dataclasses.field(default_factory=lambda: [3])
else:
    @dataclasses.dataclass
    class D:
        w: list = dataclasses.field(default_factory=lambda: [5])
""",
        "D().w[0]",
        *(("", "") if "os" in made else ("[3]", "[4]")),
        modes=("a", "b") if "os" in made else ("", ""),
    )

# methods that only the language or a library calls
for name, head, use in (
    ("__hash__", "class A:", "hash(A())"),
    ("__sklearn_is_fitted__", "class A:", "A().__sklearn_is_fitted__()"),
    ("_abc_score", "class A:", "A()._abc_score()"),
):
    attack(
        f"the method {name}",
        f"{head}\n    def {name}(self):\n        return 3\n",
        f"x * {use}",
        "return 3",
        "return 4",
    )
attack(
    "what attrs calls after the initial values",
    """
import attrs
@attrs.define
class A:
    k: int = 1
    def __attrs_post_init__(self):
        self.k = 3
""",
    "A().k * x",
    "self.k = 3",
    "self.k = 4",
)

# registries
_BASE = "import functools\n@functools.singledispatch\ndef kind(x):\n    return 0\n"
_INT, _STR = "@kind.register(int)\n", "@kind.register(str)\n"
for taken, use in (("from base import kind", "kind(x)"), ("import base", "base.kind(x)")):
    attack(
        f"the types of two dispatched functions swapped: {taken}",
        f"""
import conf
{taken}
# --- base.py
{_BASE}
# --- conf.py
from base import kind
{_INT}def _a(x):
    return 1
{_STR}def _b(x):
    return 2
""",
        use,
        f"{_INT}def _a(x):\n    return 1\n{_STR}",
        f"{_STR}def _a(x):\n    return 1\n{_INT}",
    )
    attack(
        f"the type of a dispatched function: {taken}",
        f"{taken}\n# --- base.py\n{_BASE}{_INT}def _a(x):\n    return 1\n",
        use,
        "register(int)",
        "register(str)",
    )
    attack(
        f"the type of a dispatched function of another module: {taken}",
        f"""
import conf
{taken}
# --- base.py
{_BASE}
# --- conf.py
from base import kind
{_INT}def _a(x):
    return 1
""",
        use,
        "register(int)",
        "register(str)",
    )
for name, use, old, new in (
    ("a method of a subclass", "x * Base.__subclasses__()[0]().k()", "return 3", "return 4"),
    (
        "another subclass",
        "sum(each().k() for each in Base.__subclasses__())",
        "class P1",
        "class P2(Base):\n    def k(self):\n        return 5\nclass P1",
    ),
):
    attack(
        f"{name} that is looked for among subclasses",
        """
import conf
from base import Base
# --- base.py
class Base:
    pass
# --- conf.py
from base import Base
class P1(Base):
    def k(self):
        return 3
""",
        use,
        old,
        new,
    )
attack(
    "a class registered as another",
    """
import base, conf
# --- base.py
import abc
class Shape(abc.ABC):
    pass
# --- conf.py
import base
class Square:
    pass
base.Shape.register(Square)
""",
    "isinstance(conf.Square(), base.Shape) * x",
    "base.Shape.register(Square)",
    "pass",
)
