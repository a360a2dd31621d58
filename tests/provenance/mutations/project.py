"""A project whose steps reach code in every way that we know of; `edits` changes it."""

from __future__ import annotations

FILES = {
    "windlass.toml": "",
    "shop/__init__.py": """
from shop.scaling import scale
""",
    "shop/settings.py": '''
"""Settings."""
LIMIT = 3
UNUSED = 4
NAMES = ["a", "b"]
NESTED = {"deep": {"rate": 0.5}}
DERIVED = LIMIT * 2
''',
    "shop/scaling.py": '''
from . import settings

def scale(x):
    """Scales."""
    return x * factor()

def factor():
    return 2

def unused_scale(x):
    return x * settings.UNUSED
''',
    "shop/features.py": '''
from shop import settings
from shop.helpers import clip as bounded

# a comment
def lag(x, shift=1):
    """Lags by some."""
    return helper(x) + shift + settings.LIMIT

def helper(x):
    def inner(y):
        return y + 1
    return bounded(inner(x))

def unused(x):
    return x - settings.UNUSED

def names(x):
    return len(settings.NAMES) + settings.NESTED["deep"]["rate"] + settings.DERIVED + x
''',
    "shop/helpers.py": """
def clip(x):
    if x > 100:
        return 100
    return x

def cut(x):
    return min(x, 50)

def never_called(x):
    return clip(x) * 7
""",
    "shop/registry.py": """
TRANSFORMS = {}
OTHERS = {}

def register(name, into=TRANSFORMS):
    def keep(function):
        into[name] = function
        return function
    return keep
""",
    "shop/transforms.py": """
from shop.registry import OTHERS, TRANSFORMS, register

@register("double")
def double(x):
    return times(x, 2)

@register("triple")
def triple(x):
    return times(x, 3)

def times(x, n):
    return x * n

def other(x):
    return x * 11

register("other", OTHERS)(other)
TRANSFORMS["same"] = lambda x: x
""",
    "shop/models.py": '''
import enum
import functools
from dataclasses import dataclass, field

from pydantic import BaseModel, Field, field_validator

from shop import settings

class Base:
    offset = 1

    def predict(self, x):
        return self.weight() * x + self.offset

    def weight(self):
        return 1

    def not_called(self):
        return "base"

class Linear(Base):
    """A model."""
    power = 2

    def __init__(self, alpha=0.5):
        self.alpha = alpha

    def weight(self):
        return self.alpha * self.power + self._extra + Linear.default() + Linear.other()

    @property
    def _extra(self):
        return 4

    @staticmethod
    def default():
        return 5

    @classmethod
    def other(cls):
        return cls.power + settings.LIMIT

class Unused(Base):
    def predict(self, x):
        return 0

def make_depth():
    return 4

@dataclass(frozen=True)
class Config:
    rate: float = 0.25
    depth: int = field(default_factory=make_depth)

    def total(self):
        return self.rate * self.depth

class Options(BaseModel):
    size: int = Field(default=3, ge=0)
    name: str = "n"

    @field_validator("name")
    @classmethod
    def upper(cls, value):
        return value.upper()

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

    def number(self):
        return self.value * 10

DEFAULT_CONFIG = Config(rate=0.75)

@functools.lru_cache(maxsize=8)
def remembered(x):
    return x + 6
''',
    "shop/decorators.py": """
import contextlib
import functools

def repeated(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(x):
            for _ in range(times):
                x = function(x)
            return x
        return wrapper
    return decorate

def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

@repeated(times=3)
def grow(x):
    return x + 1

@contextlib.contextmanager
def scope(x):
    yield x + 8

@functools.singledispatch
def kind(x):
    return 0

@kind.register
def _(x: int):
    return 1
""",
    "shop/closures.py": """
import functools

def make_adder(n):
    def add(x):
        return x + n
    return add

add_five = make_adder(5)
square = lambda x: x * x
cube = lambda x: x * x * x
raised = functools.partial(pow, exp=2)

def with_default(x, scale=3, *, bias=1):
    return x * scale + bias

def nested(x):
    rows = [with_default(y) for y in range(2)]
    return sum(rows) + x
""",
    "shop/lazy.py": """
from shop.lazier import base

def slow(x):
    return base(x) + 1

def slower(x):
    return x
""",
    "shop/lazier.py": """
def base(x):
    return x + 20
""",
    "shop/dynamic.py": """
def one(x):
    return x + 1

def two(x):
    return x + 2
""",
    "shop/tables.py": """
import re

import numpy as np
from sklearn.preprocessing import StandardScaler

WEIGHTS = np.array([1.0, 2.0, 3.0])
PATTERN = re.compile("a+")
SCALER = StandardScaler(with_mean=False)
DTYPE = np.dtype("float64")
np.seterr(over="ignore")

def weighted(x):
    return float(WEIGHTS.sum()) * x

def matches(text):
    return len(PATTERN.findall(text))
""",
    "shop/runtime.py": """
import os

COUNT = int(os.environ.get("SHOP_COUNT", "2"))
here = __file__

def counted(x):
    return x + COUNT
""",
    "shop/shapes.py": """
import enum
from dataclasses import dataclass

class Sized:
    def doubled(self):
        return self.area() * 2

@dataclass
class Square(Sized):
    side: float

    def area(self):
        return measure(self.side)

def measure(side):
    return side * side

class Shade(enum.Enum):
    DARK = 1

    def level(self):
        return self.value * 5

class Opaque:
    def __init__(self, x):
        self.x = x

    def seen(self):
        return self.x * 13
""",
    "flow.py": '''
from __future__ import annotations

import importlib

from windlass import each, pipeline, step

import shop
import shop.transforms
from shop import closures, decorators, dynamic, models, registry, runtime, shapes, tables
from shop import features as f
from shop.features import lag, names as count_names

WHICH = "one"
# STEPS

@step
def plain(x: int) -> float:
    """A step."""
    return lag(x)

@step
def by_names(x: int) -> float:
    return count_names(x)

@step
def reexported(x: int) -> int:
    return shop.scale(x)

@step
def aliased(x: int) -> int:
    return f.helper(x)

@step
def registered(x: int) -> int:
    return registry.TRANSFORMS["double"](x)

@step
def by_class(x: int) -> float:
    return models.Linear().predict(x)

@step
def by_data(x: int) -> float:
    options = models.Options(name="q")
    total = models.Config().total() + models.DEFAULT_CONFIG.total()
    return x + total + options.size + len(options.name)

@step
def by_enum(x: int) -> int:
    return models.Colour.RED.number() + x

@step
def remembering(x: int) -> int:
    return models.remembered(x)

@step
def decorated(x: int) -> int:
    return decorators.grow(x)

@step
def in_scope(x: int) -> int:
    with decorators.scope(x) as y:
        return y

@step
def dispatched(x: int) -> int:
    return decorators.kind(x) + x

@step
@decorators.traced
def wrapped(x: int) -> int:
    return x + 1

@step
def enclosed(x: int) -> int:
    return closures.add_five(x) + closures.square(x) + closures.raised(x)

@step
def by_default(x: int) -> int:
    return closures.nested(x)

@step
def lazy(x: int) -> int:
    from shop.lazy import slow
    return slow(x)

@step
def by_getattr(x: int) -> int:
    return getattr(dynamic, WHICH)(x)

@step
def by_eval(x: int) -> int:
    return eval("x + 1")

@step
def by_import(x: int) -> int:
    return importlib.import_module("shop." + "dynamic").two(x)

@step
def weighted(x: int) -> float:
    return tables.weighted(x)

@step
def matched(x: int) -> int:
    return tables.matches("aab") + x

@step
def scaled(x: int) -> float:
    return float(tables.SCALER.fit_transform([[x], [x + 1.0]])[0][0])

@step
def counted(x: int) -> int:
    return runtime.counted(x)

@step
def before(x: int) -> float:
    return x + lag(0) * 0

@step
def after(x: float) -> float:
    return x + 1

# These are given instances of classes that their own code does not name.

@step
def make_shape(x: int):
    return shapes.Square(x + 1.0)

@step
def make_shapes(x: int) -> list:
    return [shapes.Square(float(n)) for n in range(x)]

@step
def make_shade(x: int):
    return shapes.Shade.DARK

@step(allow_pickle=True)
def make_opaque(x: int):
    return shapes.Opaque(x)

@step
def area(shape):
    return shape.doubled()

@step
def areas(found):
    return sum(each.area() for each in found["a"])

@step
def of_item(shape: object) -> float:
    return shape.doubled() + 1

@step
def given(shape: object) -> float:
    return shape.doubled() + 2

@step
def shaded(shade):
    return shade.level()

@step
def opaque(found):
    return found.seen()

@pipeline
def everything(x: int = 2) -> float:
    for one in (plain, by_names, reexported, aliased, registered, by_class, by_data, by_enum,
                remembering, decorated, in_scope, dispatched, wrapped, enclosed, by_default, lazy,
                by_getattr, by_eval, by_import, weighted, matched, scaled, counted):
        one(x)
    shape = make_shape(x)
    area(shape)
    areas({"a": [shape]})
    of_item.map(each(make_shapes(x)))
    given(shapes.Square(3.0))
    shaded(make_shade(x))
    opaque(make_opaque(x))
    return after(before(x))
''',
}

STEPS = frozenset(
    line.removeprefix("def ").partition("(")[0]
    for block in FILES["flow.py"].split("\n@step")[1:]
    for line in block.split("\n")[:3]
    if line.startswith("def ")
)

WHOLE = frozenset({"by_eval", "by_import"})
"""The steps that could reach anything: every edit that says something else makes them run."""
