"""Methods that the language calls, though no call names them."""

from __future__ import annotations

from provenance.attacks.case import Cases

CASES = Cases()

_FROM = "from helper import A\n# --- helper.py\n"
for name, text, value in (
    (
        "a generator",
        """
def A(x):
    yield from (x * 3 for _ in 'ab')
""",
        "sum(A(x))",
    ),
    (
        "a coroutine",
        """
async def A(x):
    return x * 3
""",
        """
import asyncio
return asyncio.run(A(x))
""",
    ),
    (
        "an asynchronous generator",
        """
async def A(x):
    yield x * 3
""",
        """
import asyncio
async def go():
    return [v async for v in A(x)]
return asyncio.run(go())
""",
    ),
    (
        "a descriptor",
        """
class D:
    def __get__(self, o, t):
        return 0 * 1 + 3
class A:
    d = D()
""",
        "A().d * x",
    ),
    (
        "the state of a descriptor",
        """
class D:
    def __init__(self, k):
        self.k = k
    def __get__(self, o, t):
        return self.k
class A:
    d = D(3)
""",
        "A().d * x",
    ),
    (
        "the name of a descriptor",
        """
class D:
    def __set_name__(self, o, n):
        o.k = len(n) * 3
class A:
    d = D()
""",
        "A.k * x",
    ),
    (
        "__init_subclass__",
        """
class B:
    def __init_subclass__(cls, k=0):
        cls.k = k
class A(B, k=3):
    pass
""",
        "A.k * x",
    ),
    (
        "__class_getitem__",
        """
class A:
    def __class_getitem__(cls, k):
        return k * 3
""",
        "A[x]",
    ),
    (
        "the call of a metaclass",
        """
class M(type):
    def __call__(cls, x):
        return x * 3
class A(metaclass=M):
    pass
""",
        "A(x)",
    ),
    (
        "__prepare__",
        """
class M(type):
    @classmethod
    def __prepare__(cls, *a):
        return {'k': 3}
class A(metaclass=M):
    pass
""",
        "A.k * x",
    ),
    (
        "__instancecheck__",
        """
class M(type):
    def __instancecheck__(cls, o):
        return o > 3
class A(metaclass=M):
    pass
""",
        "isinstance(x - 1, A) * x",
    ),
    (
        "a protocol's own method",
        """
import typing
class P(typing.Protocol):
    def f(self):
        return 3
class A(P):
    pass
""",
        "A().f() * x",
    ),
    (
        "a cached property",
        """
import functools
class A:
    @functools.cached_property
    def f(self):
        return 3
""",
        "A().f * x",
    ),
    (
        "an lru_cache",
        """
import functools
@functools.lru_cache(maxsize=2)
def A(x):
    return x * 3
""",
        "A(x)",
    ),
    (
        "a context manager on a stack",
        """
class A:
    def __enter__(self):
        return 3
    def __exit__(self, *a):
        pass
""",
        """
import contextlib
with contextlib.ExitStack() as stack:
    return stack.enter_context(A()) * x
""",
    ),
    (
        "a weak reference",
        """
import weakref
class K:
    def __init__(self, k):
        self.k = k
held = K(3)
A = weakref.ref(held)
""",
        "A().k * x",
    ),
    (
        "a weak dictionary",
        """
import weakref
class K:
    pass
held = K()
A = weakref.WeakKeyDictionary({held: 3})
""",
        "sum(A.values()) * x",
    ),
    (
        "a proxy of a dict",
        """
import types
A = types.MappingProxyType({'k': 3})
""",
        "A['k'] * x",
    ),
    (
        "a function in tuples in a dict of lists",
        """
def f(x):
    return -x * 3
A = {'a': [(f, 1)]}
""",
        "A['a'][0][0](x)",
    ),
    (
        "a key of a sort",
        """
def f(x):
    return x % 3
A = {'key': f}
""",
        "sorted([1, 2, 5, 8], **A)",
    ),
    (
        "an f-string",
        """
def f(x):
    return x * 3
def A(x):
    return f'{f(x)!s:>{f(2)}}'
""",
        "A(x)",
    ),
    (
        "__format__",
        """
class A:
    def __format__(self, spec):
        return '3'
""",
        "f'{A()}'",
    ),
    (
        "a default that is an instance",
        """
class K:
    def __init__(self, k):
        self.k = k
def A(x, by=K(3)):
    return x * by.k
""",
        "A(x)",
    ),
    (
        "an annotation that is read",
        """
import typing
class A:
    k: typing.Annotated[int, 3]
""",
        """
import typing
return typing.get_type_hints(A, include_extras=True)['k'].__metadata__[0] * x
""",
    ),
    (
        "a string annotation that is read",
        """
import typing
K = int
class A:
    k: 'typing.Annotated[K, 3]'
""",
        """
import typing
return typing.get_type_hints(A, include_extras=True)['k'].__metadata__[0] * x
""",
    ),
    (
        "an annotation of a function that is read",
        """
def A(x: 'three times 3'):
    return x
""",
        "A.__annotations__['x']",
    ),
    (
        "the arguments to match by",
        """
class A:
    __match_args__ = ('v',)
    def __init__(self):
        self.u, self.v = 1, 3
""",
        """
match A():
    case A(k):
        return k * x
""",
    ),
    (
        "a property to match by",
        """
class A:
    @property
    def k(self):
        return 3 * 2
""",
        """
match A():
    case A(k=6):
        return 1
return 2
""",
    ),
    (
        "a missing member of an enum",
        """
import enum
class A(enum.IntEnum):
    ONE = 1
    TWO = 2
    @classmethod
    def _missing_(cls, v):
        return cls(v % 3)
""",
        "int(A(x))",
    ),
    (
        "the format of an enum",
        """
import enum
class A(enum.Enum):
    ONE = 1
    def __format__(self, spec):
        return '3'
""",
        "f'{A.ONE}'",
    ),
    (
        "an automatic value of an enum",
        """
import enum
class A(enum.IntEnum):
    @staticmethod
    def _generate_next_value_(n, s, c, l):
        return c + 3
    ONE = enum.auto()
""",
        "A.ONE * x",
    ),
    (
        "a flag",
        """
import enum
class A(enum.IntFlag):
    R = 3
    W = 8
""",
        "(A.R | A.W).value * x",
    ),
):
    CASES.attack(name, f"{_FROM}{text}", value, "3", "4")
